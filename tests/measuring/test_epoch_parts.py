"""What an epoch is made of, counted where it can be counted by hand."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.measuring.epoch_parts import (
    FORWARD,
    PARTS,
    PYTHON,
    measure_epoch_parts,
    part_of,
)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("enumerate(DataLoader)#_SingleProcessDataLoaderIter", "fetching"),
        ("aten::index", "fetching"),
        ("autograd::engine::evaluate_function: AddmmBackward0", "backward"),
        ("Optimizer.step#SGD.step", "update"),
        ("Torch-Compiled Region: 0/0", "compiled program"),
        ("aten::linear", FORWARD),
    ],
)
def test_the_part_of_an_operation(name, part):
    assert part_of(name) == part


def test_operations_of_an_epoch_and_not_of_its_beginning():
    x = torch.ones(3)

    def train(n_epochs):
        for _ in range(7):
            x.exp()  # once per run
        for _ in range(n_epochs):
            x.sin()
            x.cos()

    found = measure_epoch_parts(train, n_epochs=5)
    assert found.n_operations == 2
    assert set(found.microseconds) == set(PARTS)
    assert found.microseconds["backward"] == 0


def test_a_loader_is_fetching_and_the_rest_is_python():
    dataset = TensorDataset(torch.ones(200, 1), torch.ones(200, 1))
    loader = DataLoader(dataset, batch_size=50)

    def train(n_epochs):
        for _ in range(n_epochs):
            for _batch in loader:
                sum(range(100))

    found = measure_epoch_parts(train, n_epochs=5).microseconds
    assert found["fetching"] > 100 * max(found["update"], 1)
    assert found[PYTHON] > 0
    assert found["fetching"] + found[PYTHON] > 0.9 * sum(found.values())
