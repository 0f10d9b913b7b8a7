"""Labels of a table: classes or amounts, decided from the column itself."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from helpers.datasets.tables.columns import CATEGORY, in_quotes
from helpers.datasets.tables.values import UNKNOWN, Values
from helpers.errors import DataError, one_line

CLASSIFICATION, REGRESSION = "classification", "regression"
TASKS = (CLASSIFICATION, REGRESSION)
MOST_WHOLE = 20  # more different whole numbers are taken for amounts
MOST_CLASSES = 1000


class Labels(NamedTuple):
    """The labels of all rows, and what they are.

    Attributes:
        task: "classification" or "regression".
        classes: the name of each class; () for regression.
        y: the number of the class [N], int64; for regression amounts [N],
            float64.
        note: a sentence about the decision.
    """

    task: str
    classes: tuple[str, ...]
    y: np.ndarray
    note: str


def check_task(task: object) -> None:
    """Refuse a task that there is not.

    Raises:
        DataError: it is neither of the two, nor None.
    """
    if task is not None and task not in TASKS:
        raise DataError(
            f"There is no task {one_line(task)}. --task takes classification "
            "or regression; without it, the labels decide."
        )


def decide_labels(values: Values, shown: str, task: str | None) -> Labels:
    """Decide whether labels are classes or amounts.

    Text is classes. Numbers are classes if they are whole, at most 20
    different ones, and on average come twice or more.

    Args:
        values: of the label column, none of them missing.
        shown: how sentences name it, with the file.
        task: what the reader decided, or None.

    Raises:
        DataError: there is one class only, or one amount; text, where amounts
            are wanted; or more classes than a model should have.
    """
    if values.kind == CATEGORY:
        return _text_labels(values, shown, task)
    amounts = values.numbers
    distinct, y = np.unique(amounts, return_inverse=True)
    names = tuple(map(name_number, distinct))
    if len(distinct) == 1:
        raise _only_one(shown, names[0], len(amounts))
    is_whole = bool(np.all(distinct == np.round(distinct)))
    are_few = len(distinct) <= min(MOST_WHOLE, len(amounts) / 2)
    found = CLASSIFICATION if is_whole and are_few else REGRESSION
    what = "whole numbers" if is_whole else "numbers"
    said = (
        f"{shown}: the labels are {what}, {len(distinct):,} different ones "
        f"from {names[0]} to {names[-1]}, "
    )
    if task is None or task == found:
        other = TASKS[1 - TASKS.index(found)]
        said += f"so this is {found}; --task {other} says otherwise."
    else:
        said += f"and this is {task}, as --task says."
    if (task or found) == REGRESSION:
        return Labels(REGRESSION, (), amounts, said)
    _check_number_of_classes(names, shown)
    return Labels(CLASSIFICATION, names, y.astype(np.int64), said)


def _text_labels(values: Values, shown: str, task: str | None) -> Labels:
    """Number the classes in the order of the alphabet."""
    classes = tuple(sorted(values.texts))
    if len(classes) == 1:
        raise _only_one(shown, classes[0], len(values.numbers))
    if len(classes) == len(values.numbers):
        raise DataError(
            f"{shown}: all {len(classes):,} labels are different, such as "
            f"{in_quotes(classes[0])}, so no class can be learned. Does the "
            "column name the rows, and is another one the label?"
        )
    if task == REGRESSION:
        raise DataError(
            f"{shown}: the labels are text, such as {in_quotes(classes[0])}, "
            "and regression needs numbers. Leave out --task, or name another "
            "column with --label."
        )
    _check_number_of_classes(classes, shown)
    place_of = {name: number for number, name in enumerate(classes)}
    numbers = np.array([place_of[t] for t in values.texts] or [UNKNOWN])
    few = (
        ", ".join(classes)
        if len(classes) <= 6
        else f"{classes[0]} to {classes[-1]}"
    )
    return Labels(
        CLASSIFICATION,
        classes,
        numbers[values.numbers].astype(np.int64),
        f"{shown}: the labels are text, {len(classes):,} classes "
        f"({' '.join(few.split())[:120]}), so this is classification."
        f"{_alike(classes)}",
    )


def _alike(classes: Sequence[str]) -> str:
    """Point out two classes that only capital letters tell apart; or ""."""
    seen: dict[str, str] = {}
    for name in classes:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            return (
                f" {in_quotes(other)} and {in_quotes(name)} count as two "
                "classes: write them alike if they are one."
            )
    return ""


def name_number(value: float) -> str:
    """Write a number as short as possible: 3 and not 3.0."""
    value = float(value)
    is_whole = value.is_integer() and abs(value) < 2**53
    return str(int(value)) if is_whole else repr(value)


def _only_one(shown: str, name: str, n: int) -> DataError:
    return DataError(
        f"{shown}: all {n:,} labels are {in_quotes(name)}, so there is nothing "
        "to tell apart. Was the file filtered, or is another column the label?"
    )


def _check_number_of_classes(classes: Sequence[str], shown: str) -> None:
    if len(classes) > MOST_CLASSES:
        raise too_many_classes(shown, classes[0])


def too_many_classes(shown: str, example: str) -> DataError:
    """Return the error about labels that are too many classes."""
    return DataError(
        f"{shown}: more than {MOST_CLASSES:,} different labels, such as "
        f"{in_quotes(example)}, are too many classes. Is another column the "
        "label? Labels that are amounts have to be numbers in every row, and "
        "--task regression takes them as such."
    )
