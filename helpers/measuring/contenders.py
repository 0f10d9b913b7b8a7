"""Who takes part in the benchmark: several ways of doing one job.

All of them train the same model on the same batches in the same order, validate
in every epoch and return the losses. `check_agreement` proves it before the
clock starts.
"""

import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch.utils.data import DataLoader

from helpers.data_preparation import v4 as data_v4
from helpers.errors import CourseError
from helpers.measuring import floors
from helpers.measuring.jobs import Job
from helpers.measuring.plain_loops import plain_validation
from helpers.model_configuration import v6 as model_v6
from helpers.model_configuration import v7 as model_v7
from helpers.model_configuration import v8 as model_v8
from helpers.model_training import v7 as training_v7
from helpers.model_training import v8 as training_v8
from helpers.pipeline import Configuration
from helpers.randomness import reseed

PLAIN = "plain"
AGAIN = "plain again"  # tells how noisy the machine is
# name -> what a table says of it
TITLES = {
    PLAIN: "plain loop, written by hand",
    AGAIN: "the same loop again",
    "teaching": "teaching version: data v2 or v3, model v6, training v7",
    "eager": "fastest, eager: data v4, model v7, training v8",
    "compiled": "fastest, compiled: data v4, model v8, training v8",
    "floor": "floor: gradients in closed form, no autograd",
}
FLOORS = {
    "line-sgd": floors.LineFloor,
    "line-momentum": floors.LineFloor,
    "line-adam": floors.LineFloor,
    "mlp": floors.MLPFloor,
    "network": floors.NetworkFloor,
}
SEED = 13  # of every epoch's order, while the losses are compared
TOLERANCE = 1e-3  # relative: what rounding may add up to in a few epochs


class Contender(NamedTuple):
    """One way of doing a job, ready to go.

    Attributes:
        name: a key of `TITLES`.
        train: takes a configuration, both loaders and ``n_epochs``.
        configuration: model, loss, optimizer and steps.
        train_loader: gives the batches to train on.
        val_loader: gives the batches to validate on.
    """

    name: str
    train: Callable
    configuration: Configuration
    train_loader: Any
    val_loader: Any

    def run(self, n_epochs: int, reseeded: bool = False) -> tuple:
        """Train for so many epochs, on from where it is.

        Args:
            n_epochs: how many.
            reseeded: give each epoch the order that versions of the course
                give it, to compare losses.

        Returns:
            losses and validation losses, and whatever else ``train`` returns.
        """
        loader = self.train_loader
        takes_seed = "seed" in inspect.signature(self.train).parameters
        if reseeded and not takes_seed:
            loader = Reseeded(loader)
        return self.train(
            self.configuration, loader, self.val_loader, n_epochs=n_epochs
        )


class Reseeded:
    """A loader that is reseeded before each epoch, counted from 0."""

    def __init__(self, loader: DataLoader, seed: int = SEED):
        self.loader, self.seed, self.epoch = loader, seed, 0

    def __iter__(self) -> Iterator:
        reseed(self.seed, self.epoch, self.loader)
        self.epoch += 1
        return iter(self.loader)


def contenders_for(
    job: Job, names: Iterable[str] = tuple(TITLES), device: str = "cpu"
) -> dict[str, Contender]:
    """Make everybody who takes part in a job, each with a model of its own.

    Args:
        job: what is to be done.
        names: keys of `TITLES`.
        device: where models and batches are.
    """
    makers: dict[str, Callable] = {
        PLAIN: lambda: _plain(job, device),
        AGAIN: lambda: _plain(job, device),
        "teaching": lambda: (
            training_v7.train,
            job.configure(model_v6, device),
            *job.teaching_loaders(),
        ),
        "eager": lambda: _fast(job, model_v7, device),
        "compiled": lambda: _fast(job, model_v8, device),
        "floor": lambda: _floor(job, device),
    }
    return {name: Contender(name, *makers[name]()) for name in names}


def _plain(job: Job, device: str) -> tuple:
    configuration = job.configure(model_v6, device)
    return plain_validation, configuration, *job.teaching_loaders()


def _fast(job: Job, stage: Any, device: str) -> tuple:
    configuration = job.configure(stage, device)
    return training_v8.train, configuration, *job.fast_loaders(device)


def _floor(job: Job, device: str) -> tuple:
    kind = FLOORS[job.name]
    loaders = job.fast_loaders(device)
    if kind is floors.LineFloor:
        x, y = map(torch.as_tensor, job.data)
        loaders = data_v4.prepare_data(
            floors.with_ones(x), y, batch_size=job.batch_size, device=device
        )
    train = floors.make_floor(kind)
    return train, job.configure(model_v6, device), *loaders


def check_agreement(
    contenders: dict[str, Contender], n_epochs: int = 3
) -> dict[str, list[float]]:
    """Train everybody for a few epochs, and compare all losses.

    Args:
        contenders: from `contenders_for`, not yet trained.
        n_epochs: how many epochs are compared.

    Returns:
        the seconds are not measured here; by name, the losses and validation
        losses, one after the other.

    Raises:
        CourseError: somebody's losses differ by more than rounding, so that
            their times could not be compared.
    """
    found = {}
    for name, contender in contenders.items():
        losses, val_losses = contender.run(n_epochs, reseeded=True)[:2]
        found[name] = [*losses, *val_losses]
    expected = found[PLAIN]
    for name, losses in found.items():
        for mine, theirs in zip(losses, expected, strict=True):
            if not math.isclose(mine, theirs, rel_tol=TOLERANCE):
                raise CourseError(
                    f"{TITLES[name]} has a loss of {mine:.6g} where the plain "
                    f"loop has {theirs:.6g}: it does other work, and its time "
                    "says nothing. Mend it before you measure it."
                )
    return found
