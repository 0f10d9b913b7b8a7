"""Training runs that have come some way, always the same two."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn, optim


@dataclass
class TrainingRun:
    """A training run to save, or to compare a resumed one with.

    Attributes:
        number: 0 has batch norm and SGD with momentum, 1 is a line with Adam.
        model: of two features and one label, in train mode.
        optimizer: of its parameters, with another rate than a fresh one.
        epoch: how many epochs are done.
        losses: Python floats, one per epoch.
        val_losses: likewise.
    """

    number: int = 0
    model: nn.Module = field(init=False)
    optimizer: optim.Optimizer = field(init=False)
    epoch: int = field(init=False)
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

    def mixed_losses(self) -> tuple[list, list]:
        """Return both lists as loops have them: some are of `np.mean`."""
        first, second = (
            [np.float64(loss) if k % 2 else loss for k, loss in enumerate(one)]
            for one in (self.losses, self.val_losses)
        )
        return first, second

    def keep_epochs(self, n_epochs: int) -> None:
        """Forget the losses of later epochs."""
        self.epoch = n_epochs
        del self.losses[n_epochs:], self.val_losses[n_epochs:]


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
