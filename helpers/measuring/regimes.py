"""Overhead or arithmetic: what the time of a step and of a row depends on."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch

from helpers.data_preparation import v2 as data_v2
from helpers.data_preparation import v4 as data_v4
from helpers.datasets.line import TRUE_B, TRUE_W
from helpers.measuring.jobs import job_called
from helpers.measuring.plain_loops import plain_validation
from helpers.measuring.timing import interleave, seconds_per_call
from helpers.model_configuration import v6 as model_v6
from helpers.model_configuration import v7 as model_v7
from helpers.model_configuration import v8 as model_v8

BATCH_SIZES = (1, 4, 16, 64, 256, 1024, 4096)
MODELS = ("line-sgd", "mlp", "network")
N_ROWS = (100, 1_000, 10_000, 100_000, 1_000_000)
BATCH_SIZE = 10  # of the line, over the number of rows
# turns of every number of rows, and of the one it is timed beside
FEWEST_TURNS, MOST_TURNS = 3, 15
LONG_ENOUGH = 0.02  # seconds, to time epochs at all
SECONDS = 0.1  # a fifth of the time that the steps of a size take


def measure_regimes(
    batch_sizes=BATCH_SIZES, models=MODELS, seconds: float = SECONDS
) -> dict:
    """Time a training step of chapter 01 over the size of its batch.

    Args:
        batch_sizes: rows of a batch.
        models: names of jobs.
        seconds: a fifth of the time for each size, about.

    Returns:
        batch_sizes; titles, by model; and seconds, by model: of one step, a
        number per batch size.
    """
    found = {}
    for name in models:
        job = job_called(name)
        step = job.configure(model_v6).train_step_fn
        found[name] = [
            _seconds_of_step(step, *job.example(n_rows), seconds)
            for n_rows in batch_sizes
        ]
    return {
        "batch_sizes": list(batch_sizes),
        "titles": {name: job_called(name).title for name in models},
        "seconds": found,
    }


def _seconds_of_step(step, x, y, seconds: float) -> float:
    """Time single steps: of those, few are interrupted on a busy machine."""
    once = seconds_per_call(lambda: step(x, y), 1, 5)
    n_steps = max(9, int(5 * seconds / once))
    return seconds_per_call(lambda: step(x, y), 1, n_steps)


def measure_rows(
    n_rows=N_ROWS, ways=("plain", "eager", "compiled"), seconds: float = 2.0
) -> dict:
    """Time an epoch of the line over the number of rows, per row.

    The batches have one size throughout, which divides every number of rows, so
    that all are full; 80 % of the rows are trained on. A way whose cost per row
    stays the same needs no more for a row of a large dataset than for one of a
    small.

    Args:
        n_rows: how many rows there are, training and validation together.
        ways: contenders of `helpers.measuring.contenders`.
        seconds: about how long each is measured.

    Returns:
        n_rows; batch_size; and seconds, by way: of one row, a number per
        entry of n_rows.
    """
    found = {}
    for way in ways:
        runs = {n: _run_of_rows(way, n) for n in n_rows}
        # one after another, a machine that has slowed down would look like a
        # dataset that costs more; so each is compared with the same one
        other = runs[n_rows[len(n_rows) // 2]]
        compared, beside = [], []
        for run in runs.values():
            this, that = _in_turn(run, other, seconds)
            pairs = zip(this, that, strict=True)
            compared.append(statistics.median(a / b for a, b in pairs))
            beside += that
        usual = statistics.median(beside)
        found[way] = [usual * ratio for ratio in compared]
    return {
        "n_rows": list(n_rows),
        "batch_size": BATCH_SIZE,
        "seconds": found,
    }


class _Run(NamedTuple):
    """Epochs of the line on some rows, and the seconds that one takes."""

    perform: Callable[[int], None]
    n_rows: int
    seconds: float


def _in_turn(run: _Run, other: _Run, seconds: float) -> list[list[float]]:
    """Return the seconds per row of two runs, turn by turn.

    Both take about so many seconds in all; the longer an epoch, the fewer the
    turns.
    """
    longest = max(run.seconds, other.seconds)
    n_turns = int(min(max(seconds / longest, FEWEST_TURNS), MOST_TURNS))
    n_epochs = [
        max(1, int(seconds / n_turns / each.seconds)) for each in (run, other)
    ]
    timed = interleave(
        {
            "this": lambda: run.perform(n_epochs[0]),
            "that": lambda: other.perform(n_epochs[1]),
        },
        n_turns,
        n_warm=0,
    )
    return [
        [taken / n / each.n_rows for taken in times]
        for times, n, each in zip(
            timed.values(), n_epochs, (run, other), strict=True
        )
    ]


def _run_of_rows(way: str, n_rows: int) -> _Run:
    """Prepare epochs of the line, and time one."""
    x, y = _draw_line(n_rows)
    data = data_v2 if way == "plain" else data_v4
    stage = {"plain": model_v6, "eager": model_v7, "compiled": model_v8}[way]
    loaders = data.prepare_data(x, y, batch_size=BATCH_SIZE)
    configuration = job_called("line-sgd").configure(stage)

    def perform(n_epochs: int) -> None:
        if way == "plain":
            plain_validation(configuration, *loaders, n_epochs)
            return
        for _ in range(n_epochs):
            configuration.epoch_fn(*loaders)

    if way != "plain":
        perform(1)  # compiles
    return _Run(perform, n_rows, _seconds_of_epoch(perform))


def _seconds_of_epoch(perform: Callable[[int], None]) -> float:
    """Time an epoch, so well that it can be said how many fill a second."""
    n_epochs, seconds = 0, 0.0
    while seconds < LONG_ENOUGH:
        n_epochs = 2 * n_epochs or 1
        start = time.perf_counter()
        perform(n_epochs)
        seconds = time.perf_counter() - start
    return seconds / n_epochs


def _draw_line(n_rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw points around the line of the course, as many as wanted."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(n_rows, 1, generator=generator)
    noise = 0.1 * torch.randn(n_rows, 1, generator=generator)
    return x, TRUE_B + TRUE_W * x + noise


def flatness(seconds: list[float]) -> float:
    """Return how many times the cheapest row the dearest costs."""
    return max(seconds) / min(seconds)
