"""Exercise 12.1: a finite difference for every element."""

import torch

from helpers.practice import Seen, agree, call, exercise, judge, judge_value

CALL = "numerical_gradient(f, x, h)"
H = 0.1  # so large that every kind of difference gives another number


def cubes(x: torch.Tensor) -> torch.Tensor:
    """Sum up x^3, each cube times another number; some slopes are negative."""
    factors = 2.0 * torch.arange(2, 2 + x.numel(), dtype=x.dtype)
    factors[1::2] *= -1
    return (factors.reshape(x.shape) * x**3).sum() + x.sum() ** 2


class Noting:
    """A function that notes what it is called with.

    Attributes:
        shapes: of its arguments.
        recorded: whether one of them required a gradient.
    """

    def __init__(self):
        self.shapes, self.recorded = [], False

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return one number, shape []."""
        self.shapes.append(list(getattr(x, "shape", [])))
        self.recorded |= getattr(x, "requires_grad", False)
        return cubes(x)


def at_each(x: torch.Tensor, difference) -> torch.Tensor:
    """Compute something for each element.

    Args:
        x: any shape.
        difference: takes a function, which gives the value when this element
            alone is moved by so much.
    """
    found = torch.zeros_like(x)
    for place in range(x.numel()):
        one = torch.zeros(x.numel(), dtype=x.dtype)
        one[place] = 1
        one = one.reshape(x.shape)
        moved = lambda by, one=one: cubes(x + by * one)  # noqa: E731
        found.view(-1)[place] = difference(moved)
    return found


def central(x: torch.Tensor, h: float) -> torch.Tensor:
    """Return the right answer, of the shape of x."""
    return at_each(x, lambda f: (f(h) - f(-h)) / (2 * h))


def drifting(x: torch.Tensor, h: float, back: float) -> torch.Tensor:
    """Return what comes out when elements stay where they were moved."""
    x, found = x.clone(), torch.zeros_like(x)
    for place in range(x.numel()):
        flat = x.view(-1)
        flat[place] += h
        up = cubes(x)
        flat[place] -= 2 * h
        found.view(-1)[place] = (up - cubes(x)) / (2 * h)
        flat[place] += back * h
    return found


def along(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Return the central difference for a step of many elements."""
    return (cubes(x + step) - cubes(x - step)) / (2 * H)


def with_those_before(x: torch.Tensor) -> torch.Tensor:
    """Return what comes out when a step keeps the elements before it."""
    step, found = torch.zeros_like(x), torch.zeros_like(x)
    for place in range(x.numel()):
        step.view(-1)[place] = H
        found.view(-1)[place] = along(x, step)
    return found


def by_rows(x: torch.Tensor) -> torch.Tensor | None:
    """Return what comes out when all of a row is moved at once."""
    found = torch.zeros_like(x)
    for row in range(len(x) if x.dim() else 0):
        step = torch.zeros_like(x)
        step[row] = H
        found[row] = along(x, step)
    return found if x.dim() > 1 else None


CALLED = {
    "returns_nothing": lambda s: s.found is None,
    "input_changed": lambda s: not agree(s.x, s.before, 1e-9),
    "by_autograd": lambda s: s.f.recorded,
    "not_called": lambda s: not s.f.shapes,
    "other_shape": lambda s: any(shape != s.shape for shape in s.f.shapes),
    "no_tensor": lambda s: not isinstance(s.found, torch.Tensor),
    "one_number": lambda s: s.found.dim() == 0 < s.x.dim(),
    "wrong_shape": lambda s: list(s.found.shape) != s.shape,
    "whole_numbers": lambda s: not s.found.is_floating_point(),
}
SUSPECTS = {
    "not_moved": lambda s: torch.zeros_like(s.x),
    "forward": lambda s: at_each(s.x, lambda f: (f(H) - f(0)) / H),
    "forward.backward": lambda s: at_each(s.x, lambda f: (f(0) - f(-H)) / H),
    "forward.halved": lambda s: at_each(s.x, lambda f: (f(H) - f(0)) / (2 * H)),
    "left_out": lambda s: s.right * (s.found != 0) if s.found.any() else None,
    "step_counted_once": lambda s: 2 * s.right,
    "parentheses": lambda s: s.right * H * H,
    "parentheses.of_difference": lambda s: at_each(
        s.x, lambda f: f(H) - f(-H) / (2 * H)
    ),
    "not_divided": lambda s: s.right * 2 * H,
    "swapped": lambda s: -s.right,
    "together": lambda s: (
        along(s.x, torch.full_like(s.x, H)) * torch.ones_like(s.x)
    ),
    "by_rows": lambda s: by_rows(s.x),
    "drifts": lambda s: drifting(s.x, H, 0),
    "drifts.upwards": lambda s: drifting(s.x, H, 2),
    "drifts.in_the_step": lambda s: with_those_before(s.x),
    "own_step.half": lambda s: central(s.x, H / 2),
    "own_step": lambda s: central(s.x, 1e-4),
}


@exercise
def numerical_gradient(answer):
    """Check ``numerical_gradient(f, x, h)``."""
    for shape in ([3], [2, 3], [2, 1, 2], [1], []):
        numbers = torch.Generator().manual_seed(len(shape))
        x = torch.rand(shape, generator=numbers, dtype=torch.float64)
        _judge_at(answer, x + 0.5)


def _judge_at(answer, x: torch.Tensor) -> None:
    """Compare the answer at one place."""
    before, f = x.clone(), Noting()
    found = call(answer, f, x, H, shown=CALL)
    right = central(before, H)
    seen = Seen(found=found, x=x, before=before, f=f, shape=list(x.shape))
    seen.shown, seen.what = CALL, "the gradient"
    judge(CALLED, seen)
    seen.right, seen.found = right, found.detach()
    judge_value(SUSPECTS, seen, found=seen.found, right=right)
