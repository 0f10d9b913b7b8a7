"""Time a library beside the plain loop: what each script in `libraries/` does.

The scripts run in an environment of their own. This module has no import of
theirs, and the course has none of them.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from typing import Any, NamedTuple

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Sampler

from helpers.errors import CourseError
from helpers.measuring.jobs import Job, job_called
from helpers.measuring.plain_loops import plain_validation
from helpers.measuring.timing import interleave, ratios, spread
from helpers.model_configuration import v6 as model_v6

SEED = 13  # of the order of the batches, while losses are compared
TOLERANCE = 1e-3  # relative


class Parts(NamedTuple):
    """What a library is given: the parts of the plain loop, made anew."""

    model: nn.Module
    loss_fn: nn.Module
    optimizer: optim.Optimizer
    make_optimizer: Callable[..., optim.Optimizer]
    lr: float
    batch_size: int
    train_loader: DataLoader
    val_loader: DataLoader


# losses (None if a library has them in another form) and validation losses
Result = tuple[list[float] | None, list[float]]
Run = Callable[[int], Result]  # takes the number of epochs


def compare(
    library: str,
    prepare: Callable[[Parts], Run],
    adam_tolerance: float = TOLERANCE,
) -> None:
    """Compare a library with the plain loop, and print the result as JSON.

    The command line has the number of rounds, the number of epochs in one
    measurement (0 takes what each job says), and the names of jobs.

    Args:
        library: the name of its package.
        prepare: takes `Parts`, returns a function of the number of epochs; it
            is called outside the clock.
        adam_tolerance: by how much losses may differ, relative, where Adam
            trains; for a library whose Adam is another one.
    """
    torch.set_num_threads(1)
    n_rounds, n_epochs, *names = sys.argv[1:]
    jobs = [job_called(name) for name in names]
    found = {
        job.name: compare_job(
            job,
            prepare,
            int(n_rounds),
            int(n_epochs) or job.n_epochs,
            adam_tolerance if job.make_optimizer is optim.Adam else TOLERANCE,
        )
        for job in jobs
    }
    result = {"version": metadata.version(library), "jobs": found}
    print(f"\n{json.dumps(result)}", flush=True)


def compare_job(
    job: Job,
    prepare: Callable[[Parts], Run],
    n_rounds: int,
    n_epochs: int,
    tolerance: float = TOLERANCE,
) -> dict[str, Any]:
    """Check that a library does the same work, then time both in turn.

    Returns:
        seconds of an epoch and ratio to the plain loop, each median and
        quartiles, and seconds of the plain loop.

    Raises:
        CourseError: its losses are not those of the plain loop.
    """
    _check(
        job,
        run_plain(parts_of(job, in_one_order=True), 2),
        prepare(parts_of(job, in_one_order=True))(2),
        tolerance,
    )
    runs = {
        "plain": partial(run_plain, parts_of(job)),
        "library": prepare(parts_of(job)),
    }
    seconds = interleave(
        {name: partial(run, n_epochs) for name, run in runs.items()}, n_rounds
    )
    ratio = ratios(seconds, "plain")["library"]
    return {
        "seconds": [s / n_epochs for s in spread(seconds["library"])],
        "plain": [s / n_epochs for s in spread(seconds["plain"])],
        "ratio": list(ratio),
    }


class OneOrder(Sampler):
    """Gives the same shuffled order in every epoch, whoever looks at it first.

    A library may look at a first batch before it starts, and so draw from the
    generator of a loader.
    """

    def __init__(self, n_rows: int):
        generator = torch.Generator().manual_seed(SEED)
        self.rows = torch.randperm(n_rows, generator=generator).tolist()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows)


def parts_of(job: Job, in_one_order: bool = False) -> Parts:
    """Make the parts of a job; they start alike every time.

    Args:
        job: what is to be done.
        in_one_order: the same order in every epoch, to compare losses.
    """
    configuration = job.configure(model_v6)
    train_loader, val_loader = job.teaching_loaders()
    if in_one_order:
        dataset: Any = train_loader.dataset
        train_loader = DataLoader(
            dataset, job.batch_size, sampler=OneOrder(len(dataset))
        )
    return Parts(
        configuration.model,
        job.make_loss(),
        configuration.optimizer,
        job.make_optimizer,
        job.lr,
        job.batch_size,
        train_loader,
        val_loader,
    )


def run_plain(parts: Parts, n_epochs: int) -> Result:
    """Run the plain loop."""
    return plain_validation(
        _AsConfiguration(
            parts.model, parts.loss_fn, parts.optimizer, torch.device("cpu")
        ),
        parts.train_loader,
        parts.val_loader,
        n_epochs,
    )


class _AsConfiguration(NamedTuple):
    model: nn.Module
    loss_fn: nn.Module
    optimizer: optim.Optimizer
    device: torch.device


def _check(job: Job, plain: Result, theirs: Result, tolerance: float) -> None:
    for expected, found in zip(plain, theirs, strict=True):
        if found is None:  # the library has no mean over the epoch
            continue
        for a, b in zip(expected or [], found, strict=True):
            if not math.isclose(a, b, rel_tol=tolerance):
                raise CourseError(
                    f"{job.title}: a loss of {b:.6g} where the plain loop has "
                    f"{a:.6g}. It does other work, and its time says nothing."
                )
