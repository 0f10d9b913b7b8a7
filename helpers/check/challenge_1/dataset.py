"""Challenge 1, the dataset of rides."""

import itertools
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from helpers.check.chapter_02.common import expect_item, item_of, length_of
from helpers.datasets.rides import write_rides
from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    judge,
    judge_value,
    wrong,
)
from helpers.practice.probes.loaders import passes_of

SCALES = torch.tensor([20.0, 300.0, 100.0])  # km, metres, percent
SHAPES = ([2], [1])
# The rides of two files that no reader has seen.
FILES = {
    "a.csv": np.array([[8.0, 120, 30.0], [19.5, 15, 41.5], [3.2, 290, 22.0]]),
    "b.csv": np.array([[10.0, 60, 24.5], [5.5, 210, 21.0]]),
}
ITEM = {
    "no_pair.nothing": lambda s: s.item is None,
    "no_pair.list": lambda s: isinstance(s.item, list) and len(s.item) == 2,
    "no_pair": lambda s: not isinstance(s.item, tuple) or len(s.item) != 2,
}
# What the three numbers of a ride are, by mistake.
SUSPECTS = {
    "not_scaled": lambda s: s.raw,
    "label_not_scaled": lambda s: torch.cat([s.right[:2], s.raw[2:]]),
    "features_not_scaled": lambda s: torch.cat([s.raw[:2], s.right[2:]]),
    "columns_swapped": lambda s: s.right[[1, 0, 2]],
    "multiplied": lambda s: s.raw * SCALES,
}
LAST = {
    "no_negative.error": lambda s: s.error,
    "no_negative": lambda s: not agree(list(s.item), list(s.last)),
}
LOOP = {
    "wrong_loop": lambda s: len(s.items) < s.n,
    "wrong_loop.others": lambda s: (
        len(s.items) > s.n or not all(map(_is_ride, s.items, s.rides))
    ),
}


@exercise
def dataset(answer):
    """Check ``RideDataset(path)``: scaled features [2] and a label [1]."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for name, rides in FILES.items():
            path = Path(folder) / name
            write_rides(rides, path)
            before = path.read_bytes()
            try:
                data = call(answer, path, shown="RideDataset(path)")
                _judge_dataset(data, rides)
            finally:
                if path.read_bytes() != before:  # whatever came of it
                    wrong("overwrites")
            made.append((data, rides))
        first, rides = made[0]
        if len(first) != len(rides) or not _is_ride(first[0], rides[0]):
            wrong("shared")


def _judge_dataset(data, rides) -> None:
    n = length_of(data)
    if n != len(rides):
        wrong("wrong_length", n=len(rides), n_lines=len(rides) + 1, found=n)
    first = item_of(data, 0)
    _judge_item(first, rides[0], 0)
    for number, ride in enumerate(rides[1:], start=1):
        _judge_item(item_of(data, number), ride, number)
    if not _is_ride(first, rides[0]):
        wrong("same_memory")
    if not _is_ride(item_of(data, 0), rides[0]):
        wrong("in_place")
    _judge_like_a_list(data, len(rides))
    _judge_loops(data, rides)


def _judge_item(item, ride, number: int) -> None:
    expect_item(item, SHAPES, f"dataset[{number}]", ITEM)
    raw = torch.as_tensor(ride, dtype=torch.float32)
    found, right = torch.cat(list(item)), raw / SCALES
    seen = Seen(raw=raw, number=number, features=item[0], label=item[1])
    seen.km, seen.metres, seen.charge = ride
    seen.right, seen.x, seen.y = right, right[:2], right[2:]
    judge_value(
        SUSPECTS,
        seen,
        found=found,
        right=right,
        otherwise="other_values",
    )


def _is_ride(item, ride) -> bool:
    right = torch.as_tensor(ride, dtype=torch.float32) / SCALES
    return agree(torch.cat(list(item)), right)


def _judge_like_a_list(data, n: int) -> None:
    item, error = _try(data, -1)
    judge(LAST, Seen(item=item, error=error, last=data[n - 1]))
    for index in (n, -n - 1):
        _, error = _try(data, index)
        if not error:
            wrong("no_index_error", index=index, n=n)
        if error != "IndexError":
            wrong("wrong_error", index=index, n=n, error=error)


def _try(data, index: int) -> tuple:
    """Return an item, or the name of an error in its place."""
    try:
        return data[index], ""
    except Exception as error:
        return None, type(error).__name__


def _judge_loops(data, rides) -> None:
    """Run through the dataset, as a loop does and as a loader does."""
    n = len(rides)
    items = list(itertools.islice(iter(data), n + 1))
    judge(LOOP, Seen(items=items, n=n, rides=rides, n_items=len(items)))
    batch = next(passes_of(DataLoader(data, batch_size=n)))
    if not all(map(_is_ride, zip(*batch, strict=True), rides)):
        wrong("no_batch")
