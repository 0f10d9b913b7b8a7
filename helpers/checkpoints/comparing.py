"""Comparing a saved value with the one whose place it would take."""

import math
from typing import Any

import torch


def describe(value: Any) -> str:
    """Say what kind of value it is: of a tensor its numbers and its shape."""
    if not isinstance(value, torch.Tensor):
        return f"a {type(value).__name__}"
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"


def is_equal(here: Any, there: Any) -> bool:
    """Tell whether two settings are the same, tensors and lists included."""
    if isinstance(here, torch.Tensor) or isinstance(there, torch.Tensor):
        return is_alike(here, there) and torch.equal(here.cpu(), there)
    if isinstance(here, (list, tuple)) and isinstance(there, (list, tuple)):
        return len(here) == len(there) and all(map(is_equal, here, there))
    if isinstance(here, dict) and isinstance(there, dict):
        return here.keys() == there.keys() and all(
            is_equal(here[key], there[key]) for key in here
        )
    return bool(here == there)


def is_alike(here: Any, there: Any) -> bool:
    """Tell whether a value can take the place of one that changes."""
    if isinstance(here, torch.Tensor):
        same_kind = describe(here) == describe(there)
        return same_kind and bool(torch.isfinite(there).all())
    if isinstance(here, (list, tuple)):
        return (
            isinstance(there, (list, tuple))
            and len(here) == len(there)
            and all(map(is_alike, here, there))
        )
    if isinstance(here, dict):
        return (
            isinstance(there, dict)
            and here.keys() == there.keys()
            and all(is_alike(here[key], there[key]) for key in here)
        )
    if isinstance(here, (int, float)) and not isinstance(here, bool):
        if type(there) not in (int, float) or math.isnan(there):
            return False
        # some schedules begin with an infinite best loss
        return math.isfinite(there) or not math.isfinite(here)
    return type(here) is type(there)
