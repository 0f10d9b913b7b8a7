"""What several checkers of chapter 01 share."""

import numbers

import numpy as np
import torch

from helpers.practice import Seen, judge

VALUE = {
    "returns_nothing": lambda s: s.value is None,
    "one_layer_too_many": lambda s: callable(s.value),
    "no_number.generator": lambda s: hasattr(s.value, "__next__"),
    "no_number": lambda s: not _is_number(s.value),
}


def expect_value(value, shown: str) -> None:
    """Judge what a function that was built gave: a number of any kind.

    Args:
        value: what it returned; NumPy's numbers and tensors of one will do.
        shown: the call, as a reader would write it.

    Raises:
        Wrong: it is not a real number.
    """
    judge(VALUE, Seen(value=value, shown=shown))


def _is_number(value) -> bool:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value.ndim == 0
    return isinstance(value, numbers.Real)
