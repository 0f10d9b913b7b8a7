"""Exercise 05.1: a step that switches gradients off."""

import contextlib

import torch

from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    expect_function,
    expect_number,
    judge,
    wrong,
)
from helpers.practice.expect import expect_no_generator, is_rounded
from helpers.practice.probes.states import note_model, same_state
from helpers.practice.probes.steps import (
    LayeredBench,
    expect_given_parts,
    expect_nothing_ran,
    make_batches,
)

CALL = "val_step_fn(x, y)"
PREDICTED = {
    "other_model": lambda s: "forward" not in s.diary.events,
    "mode_set_once": lambda s: any(s.diary.modes) and s.once,
    "no_eval_mode": lambda s: any(s.diary.modes),
    "backward": lambda s: "backward" in s.diary.events,
    "other_loss": lambda s: "loss" not in s.diary.events,
}
# What a step that measures leaves as it was.
TRACE = {
    "flags_changed": lambda s: s.before.want != s.after.want,
    "updates": lambda s: _differ(s, lambda n: n.values[: len(n.want)]),
    "buffers_changed": lambda s: _differ(s, lambda n: n.values),
    "gradients_changed": lambda s: _differ(s, lambda n: n.gradients),
}
RECORDING = {
    "recording_left_off": lambda s: s.recording and not s.still,
    "recording_turned_on": lambda s: s.still and not s.recording,
}
LOSS_ARGUMENTS = {
    "swapped": lambda s: s.first is s.y,
    "shapes": lambda s: s.first.shape != s.second.shape,
}
LOSS = {
    "other_value.rounded": lambda s: is_rounded(s.loss, s.right),
    "stale": lambda s: s.once,
    "other_value": lambda s: True,
}


@exercise
def careful_val_step(answer):
    """Check ``make_careful_val_step_fn(model, loss_fn)``."""
    check_val_step(answer, shown="make_careful_val_step_fn(model, loss_fn)")


def check_val_step(
    make_step,
    *,
    needs_no_grad: bool = True,
    shown: str = "make_val_step_fn(model, loss_fn)",
) -> None:
    """Look at a builder of validation steps.

    Args:
        make_step: takes a model and a loss, returns a validation step, which
            takes features [n, 2] and labels [n, 1].
        needs_no_grad: whether the step has to switch the recording off by
            itself, or may leave that to its caller.
        shown: the call as a reader would write it.

    Raises:
        Wrong: see the tables above.
    """
    bench = LayeredBench()
    before = note_model(bench.model)
    step = call(make_step, bench.model, bench.loss_fn, shown=shown)
    expect_function(step, shown)
    expect_nothing_ran(bench.diary)
    judge(TRACE, Seen(before=before, after=note_model(bench.model)))
    set_at_build = not bench.model.training
    # a caller that records, one that does not, and the first one again
    callers = (True, False, True)
    for number, batch in enumerate(make_batches(3)):
        bench.train(0.05 * number)
        once = set_at_build or number > 0
        _judge_call(bench, step, batch, once, callers[number])
        if needs_no_grad and callers[number] and any(bench.diary.recorded):
            wrong("recorded")
    _judge_two_steps(make_step)
    if needs_no_grad:
        _judge_failing_loss(make_step)


def _judge_call(bench, step, batch, once: bool, recording: bool) -> None:
    """Call the step; look at what it did, returned, and left behind.

    Args:
        bench: what the step was built with.
        step: the validation step.
        batch: features [n, 2] and labels [n, 1].
        once: whether something was right before, when it was built or called.
        recording: whether autograd records when it is called.
    """
    right = bench.right_loss(*batch)
    before = note_model(bench.model)
    bench.diary.clear()
    x, y = (part.clone() for part in batch)
    with torch.set_grad_enabled(recording):
        loss = call(step, x, y, shown=CALL)
        still = torch.is_grad_enabled()
        still = still and not torch.is_inference_mode_enabled()
    expect_no_generator(loss, CALL, "the loss")
    judge(PREDICTED, Seen(diary=bench.diary, once=once))
    judge(TRACE, Seen(before=before, after=note_model(bench.model)))
    judge(RECORDING, Seen(recording=recording, still=still))
    expect_number(loss, CALL, "the loss")
    if not agree(loss, right) or is_rounded(loss, right):
        expect_given_parts(bench.diary, bench.diary.inputs[-1], batch[0])
        first, second = bench.diary.losses[-1]
        judge(LOSS_ARGUMENTS, Seen(first=first, second=second, y=y))
        judge(LOSS, Seen(once=once, loss=loss, right=right))


def _differ(seen, part) -> bool:
    return not same_state(part(seen.before), part(seen.after))


def _judge_two_steps(make_step) -> None:
    one, two = LayeredBench(seed=1), LayeredBench(seed=5)
    step, _other = (make_step(b.model, b.loss_fn) for b in (one, two))
    batch = make_batches(1)[0]
    right = one.right_loss(*batch)
    if not agree(step(*batch), right) or two.diary.events:
        wrong("shared")


def _judge_failing_loss(make_step) -> None:
    """Let the loss fail; recording has to be put back all the same."""
    step = make_step(LayeredBench().model, lambda yhat, y: yhat.no_such_loss)
    with torch.enable_grad():
        with contextlib.suppress(AttributeError):
            step(*make_batches(1)[0])
        if not torch.is_grad_enabled():
            wrong("recording_left_off.failing")
