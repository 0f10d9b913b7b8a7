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
            cause=cause_of_no_function(made),
        )


def cause_of_no_function(made) -> str:
    """Say why a builder may have returned something that is no function."""
    if isinstance(made, (tuple, list)):
        return "Return the inner function alone, without brackets around it."
    if hasattr(made, "__dict__"):  # an object of the reader's own class
        return (
            "An object is a function if its class has the method `__call__`, "
            "with two underscores on each side."
        )
    return (
        "The inner function was called, `return inner(...)`, and its result "
        "returned. Return the function itself: `return inner`."
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
    for b, w in ((1, 2), (-3, 0.5), (0, 7), (0.125, 0.0625)):
        for x in (0.0, 0.5, -2.0):
            _compare_line(call(make_line, b, w)(x), b, w, x)
        _check_again(make_line, b, w)
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


def _check_again(make_line, b, w) -> None:
    """Ask one line several times; it has to stay the line that it is."""
    made = make_line(b, w)
    for x in (0.5, -2.0, 0.5):
        value = made(x)
        if math.isclose(value, b + w * x, abs_tol=1e-9):
            continue
        wrong(
            "changes",
            expected=f"`line = make_line({b}, {w})` stays the same line, "
            "however often it is called.",
            found=f"In a later call, `line({x})` gives {value:g} in place of "
            f"{b + w * x:g}.",
            cause="The function changes what it remembers, such as by "
            "`nonlocal b`, or keeps a result and returns it again.",
            look=CLOSURE,
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
    _check_other_powers(make_powers)
    if [f(5) for f in made] != values:
        wrong(
            "shared",
            expected="A second call of `make_powers` leaves the first alone.",
            found="The first functions changed.",
            cause="A list or a name outside of `make_powers` is used again by "
            "each call. What a function needs belongs to the call that made "
            "it.",
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


def _check_other_powers(make_powers) -> None:
    """Ask for other exponents: unsorted, one of them twice, not all whole."""
    exponents = [3, 0.5, 1, 3]
    made = list(make_powers(list(exponents)))
    shown = f"`make_powers({exponents})`"
    if len(made) != 4:
        wrong(
            "shared" if len(made) == 7 else "wrong_length",
            expected=f"{shown} gives four functions.",
            found=f"{len(made)} of them.",
            cause="A list outside of `make_powers`, or in the default of an "
            "argument, is used again by each call. Make the list inside."
            if len(made) == 7
            else "A set or a dictionary keeps each exponent once, and a list "
            "of fixed length fits one example. Take the exponents one by one.",
        )
    for x in (4, 2):
        values = [function(x) for function in made]
        right = [x**exponent for exponent in exponents]
        if close(values, right):
            continue
        wrong(
            "wrong_order" if sorted(values) == sorted(right) else "one_example",
            expected=f"The functions of {shown} give {_listed_numbers(right)} "
            f"at {x}.",
            found=f"{_listed_numbers(values)}.",
            cause="The functions stand in another order than the exponents. A "
            "set or `sorted` gives up the order they came in."
            if sorted(values) == sorted(right)
            else "What worked for [2, 3, 4] at 5 does not fit other numbers. "
            "Is an exponent or an `x` written down, or a result rounded?",
        )


def _listed_numbers(values) -> str:
    return ", ".join(f"{value:.5g}" for value in values)


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
    one training step. It forgets at the start, so that gradients which were
    there before have no say. Else the order is free, if the result is the same.
    """
    check_train_step(make_train_step_fn)
    _check_old_gradients(make_train_step_fn)
    _check_hooks(make_train_step_fn)
    return (
        "Each call forgets first, so that it does not matter what was there "
        "before."
    )


def _check_old_gradients(make_step) -> None:
    """Leave gradients behind before the first call; they must not count."""
    ours, theirs = Bench(), Bench()
    x, y = make_batches(1)[0]
    make_train_step_fn(ours.model, ours.loss_fn, ours.optimizer)(x, y)
    for parameter in theirs.model.parameters():
        parameter.grad = torch.ones_like(parameter)
    make_step(theirs.model, theirs.loss_fn, theirs.optimizer)(x, y)
    if close(ours.parameters(), theirs.parameters()):
        return
    wrong(
        "zeroed_last",
        expected="Each call begins by forgetting the gradients, also those "
        "that somebody left before the first call.",
        found="The first update followed them as well.",
        cause="`optimizer.zero_grad()` is at the end of the step. Here it "
        "should come at the start, before `loss.backward()`.",
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
            cause="`model.train()` is missing, lacks its brackets, or comes "
            "after the prediction. (`model.training = True` does not reach "
            "the layers.)",
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
