"""Turn a function that looks at an answer into a checker that never raises."""

import functools
import re
import reprlib
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from helpers.errors import CourseError
from helpers.practice import record, sandbox
from helpers.practice.unfinished import is_unfinished, unfinished_parts
from helpers.practice.verdict import (
    NOT_STARTED,
    NOT_YET,
    NOTHING_THERE,
    SOLVED,
    Verdict,
    Wrong,
    wrong,
)

SECONDS = 10.0  # that an answer may take, all probes together
LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Exercise:
    """One exercise of a page, or one task of a challenge.

    Attributes:
        number: "01.2": the second of chapter 01; "C1.2" in challenge 1.
        title: as in the heading of the page.
        minutes: that it takes most readers.
        level: "easy", "medium" or "hard".
        look: where the course explains it, in words.
        check: the checker, which takes the answer and returns a Verdict.
    """

    number: str
    title: str
    minutes: int
    level: str
    look: str
    check: Callable[..., Verdict]

    @property
    def name(self) -> str:
        """How verdicts call it."""
        kind = "Task" if self.number.startswith("C") else "Exercise"
        return f"{kind} {self.number} · {self.title}"


EXERCISES: dict[str, Exercise] = {}


def exercise(number: str, title: str, *, minutes: int, level: str, look: str):
    """Register a function as the checker of an exercise.

    The function takes the answer, calls `wrong` when something is, and may
    return a sentence for a right answer. What it is turned into never raises,
    never hangs, and leaves everything as it was.
    """
    assert level in LEVELS and number not in EXERCISES

    def decorate(look_at: Callable) -> Callable[..., Verdict]:
        @functools.wraps(look_at)
        def check(*answer, **named) -> Verdict:
            # KeyboardInterrupt goes its way: the reader wants to stop
            verdict = _judge(entry, look_at, answer, named)
            return record.note(entry.number, verdict)

        entry = Exercise(number, title, minutes, level, look, check)
        EXERCISES[number] = entry
        check.exercise = entry
        return check

    return decorate


def _judge(entry: Exercise, look_at, answer, named) -> Verdict:
    answers = (*answer, *named.values())
    if not answers:
        return _verdict(
            entry,
            Wrong(
                "nothing_passed",
                "Your answer, in the brackets of the checker.",
                "Nothing in the brackets.",
                "The line was changed. It passes what you wrote, as in "
                f"`check.{look_at.__name__}(...)`.",
            ),
        )
    try:
        if any(map(is_unfinished, answers)):
            return Verdict(entry.name, NOT_STARTED, "", (("", NOTHING_THERE),))
        with sandbox.same_world(*answers) as world:
            outcome = _outcome(look_at, answer, named)
        is_known = getattr(outcome, "diagnosis", "shared") == "shared"
        if world.changed and not is_known:
            outcome = _not_given(world.changed, outcome)
    except Exception as error:  # a very strange answer, or a fault of ours
        outcome, world = _baffled(error), None
    return _verdict(entry, outcome, world.output.getvalue() if world else "")


def _outcome(look_at, answer, named) -> str | Wrong:
    """Run the checker; return what to say about a right answer, or a Wrong."""
    empty = [part for one in answer for part in unfinished_parts(one)]
    if empty:
        return Wrong(
            "unfinished",
            "Every method written.",
            f"`{empty[0]}` is still empty.",
            "It was left for later. Write it in place of the `...`.",
        )
    try:
        said = sandbox.run_with_limit(
            lambda: look_at(*answer, **named), SECONDS
        )
    except Wrong as found:
        return found
    except sandbox.TimeUp:
        return Wrong(
            "too_slow",
            f"An answer within {SECONDS:g} seconds.",
            "It was still running.",
            "A loop that never ends: `while` with a condition that stays "
            "true, a `for` over something endless, a function that calls "
            "itself, or a wait. Look at what should end it.",
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit of the answer, too
        return _raised(error) if _line_of(error) else _baffled(error)
    return said or ""


def _verdict(entry: Exercise, outcome, printed: str = "") -> Verdict:
    if not isinstance(outcome, Wrong):
        parts = (("", outcome),) if outcome else ()
        return Verdict(entry.name, SOLVED, "", parts)
    parts = [
        ("Expected", outcome.expected),
        ("Found", outcome.found),
        ("Likely cause", outcome.cause),
        ("Where to look", outcome.look or entry.look),
    ]
    if printed.strip():
        shown = code(_without_temporary(printed.strip()))
        parts.append(("Your code printed", shown))
    return Verdict(entry.name, NOT_YET, outcome.diagnosis, tuple(parts))


def _not_given(changed: list[str], outcome: Wrong) -> Wrong:
    names = ", ".join(f"`{name}`" for name in changed[:3])
    return Wrong(
        "uses_page_objects",
        "A function that works on its arguments, and on nothing else.",
        f"It changed {names} of the page, which it was not given. (All is put "
        "back as it was.)",
        "A name in the function is not one of its arguments, so Python took "
        f"the page's. Use the arguments. Apart from that: {outcome.found}",
    )


def _raised(error: BaseException) -> Wrong:
    message = brief(_without_temporary(str(error)) or "no message")
    what = f"`{type(error).__name__}`: {message}"
    if isinstance(error, SystemExit):
        what = "It ended the program (`exit`, `quit` or `sys.exit`)."
    return Wrong(
        "raises",
        "No error.",
        f"{what.rstrip('.')}. {_line_of(error)}".strip(),
        _cause_of(error),
    )


def _without_temporary(message: str) -> str:
    """Leave out colours, and the checker's own folder, whose name is random."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)
    folder = re.escape(tempfile.gettempdir())
    return re.sub(rf"{folder}[/\\]+tmp\w+[/\\]*", "", message)


def _cause_of(error: BaseException) -> str:
    text = str(error)
    for part, cause in CAUSES_BY_TEXT.items():
        if part in text:
            return cause
    for kind_of_error, cause in CAUSES_BY_KIND.items():
        if isinstance(error, kind_of_error):
            return cause
    return "See the message."


CAUSES_BY_TEXT = {
    "does not require grad": "`backward` was asked of something that autograd "
    "did not record: it was computed under `no_grad`, detached, turned into a "
    "number, or does not depend on the model.",
    "backward through the graph a second time": "`backward` ran twice for one "
    "forward pass. Each call of the step needs a forward pass of its own.",
    "more than 1 value per channel": "Batch norm in train mode got a single "
    "row. Is `model.eval()` missing?",
    "shapes cannot be multiplied": "The model got features of another width: "
    "one row a point, one column a feature, [n, n_features].",
    "same dtype": "64-bit numbers met a model of 32-bit ones. Ask for "
    "`dtype=torch.float32`.",
    "Expected all tensors to be on the same device": "Batch and model are on "
    "two devices. `.to(device)` moves a batch.",
    "Weights only load failed": "The file holds something that is no plain "
    "number, text, list, dictionary or tensor.",
}
CAUSES_BY_KIND = {
    CourseError: "The sentence above says it.",
    NameError: "A name that was never given a value, or is misspelt.",
    TypeError: "A call with too many or too few arguments, or with something "
    "of the wrong kind.",
    AttributeError: "Something is not what the line takes it for, such as a "
    "number where a tensor should be.",
    RecursionError: "A function that calls itself without an end.",
    IndexError: "A number that is too large for what it points into.",
    KeyError: "A key that the dictionary does not have.",
}


def _baffled(error: BaseException) -> Wrong:
    return Wrong(
        "baffled",
        "Something the checker can work with.",
        f"It could not ({type(error).__name__}: {brief(str(error))}).",
        "The answer is of another kind than the exercise asks for, or returns "
        "something of another kind. Compare with the statement above.",
    )


def _line_of(error: BaseException) -> str:
    """Say which line of the reader's code raised an error; "" if none did."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if sandbox.is_readers_file(frame.filename):
            place = f" in line {frame.lineno}" if frame.lineno else ""
            line = f": {code(frame.line)}" if frame.line else ""
            return f"It came up{place} of `{frame.name}`{line}."
    return ""


# ------------------------------------------------------- tools for checkers


def call(function, *arguments, shown: str = "", **named):
    """Call an answer as the exercise says it is called.

    Args:
        function: what the reader wrote.
        arguments: what it is given.
        shown: the call as a reader would write it, for the message.
        named: arguments given by name.

    Returns:
        what the function returned.

    Raises:
        Wrong: it cannot be called, or not with these arguments.
    """
    if not callable(function):
        wrong(
            "not_callable",
            expected="Something that can be called, such as a function.",
            found=f"{kind(function)}.",
            cause="Brackets too many: `f` is the function, `f(...)` is what "
            "it returns. Pass the function itself.",
        )
    try:
        return function(*arguments, **named)
    except TypeError as error:
        if not _line_of(error):  # nothing of the reader's code ran
            wrong(
                "signature",
                expected=f"It can be called as {code(shown)}."
                if shown
                else "It takes the arguments that the exercise names.",
                found=f"{code(str(error))}.",
                cause="The list of arguments differs: one is missing, one is "
                "too many, or the order is another.",
            )
        raise


def kind(thing) -> str:
    """Say what kind of thing something is, in a few words."""
    if isinstance(thing, torch.Tensor):
        return f"a tensor of shape {list(thing.shape)}"
    if isinstance(thing, np.ndarray):
        return f"an array of shape {list(thing.shape)}"
    if isinstance(thing, type):
        return f"the class `{thing.__name__}`"
    if thing is None:
        return "`None`"
    if isinstance(thing, float):
        return f"`{thing:.4g}`, {_a(type(thing).__name__)}"
    if isinstance(thing, (bool, int, str)):
        return f"{code(brief(thing))}, {_a(type(thing).__name__)}"
    return _a(type(thing).__name__)


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} `{name}`"


def brief(value) -> str:
    """Show a value in a few words, on one line."""
    if isinstance(value, str):
        text = value
    else:
        short = reprlib.Repr()
        short.maxother = short.maxstring = short.maxlong = 80
        text = short.repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:197] + "..."


def code(text: str) -> str:
    """Put a text between backticks, on one line."""
    return f"`{brief(text).replace('`', chr(39))}`"
