"""What several checkers of chapter 08 share."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn, optim

from helpers.practice.exercises import code
from helpers.practice.probes.steps import close

PICKLE = "chapter 08, the section *What a pickle can do*"


def _make_model(number: int, seed: int) -> nn.Module:
    """Build one of two models, its parameters drawn from a seed."""
    model = (
        nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
        if number == 0
        else nn.Sequential(nn.Linear(2, 1))
    )
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=numbers))
    return model


def _make_optimizer(number: int, model: nn.Module, lr: float):
    if number == 0:
        return optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    return optim.Adam(model.parameters(), lr=lr)


@dataclass
class Training:
    """A training that has come some way, always the same one.

    Attributes:
        number: 0 has batch norm and SGD with momentum, 1 is a line with Adam.
        losses: Python floats, as `make_checkpoint` should write them.
    """

    number: int = 0
    losses: list[float] = field(init=False)
    val_losses: list[float] = field(init=False)

    def __post_init__(self):
        self.model = _make_model(self.number, seed=3)
        self.optimizer = _make_optimizer(self.number, self.model, lr=0.05)
        self.epoch = 3 + self.number
        # in no order, and not to be kept in few digits or in 32 bits
        self.losses = [0.71 / (k % 3 + 1) ** 0.5 for k in range(self.epoch)]
        self.losses[2] += 0.2
        self.val_losses = [loss * 1.3 for loss in self.losses]
        self.go_on(n_steps=self.epoch)

    def go_on(self, n_steps: int = 3) -> None:
        """Do some more steps, on batches that are always the same."""
        train_on(self.model, self.optimizer, n_steps)

    def state(self) -> dict:
        """Return the checkpoint that the page writes by hand."""
        return {
            "epoch": self.epoch,
            "model_state_dict": self.model.state_dict(),
            "optimizer_state_dict": self.optimizer.state_dict(),
            "loss": self.losses,
            "val_loss": self.val_losses,
        }


def fresh(number: int) -> tuple[nn.Module, optim.Optimizer]:
    """Build what a new process would: other parameters, another rate."""
    model = _make_model(number, seed=8)
    return model, _make_optimizer(number, model, lr=0.1)


def train_on(model, optimizer, n_steps: int = 3) -> None:
    """Train a few steps more, on batches that are always the same."""
    numbers = torch.Generator().manual_seed(11)
    model.train()
    for _ in range(n_steps):
        x = torch.rand(6, 2, generator=numbers)
        y = torch.rand(6, 1, generator=numbers)
        optimizer.zero_grad()
        ((model(x) - y) ** 2).mean().backward()
        optimizer.step()


def same_state(one, other) -> bool:
    """Whether two values are equal, to the last bit and in their types."""
    if isinstance(one, torch.Tensor) or isinstance(other, torch.Tensor):
        return (
            isinstance(one, torch.Tensor)
            and isinstance(other, torch.Tensor)
            and one.dtype == other.dtype
            and torch.equal(one.detach(), other.detach())
        )
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            same_state(one[key], other[key]) for key in one
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_state, one, other))
    return bool(one == other)


def same_tensors(one: Mapping, other: Mapping) -> bool:
    """Whether two state dictionaries of models agree."""
    return one.keys() == other.keys() and all(
        close(one[name], other[name]) for name in one
    )


def named(names) -> str:
    """List names, each between backticks."""
    return ", ".join(code(str(name)) for name in names) or "nothing"


@contextlib.contextmanager
def names_only(folder: Path):
    """Let no error out with a temporary folder in its message."""
    try:
        yield
    except Exception as error:
        error.args = tuple(
            _without(folder, text) if isinstance(text, str) else text
            for text in error.args
        )
        for end in ("filename", "filename2"):  # of an OSError
            name = getattr(error, end, None)
            if isinstance(name, (str, os.PathLike)):
                setattr(error, end, Path(name).name)
        raise


def _without(folder: Path, text: str) -> str:
    for name in (str(folder), str(folder.resolve())):
        text = text.replace(name + os.sep, "").replace(name, "the folder")
    return text
