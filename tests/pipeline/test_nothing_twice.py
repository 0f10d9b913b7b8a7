"""Nothing is done twice, nor per step what can be done once: counted here."""

import copy
import gc
from collections import Counter

import pytest
import torch
from torch import nn, optim
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, Dataset

from helpers.errors import DivergenceError
from helpers.mini_batch.v1 import mini_batch
from helpers.pipeline import (
    Configuration,
    first_batches,
    input_checks,
    put_back,
    trains_with,
)
from helpers.step_functions import make_train_step_fn, make_val_step_fn
from tests.tools import state_of, version

VERSIONS = [2, 3, 4, 5, 6]
N, N_VAL, N_EPOCHS, BATCH_SIZE = 20, 8, 5, 4
N_BATCHES, N_VAL_BATCHES = 5, 2


class Counted(Dataset):
    """Points on a line, and how often each of them was read."""

    def __init__(self, n):
        self.n = n
        self.reads = Counter()

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.reads[index] += 1
        x = torch.tensor([index / self.n])
        return x, 1 + 2 * x


def configure():
    torch.manual_seed(0)
    model, loss_fn = nn.Linear(1, 1), nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        writer=None,
    )


def loaders(number):
    parts = [Counted(N)] if number < 4 else [Counted(N), Counted(N_VAL)]
    first = DataLoader(parts[0], batch_size=BATCH_SIZE, shuffle=True)
    return [first, *(DataLoader(p, batch_size=BATCH_SIZE) for p in parts[1:])]


def train(number, configuration, data):
    return version("model_training", number).train(
        configuration, *data, n_epochs=N_EPOCHS
    )


def counted(monkeypatch, module, name):
    """Count the calls of a function of a module."""
    calls, function = [], getattr(module, name)

    def counting(*args, **kwargs):
        calls.append(args)
        return function(*args, **kwargs)

    monkeypatch.setattr(module, name, counting)
    return calls


@pytest.mark.parametrize("number", VERSIONS)
def test_every_item_is_read_once_an_epoch(number):
    data = loaders(number)
    train(number, configure(), data)
    for loader in data:
        reads = loader.dataset.reads
        assert set(reads) == set(range(len(loader.dataset)))
        assert set(reads.values()) == {N_EPOCHS}


@pytest.mark.parametrize("number", VERSIONS)
def test_loaders_and_devices_are_checked_once_a_run(number, monkeypatch):
    devices = counted(monkeypatch, input_checks, "find_device")
    lengths = counted(monkeypatch, input_checks, "n_batches")
    data = loaders(number)
    train(number, configure(), data)
    assert len(devices) == len(lengths) == len(data)


def test_a_loader_is_checked_again_for_another_device(monkeypatch):
    devices = counted(monkeypatch, input_checks, "find_device")
    (loader,) = loaders(3)
    for device in ("cpu", "cpu", torch.device("cpu"), "cpu:0"):
        mini_batch(device, loader, lambda x, y: 0.0)
    assert [device for (device,) in devices] == ["cpu", "cpu:0"]


@pytest.mark.parametrize("number", VERSIONS)
def test_every_loss_is_checked_once(number, monkeypatch):
    checks = counted(monkeypatch, first_batches, "isfinite")
    train(number, configure(), loaders(number))
    n_steps = N_BATCHES + (N_VAL_BATCHES if number >= 4 else 0)
    assert len(checks) == N_EPOCHS * n_steps


@pytest.mark.parametrize("number", VERSIONS)
def test_the_state_is_copied_once_a_run(number, monkeypatch):
    copies = counted(monkeypatch, put_back, "copy_to_cpu")
    deep = counted(monkeypatch, copy, "deepcopy")
    train(number, configure(), loaders(number))
    assert len(copies) == 2  # of the model and of the optimizer
    # what lies deeper in them: settings, and no tensor
    assert not any(isinstance(args[0], torch.Tensor) for args in deep)
    copies.clear()
    configuration = configure()
    configuration.put_back = False
    train(number, configuration, loaders(number))
    assert not copies


# -------------------------------------------------- without a copy, and where


def diverging(**options):
    configuration = configure()
    configuration.optimizer.param_groups[0]["lr"] = 1e30
    for name, value in options.items():
        setattr(configuration, name, value)
    return configuration


def test_without_a_copy_nothing_is_put_back_and_nobody_says_so():
    configuration = diverging(put_back=False)
    before = state_of(configuration)[0]["weight"]
    with pytest.raises(DivergenceError) as caught:
        train(4, configuration, loaders(4))
    assert "as they were before" not in str(caught.value)
    assert not torch.equal(configuration.model.weight, before)


def test_a_version_can_do_without_a_copy_too(monkeypatch):
    copies = counted(monkeypatch, put_back, "copy_to_cpu")

    @trains_with(needs="train_step_fn", takes="train_loader", puts_back=False)
    def train(configuration, train_loader):
        return mini_batch("cpu", train_loader, configuration.train_step_fn)

    train(configure(), loaders(2)[0])
    assert not copies


def test_the_copy_is_on_the_cpu_and_keeps_what_is_tied():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    copied = put_back.copy_to_cpu(model.state_dict())
    assert type(copied) is type(model.state_dict())
    assert copied.keys() == model.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(copied[name], value)
        assert copied[name].data_ptr() != value.data_ptr()
    tied = copied["0.weight"], copied["2.weight"]
    assert tied[0].data_ptr() == tied[1].data_ptr()


# -------------------------------------------------------------- waiting


class Waits(TorchDispatchMode):
    """Counts how often Python waits for a number that a tensor holds."""

    def __init__(self):
        super().__init__()
        self.n = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._local_scalar_dense.default:
            self.n += 1
        return func(*args, **(kwargs or {}))


def no_waiting(configuration):
    """Let both steps return tensors without a graph, read by nobody."""
    model, loss_fn = configuration.model, configuration.loss_fn
    optimizer = configuration.optimizer

    def train_step_fn(x, y):
        model.train()
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def val_step_fn(x, y):
        model.eval()
        return loss_fn(model(x), y)

    configuration.train_step_fn = train_step_fn
    configuration.val_step_fn = val_step_fn
    return configuration


@trains_with(
    needs="train_step_fn val_step_fn",
    takes="train_loader val_loader",
    tensor_losses=True,
)
def train_without_waiting(configuration, train_loader, val_loader, n_epochs):
    losses, val_losses = [], []
    for _ in range(n_epochs):
        losses.append(
            mini_batch("cpu", train_loader, configuration.train_step_fn)
        )
        with torch.no_grad():
            val_losses.append(
                mini_batch("cpu", val_loader, configuration.val_step_fn)
            )
    return losses, val_losses


class Batches:
    """A loader that waits for nothing; torch's own draws a seed an epoch."""

    def __init__(self, n):
        self.batches = list(DataLoader(Counted(n), batch_size=4))

    def __iter__(self):
        return iter(self.batches)


def waits(n_epochs, n=N, **options):
    configuration = no_waiting(configure())
    for name, value in options.items():
        setattr(configuration, name, value)
    data = [Batches(n), Batches(N_VAL)]
    with Waits() as mode:
        train_without_waiting(configuration, *data, n_epochs=n_epochs)
    return mode.n


def test_no_step_waits_that_does_not_want_to():
    assert waits(3, n=40) == waits(3, n=400)
    # once an epoch, for the last loss of it
    assert waits(13) - waits(3) == 10
    # and without the look: these, the losses and the parameters at the end
    assert waits(3, first_look=False) == 3 + 1


def test_steps_that_return_numbers_wait_for_these_alone():
    def count(n):
        configuration = configure()
        configuration.first_look = False
        data = [Batches(n), Batches(4)]
        with Waits() as mode:
            train(4, configuration, data)
        return mode.n

    n_more_steps = N_EPOCHS * (40 - 20) // 4
    assert count(40) - count(20) == n_more_steps


def test_a_tensor_loss_that_is_not_finite_ends_the_run_within_an_epoch():
    configuration = no_waiting(diverging())
    before = configuration.model.weight.detach().clone()
    data = loaders(4)
    with pytest.raises(DivergenceError, match=r"epoch 0.*as they were before"):
        train_without_waiting(configuration, *data, n_epochs=50)
    assert max(data[0].dataset.reads.values()) == 1
    assert torch.equal(configuration.model.weight, before)


def test_a_check_leaves_nothing_in_a_loader_nor_behind_it():
    (loader,) = loaders(3)
    before, n_before = set(vars(loader)), len(input_checks._found_good)
    mini_batch("cpu", loader, lambda x, y: 0.0)
    assert set(vars(loader)) == before
    assert len(input_checks._found_good) == n_before + 1
    del loader
    gc.collect()
    assert len(input_checks._found_good) <= n_before
