"""Exercise 12.2: the gradients of a tanh, by the chain rule."""

import torch

from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    expect_number,
    judge,
    judge_value,
    wrong,
)

CALL = "tanh_gradients(x, y, w, b)"
NEEDS_GRAPH = "does not require grad"


def right_pair(x, y, w: float, b: float) -> list[float]:
    """Compute both gradients by autograd, in float64.

    Args:
        x: features [n, 1].
        y: labels [n, 1].
        w: weight.
        b: bias.
    """
    with torch.enable_grad():
        leaves = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
        yhat = torch.tanh(leaves[1] + leaves[0] * x.double())
        loss = ((yhat - y.double()) ** 2).mean()
        (gradient,) = torch.autograd.grad(loss, leaves)
    return gradient.tolist()


def pair(s, at_yhat, at_z, at_w=None) -> list[float]:
    """Multiply three derivatives and take means: of w, of b."""
    by_row = at_yhat * at_z
    at_w = s.x if at_w is None else at_w
    return [(by_row * at_w).mean().item(), by_row.mean().item()]


def _is_rounded(s) -> bool:
    """Whether both numbers are right in their first digits only."""
    kept = ([round(value, n) for value in s.right] for n in range(1, 6))
    return s.found in kept


def apart(s) -> list[float]:
    """Take the mean of each factor, and then multiply."""
    error, slope = 2 * (s.yhat - s.y).mean(), (1 - s.yhat**2).mean()
    return [(error * slope * s.x.mean()).item(), (error * slope).item()]


SUSPECTS = {
    "other_order": lambda s: s.right[::-1],
    "no_slope": lambda s: pair(s, s.error, 1),
    "no_mean": lambda s: [len(s.x) * value for value in s.right],
    "no_two": lambda s: [value / 2 for value in s.right],
    "swapped": lambda s: [-value for value in s.right],
    "no_x": lambda s: pair(s, s.error, 1 - s.yhat**2, 1),
    "times_w": lambda s: pair(s, s.error, 1 - s.yhat**2, s.w),
    "slope_at_z": lambda s: pair(s, s.error, 1 - s.z**2),
    "slope_at_z.twice": lambda s: pair(s, s.error, 1 - torch.tanh(s.yhat) ** 2),
    "not_squared": lambda s: pair(s, s.error, 1 - s.yhat),
    "not_squared.all": lambda s: pair(s, s.error, (1 - s.yhat) ** 2),
    "other_sign": lambda s: pair(s, s.error, 1 + s.yhat**2),
    "other_roles": lambda s: right_pair(s.x, s.y, s.b, s.w),
    "no_tanh": lambda s: pair(s, 2 * (s.z - s.y), 1 - torch.tanh(s.z) ** 2),
    "no_tanh.at_all": lambda s: pair(s, 2 * (s.z - s.y), 1),
    "no_b": lambda s: pair(s, 2 * (s.yhat0 - s.y), 1 - s.yhat0**2),
    "shapes": lambda s: pair(s, 2 * (s.yhat - s.y[:, 0]), 1 - s.yhat**2),
    "shapes.predicted": lambda s: pair(
        s, 2 * (s.yhat[:, 0] - s.y), 1 - s.yhat**2
    ),
    "error_squared": lambda s: pair(s, (s.yhat - s.y) ** 2, 1 - s.yhat**2),
    "times_w.and_b": lambda s: [s.right[0], s.b * s.right[1]],
    "not_squared.sigmoid": lambda s: pair(s, s.error, s.yhat * (1 - s.yhat)),
    "no_error": lambda s: pair(s, 1, 1 - s.yhat**2),
    "means_apart": apart,
    "rounded": lambda s: s.found if _is_rounded(s) else None,
    "rough": lambda s: s.found if agree(s.found, s.right, 2e-3) else None,
}


@exercise
def tanh_gradients(answer):
    """Check ``tanh_gradients(x, y, w, b)``."""
    for seed, n, w, b in (
        (1, 5, 0.8, -0.3),
        (2, 9, -1.5, 0.4),
        (3, 1, 2.0, 0.1),
    ):
        numbers = torch.Generator().manual_seed(seed)
        x, y = torch.randn(2, n, 1, generator=numbers)
        _judge_at(answer, x, y, w, b)


def _judge_at(answer, x, y, w: float, b: float) -> None:
    before = x.clone(), y.clone()
    found = _without_graph(answer, x, y, w, b)
    if not agree([x, y], list(before), 0):
        wrong("input_changed")
    judge(
        {
            "returns_nothing": lambda s: s.found is None,
            "no_pair": lambda s: not _is_pair(s.found),
        },
        Seen(found=found, shown=CALL, what="both gradients"),
    )
    for value, what in zip(
        found, ("gradient of w", "gradient of b"), strict=True
    ):
        expect_number(value, CALL, f"the {what}")
    x, y = (part.double() for part in before)
    z = b + w * x
    yhat, yhat0 = torch.tanh(z), torch.tanh(z - b)
    right = right_pair(x, y, w, b)
    seen = Seen(x=x, y=y, w=w, b=b, z=z, yhat=yhat, yhat0=yhat0, right=right)
    seen.error = 2 * (yhat - y)
    seen.found = list(found)
    judge_value(SUSPECTS, seen, found=list(found), right=right)


def _is_pair(found) -> bool:
    """Whether a result holds two things, in an order."""
    return isinstance(found, (tuple, list)) and len(found) == 2


def _without_graph(answer, x, y, w: float, b: float):
    """Call the answer where nothing is recorded."""
    # unlike `no_grad`, nothing inside can switch the recording on again
    with torch.inference_mode():
        try:
            return call(answer, x, y, w, b, shown=CALL)
        except RuntimeError as error:
            if NEEDS_GRAPH in str(error):
                wrong("by_autograd")
            raise
