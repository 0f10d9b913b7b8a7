"""Exercise 02.1: features made on request."""

import torch

from helpers.check.chapter_02.common import (
    CONTRACT,
    INDICES,
    SHARED,
    ask,
    check_contract,
    expect_item,
    expect_length,
    expect_two,
    matches,
    show,
)
from helpers.practice.exercises import call, exercise
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

X = [3.0, -4.0, 0.5, -1.5, 10.0]


Y = [71.0, 72.0, 73.0, 74.0, 75.0]


POLYNOMIAL = ([2], [1])


@exercise(
    "02.1",
    "Features made on request",
    minutes=6,
    level="easy",
    look=CONTRACT,
)
def polynomial(PolynomialDataset):
    """Check ``PolynomialDataset(x_tensor, y_tensor)``.

    Item i is ([x_i, x_i ** 2], [y_i]), computed when it is asked for.
    """
    x, y = _columns(X, Y)
    data = call(
        PolynomialDataset, x, y, shown="PolynomialDataset(x_tensor, y_tensor)"
    )
    _expect_unchanged(x, y, "While the data set was built")
    expect_length(data, len(X))
    first = ask(data, 0)
    _expect_unchanged(x, y, "When item 0 was asked for")
    expect_item(first, POLYNOMIAL)
    for index in (*range(len(X)), -len(X), -1, -2):
        _compare_polynomial(ask(data, index), index)
    if not matches(first, [3.0, 9.0], [71.0]):
        wrong(
            "same_memory",
            expected="Item 0 stays as it is when others are asked for.",
            found="It changed.",
            cause="All items write into one and the same tensor. Make a new "
            "one in each call of `__getitem__`.",
            look=SHARED,
        )
    check_contract(data, len(X), POLYNOMIAL)
    _expect_unchanged(x, y, "When items were asked for")
    _check_on_request(data, x, y)
    one = PolynomialDataset(*_columns(X, Y))
    before = ask(one, 0)
    other = PolynomialDataset(*_columns([7.0, 8.0], [1.0, 2.0]))
    expect_two(one, before)
    expect_length(other, 2)
    if not matches(ask(other, 1), [8.0, 64.0], [2.0]):
        _wrong_values(ask(other, 1), "`data[1]`", 8.0, 2.0)
    return (
        "Each square is made when its point is asked for, and nothing but the "
        "two tensors is kept."
    )


def _columns(x: list, y: list):
    return torch.tensor(x).reshape(-1, 1), torch.tensor(y).reshape(-1, 1)


def _expect_unchanged(x, y, when: str) -> None:
    if close(x, _columns(X, Y)[0]) and close(y, _columns(X, Y)[1]):
        return
    wrong(
        "in_place",
        expected="The tensors that the data set was built from stay as they "
        "are.",
        found=f"{when}, numbers in them changed.",
        cause="`x[index]` is no copy: it looks into the tensor. `**=`, `*=`, "
        "`pow_` and the like write through it into the data. `x ** 2` makes a "
        "new tensor.",
        look=SHARED,
    )


def _compare_polynomial(item, index: int) -> None:
    x, y = X[index], Y[index]
    if matches(item, [x, x**2], [y]):
        return
    shown = f"`data[{index}]`"
    expect_item(item, POLYNOMIAL, shown)
    features, label = (part.tolist() for part in item)
    asked = f"{shown} gives [{x:g}, {x**2:g}] and [{y:g}]."
    if close(features, [x**2, x]):
        wrong(
            "columns_swapped",
            expected=asked,
            found=f"{show(item)}: the square comes first.",
            cause="First the feature itself, then its square.",
        )
    if close(features, [y, y**2]) or close(label, [x]):
        wrong(
            "mixed_up",
            expected=asked,
            found=f"{show(item)}.",
            cause="Features and label changed places: the features are made "
            "of `x_tensor`, the label is that of `y_tensor`.",
        )
    if close(features, [x, 2 * x]):
        wrong(
            "doubled",
            expected=asked,
            found=f"{show(item)}: the double, not the square.",
            cause="`x ** 2` is the square, `x * 2` the double.",
        )
    if features[0] in X and label[0] in Y and features[0] != x:
        wrong(
            "other_point",
            expected=asked,
            found=f"{show(item)}: these are numbers of another point.",
            cause="The index was shifted, turned round or replaced on its way "
            "to the tensors. Pass it on as it comes, negative ones too.",
            look=INDICES,
        )
    _wrong_values(item, shown, x, y)


def _wrong_values(item, shown: str, x: float, y: float) -> None:
    expect_item(item, POLYNOMIAL, shown)
    wrong(
        "other_values",
        expected=f"{shown} gives [{x:g}, {x**2:g}] and [{y:g}].",
        found=f"{show(item)}.",
        cause="The features are the point's `x` and `x ** 2`, the label is its "
        "`y`, as it is.",
    )


def _check_on_request(data, x, y) -> None:
    """Change the tensors; the items have to follow."""
    x[1], y[1] = 6.0, 60.0
    item = ask(data, 1)
    if matches(item, [6.0, 36.0], [60.0]):
        return
    expect_item(item, POLYNOMIAL, "`data[1]`")
    wrong(
        "in_advance",
        expected="After row 1 of the tensors was changed to 6 and 60, "
        "`data[1]` gives [6, 36] and [60].",
        found=f"{show(item)}.",
        cause="The features, or a copy of the tensors, were made before they "
        "were asked for, and kept. `__init__` only keeps the tensors it is "
        "given; `__getitem__` computes.",
    )
