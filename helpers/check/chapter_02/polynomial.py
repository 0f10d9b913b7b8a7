"""Exercise 02.1: features made on request."""

import torch

from helpers.check.chapter_02.common import (
    check_contract,
    expect_item,
    expect_length,
    expect_two,
    item_of,
    matches,
)
from helpers.practice import Seen, agree, call, exercise, judge, wrong

X = [3.0, -4.0, 0.5, -1.5, 10.0]
Y = [71.0, 72.0, 73.0, 74.0, 75.0]
SHAPES = ([2], [1])
VALUES = {
    "columns_swapped": lambda s: agree(s.features, [s.square, s.x]),
    "mixed_up": lambda s: (
        agree(s.features, [s.y, s.y**2]) or agree(s.label, [s.x])
    ),
    "doubled": lambda s: agree(s.features, [s.x, 2 * s.x]),
    "other_point": lambda s: (
        s.features[0] in X and s.label[0] in Y and s.features[0] != s.x
    ),
}


@exercise
def polynomial(answer):
    """Check ``PolynomialDataset(x_tensor, y_tensor)``.

    Item i is ([x_i, x_i ** 2], [y_i]), computed when it is taken.
    """
    x, y = _columns(X, Y)
    shown = "PolynomialDataset(x_tensor, y_tensor)"
    data = call(answer, x, y, shown=shown)
    if not _unchanged(x, y):
        wrong("in_place.built")
    expect_length(data, len(X))
    first = item_of(data, 0)
    if not _unchanged(x, y):
        wrong("in_place")
    expect_item(first, SHAPES)
    for index in (*range(len(X)), -len(X), -1, -2):
        _judge_item(item_of(data, index), index, X[index], Y[index])
    if not matches(first, [3.0, 9.0], [71.0]):
        wrong("same_memory")
    check_contract(data, len(X), SHAPES)
    _judge_on_request(data, x, y)
    one = answer(*_columns(X, Y))
    before = item_of(one, 0)
    other = answer(*_columns([7.0, 8.0], [1.0, 2.0]))
    expect_two(one, before)
    expect_length(other, 2)
    _judge_item(item_of(other, 1), 1, 8.0, 2.0)


def _columns(x: list, y: list) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(x).reshape(-1, 1), torch.tensor(y).reshape(-1, 1)


def _unchanged(x, y) -> bool:
    return agree([x, y], _columns(X, Y))


def _judge_item(item, index: int, x: float, y: float) -> None:
    if matches(item, [x, x**2], [y]):
        return
    expect_item(item, SHAPES, f"data[{index}]")
    features, label = (part.tolist() for part in item)
    seen = Seen(index=index, x=x, square=x**2, y=y)
    seen.features, seen.label = features, label
    judge(VALUES, seen)
    wrong("other_values", seen)


def _judge_on_request(data, x, y) -> None:
    """Change the tensors; the items have to follow."""
    x[1], y[1] = 6.0, 60.0
    item = item_of(data, 1)
    if not matches(item, [6.0, 36.0], [60.0]):
        expect_item(item, SHAPES, "data[1]")
        wrong("in_advance", features=item[0], label=item[1])
