"""Exercise 10.3: a step that keeps a record."""

import copy
import re
from types import SimpleNamespace

import torch
from torch import nn, optim

from helpers.check.chapter_10.common import numbers_of
from helpers.practice.exercise import call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong
from helpers.step_functions import make_train_step_fn

WRAPPER = "chapter 10, the section *Who calls `scheduler.step()`?*"


@exercise(
    "10.3", "A step that keeps a record", minutes=5, level="easy", look=WRAPPER
)
def with_record(with_record):
    """Check ``with_record(train_step_fn, record)``, which returns a step."""
    _check_first_call(with_record)
    _check_more_calls(with_record)
    _check_on_top(with_record)
    return (
        "The loop does not notice: it calls a step and gets a loss, and your "
        "list fills with one number a mini-batch."
    )


def _make_step(losses):
    """Build a step that gives these losses in turn and notes its arguments."""
    asked, rest = [], iter(losses)

    def train_step_fn(x, y):
        asked.append((x, y))
        return next(rest, 0.0)

    return SimpleNamespace(fn=train_step_fn, asked=asked)


def _wrapped(with_record, step, record):
    """Build the new step; nothing may have happened yet."""
    before = list(record)
    shown = "with_record(train_step_fn, record)"
    wrapped = call(with_record, step.fn, record, shown=shown)
    if step.asked:
        wrong(
            "runs_at_once",
            expected="Building the new step does not train.",
            found="The given step ran while the new one was built.",
            cause="`train_step_fn(x, y)` belongs into the inner function, "
            "which takes `x` and `y`.",
        )
    if record != before:
        wrong(
            "touches_record",
            expected="Building the new step leaves the list as it is.",
            found=f"It held {code(str(before))} and holds {code(str(record))}.",
            cause="`clear`, `append` or an assignment stands in the outer "
            "function. A list may have entries from before.",
        )
    if wrapped is None or not callable(wrapped):
        wrong(
            "builder_returns_nothing" if wrapped is None else "no_function",
            expected=f"{code(shown)} returns a step, a function.",
            found=f"It returns {kind(wrapped)}.",
            cause="The inner function is defined and not returned, or it was "
            "called. `return` it by its name, without brackets.",
        )
    if wrapped is step.fn:
        wrong(
            "not_wrapped",
            expected="A new step, which also writes the loss down.",
            found="The step that was given came back.",
            cause="`return` names the argument, not the inner function.",
        )
    return wrapped


def _do(wrapped, x, y):
    """Call the new step; an assignment to the list inside gets a name."""
    try:
        return call(wrapped, x, y, shown="recorded_step_fn(x, y)")
    except UnboundLocalError as error:
        name = (re.findall(r"'(\w+)'", str(error)) or ["record"])[0]
        wrong(
            "assigns_inside",
            expected="The list that was passed grows.",
            found=f"`UnboundLocalError`: {error}.",
            cause=f"The inner function assigns to `{name}`, by `=` or `+=`, "
            "which makes it a name of its own, and uses it before. A list "
            "needs no `=`: `record.append(loss)`. A loss is computed first "
            "and written down then.",
        )


def _batch(seed: int) -> tuple:
    numbers = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(4, 1, generator=numbers) for _ in range(2))


def _check_first_call(with_record) -> None:
    record, step = [], _make_step([0.75, 0.5, 0.25])
    wrapped = _wrapped(with_record, step, record)
    x, y = _batch(1)
    result = _do(wrapped, x, y)
    _check_asked(step.asked, x, y)
    _check_returned(result)
    _check_record(record, [0.75], "one call")


def _check_asked(asked: list, x, y) -> None:
    expected = "The given step is called once, as `train_step_fn(x, y)`."
    if not asked:
        wrong(
            "never_asked",
            expected=expected,
            found="It was never called.",
            cause="A step of the page was used in its place, or a line is "
            "missing.",
        )
    if len(asked) > 1:
        wrong(
            "twice",
            expected=expected,
            found=f"It was called {len(asked)} times.",
            cause="Once for the list and once for `return`: that trains "
            "twice. Keep the loss in a name.",
        )
    first, second = asked[0]
    if _same(first, x) and _same(second, y):
        return
    swapped = _same(first, y) and _same(second, x)
    wrong(
        "swapped" if swapped else "other_batch",
        expected=expected,
        found="`x` and `y` changed places."
        if swapped
        else "It got something else than the batch.",
        cause="Pass both on as they come: features first, labels second.",
    )


def _same(a, b) -> bool:
    return isinstance(a, torch.Tensor) and torch.equal(a, b)


def _check_returned(result) -> None:
    if isinstance(result, float) and result == 0.75:
        return
    if result is None:
        wrong(
            "returns_nothing",
            expected="The new step returns the loss, 0.75.",
            found="`None`.",
            cause="`return loss` is missing. (`append` returns nothing.)",
        )
    wrong(
        "returns_record" if isinstance(result, list) else "returns_other",
        expected="The new step returns the loss as it is, 0.75, a number.",
        found=f"{kind(result)}.",
        cause="The loop takes the mean of what a step returns, so it has to be "
        "what the given step returned.",
    )


def _check_record(record: list, expected: list, when: str) -> None:
    if record == expected and all(type(v) is float for v in record):
        return
    asked = f"After {when} the list holds {code(str(expected))}."
    found = f"It holds {code(str(record))}."
    same_length = len(record) == len(expected)
    if same_length and not all(type(value) is float for value in record):
        _other_entries(asked, found)
    if record == expected[: len(record)] and len(record) < len(expected):
        wrong(
            "not_recorded",
            expected=asked,
            found=found,
            cause="`record.append(loss)` is missing in the inner function, or "
            "another list grew: `record + [loss]` makes a new one.",
        )
    if record == expected[::-1]:
        wrong(
            "wrong_order",
            expected=asked,
            found=found,
            cause="`insert(0, loss)` puts the newest first; `append` puts it "
            "at the end.",
        )
    if len(record) > len(expected):
        wrong(
            "too_many",
            expected=asked,
            found=found,
            cause="More than one entry a call.",
        )
    if same_length:
        _other_entries(asked, found)
    wrong(
        "entries_lost",
        expected=asked,
        found=found,
        cause="Entries from before were removed or replaced. The list only "
        "grows.",
    )


def _other_entries(asked: str, found: str) -> None:
    wrong(
        "other_entries",
        expected=asked,
        found=found,
        cause="What is written down is not the loss as the step returned it: a "
        "text, a tensor, a list around it, a rounded number, or `x`.",
    )


def _check_more_calls(with_record) -> None:
    """Two steps and two lists, one of which has an entry already."""
    one, two = _make_step([0.3, 0.0, 0.0]), _make_step([7.0, 6.0])
    first, second = [9.0], []
    first_fn = _wrapped(with_record, one, first)
    second_fn = _wrapped(with_record, two, second)
    results = [
        _do(first_fn, *_batch(1)),
        _do(second_fn, *_batch(2)),
        _do(first_fn, *_batch(3)),
        _do(first_fn, *_batch(1)),
    ]
    if len(one.asked) == 3 and results[0] != 0.3:
        wrong(
            "returns_other",
            expected="The new step returns the loss as it is, 0.3.",
            found=f"{kind(results[0])}, when the list held an entry before.",
            cause="What it returns was made from the list, such as a mean. The "
            "loop wants the loss of this mini-batch.",
        )
    if results != [0.3, 7.0, 0.0, 0.0]:
        wrong(
            "shared",
            expected="Two steps with a list each: they return 0.3, 7.0, 0.0 "
            "and 0.0 when called in turn.",
            found=f"{code(str(results))}.",
            cause="The step is kept in one place for all, or its loss is. The "
            "arguments of the outer function are enough.",
        )
    _check_record(first, [9.0, 0.3, 0.0, 0.0], "an old entry and three calls")
    _check_record(second, [7.0], "one call of a second step")
    _check_asked(two.asked, *_batch(2))


def _check_on_top(with_record) -> None:
    """Train really, with a record of a record: one step a call."""
    model = nn.Linear(1, 1)
    loss_fn, x, y = nn.MSELoss(), *_batch(5)
    twin = copy.deepcopy(model)
    steps = [
        make_train_step_fn(m, loss_fn, optim.SGD(m.parameters(), lr=0.1))
        for m in (model, twin)
    ]
    inner, outer = [], []
    fn = call(with_record, call(with_record, steps[0], inner), outer)
    results = [fn(x, y) for _ in range(3)]
    expected = [steps[1](x, y) for _ in range(3)]
    if close(numbers_of(model), numbers_of(twin)) and (
        close(results, expected) and inner == outer == results
    ):
        return
    wrong(
        "not_on_top",
        expected="A recorded step can be recorded again, and trains as the "
        "step inside it.",
        found="The losses, the lists or the parameters differ.",
        cause="The new step takes or gives something else than a step does.",
    )
