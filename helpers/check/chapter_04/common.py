"""What several checkers of chapter 04 share."""

import math

import numpy as np
import torch

from helpers.practice.exercises import code, kind
from helpers.practice.verdict import wrong


def expect_step(step, shown: str) -> None:
    """Say what is wrong if a builder returned something that is no function.

    Args:
        step: what it returned.
        shown: the call of the builder, as a reader would write it.
    """
    if step is None:
        wrong(
            "builder_returns_nothing",
            expected=f"{code(shown)} returns a step function.",
            found="It returns `None`.",
            cause="The inner function is never handed out. The last line of "
            "the outer function should return it, by its name.",
        )
    if not callable(step):
        wrong(
            "called_too_soon",
            expected=f"{code(shown)} returns a step function.",
            # a number of it would have more digits than all machines agree on
            found="It returns a number."
            if isinstance(step, float)
            else f"It returns {kind(step)}.",
            cause="Return the function itself: `return inner`.",
        )


def expect_float(value, shown: str, what: str) -> None:
    """Say what is wrong if something is no Python number.

    Args:
        value: what was returned.
        shown: the call that returned it, as a reader would write it.
        what: what the number should be, in words: "the loss".
    """
    expected = f"{code(shown)} returns {what} as a number, a Python float."
    if value is None:
        wrong(
            "returns_nothing",
            expected=expected,
            found="It returns `None`.",
            cause="The result is computed and not handed out: `return` is "
            "missing, or something is printed in its place.",
        )
    if isinstance(value, torch.Tensor):
        wrong(
            "returns_tensor",
            expected=expected,
            found=f"It returns {kind(value)}.",
            cause="`.item()` is missing, which makes a number of a tensor with "
            "a single value.",
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong(
            "no_number",
            expected=expected,
            found=f"It returns {kind(value)}.",
            cause=_cause_of_no_number(value),
        )


def _cause_of_no_number(value) -> str:
    if callable(value):
        return "The brackets behind `.item` are missing: `.item()`."
    if isinstance(value, np.generic):
        return (
            "NumPy has numbers of its own kind. `.item()` or `float(...)` "
            "makes a Python number of one."
        )
    return (
        "More than the number is returned, or in another form, such as a "
        "list, a tuple or an array. A pair comes from `max(dim=...)`, too."
    )


def which_value(value: float, diagnoses: dict, otherwise: str) -> tuple:
    """Find the mistake that leads to a number.

    Args:
        value: the wrong number.
        diagnoses: name -> (numbers, cause): what each mistake leads to.
        otherwise: the cause where none of them fits.

    Returns:
        the name of the diagnosis, "other_value" if none fits, and its cause.
    """
    for diagnosis, (values, cause) in diagnoses.items():
        if any(math.isclose(value, float(v), abs_tol=1e-4) for v in values):
            return diagnosis, cause
    return "other_value", otherwise
