"""The versions of the pipeline, against references written here."""

import csv
import importlib
import inspect
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers import step_functions
from helpers.datasets.line import (
    CSV_FILE,
    generate_data,
    split_data,
    split_indices,
    write_csv,
)
from helpers.mini_batch import v0 as mini_batch_v0
from tests.tools import configure, definitions, identical, version

# The digits that chapters 00 and 01 promise: known from
# elsewhere, not from this code.
GOLDEN_W, GOLDEN_B, GOLDEN_LOSS = 1.968960, 1.023543, 0.008045
HALF_A_DIGIT = 5e-7


def train(number, configuration, data, **options):
    return version("model_training", number).train(
        configuration, *data, **options
    )


def training_points():
    x_train, y_train, *_ = split_data(*generate_data())
    return x_train, y_train


def weights(configuration):
    return [p.item() for p in configuration.model.parameters()]


def recorded(configuration):
    """Note every loss that the loss function of a version 0 gives."""
    losses, loss_fn = [], configuration.loss_fn

    def noting_loss_fn(yhat, y):
        loss = loss_fn(yhat, y)
        losses.append(loss.item())
        return loss

    configuration.loss_fn = noting_loss_fn
    return losses


# ------------------------------------------------------------------- data


def test_the_data_are_those_of_the_curriculum():
    x, y = generate_data()
    assert f"{x[0, 0]:.6f} {y[0, 0]:.6f}" == "0.374540 1.757785"
    # again, as the curriculum says it: all x, then all noise, then the order
    np.random.seed(42)
    x_again = np.random.rand(100, 1)
    y_again = 1 + 2 * x_again + 0.1 * np.random.randn(100, 1)
    order = np.arange(100)
    np.random.shuffle(order)
    assert np.array_equal(x, x_again)
    assert np.array_equal(y, y_again)
    x_train, y_train, x_val, y_val = split_data(x, y)
    assert np.array_equal(x_train, x_again[order[:80]])
    assert np.array_equal(y_train, y_again[order[:80]])
    assert np.array_equal(x_val, x_again[order[80:]])
    assert np.array_equal(y_val, y_again[order[80:]])


def test_the_shipped_file_is_what_generating_it_again_gives(tmp_path):
    write_csv(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == CSV_FILE.read_bytes()


def test_the_shipped_file_holds_the_points_exactly():
    with open(CSV_FILE, newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["x", "y"]
    assert np.array_equal(
        np.array(rows, dtype=float), np.hstack(generate_data())
    )


def test_every_point_is_either_for_training_or_for_validation():
    loaders = version("data_preparation", 2).prepare_data(*generate_data())
    pairs = [torch.hstack(batch).numpy() for part in loaders for batch in part]
    found = np.concatenate(pairs)
    expected = np.hstack(generate_data()).astype(np.float32)
    assert [len(part.dataset) for part in loaders] == [80, 20]
    assert np.array_equal(
        found[found[:, 0].argsort()], expected[expected[:, 0].argsort()]
    )


def test_the_split_of_version_2_comes_from_seed_13():
    train_loader, val_loader = version("data_preparation", 2).prepare_data(
        *generate_data()
    )
    generator = torch.Generator().manual_seed(13)
    order = torch.randperm(100, generator=generator).tolist()
    assert list(train_loader.dataset.indices) == order[:80]
    assert list(val_loader.dataset.indices) == order[80:]
    # the honest word of chapter 04: it is another split than before
    assert set(order[80:]) != set(split_indices()[1].tolist())


@pytest.mark.parametrize("number", [1, 2])
def test_loaders_shuffle_the_training_points_only(number):
    loaders = version("data_preparation", number).prepare_data(*generate_data())
    loaders = loaders if isinstance(loaders, tuple) else (loaders,)
    first, second = (
        [torch.cat([x for x, _ in part]) for part in loaders] for _ in range(2)
    )
    assert not torch.equal(first[0], second[0])
    assert torch.equal(first[0].sort(0).values, second[0].sort(0).values)
    if number == 2:
        assert torch.equal(first[1], second[1])


@pytest.mark.parametrize("number", [0, 1, 2])
def test_prepared_data_are_float32_columns(number):
    prepared = version("data_preparation", number).prepare_data(
        *generate_data()
    )
    if number == 0:
        batches = [prepared]
    else:
        loaders = prepared if number == 2 else (prepared,)
        batches = [batch for loader in loaders for batch in loader]
    for x, y in batches:
        assert x.dtype == y.dtype == torch.float32
        assert x.shape == y.shape == (len(x), 1)


# ----------------------------------------------------------------- golden


def test_a_configuration_starts_where_the_curriculum_says():
    for number in range(4):
        w, b = weights(configure(number))
        assert f"{w:.6f} {b:.6f}" == "0.764539 0.830008"


def test_the_golden_numbers_after_1000_epochs():
    data = version("data_preparation", 0).prepare_data(*training_points())
    configuration = configure(0)
    loss = train(0, configuration, data, n_epochs=1000)
    w, b = weights(configuration)
    assert w == pytest.approx(GOLDEN_W, abs=HALF_A_DIGIT)
    assert b == pytest.approx(GOLDEN_B, abs=HALF_A_DIGIT)
    assert loss == pytest.approx(GOLDEN_LOSS, abs=HALF_A_DIGIT)


def test_version_0_descends_as_the_formula_of_the_gradient_says():
    """The same 300 steps in float64 NumPy, with no torch in them."""
    x, y = training_points()
    w, b, expected = 0.7645385, 0.8300079, []
    for _ in range(300):
        error = b + w * x - y
        expected.append((error**2).mean())
        w -= 0.1 * 2 * (error * x).mean()
        b -= 0.1 * 2 * error.mean()
    data = version("data_preparation", 0).prepare_data(x, y)
    configuration = configure(0)
    losses = recorded(configuration)
    train(0, configuration, data, n_epochs=300)
    assert losses == pytest.approx(expected, rel=1e-4)
    assert weights(configuration) == pytest.approx([w, b], rel=1e-4)


def test_v0_and_v1_agree_to_the_last_bit():
    data = version("data_preparation", 0).prepare_data(*training_points())
    plain, with_step = configure(0), configure(1)
    losses_v0 = recorded(plain)
    last_loss = train(0, plain, data, n_epochs=1000)
    losses_v1 = train(1, with_step, data, n_epochs=1000)
    assert len(losses_v1) == 1000
    assert losses_v0 == losses_v1
    assert last_loss == losses_v1[-1]
    assert identical(plain.model.state_dict(), with_step.model.state_dict())
    assert type(last_loss) is type(losses_v1[0]) is float


def full_batch(shuffle):
    x, y = (torch.as_tensor(a).float() for a in training_points())
    dataset = TensorDataset(x, y)
    return DataLoader(dataset, batch_size=80, shuffle=shuffle)


@pytest.mark.parametrize("number", [2, 3])
def test_one_full_batch_is_full_batch_descent(number):
    """In one order of the rows bit for bit.

    A shuffle adds the same 80 numbers in another order, and so rounds
    differently in the last bits: there the two agree to 1e-6.
    """
    data = version("data_preparation", 0).prepare_data(*training_points())
    reference = configure(1)
    expected = train(1, reference, data, n_epochs=200)

    same_order = configure(1)
    losses = train(number, same_order, [full_batch(False)], n_epochs=200)
    assert losses == expected
    assert weights(same_order) == weights(reference)

    shuffled = configure(1)
    loader = version("data_preparation", 1).prepare_data(
        *training_points(), batch_size=80
    )
    losses = train(number, shuffled, [loader], n_epochs=200)
    assert losses == pytest.approx(expected, abs=1e-6)
    assert weights(shuffled) == pytest.approx(weights(reference), abs=1e-6)


def test_v2_and_v3_are_one_training():
    results = []
    for number in (2, 3):
        data = version("data_preparation", 1).prepare_data(*training_points())
        configuration = configure(1)
        losses = train(number, configuration, [data], n_epochs=30)
        results.append((losses, weights(configuration)))
    assert results[0][1] == results[1][1]
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-12)
    assert all(type(loss) is float for losses, _ in results for loss in losses)


# ---------------------------------------------------------- least squares


def least_squares(x, y):
    columns = np.hstack([x, np.ones_like(x)])
    (w, b), *_ = np.linalg.lstsq(columns, y.ravel())
    return [w, b]


@pytest.mark.parametrize("number", [0, 1])
def test_full_batches_arrive_at_least_squares(number):
    x, y = training_points()
    configuration = configure(number)
    data = version("data_preparation", 0).prepare_data(x, y)
    train(number, configuration, data, n_epochs=1000)
    assert weights(configuration) == pytest.approx(
        least_squares(x, y), abs=1e-5
    )


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6])
def test_mini_batches_arrive_near_least_squares(number):
    """Mini-batches at a fixed rate keep moving around the answer."""
    if number < 4:
        x, y = training_points()
        data = [version("data_preparation", 1).prepare_data(x, y)]
    else:
        x, y = generate_data()
        data = version("data_preparation", 2).prepare_data(x, y)
        rows = data[0].dataset.indices
        x, y = x[rows], y[rows]
    configuration = configure({2: 1, 3: 1, 4: 2, 5: 3, 6: 3}[number])
    train(number, configuration, data, n_epochs=200)
    assert weights(configuration) == pytest.approx(
        least_squares(x, y), abs=0.05
    )


# ---------------------------------------------------------- the right mean


def rows(n):
    generator = np.random.default_rng(n)
    x = generator.random((n, 1))
    return x, 1 + 2 * x + 0.5 * generator.standard_normal((n, 1))


def loader_of(x, y, batch_size):
    tensors = (torch.as_tensor(a).float() for a in (x, y))
    return DataLoader(TensorDataset(*tensors), batch_size=batch_size)


def loss_over_all_rows(configuration, x, y):
    """Add up the squared errors one row after another, in plain Python."""
    w, b = weights(configuration)
    total = 0.0
    for features, label in zip(x.ravel(), y.ravel(), strict=True):
        total += (b + w * float(features) - float(label)) ** 2
    return total / len(x)


SIZES = [1, 15, 16, 17, 20]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("number", [4, 5, 6])
def test_the_loss_is_the_loss_over_all_rows(number, n):
    x, y = rows(n)
    configuration = configure(2 if number == 4 else 3)
    loaders = loader_of(*rows(20), 16), loader_of(x, y, 16)
    _, val_losses = train(number, configuration, loaders, n_epochs=3)
    expected = loss_over_all_rows(configuration, x, y)
    assert val_losses[-1] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("number", [4, 6])
def test_the_loss_over_all_rows_at_any_size_and_batch_size(number):
    generator = np.random.default_rng(number)
    # a rate of 0 leaves the model alone, so that training losses compare too
    configuration = configure(2 if number == 4 else 3, lr=0.0)
    for n in [*SIZES, *range(17, 101, 2)]:
        batch_sizes = [16, *generator.integers(1, 110, size=2).tolist()]
        x, y = rows(n)
        expected = loss_over_all_rows(configuration, x, y)
        for batch_size in batch_sizes:
            loader = loader_of(x, y, batch_size)
            losses, val_losses = train(
                number, configuration, [loader, loader], n_epochs=1
            )
            assert losses == pytest.approx([expected], abs=1e-6)
            assert val_losses == pytest.approx([expected], abs=1e-6)


def test_training_losses_are_weighted_by_batch_size_too():
    x, y = rows(37)
    loader = loader_of(x, y, 16)
    configuration = configure(2)
    losses, _ = train(4, configuration, [loader, loader], n_epochs=4)

    reference = configure(2)
    expected = []
    for _ in range(4):
        total = 0.0
        for x_batch, y_batch in loader:
            # the loss before the update
            total += len(x_batch) * loss_over_all_rows(
                reference, x_batch.numpy(), y_batch.numpy()
            )
            reference.train_step_fn(x_batch, y_batch)
        expected.append(total / 37)
    assert losses == pytest.approx(expected, rel=1e-5)
    assert weights(configuration) == weights(reference)


def test_the_plain_mean_of_earlier_versions_is_only_right_for_equal_batches():
    step_fn = configure(2, lr=0.0).val_step_fn
    configuration = configure(2)
    for n, is_right in ((80, True), (20, False)):
        x, y = rows(n)
        expected = loss_over_all_rows(configuration, x, y)
        plain = mini_batch_v0.mini_batch("cpu", loader_of(x, y, 16), step_fn)
        assert (plain == pytest.approx(expected, abs=1e-6)) is is_right


def test_later_versions_train_the_same_model_when_nothing_else_changes():
    """v4 and v5 draw the same batches: bit for bit the same training."""
    results = []
    for number, model in ((4, 2), (5, 3)):
        data = version("data_preparation", 2).prepare_data(*generate_data())
        configuration = configure(model)
        losses = train(number, configuration, data, n_epochs=20)
        results.append([losses, weights(configuration)])
    assert results[0] == results[1]


# ------------------------------------------------------ what the pages define


def twins():
    """Build two equal models with equal optimizers."""
    result = []
    for _ in range(2):
        torch.manual_seed(3)
        model = nn.Sequential(
            nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1)
        )
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        result.append((model, optimizer))
    return result


def batches(n=12):
    generator = torch.Generator().manual_seed(4)
    for _ in range(n):
        x = torch.randn(6, 2, generator=generator)
        yield x, x.sum(dim=1, keepdim=True)


def test_the_training_step_of_page_01_is_the_shipped_one():
    for make in definitions(
        "01_higher_order_functions.ipynb", "make_train_step_fn"
    ):
        losses, states = [], []
        for builder, (model, optimizer) in zip(
            (make, step_functions.make_train_step_fn), twins(), strict=True
        ):
            step_fn = builder(model, nn.MSELoss(), optimizer)
            torch.manual_seed(5)  # of the dropout
            model.eval()  # the step itself has to turn training on
            losses.append([step_fn(x, y) for x, y in batches()])
            states.append((model.state_dict(), optimizer.state_dict()))
            assert model.training
            assert all(p.grad is None for p in model.parameters())
            assert all(type(loss) is float for loss in losses[-1])
        assert losses[0] == losses[1]
        assert identical(states[0], states[1])


def test_the_shipped_training_step_does_its_five_steps():
    """Against the formula of momentum, and gradients from torch.func."""
    (model, optimizer), _ = twins()
    model[2].p = 0.0
    model[1] = nn.Identity()
    parameters = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    step_fn = step_functions.make_train_step_fn(model, nn.MSELoss(), optimizer)

    def loss_of(values, x, y):
        yhat = torch.func.functional_call(model, values, (x,))
        return (yhat - y).square().mean()

    speeds = {name: torch.zeros_like(v) for name, v in parameters.items()}
    for x, y in batches():
        gradients, loss = torch.func.grad_and_value(loss_of)(parameters, x, y)
        assert step_fn(x, y) == pytest.approx(loss.item(), rel=1e-5)
        for name in parameters:
            speeds[name] = 0.9 * speeds[name] + gradients[name]
            parameters[name] = parameters[name] - 0.05 * speeds[name]
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, parameters[name])


def test_the_validation_step_of_page_05_is_the_shipped_one():
    for make in definitions("05_evaluation.ipynb", "make_val_step_fn"):
        losses = []
        for builder, (model, _) in zip(
            (make, step_functions.make_val_step_fn), twins(), strict=True
        ):
            before = {k: v.clone() for k, v in model.state_dict().items()}
            step_fn = builder(model, nn.MSELoss())
            model.train()
            with torch.no_grad():
                losses.append([step_fn(x, y) for x, y in batches()])
            assert not model.training
            assert identical(before, dict(model.state_dict()))
            assert all(p.grad is None for p in model.parameters())
            assert all(type(loss) is float for loss in losses[-1])
        assert losses[0] == losses[1]


@pytest.mark.parametrize("n", [1, 16, 17, 20, 80])
def test_mini_batch_of_page_04_is_the_shipped_one(n):
    x, y = rows(n)
    for function in definitions("04_mini_batch.ipynb", "mini_batch"):
        results, seen = [], []
        for mini_batch in (function, mini_batch_v0.mini_batch):
            calls = []

            def step_fn(x_batch, y_batch, calls=calls):
                calls.append((x_batch, y_batch))
                return (x_batch - y_batch).square().mean().item()

            results.append(
                mini_batch(torch.device("cpu"), loader_of(x, y, 16), step_fn)
            )
            seen.append(calls)
        assert results[0] == pytest.approx(results[1], rel=1e-12)
        assert all(isinstance(result, float) for result in results)
        assert len(seen[0]) == len(seen[1]) == -(-n // 16)
        for ours, theirs in zip(*seen, strict=True):
            assert torch.equal(ours[0], theirs[0])
            assert torch.equal(ours[1], theirs[1])


def test_the_data_set_of_page_02_gives_the_items_of_tensor_dataset():
    x, y = (torch.as_tensor(a).float() for a in training_points())
    shipped = TensorDataset(x, y)
    for cls in definitions("02_dataset.ipynb", "CustomDataset"):
        dataset = cls(x, y)
        assert isinstance(dataset, torch.utils.data.Dataset)
        assert len(dataset) == len(shipped) == 80
        for index in (0, 1, 79, -1, -80, slice(0, 3), slice(-5, None, 2)):
            for ours, theirs in zip(
                dataset[index], shipped[index], strict=True
            ):
                assert torch.equal(ours, theirs)
            assert type(dataset[index]) is tuple
        for index in (80, -81):
            with pytest.raises(IndexError):
                dataset[index]
        # a loader takes it as it takes any other
        for ours, theirs in zip(
            DataLoader(dataset, 16), DataLoader(shipped, 16), strict=True
        ):
            assert all(map(torch.equal, ours, theirs))


# ------------------------------------------------------------ the contracts


def versions():
    for stage, function in (
        ("data_preparation", "prepare_data"),
        ("model_configuration", "configure_model"),
        ("model_training", "train"),
        ("mini_batch", "mini_batch"),
    ):
        folder = Path(importlib.import_module(f"helpers.{stage}").__file__)
        for path in sorted(folder.parent.glob("v*.py")):
            yield stage, int(path.stem[1:]), function


@pytest.mark.parametrize(("stage", "number", "function"), list(versions()))
def test_a_version_is_one_screen_and_one_entry_point(stage, number, function):
    module = version(stage, number)
    source = inspect.getsource(module)
    assert len(source.splitlines()) <= 50
    assert f"version {number}:" in module.__doc__
    public = [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    assert public == [function]


@pytest.mark.parametrize(
    ("stage", "function"),
    [
        ("data_preparation", "prepare_data"),
        ("model_configuration", "configure_model"),
        ("model_training", "train"),
    ],
)
def test_signatures_grow_and_are_never_shuffled(stage, function):
    numbers = [n for s, n, _ in versions() if s == stage]
    signatures = [
        list(inspect.signature(getattr(version(stage, n), function)).parameters)
        for n in numbers
    ]
    for before, after in itertools.pairwise(signatures):
        # loaders take the place of tensors once, in model_training v2
        kept = [name for name in before if name in after]
        assert [name for name in after if name in before] == kept
        gone = set(before) - set(after)
        # version 4 of the data alone keeps them on a device
        assert gone <= {"x_train_tensor", "y_train_tensor", "device"}
