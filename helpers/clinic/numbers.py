"""Numbers about tensors at little cost, since they are asked for in a loop.

Here belongs what a close look computes of any tensor. A look lasts as long as
its many small operations take together, so each number is got by few.
"""

import math
from collections.abc import Sequence

import torch
from torch.linalg import vector_norm

from helpers.clinic.hooks import quietly

MOST_AS_LIST = 1024  # numbers that Python counts faster than torch does


def norms(tensors: Sequence[torch.Tensor]) -> list[float]:
    """Return the 2-norm of each tensor."""
    if len({(one.dtype, one.device) for one in tensors}) != 1:
        return [float(vector_norm(one)) for one in tensors]
    # one conversion for all of them
    return torch.stack([vector_norm(one) for one in tensors]).tolist()


def mean_and_std(values: torch.Tensor) -> tuple[float, float]:
    """Return mean and standard deviation, 0 for a single number.

    Args:
        values: at least one number of a floating type.
    """
    n, mean = values.numel(), float(values.mean())
    if n < 2:
        return mean, 0.0
    squares = float(vector_norm(values)) ** 2
    variance = (squares - n * mean * mean) / (n - 1)
    # Where the mean is much larger than the spread, little is left of the
    # difference, and rounding would be most of it.
    if not variance > 1e-3 * mean * mean or not math.isfinite(variance):
        return mean, float(values.std())
    return mean, math.sqrt(variance)


def share_of_zeros(values: torch.Tensor) -> float:
    """Return how many of the numbers are exactly 0, as a share."""
    # as numbers: many times as fast as counting
    filled = torch.ne(values, 0, out=torch.empty_like(values)).mean()
    return 1 - float(filled)


def low_and_high(values: torch.Tensor) -> tuple[float, float]:
    """Return the smallest and the largest number; NaN twice if one is NaN."""
    low, high = torch.aminmax(values)
    return float(low), float(high)


def is_finite(low: float, high: float) -> bool:
    """Tell whether numbers with these ends are finite, all of them."""
    return math.isfinite(low) and math.isfinite(high)


def rows_differ(values: torch.Tensor) -> bool:
    """Tell whether not all rows are the same; a single one does not count."""
    if len(values) < 2:
        return True
    # two of them suffice most of the time
    if not torch.equal(values[0], values[1]):
        return True
    return bool((values != values[:1]).any())


def n_different(values: torch.Tensor) -> int:
    """Return how many different numbers there are."""
    if values.numel() <= MOST_AS_LIST:
        return len(set(values.reshape(-1).tolist()))
    return len(values.unique())


_weights: dict[tuple, torch.Tensor] = {}


@quietly
def weighted_sum(values: torch.Tensor) -> float:
    """Return a number that depends on the order of all numbers, too.

    Args:
        values: of one dimension.
    """
    key = len(values), values.device
    weights = _weights.get(key)
    if weights is None:
        count = torch.arange(1, len(values) + 1, device=values.device)
        weights = count.double().sqrt()
        if len(_weights) >= 8:
            _weights.clear()
        if type(weights) is torch.Tensor:  # no other kind is kept for later
            _weights[key] = weights
    return float(torch.dot(values.double(), weights))
