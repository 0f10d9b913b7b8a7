"""What a watch costs: steps with it and without it, in turn.

Here belongs the comparison of a loop under `helpers.clinic.watch` with the same
loop without it, on the network of chapter 14.
"""

import itertools
import statistics
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from helpers.clinic import watch
from helpers.clinic.plan import DENSE, is_looked_at
from helpers.measuring.jobs import job_called
from helpers.model_configuration import v6 as model_configuration
from helpers.pipeline import Configuration

WARM_UP = 20  # steps, before anything is measured
FIRST = 1000  # steps that `WatchCost.overall` is about
# A look begins at the end of the step before, where hooks are put in place, and
# leaves cold caches to the steps that follow.
BEFORE, AFTER = 1, 3


class WatchCost(NamedTuple):
    """How many times as long a step takes under a watch.

    Attributes:
        between: a step that the watch does not look at closely, and that is
            not next to one.
        look: one that it does, with what the steps next to it took longer.
    """

    between: float
    look: float

    @property
    def overall(self) -> float:
        """What the steps from 10 to 1,000 take together."""
        steps = range(DENSE, FIRST)
        share = sum(map(is_looked_at, steps)) / len(steps)
        return self.between + share * (self.look - self.between)


def measure_watch_cost(n_rounds: int = 40, n_steps: int = 100) -> WatchCost:
    """Measure how much longer training steps take under a watch.

    A round is short: some steps under a watch and as many without, every second
    time the other way round. A machine that turns slower in the course of a
    second then does so for both. Each round gives a ratio, and the median of
    all rounds counts.

    Args:
        n_rounds: pairs of runs; one training goes on through all of them.
        n_steps: steps of each run, at least 64, so that several looks lie
            within; the first ten, all looked at, do not count.
    """
    configuration, batches = _training()
    _seconds_of_steps(_without(configuration), configuration, batches, WARM_UP)
    ways = [_without, _under_watch]
    rounds = []
    for _ in range(n_rounds):
        ways.reverse()
        seconds = {
            way: _seconds_of_steps(
                way(configuration), configuration, batches, n_steps
            )
            for way in ways
        }
        rounds.append(_cost(seconds[_without], seconds[_under_watch]))
    return WatchCost(*map(statistics.median, zip(*rounds, strict=True)))


def _training() -> tuple[Configuration, Iterator]:
    """Return what trains, and its batches, which have no end."""
    job = job_called("network")
    loader, _ = job.teaching_loaders()
    batches = itertools.cycle(list(loader))
    return job.configure(model_configuration), batches


def _without(_configuration: Configuration) -> AbstractContextManager:
    return nullcontext()


def _under_watch(configuration: Configuration) -> AbstractContextManager:
    return watch(configuration.model, configuration.optimizer)


def _seconds_of_steps(
    way: AbstractContextManager,
    configuration: Configuration,
    batches: Iterator,
    n_steps: int,
) -> list[float]:
    """Train on, and return how long each step takes."""
    seconds = []
    with way:
        for x_batch, y_batch in itertools.islice(batches, n_steps):
            start = time.perf_counter()
            configuration.train_step_fn(x_batch, y_batch)
            seconds.append(time.perf_counter() - start)
    return seconds


def _cost(plain: list[float], watched: list[float]) -> WatchCost:
    """Compare the steps of one round, both kinds with the same plain ones."""
    usual = statistics.median(plain[DENSE:])
    steps = range(DENSE, len(watched))
    looks = [step for step in steps if is_looked_at(step)]
    near = {
        step + offset for step in looks for offset in range(-BEFORE, AFTER + 1)
    }
    between = statistics.median(
        watched[step] for step in steps if step not in near
    )
    look = between + statistics.median(
        sum(
            watched[step + offset] - between
            for offset in range(-BEFORE, AFTER + 1)
        )
        for step in looks
    )
    return WatchCost(between / usual, look / usual)
