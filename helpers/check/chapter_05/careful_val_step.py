"""Exercise 05.1: a step that switches gradients off."""

import math

import torch
from torch import nn

from helpers.check.chapter_04.common import expect_float, expect_step
from helpers.check.chapter_05.common import EVAL
from helpers.practice.exercises import call, exercise
from helpers.practice.probes.steps import (
    Diary,
    close,
    expect_given_parts,
    expect_nothing_ran,
    make_batches,
)
from helpers.practice.verdict import wrong

STEP = "chapter 05, the section *A validation step*"


NO_GRAD = "chapter 05, the section *Gradients off: `torch.no_grad()`*"


class _Diary(Diary):
    """One diary for a model and its copies: a copy may predict as well."""

    def __deepcopy__(self, memo):
        return self


class _LayeredModel(nn.Module):
    """A model of two features with batch norm and dropout, and a diary."""

    def __init__(self, diary: Diary, seed: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1)
        )
        self.diary = diary
        self.layers[0].bias.requires_grad_(False)  # and so it should stay
        numbers = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for tensor in (*self.parameters(), *self.buffers()):
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand(tensor.shape, generator=numbers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        yhat = self.layers(x)  # [n, 1]
        self.diary.events.append("forward")
        self.diary.modes.append(any(m.training for m in self.modules()))
        self.diary.recorded.append(yhat.requires_grad)
        self.diary.inputs.append(x)
        return yhat


def _lopsided(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Compute a loss that is another one if its arguments change places."""
    error = first - second  # [n, 1]
    return (error.exp() - error - 1).mean()


class _ValBench:
    """A model and a loss with one diary, for a validation step to be tried."""

    def __init__(self, seed: int = 1):
        self.diary = _Diary()
        self.model = _LayeredModel(self.diary, seed)

    def loss_fn(self, first, second):
        self.diary.events.append("loss")
        self.diary.losses.append((first, second))
        loss = _lopsided(first, second)
        if loss.requires_grad:
            loss.register_hook(
                lambda _grad: self.diary.events.append("backward")
            )
        return loss

    def right_loss(self, x, y) -> float:
        """Compute what the step should return; leave train mode behind."""
        self.model.eval()
        with torch.no_grad():
            loss = _lopsided(self.model.layers(x), y).item()
        self.model.train()
        return loss

    def train(self, move: float) -> None:
        """Leave behind what a training does: moved weights, train mode."""
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter += move
        for parameter in self.model.parameters():
            parameter.grad = torch.ones_like(parameter)
        self.model.train()

    def state(self) -> dict[str, list]:
        """Return copies of all that a validation step should leave alone."""
        parameters = list(self.model.parameters())
        return {
            "parameters": [p.detach().clone() for p in parameters],
            "buffers": [b.clone() for b in self.model.buffers()],
            "gradients": [
                torch.zeros(0) if p.grad is None else p.grad.clone()
                for p in parameters
            ],
            "flags": [float(p.requires_grad) for p in parameters],
        }


@exercise(
    "05.1",
    "A step that switches gradients off",
    minutes=6,
    level="easy",
    look=NO_GRAD,
)
def careful_val_step(make_careful_val_step_fn):
    """Check ``make_careful_val_step_fn(model, loss_fn)``.

    What it returns is called with features [n, 2] and labels [n, 1], and
    returns the loss of the model in eval mode, without recording.
    """
    check_val_step(
        make_careful_val_step_fn,
        shown="make_careful_val_step_fn(model, loss_fn)",
    )
    return "It measures, it records nothing, and it leaves no trace."


def check_val_step(
    make_step,
    *,
    needs_no_grad: bool = True,
    shown: str = "make_val_step_fn(model, loss_fn)",
) -> None:
    """Look at a builder of validation steps.

    Args:
        make_step: takes a model and a loss, returns a validation step.
        needs_no_grad: whether the step has to switch the recording off by
            itself, or may leave that to its caller.
        shown: the call as a reader would write it.

    Raises:
        Wrong: see the cases below.
    """
    bench = _ValBench()
    before = bench.state()
    step = call(make_step, bench.model, bench.loss_fn, shown=shown)
    expect_step(step, shown)
    expect_nothing_ran(bench.diary, STEP)
    _check_no_trace(before, bench.state())
    set_at_build = not bench.model.training
    # a caller that records, one that does not, and the first one again
    callers = (True, False, True)
    for number, batch in enumerate(make_batches(3)):
        bench.train(0.05 * number)
        once = set_at_build or number > 0
        _check_val_call(bench, step, batch, once, callers[number])
        if needs_no_grad and callers[number]:
            _check_unrecorded(bench.diary)
    _check_two_val_steps(make_step)


def _check_val_call(bench, step, batch, once: bool, recording: bool) -> None:
    """Call the step; look at what it did, returned, and left behind.

    Args:
        bench: what the step was built with.
        step: the validation step.
        batch: features [n, 2] and labels [n, 1].
        once: whether something was right before, when it was built or called.
        recording: whether autograd records when it is called.
    """
    expected = bench.right_loss(*batch)
    before = bench.state()
    bench.diary.clear()
    with torch.set_grad_enabled(recording):
        loss = call(step, *batch, shown="val_step_fn(x, y)")
        still = torch.is_grad_enabled()
        still = still and not torch.is_inference_mode_enabled()
    _check_forward(bench.diary, once)
    if "backward" in bench.diary.events:
        wrong(
            "backward",
            expected="No gradient is computed in validation.",
            found="`backward` ran.",
            cause="The line comes from a training step. Validation predicts "
            "and judges, and leaves it at that.",
            look=STEP,
        )
    _check_no_trace(before, bench.state())
    _check_recording_is_back(recording, still)
    expect_float(loss, "val_step_fn(x, y)", "the loss")
    if not math.isclose(loss, expected, rel_tol=1e-5, abs_tol=1e-6):
        _explain_val_inputs(bench.diary, *batch)
        _wrong_val_loss(loss, expected, once)


def _check_forward(diary: Diary, once: bool) -> None:
    if "forward" not in diary.events:
        wrong(
            "other_model",
            expected="The step predicts with the model that was given.",
            found="That model was never asked.",
            cause="The step uses another model, or none. Use the argument "
            "`model`.",
            look=STEP,
        )
    if any(diary.modes) and once:
        wrong(
            "mode_set_once",
            expected="Each call puts the model into eval mode.",
            found="It was done once, and then never again.",
            cause="`model.eval()` stands in the outer function, or runs in the "
            "first call only. A training step in between "
            "leaves train mode, so each validation step sets its own.",
            look=EVAL,
        )
    if any(diary.modes):
        wrong(
            "no_eval_mode",
            expected="The model and all its layers are in eval mode when they "
            "predict.",
            found="They were in train mode, where a training step had left "
            "them.",
            cause="`model.eval()` is missing, lacks its brackets, or comes "
            "after the prediction. (`model.training = False` does not reach "
            "the layers.) Switching gradients off does not change the mode.",
            look=EVAL,
        )


def _explain_val_inputs(diary: Diary, x, y) -> None:
    """Look at what model and loss were called with, if the loss is wrong."""
    expect_given_parts(diary, diary.inputs[-1], x, STEP)
    first, second = diary.losses[-1]
    if isinstance(first, torch.Tensor) and first is y:
        wrong(
            "swapped",
            expected="`loss_fn(yhat, y)`: predictions first, labels second.",
            found="`loss_fn(y, yhat)`.",
            cause="The two arguments changed places. The mean squared error "
            "does not mind, most other losses do.",
            look=STEP,
        )
    if first.shape != second.shape:
        wrong(
            "shapes",
            expected="Predictions and labels of one shape, [n, 1].",
            found=f"{list(first.shape)} and {list(second.shape)}.",
            cause="One of them was squeezed or flattened. The loss then pairs "
            "every label with every prediction.",
            look=STEP,
        )


def _check_unrecorded(diary: Diary) -> None:
    if not any(diary.recorded):
        return
    wrong(
        "recorded",
        expected="The prediction is not recorded, although the caller has no "
        "`no_grad` block.",
        found="It was: `yhat.requires_grad` is `True`.",
        cause="No block `with torch.no_grad():` is around the prediction. It "
        "has to be there in each call, so it belongs into the inner function; "
        "a line without `with` does nothing. (`detach` and `item` come too "
        "late: the pass is recorded by then.)",
    )


def _check_no_trace(before: dict, after: dict) -> None:
    """Compare what a validation step should leave alone."""
    parts = {
        "flags": (
            "flags_changed",
            "`requires_grad` of the parameters has changed.",
            "It was set to stop the recording, and not put back as it was: the "
            "next training will learn nothing, or too much. "
            "`torch.no_grad()` stops the recording for a block, and leaves the "
            "model alone.",
        ),
        "parameters": (
            "updates",
            "The parameters have moved.",
            "The step trains. A validation step has no update.",
        ),
        "buffers": (
            "buffers_changed",
            "The running mean of batch norm has moved.",
            "The model saw the batch in train mode as well. "
            "`no_grad` does not stop batch norm, `eval` does.",
        ),
        "gradients": (
            "gradients_changed",
            "The gradients in the parameters are others than before.",
            "`backward` or `zero_grad` ran. Gradients belong to the training "
            "step, and validation has to leave them as they are.",
        ),
    }
    for part, (diagnosis, found, cause) in parts.items():
        if close(before[part], after[part], 1e-7):
            continue
        wrong(
            diagnosis,
            expected="The model is as before.",
            found=found,
            cause=cause,
        )


def _check_recording_is_back(before: bool, after: bool) -> None:
    if before == after:
        return
    wrong(
        "recording_left_off" if before else "recording_turned_on",
        expected="After the call recording is as it was before.",
        found="It was on, and now it is off."
        if before
        else "The caller had switched it off, and now it is on.",
        cause="`torch.set_grad_enabled(False)` holds until somebody takes it "
        "back: no training step after this one can learn. A `with` block puts "
        "it back when it ends."
        if before
        else "It was set to `True` at the end, whatever it was before. A "
        "`with` block puts back what there was.",
    )


def _wrong_val_loss(loss: float, expected: float, once: bool) -> None:
    said = f"The loss of this batch, {expected:.6g}."
    if once:
        wrong(
            "stale",
            expected=said,
            found=f"{loss:.6g}, after the first call was right.",
            cause="Between the calls the model was trained. The step asks a "
            "copy that was made when the step was built, or keeps something "
            "from the call before, such as a sum of losses.",
            look=STEP,
        )
    wrong(
        "other_value",
        expected=said,
        found=f"{loss:.6g}.",
        cause="The loss was multiplied, divided or rounded on its way, or "
        "predictions or labels were changed before it.",
        look=STEP,
    )


def _check_two_val_steps(make_step) -> None:
    one, two = _ValBench(seed=1), _ValBench(seed=5)
    step, _other = (make_step(b.model, b.loss_fn) for b in (one, two))
    batch = make_batches(1)[0]
    expected = one.right_loss(*batch)
    loss = step(*batch)
    if not two.diary.events and math.isclose(loss, expected, rel_tol=1e-4):
        return
    wrong(
        "shared",
        expected="A step holds the model it was built with.",
        found="After a second step was built, the first asked the second's "
        "model.",
        cause="Model or loss are kept in a global name. The arguments of the "
        "outer function are enough.",
        look=STEP,
    )
