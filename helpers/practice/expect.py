"""Kinds of results that many exercises expect, judged and worded once.

Their words stand in ``words/universal.toml``; an exercise overrides them in its
own file.
"""

import numpy as np
import torch

from helpers.practice.describe import describe
from helpers.practice.signs import Seen, Signs, judge

FUNCTION: Signs = {
    "builder_returns_nothing": lambda s: s.result is None,
    "called_too_soon.class": lambda s: isinstance(s.result, type),
    "called_too_soon.generator": lambda s: hasattr(s.result, "__next__"),
    "called_too_soon.boxed": lambda s: isinstance(s.result, (tuple, list)),
    "called_too_soon.object": lambda s: (
        not callable(s.result) and hasattr(s.result, "__dict__")
    ),
    "called_too_soon": lambda s: not callable(s.result),
}
NUMBER: Signs = {
    "returns_nothing": lambda s: s.result is None,
    "returns_tensor": lambda s: isinstance(s.result, torch.Tensor),
    "no_number.method": lambda s: callable(s.result),
    "no_number.generator": lambda s: hasattr(s.result, "__next__"),
    # np.float64 too: it is a float, but a checkpoint with one is refused
    "no_number.numpy": lambda s: isinstance(s.result, np.generic),
    "no_number": lambda s: (
        isinstance(s.result, bool) or not isinstance(s.result, (int, float))
    ),
}


def expect_function(result, shown: str, signs: Signs = FUNCTION) -> None:
    """Judge what a builder returned: a function, or something else.

    Args:
        result: what it returned.
        shown: the call of the builder, as a reader would write it.
        signs: the table, where an exercise names a mistake differently
            (`helpers.practice.signs.renamed`).

    Raises:
        Wrong: it is not a function.
    """
    # a number of it would have more digits than all machines agree on
    kind = "a number" if isinstance(result, float) else describe(result)
    judge(signs, Seen(result=result, shown=shown, result_kind=kind))


def expect_number(result, shown: str, what: str, signs: Signs = NUMBER) -> None:
    """Judge what a call returned: a Python number, or something else.

    Args:
        result: what was returned.
        shown: the call, as a reader would write it.
        what: what the number should be, in words: "the loss".
        signs: the table, where an exercise names a mistake differently.

    Raises:
        Wrong: it is not a Python number.
    """
    judge(signs, Seen(result=result, shown=shown, what=what))


def roundings(right: float) -> list[float]:
    """Return what a number becomes when digits of it are lost."""
    return [float(int(right)), *(round(right, n) for n in range(7))]


def is_rounded(found: float, right: float) -> bool:
    """Whether a number is another one with fewer digits."""
    return found != right and found in roundings(right)


def expect_no_generator(result, shown: str, what: str) -> None:
    """Judge whether a call did nothing yet, as its function yields.

    Args:
        result: what was returned.
        shown: the call, as a reader would write it.
        what: what should have been returned, in words: "the loss".

    Raises:
        Wrong: it is a generator.
    """
    sign = "no_number.generator"
    judge({sign: NUMBER[sign]}, Seen(result=result, shown=shown, what=what))
