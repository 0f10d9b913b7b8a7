"""How many rows per second several processes train on, and why not more.

A step of n processes takes the arithmetic for a share of the rows, and the
exchange of the gradients. Both are measured apart as well (the arithmetic with
all processes busy at once, as they share caches and memory), so that what they
predict can be compared with what n processes really take.
"""

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.processes.starting import WorkerError, run_processes

WORKER = Path(__file__).with_name("throughput_worker.py")
IMAGE_SIZE = 28  # pixels: the clothes of Fashion-MNIST
ROWS = (64, 512)  # of one update, over all processes


@dataclass(frozen=True)
class Steps:
    """Steps with one number of rows, taken by one number of processes.

    Attributes:
        rows: of one update, over all processes.
        n_processes: that share them.
        seconds: of a step, one number per round.
        speedups: times as fast as one process in the same round, per round.
        predicted: seconds of a step, from arithmetic and exchange.
    """

    rows: int
    n_processes: int
    seconds: list[float]
    speedups: list[float]
    predicted: float

    @property
    def rows_per_second(self) -> float:
        """The throughput, a median over rounds."""
        return self.rows / statistics.median(self.seconds)

    @property
    def speedup(self) -> float:
        """How many times as fast as one process, a median over rounds."""
        return statistics.median(self.speedups)

    @property
    def spread(self) -> tuple[float, float]:
        """The middle half of the speedups: from, to."""
        if len(self.speedups) < 2:
            return self.speedup, self.speedup
        low, _, high = statistics.quantiles(
            self.speedups, n=4, method="inclusive"
        )
        return low, high


@dataclass(frozen=True)
class Throughput:
    """What was measured in one run, one thread per process.

    Attributes:
        steps: for every number of rows and of processes.
        n_parameters: numbers in the gradient, which every step exchanges.
        n_cores: that this run may use.
        step_seconds: processes -> rows -> seconds of a step without exchange,
            taken by so many processes at once, each with so many rows.
        exchange_seconds: processes -> numbers -> seconds of their sum.
    """

    steps: list[Steps]
    n_parameters: int
    n_cores: int
    step_seconds: dict[int, dict[int, float]]
    exchange_seconds: dict[int, dict[int, float]]

    def of(self, rows: int, n_processes: int) -> Steps:
        """Return the steps with so many rows and processes."""
        (found,) = (
            steps
            for steps in self.steps
            if (steps.rows, steps.n_processes) == (rows, n_processes)
        )
        return found

    def arithmetic(
        self, rows: int, n_processes: int = 1, n_cores: int | None = None
    ) -> float:
        """Return the seconds that the arithmetic for so many rows takes.

        Args:
            rows: of one process.
            n_processes: that are busy at once.
            n_cores: to compute with; None takes those of this machine. Beyond
                what was measured, processes without a core take turns.
        """
        if n_cores is None and n_processes in self.step_seconds:
            return between(self.step_seconds[n_processes], rows)
        cores = self.n_cores if n_cores is None else n_cores
        turns = max(1.0, n_processes / cores)
        return turns * between(self.step_seconds[1], rows)

    def exchange(self, n_processes: int) -> float:
        """Return the seconds that the exchange of all gradients takes.

        Beyond the measured numbers of processes it is what a ring takes: each
        process sends 2 (n - 1) / n times the gradient, in 2 (n - 1) turns.
        """
        if n_processes == 1:
            return 0.0
        if n_processes in self.exchange_seconds:
            found = self.exchange_seconds[n_processes]
            return between(found, self.n_parameters)
        # from the measurement with two: a turn, and the time per number
        found = self.exchange_seconds[min(self.exchange_seconds)]
        turn = between(found, 1) / 2
        all_numbers = between(found, self.n_parameters) - 2 * turn
        n_turns = 2 * (n_processes - 1)
        return n_turns * turn + n_turns / n_processes * all_numbers

    def predict(
        self, rows: int, n_processes: int, n_cores: int | None = None
    ) -> float:
        """Return the seconds that a step should take.

        Args:
            rows: of one update, over all processes.
            n_processes: that share them.
            n_cores: see `arithmetic`.
        """
        share = max(1, rows // n_processes)
        return self.arithmetic(share, n_processes, n_cores) + self.exchange(
            n_processes
        )


def measure_throughput(
    rows: Sequence[int] = ROWS,
    n_processes: Sequence[int] = (1, 2),
    *,
    image_size: int = IMAGE_SIZE,
    n_rounds: int = 7,
    n_steps: int = 2,
    time_limit: float = 110,
) -> Throughput:
    """Time training steps of the image network of chapter 14 in processes.

    The rows of an update stay the same, whatever the number of processes:
    each takes its share. All numbers come from one run, interleaved.

    Args:
        rows: of one update, over all processes, on random images.
        n_processes: numbers of processes; 1 is always among them.
        image_size: height and width of the images, in pixels.
        n_rounds: measurements of each kind of step.
        n_steps: steps in one measurement.
        time_limit: seconds for all of it.

    Raises:
        WorkerError: a process failed, or they were not done in time.
    """
    sizes = sorted({1, *n_processes})
    words = ["--rows", *rows, "--sizes", *sizes, "--image-size", image_size]
    words += ["--rounds", n_rounds, "--steps", n_steps]
    heard = run_processes(
        [str(WORKER), *map(str, words)], max(sizes), time_limit=time_limit
    )
    if heard.status:
        raise WorkerError(
            f"Process {heard.failed} could not measure: {heard.why()}"
        )
    return read_measurement(json.loads(heard.lines[0][-1]), count_cores())


def read_measurement(found: dict, n_cores: int) -> Throughput:
    """Return what a worker printed, with medians and predictions.

    Args:
        found: the object that process 0 printed.
        n_cores: that the processes could use.
    """
    medians: dict[str, dict[int, dict[int, float]]] = {}
    for kind, by in (("exchanges", "numbers"), ("alone", "rows")):
        of_kind = medians.setdefault(kind, {})
        for item in found[kind]:
            of_size = of_kind.setdefault(item["n_processes"], {})
            of_size[item[by]] = statistics.median(item["seconds"])
    measured = Throughput(
        steps=[],
        n_parameters=found["n_parameters"],
        n_cores=n_cores,
        step_seconds=medians["alone"],
        exchange_seconds=medians["exchanges"],
    )
    plain = {
        item["rows"]: item["seconds"]
        for item in found["steps"]
        if item["n_processes"] == 1
    }
    for item in found["steps"]:
        n, rows, seconds = item["n_processes"], item["rows"], item["seconds"]
        pairs = zip(plain[rows], seconds, strict=True)
        measured.steps.append(
            Steps(
                rows=rows,
                n_processes=n,
                seconds=seconds,
                speedups=[one / many for one, many in pairs],
                predicted=measured.predict(rows, n),
            )
        )
    return measured


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def between(measured: dict[int, float], at: float) -> float:
    """Return a value between measured ones, or on the line beyond the last.

    Args:
        measured: values by size.
        at: a size.
    """
    sizes = sorted(measured)
    if len(sizes) == 1 or at <= sizes[0]:
        return measured[sizes[0]]
    upper = next((i for i, s in enumerate(sizes) if s >= at), len(sizes) - 1)
    low, high = sizes[upper - 1], sizes[upper]
    slope = (measured[high] - measured[low]) / (high - low)
    return max(measured[low] + slope * (at - low), 0.0)


def as_table(measured: Throughput) -> str:
    """Return a line per kind of step: rows per second, speedup, prediction."""
    lines = [
        "rows  processes  rows per second  speedup (middle half)  predicted"
    ]
    for steps in measured.steps:
        low, high = steps.spread
        one = measured.of(steps.rows, 1)
        lines.append(
            f"{steps.rows:4}  {steps.n_processes:9}  "
            f"{steps.rows_per_second:15,.0f}  "
            f"{steps.speedup:7.2f} ({low:.2f} to {high:.2f})    "
            f"{one.predicted / steps.predicted:9.2f}"
        )
    return "\n".join(lines)
