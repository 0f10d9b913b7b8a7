"""Optimizers, schedules and models of all kinds resume exactly, or say why."""

import copy

import pytest
import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR

from helpers.checkpoints import (
    load_checkpoint,
    load_model,
    read_checkpoint,
    save_checkpoint,
)
from helpers.errors import CheckpointError
from helpers.pipeline import Configuration
from tests.tools import assert_one_sentence, identical, state_of

LOSSES = [1.0, 0.5]

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5),
    "RAdam": lambda p: optim.RAdam(p, lr=0.01),
    "ASGD": lambda p: optim.ASGD(p, lr=0.01),
    "Adafactor": lambda p: optim.Adafactor(p, lr=0.01),
}


def warmed_up(optimizer):
    return lr_scheduler.SequentialLR(
        optimizer,
        [
            lr_scheduler.LinearLR(optimizer, 0.1, total_iters=2),
            lr_scheduler.CosineAnnealingLR(optimizer, 8),
        ],
        milestones=[2],
    )


def chained(optimizer):
    return lr_scheduler.ChainedScheduler(
        [
            lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=3),
            lr_scheduler.ExponentialLR(optimizer, 0.9),
        ]
    )


class Halved(lr_scheduler.LRScheduler):
    """A schedule of one's own, with a counter of its own."""

    def __init__(self, optimizer, every=2):
        self.every = every
        self.n_calls = 0
        super().__init__(optimizer)

    def get_lr(self):
        self.n_calls += 1
        halvings = self.n_calls // self.every
        return [lr * 0.5**halvings for lr in self.base_lrs]


SCHEDULES = {
    "step": lambda o: lr_scheduler.StepLR(o, 2, 0.5),
    "multi step": lambda o: lr_scheduler.MultiStepLR(o, [1, 4], 0.5),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "constant": lambda o: lr_scheduler.ConstantLR(o, 0.5, total_iters=3),
    "linear": lambda o: lr_scheduler.LinearLR(o, 0.2, total_iters=4),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, 8, 2.0),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 6),
    "warm restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(
        o, 2, 2
    ),
    "cyclic": lambda o: lr_scheduler.CyclicLR(
        o, 0.01, 0.1, 3, cycle_momentum="momentum" in o.defaults
    ),
    "exponential cyclic": lambda o: lr_scheduler.CyclicLR(
        o, 0.01, 0.1, 3, mode="exp_range", gamma=0.9, cycle_momentum=False
    ),
    "one cycle": lambda o: lr_scheduler.OneCycleLR(
        o,
        0.1,
        total_steps=12,
        cycle_momentum=bool({"momentum", "betas"} & o.defaults.keys())
        and not isinstance(o, optim.Adafactor),
    ),
    "one cycle in three": lambda o: lr_scheduler.OneCycleLR(
        o, 0.1, total_steps=12, three_phase=True, cycle_momentum=False
    ),
    "plateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=1),
    "plateau upwards": lambda o: lr_scheduler.ReduceLROnPlateau(
        o, mode="max", patience=0, cooldown=1
    ),
    "function": lambda o: lr_scheduler.LambdaLR(o, lambda n: 1 / (n + 1)),
    "factor": lambda o: lr_scheduler.MultiplicativeLR(o, lambda n: 0.9),
    "weight averaging": lambda o: SWALR(o, swa_lr=0.05),
    "warm up": warmed_up,
    "chained": chained,
    "own": Halved,
}
# Another schedule of the same class, which must be noticed.
OTHER_SCHEDULES = {
    "step": lambda o: lr_scheduler.StepLR(o, 3, 0.5),
    "multi step": lambda o: lr_scheduler.MultiStepLR(o, [1, 5], 0.5),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.8),
    "constant": lambda o: lr_scheduler.ConstantLR(o, 0.25, total_iters=3),
    "linear": lambda o: lr_scheduler.LinearLR(o, 0.2, total_iters=5),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, 8, 1.0),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 6, 0.01),
    "warm restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(
        o, 2, 3
    ),
    "cyclic": lambda o: lr_scheduler.CyclicLR(
        o, 0.01, 0.1, 4, cycle_momentum="momentum" in o.defaults
    ),
    "one cycle": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=13),
    "plateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=2),
    "weight averaging": lambda o: SWALR(o, swa_lr=0.05, anneal_epochs=5),
    "warm up": lambda o: lr_scheduler.SequentialLR(
        o,
        [
            lr_scheduler.LinearLR(o, 0.1, total_iters=2),
            lr_scheduler.CosineAnnealingLR(o, 9),
        ],
        milestones=[2],
    ),
    "own": lambda o: Halved(o, every=3),
}


def configure(make_optimizer, make_scheduler=None, model=None, seed=1):
    torch.manual_seed(seed)
    model = model or nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = make_optimizer(list(model.parameters()))
    configuration = Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=nn.MSELoss(),
        optimizer=optimizer,
    )
    if make_scheduler is not None:
        configuration.scheduler = make_scheduler(optimizer)
    return configuration


def train(configuration, steps):
    """Train for some steps; what each of them sees follows from its number."""
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        x = torch.rand(6, 3, generator=generator)
        loss = (configuration.model(x) - x[:, :1]).square().mean()
        loss.backward()
        configuration.optimizer.step()
        configuration.optimizer.zero_grad()
        scheduler = configuration.scheduler
        if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step([3.0, 2.0, 2.5, 2.6, 2.7][step % 5])
        elif scheduler is not None:
            scheduler.step()


def resumed_and_straight(path, make):
    """Train for 10 steps, once with a save and a load after 5."""
    straight = make()
    train(straight, range(10))
    first = make()
    train(first, range(5))
    save_checkpoint(path, first, LOSSES, LOSSES)
    resumed = make(seed=2)
    load_checkpoint(path, resumed)
    train(resumed, range(5, 10))
    return state_of(resumed)[:-1], state_of(straight)[:-1]


pytestmark = pytest.mark.filterwarnings(
    "ignore:.*lr_scheduler.step.*before.*optimizer.step.*",
    "ignore:To get the last learning rate.*",
    "ignore:The epoch parameter in.*",
    "ignore:.*Sparse.*",
)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_schedule_and_optimizer_resumes_exactly(
    optimizer, schedule, tmp_path
):
    resumed, straight = resumed_and_straight(
        tmp_path / "checkpoint.pt",
        lambda seed=1: configure(
            OPTIMIZERS[optimizer], SCHEDULES[schedule], seed=seed
        ),
    )
    assert identical(resumed, straight)


@pytest.mark.parametrize("schedule", OTHER_SCHEDULES)
@pytest.mark.parametrize("n_steps", [0, 3])
def test_a_schedule_with_another_setting_is_refused(
    schedule, n_steps, tmp_path
):
    path = tmp_path / "checkpoint.pt"
    source = configure(OPTIMIZERS["SGD"], SCHEDULES[schedule])
    train(source, range(5))
    save_checkpoint(path, source, LOSSES, LOSSES)
    target = configure(OPTIMIZERS["SGD"], OTHER_SCHEDULES[schedule], seed=2)
    train(target, range(n_steps))
    before = state_of(target)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, target)
    assert_one_sentence(caught.value)
    assert identical(state_of(target), before)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_other_class_of_schedule_is_refused(schedule, tmp_path):
    path = tmp_path / "checkpoint.pt"
    source = configure(OPTIMIZERS["SGD"], SCHEDULES[schedule])
    train(source, range(5))
    save_checkpoint(path, source, LOSSES, LOSSES)
    for other, make_scheduler in SCHEDULES.items():
        target = configure(OPTIMIZERS["SGD"], make_scheduler, seed=2)
        if other == schedule:
            load_checkpoint(path, target)
            continue
        with pytest.raises(CheckpointError):
            load_checkpoint(path, target)


def test_a_file_from_before_schedules_had_names_loads(tmp_path):
    path = tmp_path / "checkpoint.pt"
    source = configure(OPTIMIZERS["SGD"], SCHEDULES["step"])
    train(source, range(5))
    save_checkpoint(path, source, LOSSES, LOSSES)
    state = read_checkpoint(path)
    assert state.pop("scheduler") == "StepLR"
    torch.save(state, path)
    target = configure(OPTIMIZERS["SGD"], SCHEDULES["step"], seed=2)
    load_checkpoint(path, target)
    assert identical(state_of(target), state_of(source))


# ----------------------------------------------------- other optimizers


def make_lbfgs(seed=1):
    return configure(
        lambda p: optim.LBFGS(p, lr=0.5, max_iter=3, history_size=4), seed=seed
    )


def train_lbfgs(configuration, steps):
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        x = torch.rand(6, 3, generator=generator)

        def closure(x=x):
            configuration.optimizer.zero_grad()
            loss = (configuration.model(x) - x[:, :1]).square().mean()
            loss.backward()
            return loss

        configuration.optimizer.step(closure)


def test_lbfgs_resumes_exactly(tmp_path):
    path = tmp_path / "checkpoint.pt"
    straight, first, resumed = make_lbfgs(), make_lbfgs(), make_lbfgs(seed=2)
    train_lbfgs(straight, range(8))
    train_lbfgs(first, range(4))
    save_checkpoint(path, first, LOSSES, LOSSES)
    load_checkpoint(path, resumed)
    train_lbfgs(resumed, range(4, 8))
    assert identical(state_of(resumed)[:-1], state_of(straight)[:-1])


class Words(nn.Module):
    """A model whose gradients are sparse."""

    def __init__(self):
        super().__init__()
        self.vectors = nn.Embedding(10, 4, sparse=True)

    def forward(self, x):
        return self.vectors((10 * x).long().clamp(0, 9)).sum(2)


def test_sparse_adam_resumes_exactly(tmp_path):
    resumed, straight = resumed_and_straight(
        tmp_path / "checkpoint.pt",
        lambda seed=1: configure(
            lambda p: optim.SparseAdam(p, lr=0.1), model=seeded(Words, seed)
        ),
    )
    assert identical(resumed, straight)


def seeded(make, seed):
    torch.manual_seed(seed)
    return make()


def test_what_sparse_adam_remembers_is_compared(tmp_path):
    path = tmp_path / "checkpoint.pt"

    def make():
        return configure(lambda p: optim.SparseAdam(p, lr=0.1), model=Words())

    source = make()
    train(source, range(2))
    save_checkpoint(path, source, LOSSES, LOSSES)
    state = read_checkpoint(path)
    state["optimizer_state_dict"]["state"][0]["exp_avg"] = torch.ones(10, 5)
    torch.save(state, path)
    with pytest.raises(CheckpointError, match="exp_avg") as caught:
        load_checkpoint(path, make())
    assert_one_sentence(caught.value)


class Moody(optim.SGD):
    """An optimizer of one's own that remembers more when there is a slope."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.any():
                    self.state[parameter]["seen"] = parameter.grad.norm()
        return super().step(closure)


def test_what_could_not_be_loaded_is_refused_when_it_is_saved(tmp_path):
    path = tmp_path / "checkpoint.pt"
    configuration = configure(lambda p: Moody(p, lr=0.1))
    train(configuration, range(3))
    with pytest.raises(CheckpointError, match="Moody") as caught:
        save_checkpoint(path, configuration, LOSSES, LOSSES)
    assert_one_sentence(caught.value)
    assert not path.exists()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_saving_and_loading_leave_no_trace(optimizer, tmp_path):
    """They let a copy of the optimizer step, and draw no random numbers."""
    path = tmp_path / "checkpoint.pt"
    configuration = configure(OPTIMIZERS[optimizer])
    train(configuration, range(3))
    before = state_of(configuration)
    random_state = torch.get_rng_state()
    save_checkpoint(path, configuration, LOSSES, LOSSES)
    assert identical(state_of(configuration), before)
    load_checkpoint(path, configuration)
    assert identical(state_of(configuration), before)
    assert torch.equal(torch.get_rng_state(), random_state)


# ------------------------------------------------------------ lazy models


def lazy():
    return nn.Sequential(nn.LazyLinear(4), nn.Tanh(), nn.LazyLinear(1))


def test_a_lazy_model_takes_its_shapes_from_the_file(tmp_path):
    path = tmp_path / "checkpoint.pt"
    resumed, straight = resumed_and_straight(
        path, lambda seed=1: configure(OPTIMIZERS["Adam"], model=lazy())
    )
    # the weights of a lazy model are drawn at its first call
    assert [len(part) for part in resumed] == [len(part) for part in straight]
    model = load_model(path, lazy())
    saved = read_checkpoint(path)["model_state_dict"]
    assert identical(dict(model.state_dict()), saved)
    assert model(torch.rand(5, 3)).shape == (5, 1)


def test_a_lazy_model_goes_on_exactly(tmp_path):
    path = tmp_path / "checkpoint.pt"
    first = configure(OPTIMIZERS["Adam"], model=lazy())
    train(first, range(5))
    save_checkpoint(path, first, LOSSES, LOSSES)
    resumed = configure(OPTIMIZERS["Adam"], model=lazy())
    load_checkpoint(path, resumed)
    for configuration in (first, resumed):
        train(configuration, range(5, 10))
    assert identical(state_of(resumed)[:-1], state_of(first)[:-1])


def test_a_lazy_model_that_was_never_called(tmp_path):
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(CheckpointError, match="no shape") as caught:
        save_checkpoint(
            path, configure(OPTIMIZERS["SGD"], model=lazy()), [], []
        )
    assert_one_sentence(caught.value)
    assert not path.exists()


def test_a_lazy_model_of_other_names_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    first = configure(OPTIMIZERS["SGD"], model=lazy())
    train(first, range(2))
    save_checkpoint(path, first, LOSSES, LOSSES)
    for other in (nn.LazyLinear(1), copy.deepcopy(lazy()).double()):
        with pytest.raises(CheckpointError) as caught:
            load_model(path, other)
        assert_one_sentence(caught.value)
