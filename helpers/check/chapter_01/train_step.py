"""Exercise 01.3: a step in your own style."""

import torch

from helpers.check.chapter_01.common import BUILDER, CLOSURE, expect_function
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.steps import (
    Bench,
    close,
    expect_given_parts,
    make_batches,
)
from helpers.practice.verdict import wrong
from helpers.step_functions import make_train_step_fn

STEP = "chapter 01, the list below `make_train_step_fn`"


@exercise(
    "01.3", "A step in your own style", minutes=8, level="medium", look=STEP
)
def train_step(make_train_step_fn):
    """Check ``make_train_step_fn(model, loss_fn, optimizer)``.

    What it returns is called with features [n, 2] and labels [n, 1], and does
    one training step. The order is free as long as the result is the same.
    """
    check_train_step(make_train_step_fn)
    _check_hooks(make_train_step_fn)
    return (
        "Train mode, forward, loss, backward, step, and no gradient is left "
        "when the next `backward` comes."
    )


def _check_hooks(make_step) -> None:
    """See whether the model was called, or its `forward` behind its back."""
    bench, seen = Bench(), []
    bench.model.register_forward_hook(lambda *_: seen.append(1))
    step = make_step(bench.model, bench.loss_fn, bench.optimizer)
    step(*make_batches(1)[0])
    if not seen:
        wrong(
            "forward_called",
            expected="The step calls the model: `model(x)`.",
            found="`model.forward` ran, and the model's hooks did not.",
            cause="`model.forward(x)` skips the hooks that PyTorch runs around "
            "a call.",
        )


def check_train_step(make_step) -> None:
    """Look at a builder of training steps, from its first call to its third."""
    bench = Bench()
    make = "make_train_step_fn(model, loss_fn, optimizer)"
    step = call(
        make_step, bench.model, bench.loss_fn, bench.optimizer, shown=make
    )
    if bench.diary.events:
        wrong(
            "runs_at_once",
            expected="Building the step does nothing yet.",
            found=f"While it was built, these ran: {_listed(bench.diary)}.",
            cause="What each call should do stands in the outer function, "
            "which runs once. It belongs into the inner one, which takes `x` "
            "and `y`.",
            look=BUILDER,
        )
    expect_function(step, code(make))
    bench.model.eval()  # as a validation step leaves it
    x, y = make_batches(1)[0]
    before = bench.parameters()
    loss = call(step, x, y, shown="train_step_fn(x, y)")
    _check_diary(bench, x)
    if not _same_as_ours(make_step):  # the order only explains a difference
        _check_order(bench.diary)
    _check_loss(loss, bench, before, x, y)
    _compare_training(make_step)
    _check_independence(make_step)


def _listed(diary) -> str:
    return ", ".join(f"`{name}`" for name in diary.events) or "nothing"


def _check_diary(bench: Bench, x) -> None:
    """Look at what one call did, and in which order."""
    diary = bench.diary
    if "forward" not in diary.events:
        wrong(
            "other_model",
            expected="The step predicts with the model that was given.",
            found="That model was never asked.",
            cause="The step builds a model of its own, or takes one from the "
            "page, in place of the argument `model`.",
            look="chapter 01, the section *What the step holds*",
        )
    if not diary.modes[0]:
        wrong(
            "no_train_mode",
            expected="The model is in train mode when it predicts.",
            found="It was in eval mode, where a validation step had left it.",
            cause="`model.train()` is missing, lacks its brackets, or comes "
            "after the prediction. (`model.training = True` does not reach "
            "the layers.)",
        )
    expect_given_parts(diary, diary.inputs[0], x)
    _check_loss_arguments(*diary.losses[0])


def _check_loss_arguments(first, second) -> None:
    if not isinstance(first, torch.Tensor) or not first.requires_grad:
        swapped = isinstance(second, torch.Tensor) and second.requires_grad
        wrong(
            "swapped" if swapped else "no_graph",
            expected="`loss_fn(yhat, y)`: predictions first, labels second.",
            found="`loss_fn(y, yhat)`."
            if swapped
            else "Predictions that autograd did not record.",
            cause="The two arguments changed places. The mean squared error "
            "does not mind, most other losses do."
            if swapped
            else "The prediction ran under `no_grad`, or was detached, so "
            "that there is no way back to the weights.",
        )
    if first.shape != second.shape:
        wrong(
            "shapes",
            expected="Predictions and labels of one shape, [n, 1].",
            found=f"{list(first.shape)} and {list(second.shape)}.",
            cause="One of them was squeezed or flattened. The loss then pairs "
            "every label with every prediction.",
        )


def _check_order(diary) -> None:
    events = diary.events
    if "backward" not in events:
        wrong(
            "no_backward",
            expected="`loss.backward()` computes the gradients.",
            found=f"It never ran; these did: {_listed(diary)}.",
            cause="The line is missing, or its brackets `()` are, so that "
            "the optimizer has nothing to follow.",
        )
    if "step" in events and not diary.has("backward", "step"):
        wrong(
            "step_before_backward",
            expected="First `loss.backward()`, then `optimizer.step()`.",
            found=f"{_listed(diary)}.",
            cause="The step reads the gradients, so it has to come after what "
            "makes them. Here it follows those of the call before, or none.",
        )
    if diary.has("backward", "zero", "step"):
        wrong(
            "zeroed_too_early",
            expected="Gradients are there when the optimizer steps.",
            found="`zero_grad` ran between `backward` and `step`.",
            cause="The gradients were forgotten before anyone read them. Put "
            "`optimizer.zero_grad()` last, or first.",
        )


def _check_loss(loss, bench: Bench, before, x, y) -> None:
    """Look at what the step returned, and whether anything was learned."""
    if isinstance(loss, torch.Tensor):
        wrong(
            "returns_tensor",
            expected="The step returns a number, a Python float.",
            found=f"{kind(loss)}.",
            cause="`.item()` is missing: a list of such tensors keeps the "
            "graph of every step in memory.",
        )
    if loss is None:
        wrong(
            "step_returns_nothing",
            expected="The step returns the loss.",
            found="`None`.",
            cause="`return loss.item()` is missing at the end of the inner "
            "function.",
        )
    if isinstance(loss, bool) or not isinstance(loss, (int, float)):
        wrong(
            "no_number",
            expected="The step returns a number, a Python float.",
            found=f"{kind(loss)}.",
            cause="The brackets of `loss.item()` are missing."
            if callable(loss)
            else "More than the loss is returned, or in another form.",
        )
    if close(bench.parameters(), before):
        wrong(
            "no_step",
            expected="After the call the parameters have moved.",
            found="They are as before.",
            cause="`optimizer.step()` is missing, or its brackets `()` are.",
        )
    with torch.no_grad():
        w, b = before
        first = ((x @ w.T + b - y) ** 2).mean().item()
        after = ((bench.model.layer(x) - y) ** 2).mean().item()
    if close(loss, after) and not close(first, after):
        wrong(
            "loss_after_update",
            expected=f"The loss before the update, {first:.4f}.",
            found=f"{loss:.4f}, the loss after it.",
            cause="It was computed once more after `optimizer.step()`, which "
            "costs a second forward pass. Keep the first one.",
        )
    if not close(loss, first):
        wrong(
            "other_value",
            expected=f"The loss of this batch, {first:.6g}.",
            found=f"{loss:.6g}.",
            cause="The loss was multiplied, divided, rounded or added up on "
            "its way.",
        )


def _train_both(make_step):
    """Train for three steps with ours and with theirs, side by side.

    Yields:
        after each step both benches, and both losses.
    """
    ours, theirs = Bench(), Bench()
    our_fn = make_train_step_fn(ours.model, ours.loss_fn, ours.optimizer)
    their_fn = make_step(theirs.model, theirs.loss_fn, theirs.optimizer)
    for x, y in make_batches(3):
        y = 10 * y  # steep enough for a gradient that was clipped to show
        our_loss = our_fn(x, y)
        theirs.model.eval()
        yield ours, theirs, our_loss, their_fn(x, y)


def _same_as_ours(make_step) -> bool:
    return all(
        close(ours.parameters(), theirs.parameters())
        for ours, theirs, *_ in _train_both(make_step)
    )


def _compare_training(make_step) -> None:
    for number, pair in enumerate(_train_both(make_step), start=1):
        ours, theirs, our_loss, their_loss = pair
        if not all(theirs.diary.modes):
            wrong(
                "mode_set_once",
                expected="Each call puts the model into train mode.",
                found="Only the first did.",
                cause="`model.train()` stands in the outer function, which "
                "runs once. A validation step in between leaves eval mode.",
            )
        if close(ours.parameters(), theirs.parameters()):
            _compare_calls(theirs, number, our_loss, their_loss)
            continue
        if number == 1:
            wrong(
                "other_update",
                expected="One update, along the gradient of the loss.",
                found="The parameters moved, and elsewhere.",
                cause="More than one `step` or `backward`, another optimizer "
                "than the one that was given, gradients that were clipped, or "
                "a loss that was changed before `backward`.",
            )
        wrong(
            "no_zero_grad",
            expected="Each step follows the gradient of its own batch.",
            found=f"Step {number} followed those of the steps before as well.",
            cause="`backward` adds to the gradients it finds. "
            "`optimizer.zero_grad()` is missing, or its brackets `()` are.",
        )


def _compare_calls(theirs: Bench, number: int, our_loss, their_loss) -> None:
    """Look at a call that updated rightly: its loss, and what it cost."""
    if not close(our_loss, their_loss):
        wrong(
            "other_value_later",
            expected=f"Call {number} returns the loss of its own batch, "
            f"{our_loss:.4f}.",
            found=f"{their_loss:.4f}.",
            cause="The step keeps something from the calls before, such as a "
            "sum or a list of losses, and returns that.",
        )
    if len(theirs.diary.inputs) > number:
        wrong(
            "two_predictions",
            expected="One prediction a step.",
            found="The model predicted more than once.",
            cause="`model(x)` stands there twice. It costs time, and each one "
            "moves a batch norm. Keep the result in a name.",
        )


def _check_independence(make_step) -> None:
    """Build two steps; each has to train its own model."""
    one, two = Bench(seed=1), Bench(seed=5)
    step = make_step(one.model, one.loss_fn, one.optimizer)
    make_step(two.model, two.loss_fn, two.optimizer)
    before = two.parameters()
    step(*make_batches(1)[0])
    if "forward" not in one.diary.events or not close(two.parameters(), before):
        wrong(
            "shared",
            expected="A step holds the model it was built with.",
            found="After a second step was built, the first trained the "
            "second's model.",
            cause="Model, loss or optimizer are kept in a global name. The "
            "arguments of the outer function are enough.",
            look=CLOSURE,
        )
