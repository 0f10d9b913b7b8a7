"""Time several ways of doing the same work so that they can be compared.

All run in turn, round after round, in one process and on one thread, so that a
busy machine slows them alike. What counts is a ratio within a round, its median
over all rounds, and its quartiles.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

# The plain loop is timed twice per round. On a quiet machine the quartiles of
# its ratio to itself lie within this distance of each other.
QUIET = 0.10


class Spread(NamedTuple):
    """A median and the quartiles on both sides of it."""

    median: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Return the distance of the quartiles, relative to the median."""
        return (self.high - self.low) / self.median


def spread(values: Sequence[float]) -> Spread:
    """Return the median of some measurements, and their quartiles."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def interleave(
    runs: Mapping[str, Callable[[], object]], n_rounds: int, n_warm: int = 1
) -> dict[str, list[float]]:
    """Run everything in turn, round after round.

    Args:
        runs: by name, what does the work; it is called without arguments.
        n_rounds: how many times each is measured.
        n_warm: rounds before the clock starts.

    Returns:
        by name the seconds that a call took, one number per round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(-n_warm, n_rounds):
        # every second round backwards, so that none always follows another
        for name in list(runs) if number % 2 else reversed(list(runs)):
            start = time.perf_counter()
            runs[name]()
            end = time.perf_counter()
            if number >= 0:
                seconds[name].append(end - start)
    return seconds


def ratios(
    seconds: Mapping[str, Sequence[float]], plain: str
) -> dict[str, Spread]:
    """Compare everything with one of them, round by round.

    Args:
        seconds: from `interleave`.
        plain: the name of the one that counts as 1.

    Returns:
        by name how many times as long as ``plain`` it took.
    """
    return {
        name: spread(
            [
                mine / theirs
                for mine, theirs in zip(values, seconds[plain], strict=True)
            ]
        )
        for name, values in seconds.items()
    }


def seconds_per_call(
    run: Callable[[], object], n_calls: int, n_rounds: int = 5
) -> float:
    """Return the seconds of one call: the median of several rounds of them."""
    rounds = []
    for _ in range(n_rounds + 1):
        start = time.perf_counter()
        for _ in range(n_calls):
            run()
        rounds.append((time.perf_counter() - start) / n_calls)
    return statistics.median(rounds[1:])  # the first one warms up
