"""What every process of `helpers.measuring.throughput` does.

All are started once, and take turns in groups of 1, 2, 4 ...: whoever is not
in a group waits, so that all numbers come from one run, interleaved. Process 0
prints one line of JSON.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import nn, optim
from torch.nn.parallel import DistributedDataParallel

from helpers.networks import Network
from helpers.step_functions import make_train_step_fn

N_CLASSES = 10
LENGTHS = [1, 1_000, 10_000, 100_000, 1_000_000]  # numbers in an exchange


class Turns:
    """Groups of the first 1, 2, 4 ... processes, and a clock for each."""

    def __init__(self, sizes: list[int]):
        self.rank = dist.get_rank()
        # NON_GROUP_MEMBER in the processes that are not in it
        self.groups: dict[int, Any] = {
            n: dist.new_group(list(range(n))) for n in sizes
        }

    def is_in(self, size: int) -> bool:
        """Tell whether this process is one of the first so many."""
        return self.rank < size

    def time(
        self, size: int, work: Callable[[], object], n_times: int
    ) -> float:
        """Return the seconds that a piece of work takes a group, per time."""
        dist.barrier()
        start = time.perf_counter()
        if self.is_in(size):
            for _ in range(n_times):
                work()
            dist.barrier(self.groups[size])
        end = time.perf_counter()
        return (end - start) / n_times


def make_step(
    image_size: int, n_rows: int, group: dist.ProcessGroup | None
) -> Callable[[], float]:
    """Return a training step on random images, alone if there is no group."""
    torch.manual_seed(0)
    model: nn.Module = Network(image_size, 5 if image_size > 12 else 3)
    if group is not None:
        model = DistributedDataParallel(model, process_group=group)
    optimizer = optim.SGD(model.parameters(), lr=0.001)
    step_fn = make_train_step_fn(model, nn.CrossEntropyLoss(), optimizer)
    x = torch.rand(n_rows, 1, image_size, image_size)
    y = torch.randint(0, N_CLASSES, (n_rows,))
    return lambda: step_fn(x, y)


def measure_steps(
    turns: Turns, options: argparse.Namespace
) -> tuple[list[dict], list[dict]]:
    """Time steps of groups of every size, with the exchange and without.

    Returns:
        one entry per number of rows of an update and size of a group; and
        one per share and size, for steps without any exchange, taken by all
        processes of the group at the same time.
    """
    jobs: dict[tuple[int, int, bool], Callable[[], object]] = {}
    for rows in options.rows:
        for size, group in turns.groups.items():
            share = rows // size
            # by one process, by all at once, by all with an exchange
            kinds = [(share, 1, None), (share, size, None)]
            if size > 1:
                kinds += [(rows, size, group)]
            for n_rows, n, exchanges_over in kinds:
                # whoever is not in the group only waits
                jobs[n_rows, n, exchanges_over is not None] = (
                    make_step(options.image_size, share, exchanges_over)
                    if turns.is_in(n)
                    else int
                )
    seconds = {key: [] for key in jobs}
    for number in range(options.rounds + 1):
        for (n_rows, size, exchanges), step in jobs.items():
            took = turns.time(size, step, options.steps)
            if number > 0:  # round 0 warms up
                seconds[n_rows, size, exchanges].append(took)
    found: dict[bool, list[dict]] = {True: [], False: []}
    for (n_rows, size, exchanges), took in seconds.items():
        entry = {"rows": n_rows, "n_processes": size, "seconds": took}
        found[exchanges].append(entry)
        # one process has nobody to exchange with
        if size == 1 and n_rows in options.rows:
            found[True].append(entry)
    return found[True], found[False]


def measure_exchanges(turns: Turns, n_rounds: int) -> list[dict]:
    """Time the sum of tensors of many lengths over groups of every size."""
    found = []
    for size, group in turns.groups.items():
        for length in LENGTHS if size > 1 else ():
            numbers = torch.zeros(length)

            def exchange(numbers=numbers, group=group):
                dist.all_reduce(numbers, group=group)

            took = [turns.time(size, exchange, 20) for _ in range(n_rounds + 1)]
            found.append(
                {"n_processes": size, "numbers": length, "seconds": took[1:]}
            )
    return found


def main() -> None:
    """Measure, and print the result from process 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--image-size", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--steps", type=int)
    options = parser.parse_args()
    torch.set_num_threads(1)
    dist.init_process_group("gloo", timeout=timedelta(minutes=2))
    turns = Turns(options.sizes)
    steps, alone = measure_steps(turns, options)
    exchanges = measure_exchanges(turns, options.rounds)
    if dist.get_rank() == 0:
        model = Network(options.image_size, 5 if options.image_size > 12 else 3)
        n_parameters = sum(p.numel() for p in model.parameters())
        print(
            json.dumps(
                {
                    "steps": steps,
                    "alone": alone,
                    "exchanges": exchanges,
                    "n_parameters": n_parameters,
                }
            )
        )
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
