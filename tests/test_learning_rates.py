"""Schedules and the range test, against what they should do by definition."""

import math

import pytest
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import CyclicLR
from torch.utils.data import DataLoader, TensorDataset

from helpers.errors import DataError, FirstBatchError
from helpers.learning_rates import lr_range_test, with_schedule
from helpers.pipeline import Configuration
from helpers.step_functions import make_train_step_fn

X = torch.linspace(0, 1, 24).reshape(24, 1)
Y = 1 + 2 * X


def configure(momentum=0.9, dropout=0.2):
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(dropout), nn.Linear(4, 1)
    )
    loss_fn = nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
    )


def loader():
    return DataLoader(
        TensorDataset(X, Y),
        batch_size=8,
        shuffle=True,
        generator=torch.Generator().manual_seed(1),
    )


def everything(configuration, data_loader):
    """Return copies of all that a range test must not change."""
    optimizer = configuration.optimizer.state_dict()
    return [
        *(v.clone() for v in configuration.model.state_dict().values()),
        *(
            value.clone()
            for entry in optimizer["state"].values()
            for value in entry.values()
            if isinstance(value, torch.Tensor)
        ),
        torch.tensor([g["lr"] for g in optimizer["param_groups"]]),
        torch.get_rng_state(),
        data_loader.generator.get_state(),
    ]


def test_range_test_changes_nothing():
    configuration, data_loader = configure(), loader()
    configuration.train_step_fn(X[:8], Y[:8])  # so that there is momentum
    before = everything(configuration, data_loader)
    lr_range_test(configuration, data_loader)
    after = everything(configuration, data_loader)
    assert len(before) == len(after)
    assert all(map(torch.equal, before, after))


def test_range_test_is_a_training_at_growing_rates():
    configuration = configure(dropout=0.0)
    lrs, losses = lr_range_test(
        configuration, loader(), start=0.01, end=0.16, n_steps=5
    )
    assert lrs == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.16])
    naive = configure(dropout=0.0)
    batches = list(loader())  # 3 of them, in the order of the test
    for lr, expected, (x_batch, y_batch) in zip(
        lrs, losses, batches, strict=False
    ):
        naive.optimizer.param_groups[0]["lr"] = lr
        naive.model.train()
        loss = naive.loss_fn(naive.model(x_batch), y_batch)
        naive.optimizer.zero_grad()
        loss.backward()
        naive.optimizer.step()
        assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_range_test_stops_when_the_loss_explodes():
    lrs, losses = lr_range_test(configure(), loader(), end=1e6, n_steps=60)
    assert len(lrs) == len(losses) < 60
    assert all(map(math.isfinite, losses))
    assert losses[-1] > 4 * losses[0] or lrs[-1] < 1e6


@pytest.mark.parametrize(
    "options",
    [{"start": 0}, {"start": 2, "end": 1}, {"end": math.inf}, {"n_steps": 1}],
)
def test_range_test_refuses_rates_that_do_not_grow(options):
    with pytest.raises(DataError, match="start"):
        lr_range_test(configure(), loader(), **options)


def test_with_schedule_steps_once_a_batch_after_the_update():
    configuration = configure(momentum=0.0, dropout=0.0)
    scheduler = CyclicLR(
        configuration.optimizer,
        base_lr=0.1,
        max_lr=0.4,
        step_size_up=3,
        cycle_momentum=False,
    )
    step_fn = with_schedule(configuration.train_step_fn, scheduler)
    used = []
    for _ in range(7):
        used.append(configuration.optimizer.param_groups[0]["lr"])
        assert isinstance(step_fn(X[:8], Y[:8]), float)
    # the triangle, from its formula
    expected = [0.1 + 0.3 * (1 - abs(n % 6 - 3) / 3) for n in range(7)]
    assert used == pytest.approx(expected)


# ------------------------------------------------------ faults, as in training


def test_range_test_names_a_last_batch_of_one_row():
    rows = DataLoader(TensorDataset(X[:17], Y[:17]), batch_size=8)
    configuration = configure()
    before = everything(configuration, loader())
    with pytest.raises(FirstBatchError, match="cannot train on one row"):
        lr_range_test(configuration, rows)
    assert all(map(torch.equal, before, everything(configuration, loader())))


def test_range_test_names_values_that_are_not_finite():
    x = X.clone()
    x[20] = float("nan")  # in the last batch
    rows = DataLoader(TensorDataset(x, Y), batch_size=8)
    with pytest.raises(DataError, match="features of that batch"):
        lr_range_test(configure(), rows)


def test_range_test_names_labels_that_do_not_fit():
    rows = DataLoader(TensorDataset(X, Y.ravel()), batch_size=8)
    with pytest.raises(FirstBatchError, match=r"\[8, 1\] and the labels \[8\]"):
        lr_range_test(configure(), rows)
