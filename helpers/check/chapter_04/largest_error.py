"""Exercise 04.1: a step that finds the largest error."""

import torch

from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    expect_function,
    expect_number,
    judge,
    judge_value,
)
from helpers.practice.probes.steps import (
    Bench,
    expect_nothing_ran,
    make_batches,
)

SHOWN, SHOWN_STEP = "make_largest_error_fn(model)", "step_fn(x_batch, y_batch)"
BATCHES = (
    [1.0, 2.0, -1.25, 0.5, -3.25, -1.75],
    [2.0, -1.0, 0.25, 0.5],
    [-0.5, -0.25],
    [1.0, 0.25, -1.25],
    [0.75],
    [-1.23456, 0.5],  # digits that rounding would lose
)

USED = {"other_model": lambda s: "forward" not in s.events}
LEFT = {
    "changes_batch": lambda s: not agree(s.batch, s.batch_before),
    "left_off": lambda s: (
        not torch.is_grad_enabled()
        or not all(p.requires_grad for p in s.parameters)
    ),
    "updates": lambda s: not agree(s.values, s.before),
    "changes_gradients": lambda s: any(
        p.grad is None or not (p.grad == 1).all() for p in s.parameters
    ),
}
SUSPECTS = {
    "other_features": lambda s: None if s.same_features else s.result,
    "signed": lambda s: [s.errors.max(), -s.errors.min()],
    "mean": lambda s: [
        s.sizes.mean(),
        s.errors.mean().abs(),
        (s.errors**2).mean(),
    ],
    "sum": lambda s: s.sizes.sum(),
    "squared": lambda s: s.sizes.max() ** 2,
    "smallest": lambda s: [s.sizes.min(), s.errors.min()],
    "position": lambda s: s.sizes.argmax(),
    "rounded": lambda s: [
        int(s.right),
        *(round(s.right, n_digits) for n_digits in range(5)),
    ],
}
TWO = {
    "shared": lambda s: s.events or not agree(s.result, 2.0, 1e-4),
}


@exercise
def largest_error(answer):
    """Check ``make_largest_error_fn(model)``, which builds a step function.

    The step takes features [n, 2] and labels [n, 1], and returns the largest
    absolute error as a float.
    """
    bench = Bench()
    step = call(answer, bench.model, shown=SHOWN)
    expect_function(step, SHOWN)
    expect_nothing_ran(bench.diary)
    for errors in BATCHES:
        _judge_errors(bench, step, torch.tensor(errors).reshape(-1, 1))
    _judge_two_steps(answer)


def _batch_with(bench: Bench, errors) -> tuple:
    """Draw a batch on which the model of a bench makes these errors, [n, 1]."""
    x = make_batches(1, n=len(errors))[0][0]  # [n, 2]
    with torch.no_grad():
        return x, bench.model.layer(x) - errors


def _judge_errors(bench: Bench, step, errors) -> None:
    x, y = _batch_with(bench, errors)
    before = bench.parameters()
    parameters = list(bench.model.parameters())
    for parameter in parameters:  # as a training step leaves it
        parameter.grad = torch.ones_like(parameter)
    bench.diary.clear()
    left = Seen(parameters=parameters, before=before, batch=[x, y])
    left.batch_before = [x.clone(), y.clone()]
    result = call(step, x, y, shown=SHOWN_STEP)
    judge(USED, bench.diary)
    expect_number(result, SHOWN_STEP, "the largest error")
    left.values = bench.parameters()
    judge(LEFT, left)
    sizes = errors.abs()
    right = sizes.max().item()
    seen = Seen(result=result, errors=errors, sizes=sizes, right=right)
    rows = [row for part in bench.diary.inputs for row in part.reshape(-1, 2)]
    again = [x[k % len(x)] for k in range(len(rows))]  # all, or one by one
    seen.same_features = agree(rows, again)
    judge_value(SUSPECTS, seen, found=result, right=right)


def _judge_two_steps(answer) -> None:
    one, two = Bench(seed=1), Bench(seed=5)
    step, _other = (call(answer, b.model, shown=SHOWN) for b in (one, two))
    batch = _batch_with(one, torch.tensor([[1.0], [-2.0]]))
    result = call(step, *batch, shown=SHOWN_STEP)
    judge(TWO, Seen(events=two.diary.events, result=result))
