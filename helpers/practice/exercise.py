"""Turn a function that looks at an answer into a checker that never raises."""

import functools
import inspect
import re
import reprlib
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from helpers.errors import CourseError
from helpers.practice import progress_file, sandbox
from helpers.practice.unfinished import (
    is_unfinished,
    unfinished_helpers,
    unfinished_parts,
)
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
        patience: how many times the usual time limit an answer may take.
        slow: what most likely makes an answer too slow; "" for an endless
            loop.
    """

    number: str
    title: str
    minutes: int
    level: str
    look: str
    check: Callable[..., Verdict]
    patience: float = 1.0
    slow: str = ""

    @property
    def name(self) -> str:
        """How verdicts call it."""
        kind = "Task" if self.number.startswith("C") else "Exercise"
        return f"{kind} {self.number} · {self.title}"


EXERCISES: dict[str, Exercise] = {}


def exercise(
    number: str, title: str, *, minutes: int, level: str, look: str, **more
):
    """Register a function as the checker of an exercise.

    Args:
        number: of the exercise, "01.2".
        title: as in the heading of the page.
        minutes: that it takes most readers.
        level: "easy", "medium" or "hard".
        look: where the course explains it, in words.
        more: `patience` and `slow`, see `Exercise`.

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
            return progress_file.note(entry.number, verdict)

        entry = Exercise(number, title, minutes, level, look, check, **more)
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
        if all(map(is_unfinished, answers)):
            return Verdict(entry.name, NOT_STARTED, "", (("", NOTHING_THERE),))
        with sandbox.same_world(*answers) as world:
            outcome = _outcome(entry, look_at, answer, named)
        if isinstance(outcome, Wrong):
            left = _left_for_later(look_at, answer)
            outcome = _other_cause(outcome, world.changed, answers, left)
    except Exception as error:  # a very strange answer, or a fault of ours
        outcome, world = _baffled(error), None
    return _verdict(entry, outcome, world.output.getvalue() if world else "")


def _other_cause(
    outcome: Wrong, changed: list[str], answers, left: list[str]
) -> Wrong:
    """Return a likelier reason for what is wrong, where there is one."""
    if left:  # only now: a right answer may have a method that does nothing
        return Wrong(
            "unfinished",
            "Every part written.",
            f"`{left[0]}` does nothing yet.",
            "It was left for later. Write it in place of the `...`.",
        )
    empty = [name for one in answers for name in unfinished_helpers(one)]
    if empty:
        return Wrong(
            "needs_other",
            outcome.expected,
            outcome.found,
            f"`{empty[0]}`, which it uses, is still `...`. Write that first.",
        )
    if changed and outcome.diagnosis != "shared":
        return _not_given(changed, outcome)
    return outcome


def _outcome(entry: Exercise, look_at, answer, named) -> str | Wrong:
    """Run the checker; return what to say about a right answer, or a Wrong."""
    seconds = SECONDS * entry.patience
    try:
        said = sandbox.run_with_limit(
            lambda: look_at(*answer, **named), seconds
        )
    except Wrong as found:
        return found
    except sandbox.TimeUp:
        return Wrong(
            "too_slow",
            f"An answer within {seconds:g} seconds.",
            "It was still running.",
            entry.slow
            or "A loop that never ends: `while` with a condition that stays "
            "true, a `for` over something endless, a function that calls "
            "itself, or a wait. Look at what should end it.",
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit of the answer, too
        return _raised(error) if _line_of(error) else _baffled(error)
    return said or ""


def _left_for_later(look_at, answer) -> list[str]:
    """Return the names of answers, and of methods, that are still empty."""
    names = list(inspect.signature(look_at).parameters)
    pairs = zip(names, answer, strict=False)
    whole = [name for name, one in pairs if is_unfinished(one)]
    return whole + [part for one in answer for part in unfinished_parts(one)]


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
    if not what.endswith("..."):  # those say that it was cut off
        what = f"{what.rstrip('.')}."
    return Wrong(
        "raises",
        "No error.",
        f"{what} {_line_of(error)}".strip(),
        _cause_of(error),
    )


def _without_temporary(message: str) -> str:
    """Leave out what varies: colours, addresses, the checker's own folder."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)
    message = re.sub(r" at 0x[0-9A-Fa-f]+", "", message)
    folder = re.escape(tempfile.gettempdir())
    return re.sub(rf"{folder}[/\\]+tmp\w+[/\\]*", "", message)


def _cause_of(error: BaseException) -> str:
    cause = _cause_by_text(str(error))
    if cause:
        return cause
    for kind_of_error, cause in CAUSES_BY_KIND.items():
        if isinstance(error, kind_of_error):
            return cause
    return "See the message."


def _cause_by_text(text: str) -> str:
    causes = (c for part, c in CAUSES_BY_TEXT.items() if part in text)
    return next(causes, "")


CAUSES_BY_TEXT = {
    "'NoneType' object is not callable": "Something that is `None` was called "
    "like a function: an argument that may be left out (ask `if ... is not "
    "None` first), or the result of a function without `return`.",
    "context manager protocol": "`with` got something else. Brackets may be "
    "missing: `with torch.no_grad():`.",
    "'function' object has no attribute": "The thing before the dot is a "
    "function. Did two arguments change places, or are brackets missing?",
    "'NoneType' object has no attribute": "The thing before the dot is `None`. "
    "A function without `return` gave it, or a method that changes something "
    "and returns nothing, such as `append`.",
    "required positional argument": "A function was called without all of its "
    "arguments. To hand a function out, give its name alone, without brackets.",
    "could not convert string to float": "`float` reads one number. The text "
    "holds more than that, or something else: cut it up first, leave out a "
    "header, and look at what is left.",
    "values to unpack": "On the left of the `=`, or behind `for`, stand more "
    "names, or fewer, than there are values.",
    "call numpy() on Tensor": "Autograd recorded the tensor. NumPy takes it "
    "after `.detach()`.",
    "not compiled with CUDA": "`.cuda()` asks for one kind of device, which "
    "this machine lacks. `.to(device)` goes wherever it should.",
    "'DataLoader' object is not an iterator": "`next` wants a pass: "
    "`next(iter(loader))`. A `for` loop starts its pass by itself.",
    "'CountingLoader' object is not an iterator": "`next` wants a pass: "
    "`batches = iter(data_loader)` once, then `next(batches)`. A `for` loop "
    "starts its pass by itself.",
    "'CountingLoader' object is not subscriptable": "A loader has no numbered "
    "batches. It gives one after another, in a `for` loop.",
    "unpack non-iterable NoneType": "A function returned nothing where a pair "
    "was expected. Is a `return` missing?",
    "'function' object is not iterable": "A loop runs over a function. Did "
    "two arguments change places?",
    "of type 'str'": "A file gives text. `float(...)` makes a number of it.",
    "for /: 'str'": "A file gives text. `float(...)` makes a number of it.",
    "too many dimensions 'str'": "A file gives text. `float(...)` makes a "
    "number of it.",
    "has no attribute 'write'": "`torch.save(state, path)` takes the object "
    "first and the path second.",
    "has no attribute 'state_dict'": "A `state_dict()` has a model and an "
    "optimizer, each its own. Did two arguments change places?",
    "'dict' object has no attribute": "What a dictionary holds is asked for by "
    "its key, in square brackets and quotes.",
    "'list' object has no attribute": "A list has no such method. For those of "
    "a tensor, `torch.as_tensor(...)` makes one of a list of numbers.",
    "'float' object has no attribute": "It is a plain number already: leave "
    "out `.item()` and the like.",
    "'float' object is not iterable": "One number stands where several are "
    "asked for, such as a list of them.",
    "not supported between instances of": "Python cannot say which of the two "
    "is smaller. `key=` says what to compare, such as a number in each.",
    "unsupported operand type(s)": "Two things of kinds that do not go "
    "together: a tensor and a list, a path and a text, a number and None.",
    "can be converted to Python scalars": "A tensor of several values stands "
    "where one number is asked for. Did two arguments change places?",
    "is invalid for input of size": "A length was written down, and the input "
    "has another one. In its place, `-1` counts.",
    "torch Tensor or None required": "A buffer is a tensor. Of a list, "
    "`torch.tensor(...)` makes one.",
    "not JSON serializable": "JSON knows numbers, texts, lists and objects of "
    "Python. NumPy's numbers and tensors have to become plain ones first.",
    "closed file": "The file was used after it was closed, as the end of its "
    "`with` block does.",
    "to be dict-like": "`load_state_dict` takes a dictionary. `torch.load` "
    "reads one from a path.",
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
    NameError: "A name that was never given a value, or is misspelt; or the "
    "argument of an inner function that is missing.",
    AssertionError: "An `assert` of the answer did not hold.",
    TypeError: "A call with too many or too few arguments, or with something "
    "of the wrong kind.",
    AttributeError: "Something is not what the line takes it for, such as a "
    "number where a tensor should be.",
    RecursionError: "A function that calls itself without an end.",
    FileNotFoundError: "There is no file of that name. Use the path that is "
    "passed, as it is, and not its name in quotes.",
    IndexError: "A number that is too large for what it points into.",
    KeyError: "A key that the dictionary does not have.",
}


def _baffled(error: BaseException) -> Wrong:
    text = str(error)
    if isinstance(error, TypeError) and (
        "positional argument" in text or "keyword argument" in text
    ):
        return Wrong(
            "signature",
            "It takes the arguments that the exercise names.",
            f"{code(_without_temporary(text))}.",
            "A function or a method takes more arguments than it is called "
            "with, or fewer. In a class each method takes `self` first.",
        )
    return Wrong(
        "baffled",
        "Something the checker can work with.",
        f"It could not ({type(error).__name__}: "
        f"{brief(_without_temporary(text))}).",
        _cause_by_text(text)
        or "The answer is of another kind than the exercise asks for, or "
        "returns something of another kind. Compare with the statement above.",
    )


def _line_of(error: BaseException) -> str:
    """Say which line of the reader's code raised an error; "" if none did."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if sandbox.is_readers_file(frame.filename):
            place = f" in line {frame.lineno}" if frame.lineno else ""
            place += " of the cell" if "ipykernel" in frame.filename else ""
            inside = (
                "" if frame.name.startswith("<") else f", in `{frame.name}`"
            )
            line = f": {code(frame.line)}" if frame.line else ""
            return f"It came up{place}{inside}{line}."
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
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(text.split()))
    return text if len(text) <= 200 else text[:197] + "..."


def code(text: str) -> str:
    """Put a text between backticks, on one line."""
    return f"`{brief(text).replace('`', chr(39))}`"
