"""Whole batches are those of a DataLoader: rows, order, random numbers."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.data_preparation import v2, v3, v4
from helpers.datasets import whole_batches
from helpers.datasets.digits import load_digits
from helpers.datasets.line import generate_data
from helpers.datasets.whole_batches import WholeBatches
from helpers.pipeline.input_checks import n_batches, rows_of_last_batch
from helpers.randomness import reseed
from tests.tools import identical

SIZES = [(1, 1), (1, 16), (15, 16), (16, 16), (17, 16), (80, 16), (260, 2)]


def points(n):
    x = torch.arange(3.0 * n).reshape(n, 3)
    return x, torch.arange(n)


def as_loader(x, y, batch_size, generator=None):
    return DataLoader(
        TensorDataset(x, y),
        batch_size=batch_size,
        shuffle=generator is not None,
        generator=generator,
    )


@pytest.mark.parametrize("is_shuffled", [False, True])
@pytest.mark.parametrize(("n", "batch_size"), SIZES)
def test_rows_and_orders_are_those_of_a_data_loader(n, batch_size, is_shuffled):
    """260 rows in batches of 2 are more than are fetched at once."""
    found = []
    for make in (as_loader, WholeBatches):
        generator = torch.Generator() if is_shuffled else None
        loader = make(*points(n), batch_size, generator)
        epochs = []
        for epoch in range(3):
            reseed(5, epoch, loader)
            epochs.append([list(batch) for batch in loader])
        epochs.append([list(batch) for batch in loader])  # without a new seed
        state = None if generator is None else generator.get_state()
        found.append((epochs, state, len(loader), n_batches(loader)))
        assert rows_of_last_batch(loader) == (n % batch_size or batch_size)
    assert identical(*found)


def test_the_order_drawn_is_the_order_given():
    loader = WholeBatches(*points(50), 16, torch.Generator())
    reseed(1, 2, loader)
    order = loader.order()
    reseed(1, 2, loader)
    assert order.tolist() == torch.cat([y for _, y in loader]).tolist()
    assert WholeBatches(*points(5), 2).order().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_no_copy_of_everything_is_made(is_shuffled, monkeypatch):
    monkeypatch.setattr(whole_batches, "BATCHES_AT_ONCE", 4)
    x, y = points(400)
    generator = torch.Generator() if is_shuffled else None
    loader = WholeBatches(x, y, 10, generator)
    assert loader.dataset.tensors[0].data_ptr() == x.data_ptr()
    for x_batch, _ in loader:
        held = x_batch.untyped_storage()
        if is_shuffled:
            assert held.nbytes() == 4 * 10 * x[0].nbytes
        else:
            assert held.data_ptr() == x.untyped_storage().data_ptr()


def test_kept_batches_are_cut_again_where_anything_has_changed():
    x, y = points(10)
    loader = WholeBatches(x, y, 4)
    first = list(loader.kept())
    assert identical(first, list(loader))
    assert all(a is b for a, b in zip(first, loader.kept(), strict=True))
    assert all(a is not b for a, b in zip(first, loader, strict=True))
    x += 1  # the batches are views of it
    assert torch.equal(torch.cat([x_batch for x_batch, _ in first]), x)
    loader.batch_size = 5
    assert [len(y_batch) for _, y_batch in loader.kept()] == [5, 5]
    loader.dataset = TensorDataset(x + 1, y)
    (first, _), _ = loader.kept()
    assert torch.equal(first, x[:5] + 1)
    loader.generator = torch.Generator().manual_seed(1)
    (first, _), _ = loader.kept()
    assert not torch.equal(first, x[:5] + 1)


def test_many_batches_are_not_kept(monkeypatch):
    monkeypatch.setattr(whole_batches, "BATCHES_AT_ONCE", 2)
    loader = WholeBatches(*points(10), 4)
    assert loader.kept() is loader


def test_version_4_gives_the_batches_of_versions_2_and_3():
    digits = load_digits()
    pairs = [
        (v2.prepare_data(*generate_data(), 16), generate_data(), {}),
        (
            v3.prepare_data(digits.images, digits.labels, highest=16),
            (digits.images, digits.labels),
            {"highest": 16},
        ),
    ]
    for expected, data, options in pairs:
        batch_size = expected[0].batch_size
        found = v4.prepare_data(*data, batch_size, **options)
        for ours, theirs in zip(found, expected, strict=True):
            for epoch in range(2):
                reseed(13, epoch, ours)
                first = [list(batch) for batch in ours]
                reseed(13, epoch, theirs)
                assert identical(first, [list(batch) for batch in theirs])
