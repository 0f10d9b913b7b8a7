"""What a watch costs: steps with it and without it, in turn.

Here belongs the comparison of a loop under `helpers.clinic.watch` with the same
loop without it, on the network of chapter 14.
"""

import contextlib
import itertools
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from helpers.clinic import watch
from helpers.clinic.watching import DENSE, is_looked_at
from helpers.measuring.jobs import job_called
from helpers.model_configuration import v6 as model_configuration


class WatchCost(NamedTuple):
    """How many times as long a step takes under a watch.

    Attributes:
        between: a step that the watch does not look at closely.
        look: one that it does.
    """

    between: float
    look: float


def measure_watch_cost(n_rounds: int = 5, n_steps: int = 120) -> WatchCost:
    """Measure how much longer training steps take under a watch.

    Both loops run in turn, every second round the other way round, so that a
    busy machine slows them alike. Processor time is measured, and of all rounds
    together the median step counts.

    Args:
        n_rounds: pairs of training runs.
        n_steps: steps of each; the first ten, all looked at, do not count.
    """
    plain, between, look = [], [], []
    for number in range(n_rounds):
        ways: list[Callable[..., AbstractContextManager]] = [_nothing, watch]
        for way in ways if number % 2 else ways[::-1]:
            steps = enumerate(_seconds_of_steps(way, n_steps))
            for step, seconds in itertools.islice(steps, DENSE, None):
                if way is _nothing:
                    plain.append(seconds)
                elif is_looked_at(step):
                    look.append(seconds)
                else:
                    between.append(seconds)
    usual = statistics.median(plain)
    return WatchCost(
        statistics.median(between) / usual, statistics.median(look) / usual
    )


def _nothing(*_watched: Any) -> AbstractContextManager:
    return contextlib.nullcontext()


def _seconds_of_steps(
    way: Callable[..., AbstractContextManager], n_steps: int
) -> list[float]:
    """Train afresh, and return the processor time of each step."""
    job = job_called("network")
    configuration = job.configure(model_configuration)
    loader, _ = job.teaching_loaders()
    seconds = []
    with way(configuration.model, configuration.optimizer):
        batches = itertools.cycle(list(loader))
        for x_batch, y_batch in itertools.islice(batches, n_steps):
            start = time.process_time()
            configuration.train_step_fn(x_batch, y_batch)
            seconds.append(time.process_time() - start)
    return seconds
