"""Challenge 1, the data set of rides."""

import itertools
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from helpers.check.chapter_02.common import ask, length_of
from helpers.datasets.rides import write_rides
from helpers.practice.exercises import call, exercise, kind
from helpers.practice.probes.loaders import passes_of
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

CHARGE = 100.0  # percent
SCALES = torch.tensor([20.0, 300.0, CHARGE])
DATASET = "chapter 02, the sections *CustomDataset* and *Three kinds of index*"


@exercise("C1.2", "The data set", minutes=12, level="medium", look=DATASET)
def dataset(RideDataset):
    """Check ``RideDataset(path)``: scaled features [2] and a label [1]."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for name, rides in _FILES.items():
            path = Path(folder) / name
            write_rides(rides, path)
            data = call(RideDataset, path, shown="RideDataset(path)")
            _check_dataset(data, rides)
            made.append((data, rides))
        _check_both(made)
    return "Scaled rides by number, from whatever file you name."


# The rides of two files that no reader has seen.
_FILES = {
    "a.csv": np.array([[8.0, 120, 30.0], [19.5, 15, 41.5], [3.2, 290, 22.0]]),
    "b.csv": np.array([[10.0, 60, 24.5], [5.5, 210, 21.0]]),
}


def _check_dataset(data, rides) -> None:
    n = length_of(data)
    if n != len(rides):
        wrong(
            "wrong_length",
            expected=f"{len(rides)} rides: the file has {len(rides) + 1} "
            "lines, and the first is the header.",
            found=f"`len(dataset)` is {n}.",
            cause="The header was counted, a row was skipped, columns were "
            "counted in place of rows, or another file was read than `path`.",
        )
    first = ask(data, 0)
    _check_item(first, rides[0], 0)
    for number, ride in enumerate(rides[1:], start=1):
        _check_item(ask(data, number), ride, number)
    _check_stays(data, first, rides[0])
    _check_like_a_list(data, rides)
    _check_loops(data, rides)


def _is_ride(item, ride) -> bool:
    right = torch.as_tensor(ride, dtype=torch.float32) / SCALES
    return close(torch.cat(list(item)), right)


def _check_stays(data, first, ride) -> None:
    """Look at item 0 once more, after the others were asked for."""
    if not _is_ride(first, ride):
        wrong(
            "same_memory",
            expected="Item 0 stays as it is when others are asked for.",
            found="It changed.",
            cause="All items are written into one and the same tensor. Make a "
            "new one in each call of `__getitem__`.",
        )
    if not _is_ride(ask(data, 0), ride):
        wrong(
            "in_place",
            expected="The same item again is the same ride.",
            found="It has other numbers the second time.",
            cause="`/=`, `div_` and the like write into what the data set "
            "keeps, and scale it again at every call. `row / scale` makes a "
            "new tensor.",
            look="chapter 02, the section *What is shared, what is copied*",
        )


def _check_loops(data, rides) -> None:
    """Run through the data set, as a loop does and as a loader does."""
    n = len(rides)
    items = list(itertools.islice(iter(data), n + 1))
    if len(items) != n or not all(map(_is_ride, items, rides)):
        wrong(
            "wrong_loop",
            expected=f"A `for` loop gets the {n} rides, in their order.",
            found=f"{len(items)} items."
            if len(items) < n
            else "Others, or more of them.",
            cause="`__iter__` is not needed: with `__getitem__` alone, Python "
            "asks for 0, 1, 2 and so on.",
        )
    batch = next(passes_of(DataLoader(data, batch_size=n)))
    if not all(map(_is_ride, zip(*batch, strict=True), rides)):
        wrong(
            "no_batch",
            expected="A loader stacks the rides to a batch.",
            found="The batch holds other numbers.",
            cause="A loader asks for the items one by one. Does the data set "
            "answer to something else as well, such as `__getitems__`?",
        )


def _check_both(made) -> None:
    """Look at the first data set once more, after a second was built."""
    (first, rides), _ = made
    if len(first) == len(rides) and _is_ride(ask(first, 0), rides[0]):
        return
    wrong(
        "shared",
        expected="A second data set leaves the first as it was.",
        found="After the second was built, the first has its rides.",
        cause="What a data set keeps stands in the class or in a global name, "
        "one for all. `self.rides = ...` in `__init__` gives each its own.",
    )


def _check_item(item, ride, number: int) -> None:
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        wrong(
            "no_pair",
            expected="An item is a tuple: features, label.",
            found=f"`dataset[{number}]` is {kind(item)}.",
            cause="`__getitem__` returns one thing, or three. Two things with "
            "a comma between them make a tuple.",
        )
    shapes = [list(getattr(part, "shape", [])) for part in item]
    if shapes == [[1], [2]]:
        wrong(
            "swapped",
            expected="An item is a tuple: features, label.",
            found="The label comes first.",
            cause="The order is `(features, label)`, everywhere.",
        )
    for name, part, shape in (
        ("features", item[0], [2]),
        ("label", item[1], [1]),
    ):
        _check_part(name, part, shape)
    _check_values(item, ride, number)


def _check_part(name: str, part, shape: list[int]) -> None:
    if not isinstance(part, torch.Tensor):
        wrong(
            "no_tensor",
            expected=f"{name.capitalize()}: a tensor of shape {shape}.",
            found=f"{kind(part)}.",
            cause="The numbers of the file have to become a tensor: "
            "`torch.tensor([...])`.",
        )
    if part.dtype != torch.float32:
        wrong(
            "dtype",
            expected="32-bit floats, as the model has.",
            found=f"{name.capitalize()}: `{part.dtype}`.",
            cause="NumPy and `csv` give other kinds of number. Ask for "
            "`dtype=torch.float32`.",
        )
    if list(part.shape) != shape:
        is_label = name == "label"
        wrong(
            "label_shape" if is_label else "features_shape",
            expected=f"{name.capitalize()}: shape {shape}.",
            found=f"Shape {list(part.shape)}.",
            cause="A single number has shape []. A slice of a row keeps the "
            "axis, `row[2:]`, and so do brackets, `torch.tensor([charge])`. "
            "Otherwise the labels of a batch are [n], against predictions of "
            "[n, 1]."
            if is_label
            else "Two numbers a ride, distance and climb, in one row.",
        )


def _check_values(item, ride, number: int) -> None:
    found = torch.cat([item[0], item[1]])  # [3]
    raw = torch.as_tensor(ride, dtype=torch.float32)
    right = raw / SCALES
    if close(found, right):
        return
    expected = (
        f"Ride {number}, {ride[0]:g} km, {ride[1]:g} m and {ride[2]:g} %, "
        f"gives {_numbers(right[:2])} and {_numbers(right[2:])}."
    )
    causes = {
        "not_scaled": (raw, "The scaling is missing: distance / 20, climb / "
                       "300, charge / 100."),
        "label_not_scaled": (torch.cat([right[:2], raw[2:]]), "The features "
                             "are scaled, the label is not: charge / 100."),
        "features_not_scaled": (torch.cat([raw[:2], right[2:]]), "The label "
                                "is scaled, the features are not."),
        "columns_swapped": (right[[1, 0, 2]], "Distance and climb changed "
                            "places."),
        "multiplied": (raw * SCALES, "It was multiplied where it should be "
                       "divided."),
    }  # fmt: skip
    for diagnosis, (values, cause) in causes.items():
        if close(found, values):
            _wrong_values(diagnosis, expected, found, cause)
    _wrong_values(
        "other_values",
        expected,
        found,
        "Another scale (for instance one computed from the data), another "
        "column, or another row.",
    )


def _wrong_values(diagnosis, expected, found, cause) -> None:
    wrong(
        diagnosis,
        expected=expected,
        found=f"{_numbers(found[:2])} and {_numbers(found[2:])}.",
        cause=cause,
        look="the list above task C1.1",
    )


def _numbers(values: torch.Tensor) -> str:
    return "`" + ", ".join(f"{value:.4g}" for value in values.tolist()) + "`"


def _check_like_a_list(data, rides) -> None:
    n = len(rides)
    last, error = _ask(data, -1)
    if error or not close(list(last), list(data[n - 1])):
        wrong(
            "no_negative",
            expected="`dataset[-1]` is the last ride.",
            found=f"{_named(error)}." if error else "Another ride.",
            cause="The index is used in a sum, or compared with 0. Tensors "
            "and lists understand negative indices by themselves.",
        )
    for index in (n, -n - 1):
        _, error = _ask(data, index)
        if isinstance(error, IndexError):
            continue
        wrong(
            "wrong_error" if error else "no_index_error",
            expected=f"`dataset[{index}]` is an `IndexError`: there are {n} "
            "rides.",
            found=f"{_named(error)}." if error else "It gave an item.",
            cause="A `for` loop over a data set ends at an `IndexError`, and "
            "at no other. A tensor or a list of rides raises it by itself; "
            "otherwise `raise IndexError(index)`."
            if error
            else "The index is wrapped around (`%`), limited (`min`), or the "
            "file was read past its end. A `for` loop over the data set would "
            "never end.",
        )


def _ask(data, index: int) -> tuple:
    """Return an item, or the error in its place."""
    try:
        return data[index], None
    except Exception as error:
        return None, error


def _named(error: Exception) -> str:
    name = type(error).__name__
    return f"{'An' if name[0] in 'AEIOU' else 'A'} `{name}`"
