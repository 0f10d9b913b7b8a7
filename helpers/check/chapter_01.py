"""Checkers of chapter 01: functions that build functions."""

import math

import torch

from helpers.practice.exercise import call, code, exercise, kind
from helpers.practice.probes import Bench, close, make_batches
from helpers.practice.verdict import wrong
from helpers.step_functions import make_train_step_fn

BUILDER = "chapter 01, the section *From powers to a builder*"
CLOSURE = "chapter 01, the section *A look into the closure*"
STEP = "chapter 01, the list below `make_train_step_fn`"


def _expect_function(made, builder: str) -> None:
    """Say what is wrong if a builder returned something that is no function."""
    if made is None:
        wrong(
            "builder_returns_nothing",
            expected=f"{builder} returns a function.",
            found="It returns `None`.",
            cause="The inner function is defined and never handed out. The "
            "last line of the outer function should return it, by its name.",
        )
    if not callable(made):
        wrong(
            "called_too_soon",
            expected=f"{builder} returns a function.",
            found=f"It returns {kind(made)}.",
            cause="The inner function was called, `return inner(...)`, and its "
            "result returned. Return the function itself: `return inner`.",
        )


def _expect_number(value, shown: str) -> None:
    if value is None:
        wrong(
            "returns_nothing",
            expected=f"{shown} gives a number.",
            found="It gives `None`.",
            cause="The inner function computes and does not `return`, or it "
            "prints in place of returning.",
        )
    if callable(value):
        wrong(
            "one_layer_too_many",
            expected=f"{shown} gives a number.",
            found="It gives another function.",
            cause="There is one `def` or `lambda` too many.",
        )
    if not isinstance(value, (int, float, complex)) and not hasattr(
        value, "__float__"
    ):
        wrong(
            "no_number",
            expected=f"{shown} gives a number.",
            found=f"It gives {kind(value)}.",
            cause="Brackets or quotes too many around the result?",
        )


@exercise(
    "01.1", "A line that remembers", minutes=4, level="easy", look=BUILDER
)
def line(make_line):
    """Check ``make_line(b, w)``, which returns a function of ``x``."""
    make = "`make_line(1, 2)`"
    made = call(make_line, 1, 2, shown="make_line(1, 2)")
    _expect_function(made, make)
    value = call(made, 0.5, shown="line(0.5)")
    _expect_number(value, "`make_line(1, 2)(0.5)`")
    for b, w in ((1, 2), (-3, 0.5), (0, 7)):
        made = call(make_line, b, w)
        for x in (0.0, 0.5, -2.0):
            _compare_line(made(x), b, w, x)
    first, second = call(make_line, 1, 2), call(make_line, 10, 20)
    if first(1.0) != 3 or second(1.0) != 30:
        wrong(
            "shared",
            expected="Two lines that know nothing of each other.",
            found="After `make_line(10, 20)`, the line of `make_line(1, 2)` "
            f"gives {first(1.0):g} at 1, where it gave 3.",
            cause="`b` and `w` are kept in one place for all, such as a global "
            "name or an attribute of the function. The arguments of the outer "
            "function are enough.",
            look=CLOSURE,
        )
    return (
        "Each call of `make_line` gives a line with a `b` and a `w` of its own."
    )


def _compare_line(found, b, w, x) -> None:
    if math.isclose(found, b + w * x, abs_tol=1e-9):
        return
    asked = f"`make_line({b}, {w})({x})` gives {b + w * x:g}."
    if math.isclose(found, w + b * x, abs_tol=1e-9):
        wrong(
            "swapped",
            expected=asked,
            found=f"{found:g}, which is `w + b * x`.",
            cause="`b` and `w` changed places. `b` is where the line meets "
            "`x = 0`, `w` is its slope.",
        )
    if math.isclose(found, 1 + 2 * x, abs_tol=1e-9):
        wrong(
            "constants",
            expected=asked,
            found=f"{found:g}, which is `1 + 2 * x` whatever `b` and `w` are.",
            cause="The numbers of the example stand in the function, in place "
            "of the arguments.",
        )
    wrong(
        "other_formula",
        expected=asked,
        found=f"{found:g}.",
        cause="The formula is `b + w * x`. Is a sign, a bracket or a factor "
        "different?",
    )


@exercise(
    "01.2",
    "A function for each exponent",
    minutes=8,
    level="medium",
    look=CLOSURE,
)
def powers(make_powers):
    """Check ``make_powers(exponents)``, which returns a list of functions."""
    exponents = [2, 3, 4]
    made = call(make_powers, exponents, shown="make_powers([2, 3, 4])")
    _expect_list(made)
    if len(made) != 3:
        wrong(
            "wrong_length",
            expected="Three exponents, three functions.",
            found=f"{len(made)} of them.",
            cause="`return` inside the loop ends it at once, or the list is "
            "made anew in each round.",
        )
    for function in made:
        _expect_function(function, "Each entry of the list")
    values = [call(function, 5, shown="powers[0](5)") for function in made]
    for value in values:
        _expect_number(value, "`powers[0](5)`")
    if values != [25, 125, 625]:
        _diagnose_powers(values)
    again = call(make_powers, (1,))
    if [f(7) for f in again] != [7] or [f(5) for f in made] != values:
        wrong(
            "shared",
            expected="A second call of `make_powers` leaves the first alone.",
            found="The first functions changed, or the second ones are not "
            "those of the new exponents.",
            cause="A list outside of `make_powers`, or in the default of an "
            "argument, is used again by each call. Make the list inside.",
        )
    return "Each function keeps an exponent of its own, not the loop's last."


def _expect_list(made) -> None:
    if callable(made) and not isinstance(made, (list, tuple)):
        wrong(
            "one_function",
            expected="A list of functions, one for each exponent.",
            found="A single function.",
            cause="`return` stands inside the loop, or the list is missing.",
        )
    if made is None:
        _expect_function(made, "`make_powers([2, 3, 4])`")
    if not isinstance(made, (list, tuple)):
        wrong(
            "no_list",
            expected="A list of functions, so that `powers[0]` is the first.",
            found=f"{kind(made)}.",
            cause="A generator or a `map` gives its functions once and has no "
            "numbers; a dictionary has keys. `list(...)` makes a list.",
        )


def _diagnose_powers(values) -> None:
    if values == [625] * 3:
        wrong(
            "late_binding",
            expected="25, 125 and 625 at 5.",
            found="625 three times.",
            cause="All functions look up one and the same name, the variable "
            "of the loop, and they look when they are *called*: by then the "
            "loop is over and the name holds 4. Each needs a place of its own: "
            "build it by a call of another function, whose argument it keeps.",
        )
    if values == [2**5, 3**5, 4**5]:
        wrong(
            "swapped",
            expected="25, 125 and 625 at 5: `x**exponent`.",
            found="32, 243 and 1024, which is `exponent**x`.",
            cause="Base and exponent changed places.",
        )
    if sorted(values) == [25, 125, 625]:
        wrong(
            "wrong_order",
            expected="The functions in the order of the exponents.",
            found=f"{values} at 5.",
            cause="The list is filled from the other end, or sorted.",
        )
    wrong(
        "other_formula",
        expected="25, 125 and 625 at 5.",
        found=f"{code(str(values))}.",
        cause="Each function should return `x**exponent`, with its exponent.",
    )


# ------------------------------------------------------------ training step


@exercise("01.3", "The other order", minutes=8, level="medium", look=STEP)
def train_step(make_train_step_fn):
    """Check ``make_train_step_fn(model, loss_fn, optimizer)``.

    What it returns is called with features [n, 2] and labels [n, 1], and does
    one training step. The order is free as long as the result is the same.
    """
    check_train_step(make_train_step_fn)
    return (
        "Train mode, forward, loss, backward, step, and no gradient is left "
        "when the next `backward` comes."
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
            cause="The five steps stand in the outer function. They belong "
            "into the inner one, which takes `x` and `y`.",
            look=BUILDER,
        )
    _expect_function(step, code(make))
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
            cause="`model.train()` is missing, or comes after the prediction.",
        )
    if not torch.equal(diary.inputs[0], x):
        wrong(
            "other_features",
            expected="The model gets `x` as it was passed.",
            found="It got something else.",
            cause="`x` was changed before the prediction, or the labels were "
            "given to the model.",
        )
    if "loss" not in diary.events:
        wrong(
            "other_loss",
            expected="The step uses the `loss_fn` that was given.",
            found="That was never called.",
            cause="The step computes a loss of its own, so that it only fits "
            "one kind of training.",
        )
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
            cause="The line is missing, so that there is nothing to follow.",
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
            cause="More than the loss is returned, or in another form.",
        )
    if close(bench.parameters(), before):
        wrong(
            "no_step",
            expected="After the call the parameters have moved.",
            found="They are as before.",
            cause="`optimizer.step()` is missing.",
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
            expected=f"The loss of this batch, {first:.4f}.",
            found=f"{loss:.4f}.",
            cause="The loss was multiplied, divided or added up on its way.",
        )


def _train_both(make_step):
    """Train for three steps with ours and with theirs, side by side.

    Yields:
        after each step both benches.
    """
    ours, theirs = Bench(), Bench()
    our_fn = make_train_step_fn(ours.model, ours.loss_fn, ours.optimizer)
    their_fn = make_step(theirs.model, theirs.loss_fn, theirs.optimizer)
    for batch in make_batches(3):
        our_fn(*batch)
        theirs.model.eval()
        their_fn(*batch)
        yield ours, theirs


def _same_as_ours(make_step) -> bool:
    return all(
        close(ours.parameters(), theirs.parameters())
        for ours, theirs in _train_both(make_step)
    )


def _compare_training(make_step) -> None:
    for number, (ours, theirs) in enumerate(_train_both(make_step), start=1):
        if not all(theirs.diary.modes):
            wrong(
                "mode_set_once",
                expected="Each call puts the model into train mode.",
                found="Only the first did.",
                cause="`model.train()` stands in the outer function, which "
                "runs once. A validation step in between leaves eval mode.",
            )
        if close(ours.parameters(), theirs.parameters()):
            continue
        if number == 1:
            wrong(
                "other_update",
                expected="One update, along the gradient of the loss.",
                found="The parameters moved, and elsewhere.",
                cause="More than one `step`, more than one `backward`, or a "
                "loss that was changed before `backward`.",
            )
        wrong(
            "no_zero_grad",
            expected="Each step follows the gradient of its own batch.",
            found=f"Step {number} followed those of the steps before as well.",
            cause="`backward` adds to the gradients it finds. "
            "`optimizer.zero_grad()` is missing.",
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
