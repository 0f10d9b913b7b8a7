"""The jobs that are timed: data, model, optimizer and batch size, said once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import nn, optim

from helpers.data_preparation import v2 as data_v2
from helpers.data_preparation import v3 as data_v3
from helpers.data_preparation import v4 as data_v4
from helpers.datasets.digits import HIGHEST, load_digits
from helpers.datasets.line import generate_data
from helpers.networks import MLP, Network
from helpers.pipeline import Configuration

Data = tuple[np.ndarray, np.ndarray]


def line_data() -> Data:
    """Return the 100 points around the line: x [100, 1], y [100, 1]."""
    return generate_data()


def flat_digits() -> Data:
    """Return the digits as rows: x [1797, 64] from 0 to 1, classes [1797]."""
    digits = load_digits()
    rows = np.asarray(digits.images, dtype=np.float32).reshape(-1, 64)
    return rows / HIGHEST, np.asarray(digits.labels)


def digit_images() -> Data:
    """Return the digits as images [1797, 8, 8] from 0 to 16, classes [1797]."""
    digits = load_digits()
    return np.asarray(digits.images), np.asarray(digits.labels)


def make_line() -> nn.Module:
    """Build the model of the line: y = b + w x."""
    return nn.Sequential(nn.Linear(1, 1))


def make_mlp() -> nn.Module:
    """Build a multilayer perceptron 64-64-10 for the digits."""
    return MLP(64, 10, n_hidden=64, n_layers=1)


@dataclass(frozen=True)
class Job:
    """Work that every contender does: train and validate, epoch by epoch.

    Attributes:
        name: a short name, which a command line takes.
        title: what a table calls it.
        load: returns features and labels of all rows, before the split.
        batch_size: rows per mini-batch.
        make_model: builds the model.
        make_loss: builds the loss.
        make_optimizer: takes parameters and ``lr``.
        lr: learning rate.
        eager_limit: times the plain loop that the fastest eager version may
            take.
        compiled_limit: the same for the compiled one.
        n_epochs: epochs in one measurement.
        highest: the brightest pixel, for images; None for rows.
    """

    name: str
    title: str
    load: Callable[[], Data]
    batch_size: int
    make_model: Callable[[], nn.Module]
    make_loss: Callable[[], nn.Module]
    make_optimizer: Callable[..., optim.Optimizer]
    lr: float
    eager_limit: float
    compiled_limit: float
    n_epochs: int
    highest: int | None = None

    @cached_property
    def data(self) -> Data:
        """Return features and labels of all rows."""
        return self.load()

    def teaching_loaders(self) -> tuple:
        """Make both loaders as chapter 05 or chapter 14 makes them."""
        if self.highest is None:
            return data_v2.prepare_data(*self.data, batch_size=self.batch_size)
        return data_v3.prepare_data(
            *self.data, batch_size=self.batch_size, highest=self.highest
        )

    def fast_loaders(self, device: str = "cpu") -> tuple:
        """Make both loaders of chapter 17: the same rows, the same order."""
        return data_v4.prepare_data(
            *self.data,
            batch_size=self.batch_size,
            highest=self.highest,
            device=device,
        )

    def configure(self, stage: Any, device: str = "cpu") -> Configuration:
        """Configure model, loss and optimizer with a version from 6 on.

        Args:
            stage: a module such as ``helpers.model_configuration.v6``.
            device: where the model is.
        """
        return stage.configure_model(
            lr=self.lr,
            device=device,
            run_name=None,
            make_model=self.make_model,
            make_optimizer=self.make_optimizer,
            loss_fn=self.make_loss(),
            metrics={},
        )

    def example(self, n_rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the first rows, repeated where there are too few of them.

        Returns:
            features [n_rows, ...], float32, and labels, as a loader gives them.
        """
        dataset = self.teaching_loaders()[0].dataset
        rows = [dataset[i % len(dataset)] for i in range(min(n_rows, 2000))]
        x, y = (torch.stack(part) for part in zip(*rows, strict=True))
        n_times = -(-n_rows // len(x))
        return torch.cat([x] * n_times)[:n_rows], torch.cat([y] * n_times)[
            :n_rows
        ]


_LINE: dict[str, Any] = {
    "load": line_data, "batch_size": 16, "make_model": make_line,
    "make_loss": nn.MSELoss, "eager_limit": 0.38, "compiled_limit": 0.08,
    "n_epochs": 200,  # as train does by default
}  # fmt: skip
_DIGITS: dict[str, Any] = {
    "batch_size": 32, "make_loss": nn.CrossEntropyLoss,
    "make_optimizer": optim.Adam, "lr": 0.003,
}  # fmt: skip
JOBS = (
    Job("line-sgd", "line, SGD", make_optimizer=optim.SGD, lr=0.1, **_LINE),
    Job("line-momentum", "line, momentum",
        make_optimizer=partial(optim.SGD, momentum=0.9), lr=0.02, **_LINE),
    Job("line-adam", "line, Adam", make_optimizer=optim.Adam, lr=0.01, **_LINE),
    Job("mlp", "digits, MLP 64-64-10", load=flat_digits, make_model=make_mlp,
        eager_limit=0.60, compiled_limit=0.36, n_epochs=20, **_DIGITS),
    Job("network", "digits, network of chapter 14", load=digit_images,
        make_model=Network, eager_limit=0.86, compiled_limit=0.58, n_epochs=15,
        highest=HIGHEST, **_DIGITS),
)  # fmt: skip


def job_called(name: str) -> Job:
    """Return the job of this name."""
    return {job.name: job for job in JOBS}[name]
