"""Exercise 02.2: a copy of its own."""

import numpy as np
import torch

from helpers.check.chapter_02.common import (
    PAIR,
    SHARED,
    ask,
    check_contract,
    expect_item,
    expect_length,
    expect_two,
    matches,
    sentence,
    show,
)
from helpers.practice.exercises import call, exercise
from helpers.practice.verdict import wrong

KINDS = (np.float64, np.float32, np.int64)


@exercise(
    "02.2",
    "A copy of its own",
    minutes=6,
    level="medium",
    look=SHARED,
)
def own_copy(make_dataset):
    """Check ``make_dataset(x, y)``: arrays [N, 1] to a data set of float32.

    What happens to the arrays later must not reach the data set.
    """
    for dtype in KINDS:
        _check_copy(make_dataset, dtype)
    _check_lengths(make_dataset)
    x, y = _arrays(np.float64)
    first = make_dataset(x, y)
    before = ask(first, 0)
    second = make_dataset(x[:2] + 100, y[:2] + 100)
    expect_two(first, before)
    expect_length(second, 2)
    _compare_copy(ask(second, 1), 102.0, 172.0, "`data[1]`")
    return (
        "Whatever kind of number the arrays hold, the data set has its own. "
        "`dtype=` alone copies only where it has to convert."
    )


def _arrays(dtype) -> tuple[np.ndarray, np.ndarray]:
    x = np.array([[1], [2], [3], [4], [5]], dtype=dtype)
    return x, x + np.array(70, dtype=dtype)


def _check_copy(make_dataset, dtype) -> None:
    """Build from arrays of one kind, change the arrays, and compare."""
    x, y = _arrays(dtype)
    data = call(make_dataset, x, y, shown="make_dataset(x, y)")
    _expect_dataset(data)
    expect_length(data, 5)
    expect_item(ask(data, 0), PAIR)
    for index in (*range(5), -1, -5):
        number = float(index % 5 + 1)
        shown = f"`data[{index}]`"
        _compare_copy(ask(data, index), number, number + 70, shown)
    check_contract(data, 5, PAIR)
    before = _arrays(dtype)
    if not (np.array_equal(x, before[0]) and np.array_equal(y, before[1])):
        wrong(
            "in_place",
            expected="The arrays stay as they are.",
            found="Numbers in them changed.",
            cause="Something wrote into the arrays, or into a tensor that "
            "shares their memory.",
        )
    x[1], y[2] = 99, 98
    name = np.dtype(dtype).name
    for index, what in ((1, "features"), (2, "label")):
        if matches(ask(data, index), [index + 1.0], [index + 71.0]):
            continue
        wrong(
            "shares_memory",
            expected="An array that is changed later does not reach the data "
            "set.",
            found=f"With arrays of `{name}`, the {what} of item {index} "
            "changed with the array.",
            cause="`from_numpy` shares the memory of the array. `as_tensor`, "
            "`torch.Tensor` and `.float()` do so too when there is nothing to "
            "convert, as with 32-bit floats. `torch.tensor(array, dtype=...)` "
            "always copies, and so does `.clone()`.",
        )


def _expect_dataset(data) -> None:
    if data is None:
        wrong(
            "builder_returns_nothing",
            expected="`make_dataset(x, y)` returns a data set.",
            found="It returns `None`.",
            cause="`return` is missing at the end.",
        )
    both = (torch.Tensor, np.ndarray)
    if isinstance(data, both):
        wrong(
            "one_tensor",
            expected="`make_dataset(x, y)` returns a data set, whose items "
            "are tuples of features and label.",
            found=sentence(data),
            cause="Two tensors are needed, and something that gives a row of "
            "both by number: `TensorDataset`, or a class of your own.",
            look="chapter 02, the section *TensorDataset*",
        )
    if (
        isinstance(data, (tuple, list))
        and len(data) == 2
        and all(isinstance(part, both) and len(part) == 5 for part in data)
    ):
        wrong(
            "two_columns",
            expected="`data[1]` is point number 1.",
            found="Two columns: `data[1]` is all labels.",
            cause="Two tensors are not a data set yet. `TensorDataset`, or a "
            "class of your own, gives a row of both by number.",
            look="chapter 02, the section *TensorDataset*",
        )


def _compare_copy(item, x: float, y: float, shown: str) -> None:
    if matches(item, [x], [y]):
        return
    expect_item(item, PAIR, shown)
    asked = f"{shown} gives [{x:g}] and [{y:g}]."
    if matches(item, [y], [x]):
        wrong(
            "swapped",
            expected=asked,
            found=f"{show(item)}: the label first, then the features.",
            cause="The order is `(features, label)`, everywhere.",
        )
    wrong(
        "other_values",
        expected=asked,
        found=f"{show(item)}.",
        cause="The numbers should come out as they went in, and in the same "
        "order.",
    )


def _check_lengths(make_dataset) -> None:
    x, y = _arrays(np.float64)
    for n_features, n_labels in ((5, 4), (3, 5)):
        try:
            make_dataset(x[:n_features], y[:n_labels])
        except Exception:  # whichever: it refused
            continue
        wrong(
            "lengths_unchecked",
            expected=f"{n_features} features and {n_labels} labels are refused "
            "with an error.",
            found="No error was raised.",
            cause="Each point needs one of both. `TensorDataset` compares the "
            "lengths; a class of your own has to, and `raise ValueError(...)` "
            "refuses. (To print or to return something lets the caller go "
            "on.) Without that, a loop ends early and nobody notices.",
            look="chapter 02, the section *A label short*",
        )
