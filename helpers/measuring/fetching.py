"""Six ways to fetch the batches of an epoch, and what each costs."""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    TensorDataset,
)

from helpers.datasets.whole_batches import WholeBatches
from helpers.measuring.timing import interleave, ratios, spread

# name -> rows, shape of one of them, rows per batch
SIZES = {
    "line": (80, (1,), 16),
    "digits": (1438, (1, 8, 8), 32),
    "large images": (10_000, (1, 28, 28), 64),
}
POINTS = "DataLoader, a point at a time"
TITLES = {
    POINTS: "DataLoader(dataset, batch_size, shuffle=True)",
    "tuples": "__getitems__, which returns a list of points",
    "whole": "__getitems__, which returns the batch; collate_fn does nothing",
    "sampler": "DataLoader(sampler=BatchSampler(...), batch_size=None)",
    "split": "for rows in torch.randperm(n).split(batch_size): x[rows]",
    "pieces": "data v4: rows for many batches at once, then views",
    "views": "one shuffle of everything, then views",
}


class Tuples(TensorDataset):
    """A dataset that hands out several points at once, as a list."""

    def __getitems__(self, rows: list[int]) -> list:
        """Return a list of points."""
        x, y = self.tensors
        return list(zip(x[rows], y[rows], strict=True))


class Whole(TensorDataset):
    """A dataset that hands out a batch as it is wanted."""

    def __getitems__(self, rows: list[int]) -> tuple:
        """Return a batch."""
        x, y = self.tensors
        return x[rows], y[rows]


def ways_to_fetch(
    x: torch.Tensor, y: torch.Tensor, batch_size: int
) -> dict[str, Callable[[], Iterable]]:
    """Return by name what makes the batches of one epoch, in a new order."""
    plain = TensorDataset(x, y)
    generator = torch.Generator().manual_seed(0)

    def shuffled(dataset: Dataset, **options) -> DataLoader:
        return DataLoader(
            dataset, batch_size, shuffle=True, generator=generator, **options
        )

    def split() -> Iterable:
        order = torch.randperm(len(x), generator=generator)
        return ((x[rows], y[rows]) for rows in order.split(batch_size))

    def views() -> Iterable:
        order = torch.randperm(len(x), generator=generator)
        return zip(
            x[order].split(batch_size), y[order].split(batch_size), strict=True
        )

    sampler = BatchSampler(
        RandomSampler(plain, generator=generator), batch_size, drop_last=False
    )
    loaders = {
        POINTS: shuffled(plain),
        "tuples": shuffled(Tuples(x, y)),
        "whole": shuffled(Whole(x, y), collate_fn=lambda batch: batch),
        "sampler": DataLoader(
            plain, sampler=sampler, batch_size=None, generator=generator
        ),
        "pieces": WholeBatches(x, y, batch_size, generator),
    }
    ways: dict[str, Callable[[], Iterable]] = {
        name: lambda loader=loader: loader for name, loader in loaders.items()
    }
    ways |= {"split": split, "views": views}
    return {name: ways[name] for name in TITLES}


def measure_fetching(sizes=None, n_rounds: int = 7) -> list[dict]:
    """Time an epoch of fetching alone, as a ratio to a plain DataLoader.

    Args:
        sizes: by name the number of rows, the shape of one, and rows per
            batch; None takes `SIZES`.
        n_rounds: measurements of every way.

    Returns:
        a row per size: name, n_rows, shape, batch_size, seconds and ratios by
        way, each median and quartiles.
    """
    rows = []
    for name, (n_rows, shape, batch_size) in (sizes or SIZES).items():
        x, y = torch.rand(n_rows, *shape), torch.zeros(n_rows)
        ways = ways_to_fetch(x, y, batch_size)
        n_passes = max(1, 2000 // n_rows)
        seconds = interleave(
            {
                way: partial(_pass_over, make, n_passes)
                for way, make in ways.items()
            },
            n_rounds,
        )
        rows.append(
            {
                "name": name,
                "n_rows": n_rows,
                "shape": list(shape),
                "batch_size": batch_size,
                "seconds": {
                    way: [value / n_passes for value in spread(values)]
                    for way, values in seconds.items()
                },
                "ratios": {
                    way: list(value)
                    for way, value in ratios(seconds, POINTS).items()
                },
            }
        )
    return rows


def _pass_over(make: Callable[[], Iterable], n_passes: int) -> None:
    for _ in range(n_passes):
        for _batch in make():
            pass
