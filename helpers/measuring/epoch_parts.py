"""Where the time of an epoch goes: operations and microseconds, by part.

The profiler of torch records every operation with its duration. Operations that
run within another one belong to it; what is left of the clock is Python.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from torch.profiler import ProfilerActivity, profile

FORWARD, PYTHON = "forward pass and loss", "Python in between"
# how the name of an outermost operation begins -> the part it belongs to
BEGINNINGS = {
    "enumerate(DataLoader)": "fetching",
    "aten::randperm": "fetching",
    "aten::random_": "fetching",
    "aten::index": "fetching",
    "aten::split": "fetching",
    "autograd::engine": "backward",
    "Optimizer.": "update",
    "aten::add_": "update",
    "Torch-Compiled Region": "compiled program",
}
N_RUNS = 4  # of which the quickest counts
PARTS = ("fetching", FORWARD, "backward", "update", "compiled program", PYTHON)


class EpochParts(NamedTuple):
    """What one epoch was made of.

    Attributes:
        n_operations: of torch, those within others included.
        microseconds: by part, as long as the profiler was looking.
    """

    n_operations: int
    microseconds: dict[str, float]

    @property
    def total(self) -> float:
        """Return the microseconds of an epoch under the profiler."""
        return sum(self.microseconds.values())


def measure_epoch_parts(
    train: Callable[[int], Any], n_epochs: int = 10
) -> EpochParts:
    """Profile a training loop, and say what an ordinary epoch is made of.

    What happens once per training run (a look at the first batches, say) is
    left out: a run of one epoch is subtracted from a longer one.

    Args:
        train: takes a number of epochs and trains for so many.
        n_epochs: how many epochs the mean is taken over.
    """
    train(2)  # warms up, and compiles
    short, long = _quickest(train, 1), _quickest(train, 1 + n_epochs)
    return EpochParts(
        round((long["operations"] - short["operations"]) / n_epochs),
        {
            part: max(0.0, (long[part] - short[part]) / n_epochs)
            for part in PARTS
        },
    )


def _quickest(train: Callable[[int], Any], n_epochs: int) -> dict[str, float]:
    """Profile a run several times; return the one that was disturbed least."""
    runs = [_profile(train, n_epochs) for _ in range(N_RUNS)]
    return min(runs, key=lambda found: sum(found[part] for part in PARTS))


def _profile(train: Callable[[int], Any], n_epochs: int) -> dict[str, float]:
    """Return operations and microseconds by part of a whole run."""
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as seen:
        start = time.perf_counter()
        train(n_epochs)
        total = 1e6 * (time.perf_counter() - start)
    found: dict[str, float] = defaultdict(float)
    for event in seen.events() or ():
        found["operations"] += event.name.startswith("aten::")
        if event.cpu_parent is None:
            found[part_of(event.name)] += event.cpu_time_total
    found[PYTHON] = total - sum(found[part] for part in PARTS)
    return found


def part_of(name: str) -> str:
    """Return the part of an epoch to which an outermost operation belongs."""
    for beginning, part in BEGINNINGS.items():
        if name.startswith(beginning):
            return part
    return FORWARD
