"""Exercise 04.1: a step that finds the largest error."""

import math

import torch

from helpers.check.chapter_04.common import (
    expect_float,
    expect_step,
    which_value,
)
from helpers.practice.exercises import call, exercise
from helpers.practice.probes.steps import (
    Bench,
    close,
    expect_nothing_ran,
    make_batches,
)
from helpers.practice.verdict import wrong

STEP = "chapter 04, the section *The step function decides*"


@exercise(
    "04.1",
    "A step that finds the largest error",
    minutes=5,
    level="easy",
    look=STEP,
)
def largest_error(make_largest_error_fn):
    """Check ``make_largest_error_fn(model)``, which builds a step function.

    The step takes features [n, 2] and labels [n, 1], and returns the largest
    absolute error as a float.
    """
    make = "make_largest_error_fn(model)"
    bench = Bench()
    step = call(make_largest_error_fn, bench.model, shown=make)
    expect_step(step, make)
    expect_nothing_ran(bench.diary)
    for errors in (
        [1.0, 2.0, -1.25, 0.5, -3.25, -1.75],
        [2.0, -1.0, 0.25, 0.5],
        [-0.5, -0.25],
        [1.0, 0.25, -1.25],
        [0.75],
    ):
        _check_errors(bench, step, torch.tensor(errors).reshape(-1, 1))
    _check_two_steps(make_largest_error_fn)
    return "It only measures, so `mini_batch` with it changes nothing."


def _batch_with(bench: Bench, errors) -> tuple:
    """Draw a batch on which the model of a bench makes these errors, [n, 1]."""
    x = make_batches(1, n=len(errors))[0][0]  # [n, 2]
    with torch.no_grad():
        return x, bench.model.layer(x) - errors


def _check_errors(bench: Bench, step, errors) -> None:
    x, y = _batch_with(bench, errors)
    before = bench.parameters()
    for parameter in bench.model.parameters():  # as a training step leaves it
        parameter.grad = torch.ones_like(parameter)
    bench.diary.clear()
    value = call(step, x, y, shown="step_fn(x_batch, y_batch)")
    if "forward" not in bench.diary.events:
        wrong(
            "other_model",
            expected="The step predicts with the model that was given.",
            found="That model was never asked.",
            cause="The inner function uses another model, or none. Use the "
            "argument of the outer function.",
        )
    expect_float(value, "step_fn(x_batch, y_batch)", "the largest error")
    _check_nothing_learned(bench, before)
    same_features = torch.equal(bench.diary.inputs[0], x)
    _compare_error(value, errors, same_features)


def _check_nothing_learned(bench: Bench, before) -> None:
    grads = [p.grad for p in bench.model.parameters()]
    flags = [p.requires_grad for p in bench.model.parameters()]
    if not torch.is_grad_enabled() or not all(flags):
        wrong(
            "left_off",
            expected="After the call a training step can learn as before.",
            found="Recording is off, or the parameters no longer need "
            "gradients.",
            cause="Something was switched off and not on again.",
        )
    if not close(bench.parameters(), before):
        wrong(
            "updates",
            expected="The parameters are the same after the call.",
            found="They have moved.",
            cause="The step trains. Here nothing but the prediction and the "
            "labels are needed.",
        )
    if any(grad is None or not (grad == 1).all() for grad in grads):
        wrong(
            "changes_gradients",
            expected="The gradients in the parameters stay as they are.",
            found="They are others after the call.",
            cause="`backward` or `zero_grad` ran. Gradients belong to the "
            "training step. A step that only measures does not need them.",
        )


def _compare_error(value: float, errors, same_features: bool) -> None:
    size = errors.abs()
    right = size.max().item()
    if math.isclose(value, right, abs_tol=1e-4):
        return
    if not same_features:
        wrong(
            "other_features",
            expected="The model gets the features of the batch, as they are.",
            found="It got something else.",
            cause="The labels were given to the model, or the features were "
            "changed before.",
        )
    listed = ", ".join(f"{error:g}" for error in errors.ravel().tolist())
    expected = f"{right:g}, as the errors of this batch are {listed}."
    diagnoses = {
        "signed": (
            [errors.max(), -errors.min()],
            "The largest of the signed errors. An error of -3 is larger than "
            "one of 2: take the absolute values first, then the largest.",
        ),
        "mean": (
            [size.mean(), errors.mean().abs(), (errors**2).mean()],
            "A mean over the batch. Asked for is the worst single point.",
        ),
        "sum": ([size.sum()], "A sum over the batch, in place of `max`."),
        "squared": (
            [size.max() ** 2],
            "The errors are squared. Asked for is the absolute value, in the "
            "unit of the labels.",
        ),
        "smallest": (
            [size.min(), errors.min()],
            "`min` in place of `max`, or the signed error.",
        ),
        "position": (
            [size.argmax()],
            "`argmax` says where the largest value is, and so does the second "
            "result of `max(dim=0)`. `max()` says what it is.",
        ),
    }
    diagnoses["rounded"] = (
        [int(right), round(right, 1), round(right)],
        "The number was rounded. Return it as it is.",
    )
    diagnosis, cause = which_value(
        value,
        diagnoses,
        "Another formula, labels of another shape than the predictions (then "
        "every label meets every prediction), or a number that was kept from "
        "the batch before.",
    )
    wrong(diagnosis, expected=expected, found=f"{value:.4f}.", cause=cause)


def _check_two_steps(make) -> None:
    one, two = Bench(seed=1), Bench(seed=5)
    step, _other = make(one.model), make(two.model)
    errors = torch.tensor([[1.0], [-2.0]])
    value = step(*_batch_with(one, errors))
    if not two.diary.events and math.isclose(value, 2.0, abs_tol=1e-4):
        return
    wrong(
        "shared",
        expected="A step holds the model it was built with.",
        found="After a second step was built, the first asked the second's "
        "model.",
        cause="The model is kept in a global name. The argument of the outer "
        "function is enough.",
    )
