"""Exercise 13.1: a log_softmax that holds."""

import numpy as np
import torch

from helpers.check.chapter_13.common import other_shifts, plain, shifted
from helpers.practice import Seen, call, exercise, judge, judge_value

CALL = "stable_log_softmax(scores)"
LOG_EPSILON = -100.0  # the logarithm of a small number lies above
# Subtracting a logarithm of about 1000 from a score of about 1000 is right, and
# leaves a rounding error of that size.
ROUNDING = 5e-4
RESULT = {
    "returns_nothing": lambda s: s.result is None,
    "no_tensor": lambda s: not isinstance(s.result, torch.Tensor),
    "other_shape": lambda s: s.result.shape != s.scores.shape,
    "input_changed": lambda s: not torch.equal(s.scores, s.before),
    "input_changed.flag": lambda s: s.scores.requires_grad,
}
# What a mistake gives for moderate scores.
SUSPECTS = {
    "no_logarithm": lambda s: s.scores.softmax(-1),
    "other_sign": lambda s: -s.scores.log_softmax(-1),
    "down_the_columns": lambda s: s.scores.log_softmax(0),
    "down_the_columns.sum": lambda s: (
        shifted(s) - shifted(s).exp().sum(0).log()
    ),
    "no_logarithm_of_sum": lambda s: (
        shifted(s) - shifted(s).exp().sum(-1, keepdim=True)
    ),
    "mean_for_sum": lambda s: (
        shifted(s) - shifted(s).exp().mean(-1, keepdim=True).log()
    ),
    "one_sum_for_all": lambda s: s.scores - s.scores.exp().sum().log(),
    "only_maximum": lambda s: s.scores - s.scores.amax(-1, keepdim=True),
    "maximum_not_everywhere": lambda s: (
        s.scores.log_softmax(-1) + s.scores.amax(-1, keepdim=True)
    ),
    "maximum_not_everywhere.twice": lambda s: (
        s.scores.log_softmax(-1) - s.scores.amax(-1, keepdim=True)
    ),
    "largest_of_columns": lambda s: plain(s.scores, s.scores.amax(0)),
    "rounded": lambda s: s.scores.log_softmax(-1).round(decimals=4),
}
LARGE = {
    "log_of_softmax": lambda s: _same(s.result, s.scores.softmax(-1).log()),
    "one_maximum": lambda s: s.alone_right and not _finite(s.result),
    "overflows.wide": lambda s: _same(
        s.result, plain(s.scores.double(), 0).float()
    ),
    "not_the_largest": lambda s: any(
        _same(s.result, plain(s.scores, shift)) for shift in other_shifts(s)
    ),
    "overflows": lambda s: not _finite(s.result),
    "epsilon": lambda s: s.result.min() > LOG_EPSILON,
    "clamped": lambda s: not _about(s.result, s.right),
}
GRADIENT = {
    "no_gradient": lambda s: not s.result.requires_grad,
    "other_gradient.nan": lambda s: not _finite(s.gradient),
    "other_gradient": lambda s: not _about(s.gradient, s.right),
}


@exercise
def log_softmax(answer):
    """Check ``stable_log_softmax(scores)``."""
    for n, n_classes in ((4, 3), (1, 7), (6, 6)):
        seen = _apply(answer, _draw(n, n_classes))
        right = seen.scores.log_softmax(-1)
        _judge_values(seen, right)
    _judge_large(answer)
    for scores in (_draw(5, 4), _large()):
        _judge_gradient(answer, scores)


def _draw(n: int, n_classes: int) -> torch.Tensor:
    """Draw moderate scores [n, n_classes], none of them below 1."""
    numbers = torch.Generator().manual_seed(n)
    return 1 + 3 * torch.rand(n, n_classes, generator=numbers)


def _large() -> torch.Tensor:
    """Return scores whose rows lie far apart, and are far from 0."""
    return torch.tensor(
        [
            [1000.0, 998.0, -1000.0],
            [-1000.0, -1002.0, -999.0],
            [0.0, 1.0, 89.5],  # with 1 or 2 less, 32-bit numbers hold its power
            [0.0, 1.0, 95.0],  # and here 64-bit numbers do
        ]
    )


def _apply(answer, scores: torch.Tensor) -> Seen:
    seen = Seen(scores=scores, before=scores.detach().clone())
    seen.result = call(answer, scores, shown=CALL)
    if isinstance(seen.result, np.ndarray):
        seen.result = list(seen.result)  # not a tensor, whatever its dtype
    judge(RESULT, seen, shown=CALL, what="the log-probabilities")
    return seen


def _judge_values(seen: Seen, right: torch.Tensor) -> None:
    """Compare, row by row in the message, what mistakes would give."""
    judge_value(SUSPECTS, seen, found=seen.result, right=right, tolerance=2e-6)


def _judge_large(answer) -> None:
    alone = [_apply(answer, row[None]).result for row in _large()]
    right = _large().log_softmax(-1)
    alone_right = _about(torch.cat(alone), right)
    seen = _apply(answer, _large())
    judge(LARGE, Seen(**vars(seen), right=right, alone_right=alone_right))


def _judge_gradient(answer, scores: torch.Tensor) -> None:
    weights = torch.linspace(0.5, 2.0, scores.numel()).reshape(scores.shape)
    own = scores.clone().requires_grad_()
    (own.log_softmax(-1) * weights).sum().backward()
    scores.requires_grad_()
    with torch.enable_grad():
        seen = Seen(result=call(answer, scores, shown=CALL), right=own.grad)
        if seen.result.requires_grad:
            (seen.result * weights).sum().backward()
    seen.gradient = scores.grad
    judge(GRADIENT, seen)


def _about(one: torch.Tensor, other: torch.Tensor) -> bool:
    one = one.detach().to(other.dtype)
    return torch.allclose(one, other, rtol=1e-5, atol=ROUNDING)


def _finite(tensor) -> bool:
    return tensor is not None and bool(tensor.isfinite().all())


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, equal_nan=True)
