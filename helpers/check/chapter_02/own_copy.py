"""Exercise 02.2: a copy of its own."""

import numpy as np
import torch

from helpers.check.chapter_02.common import (
    PAIR,
    check_contract,
    expect_item,
    expect_length,
    expect_two,
    item_of,
    matches,
)
from helpers.practice import Seen, call, exercise, judge, wrong

KINDS = (np.float64, np.float32, np.int64)
NUMBERS = (3, 1, 5, 2, 4)  # in no order
BOTH = (torch.Tensor, np.ndarray)
BUILT = {
    "builder_returns_nothing": lambda s: s.data is None,
    "one_tensor.built": lambda s: isinstance(s.data, BOTH),
    "two_columns": lambda s: (
        isinstance(s.data, (tuple, list))
        and len(s.data) == 2
        and all(isinstance(part, BOTH) and len(part) == 5 for part in s.data)
    ),
}


@exercise
def own_copy(answer):
    """Check ``make_dataset(x, y)``: arrays [N, 1] to a dataset of float32.

    What happens to the arrays later must not reach the dataset.
    """
    for dtype in KINDS:
        _judge_copy(answer, dtype)
    _judge_lengths(answer)
    x, y = _arrays(np.float64)
    first = answer(x, y)
    before = item_of(first, 0)
    second = answer(x[:2] + 100, y[:2] + 100)
    expect_two(first, before)
    expect_length(second, 2)
    _judge_item(item_of(second, 1), x[1, 0] + 100, y[1, 0] + 100, "data[1]")


def _arrays(dtype) -> tuple[np.ndarray, np.ndarray]:
    x = np.array(NUMBERS, dtype=dtype).reshape(-1, 1)
    if x.dtype.kind == "f":
        x += 1 / 512  # exact, and lost where numbers are rounded
    return x, x + np.array(70, dtype=dtype)


def _judge_copy(answer, dtype) -> None:
    """Build from arrays of one kind, change the arrays, and compare."""
    (x, y), before = _arrays(dtype), _arrays(dtype)
    data = call(answer, x, y, shown="make_dataset(x, y)")
    judge(BUILT, Seen(data=data))
    expect_length(data, 5)
    expect_item(item_of(data, 0), PAIR)
    for index in (*range(5), -1, -5):
        item = item_of(data, index)
        one, two = (float(array[index, 0]) for array in before)
        _judge_item(item, one, two, f"data[{index}]")
    check_contract(data, 5, PAIR)
    if not (np.array_equal(x, before[0]) and np.array_equal(y, before[1])):
        wrong("in_place")
    x_1, y_1 = float(x[1, 0]), float(y[1, 0])
    x_2, y_2 = float(x[2, 0]), float(y[2, 0])
    x[1], y[2] = 99, 98
    dtype = np.dtype(dtype).name
    if not matches(item_of(data, 1), [x_1], [y_1]):
        wrong("shares_memory", dtype=dtype)
    if not matches(item_of(data, 2), [x_2], [y_2]):
        wrong("shares_memory.labels", dtype=dtype)


def _judge_item(item, x: float, y: float, shown: str) -> None:
    if matches(item, [x], [y]):
        return
    expect_item(item, PAIR, shown)
    seen = Seen(shown=shown, x=x, y=y, features=item[0], label=item[1])
    judge({"swapped.values": lambda s: matches(item, [y], [x])}, seen)
    wrong("other_values", seen)


def _judge_lengths(answer) -> None:
    x, y = _arrays(np.float64)
    for n_features, n_labels in ((5, 4), (3, 5)):
        try:
            answer(x[:n_features], y[:n_labels])
        except Exception:  # whichever: it refused
            continue
        wrong("lengths_unchecked", n_features=n_features, n_labels=n_labels)
