"""Exercise 01.3: a step in your own style."""

import torch

from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    expect_function,
    expect_number,
    judge,
    renamed,
    wrong,
)
from helpers.practice.expect import NUMBER, expect_no_generator, is_rounded
from helpers.practice.probes.steps import (
    Bench,
    expect_given_parts,
    lopsided,
    make_batches,
)
from helpers.step_functions import make_train_step_fn

MAKE = "make_train_step_fn(model, loss_fn, optimizer)"
CALL = "train_step_fn(x, y)"
PREDICTED = {
    "other_model": lambda s: "forward" not in s.events,
    "no_train_mode": lambda s: s.number == 1 and not s.modes[0],
    "recording_left_off": lambda s: not torch.is_grad_enabled(),
}
LOSS_ARGUMENTS = {
    "swapped": lambda s: not _recorded(s.first) and _recorded(s.second),
    "no_graph": lambda s: not _recorded(s.first),
    "shapes": lambda s: s.first.shape != s.second.shape,
}
# The order is free; it explains why the parameters are not as they should be.
ORDER = {
    "no_backward": lambda s: "backward" not in s.events,
    "step_before_backward": lambda s: (
        "step" in s.events and not s.has("backward", "step")
    ),
    "zeroed_too_early": lambda s: (
        s.gradients and not any(gradient.any() for gradient in s.gradients[0])
    ),
}
FIRST_CALL = {
    "no_step": lambda s: agree(s.parameters, s.before),
    "other_optimizer": lambda s: "step" not in s.events,
    "loss_after_update": lambda s: (
        agree(s.loss, s.loss_after) and not agree(s.loss, s.right_loss)
    ),
    "other_value.rounded": lambda s: is_rounded(s.loss, s.right_loss),
    "other_value": lambda s: not agree(s.loss, s.right_loss),
}
EACH_CALL = {
    "mode_set_once": lambda s: not all(s.modes),
    "other_update": lambda s: s.number == 1 and not s.updated_rightly,
    "no_zero_grad": lambda s: not (s.updated_rightly or s.same_gradients),
    "other_update.later": lambda s: not s.updated_rightly,
    "other_value_later": lambda s: not agree(s.loss, s.right_loss),
    "two_predictions": lambda s: len(s.inputs) > 1,
}


@exercise
def train_step(answer):
    """Check ``make_train_step_fn(model, loss_fn, optimizer)``."""
    if not check_train_step(answer):  # no hook of the model ran
        wrong("forward_called")


def check_train_step(make_step) -> list:
    """Look at a builder of training steps, from its first call to its third.

    Args:
        make_step: takes a model, a loss and an optimizer, and returns a step,
            which takes features [n, 2] and labels [n, 1].

    Returns:
        an entry for each time that the model's hooks ran.

    Raises:
        Wrong: see the tables above.
    """
    theirs, ours, hooks = Bench(), Bench(), []
    theirs.model.register_forward_hook(lambda *_: hooks.append(1))
    step = call(make_step, *theirs.parts, shown=MAKE)
    if theirs.diary.events:
        wrong("runs_at_once", events=theirs.diary.events)
    expect_function(step, MAKE)
    our_step = make_train_step_fn(*ours.parts)
    calls = []
    for x, y in make_batches(3, steepness=10):
        right_loss = our_step(x, y)
        seen = _call(step, theirs, x, y)
        seen.number, seen.right_loss = len(calls) + 1, right_loss
        seen.updated_rightly = agree(seen.parameters, ours.parameters())
        seen.same_gradients = agree(seen.gradients, ours.diary.gradients[-1:])
        _judge_prediction(seen)
        calls.append(seen)
    if not all(seen.updated_rightly for seen in calls):
        judge(ORDER, calls[0])
    _expect_loss(calls[0])
    judge(FIRST_CALL, calls[0])
    for seen in calls:
        _expect_loss(seen)
        judge(EACH_CALL, seen)
    _judge_two_steps(make_step, calls[0])
    return hooks


def _call(step, bench: Bench, x, y) -> Seen:
    """Call a step as after a validation, and note what it did."""
    bench.diary.clear()
    bench.model.eval()
    before = bench.parameters()
    loss = call(step, x.clone(), y.clone(), shown=CALL)
    noted = bench.diary.copy()
    seen = Seen(**vars(noted), has=noted.has, x=x, loss=loss, before=before)
    seen.parameters = bench.parameters()
    seen.loss_after = lopsided(bench.model.layer(x), y).item()
    return seen


def _judge_prediction(seen) -> None:
    expect_no_generator(seen.loss, CALL, "the loss")
    judge(PREDICTED, seen)
    expect_given_parts(seen, seen.inputs[0], seen.x)
    first, second = seen.losses[0]
    judge(LOSS_ARGUMENTS, Seen(first=first, second=second))


def _recorded(thing) -> bool:
    return isinstance(thing, torch.Tensor) and thing.requires_grad


def _expect_loss(seen) -> None:
    signs = renamed(NUMBER, returns_nothing="step_returns_nothing")
    expect_number(seen.loss, CALL, "the loss", signs)


def _judge_two_steps(make_step, alone) -> None:
    """Build two steps; the first has to train its own model, as if alone."""
    one, two = Bench(seed=1), Bench(seed=5)
    step = make_step(*one.parts)
    make_step(*two.parts)
    step(*make_batches(1, steepness=10)[0])
    if two.diary.events or not agree(one.parameters(), alone.parameters):
        wrong("shared")
