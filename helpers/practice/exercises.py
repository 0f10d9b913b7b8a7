"""Turn a function that looks at an answer into a checker that never raises.

The checker of an exercise is a file ``helpers/check/chapter_NN/NAME.py`` with a
function NAME; its number, title and words stand beside it in ``NAME.toml``.
"""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.practice import calling, progress_file, sandbox
from helpers.practice.calling import call  # noqa: F401
from helpers.practice.describe import describe as kind  # noqa: F401
from helpers.practice.describe import inline_code
from helpers.practice.describe import inline_code as code  # noqa: F401
from helpers.practice.describe import one_line as brief  # noqa: F401
from helpers.practice.signs import Wrong
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
    Worded,
)
from helpers.practice.words import (
    CHECK,
    Finding,
    Section,
    Words,
    look_of,
    read_words,
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
        look: the section of the course that explains it.
        path: of its words, which also hold the attributes above.
        call: how a page calls the answer, such as "make_line(b, w)".
        solved: a sentence about a right answer.
        patience: how many times the usual time limit an answer may take.
        also: other exercises whose words it borrows, "chapter_01/train_step".
    """

    number: str
    title: str
    minutes: int
    level: str
    look: Section | None
    path: Path | None
    call: str = ""
    solved: str = ""
    patience: float = 1.0
    also: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How verdicts call it."""
        kind = "Task" if self.number.startswith("C") else "Exercise"
        return f"{kind} {self.number} · {self.title}"

    @property
    def prefix(self) -> str:
        """What leads from its page to ``notebooks/``, for links."""
        return "../" if self.number.startswith("C") else ""


def read_exercise(path: Path) -> Exercise | None:
    """Read what a TOML file of words says of its exercise.

    Returns:
        the exercise; None for words that several exercises share.

    Raises:
        ValueError: it lacks something, or has something unknown; the message
            names the file.
    """
    table = dict(read_words(path).get("exercise", {}))
    if not table:
        return None
    try:
        look = look_of(table)
        table["also"] = tuple(table.get("also", ()))
        found = Exercise(path=path, **{**table, "look": look})
    except TypeError as error:
        raise ValueError(f"{path.name}, [exercise]: {error}.") from error
    if found.level not in LEVELS:
        raise ValueError(f"{path.name}: the level is one of {LEVELS}.")
    return found


# What checks each exercise, by its number; a reload replaces its own entry.
CHECKERS: dict[str, Callable] = {}


def all_exercises() -> list[Exercise]:
    """Read every exercise there is from its file of words, by number."""
    found = map(read_exercise, sorted(CHECK.glob("ch*/*.toml")))
    return sorted(
        (entry for entry in found if entry), key=lambda entry: entry.number
    )


def exercise(look_at, title="", **more):
    if not isinstance(look_at, str):
        return _exercise(look_at)
    more.pop("slow", None)

    def decorate(function):
        path = Path(inspect.getfile(function)).with_suffix(".toml")
        entry = Exercise(look_at, title, path=path, **more)
        return register(entry, function)

    return decorate


def _exercise(look_at: Callable) -> Callable[..., Verdict]:
    """Register a function as the checker of the exercise of its file.

    The function takes the answer, calls `wrong` or `judge`, and returns when
    nothing is wrong (a sentence, if it knows a better one than ``solved`` in
    the file of words). What it is turned into never raises, never hangs, and
    leaves everything as it was.

    Raises:
        ValueError: the file of words is missing something, or its number is
            taken by another file.
    """
    path = Path(inspect.getfile(look_at)).with_suffix(".toml")
    return register(read_exercise(path), look_at)


def register(entry, look_at):
    path = entry.path
    before = CHECKERS.get(entry.number)
    if (
        before is not None
        and before.exercise.path != path
        and path
        and path.exists()
    ):
        raise ValueError(
            f"{path.name} has the number {entry.number}, which is that of "
            f"{before.exercise.path.name}. Give it another."
        )

    @functools.wraps(look_at)
    def check(*answer, **named) -> Verdict:
        # after a reload, the newest checker answers under the old name too
        newest = CHECKERS[entry.number]
        # KeyboardInterrupt goes its way: the reader wants to stop
        verdict = _judge(newest.exercise, newest.look_at, answer, named)
        return progress_file.note(entry.number, verdict)

    check.exercise, check.look_at = entry, look_at  # type: ignore[attr-defined]
    CHECKERS[entry.number] = check
    return check


def checkers_in(package: str, folder: Iterable[str]) -> dict[str, Callable]:
    """Import every checker in a package, such as `helpers.check.chapter_01`.

    Args:
        package: its name.
        folder: its ``__path__``.

    Returns:
        by name, what a page calls: ``check.line(make_line)``.
    """
    found = {}
    for module in pkgutil.iter_modules(folder):
        imported = importlib.import_module(f"{package}.{module.name}")
        checker = getattr(imported, module.name, None)
        if hasattr(checker, "exercise"):
            found[module.name] = checker
    return found


def _judge(entry: Exercise, look_at, answer, named) -> Verdict:
    answers = (*answer, *named.values())
    words = Words(entry.path if entry.path and entry.path.exists() else None)
    if not answers:
        mistake = Wrong("nothing_passed", {"checker": look_at.__name__})
        return _verdict(entry, words.put(mistake))
    try:
        if all(map(is_unfinished, answers)):
            return Verdict(entry.name, NOT_STARTED, "", (("", NOTHING_THERE),))
        with sandbox.same_world(*answers) as world:
            outcome = _outcome(entry, words, look_at, answer, named)
        if isinstance(outcome, Finding):
            left = _left_for_later(entry, look_at, answer)
            likelier = _other_cause(outcome, world.changed, answers, left)
            outcome = words.put(likelier) if likelier else outcome
    except Exception as error:  # a very strange answer, or a fault of ours
        outcome, world = words.put(calling.baffled(error)), None
    return _verdict(entry, outcome, world.output.getvalue() if world else "")


def _other_cause(
    outcome: Finding, changed: list[str], answers, left: list[str]
) -> Wrong | None:
    """Return a likelier reason for what is wrong, where there is one."""
    seen: dict[str, Any] = dict(vars(outcome))
    if left:  # only now: a right answer may have a method that does nothing
        return Wrong("unfinished", {**seen, "part": left[0]})
    empty = [name for one in answers for name in unfinished_helpers(one)]
    if empty:
        return Wrong("needs_other", {**seen, "part": empty[0]})
    if changed and outcome.diagnosis != "shared":
        return Wrong("uses_page_objects", {**seen, "changed": changed[:3]})
    return None


def _outcome(
    entry: Exercise, words: Words, look_at, answer, named
) -> str | Finding:
    """Run the checker; return what to say of a right answer, or a Finding.

    A mistake is put into words here, before what the answer changed is put
    back, so that the words show what was seen.
    """
    seconds = SECONDS * entry.patience
    try:
        said = sandbox.run_with_limit(
            lambda: look_at(*answer, **named), seconds
        )
        return said or " ".join(entry.solved.split())
    except Worded as mistake:
        return mistake.finding
    except Wrong as mistake:
        return words.put(mistake)
    except sandbox.TimeUp:
        return words.put(Wrong("too_slow", {"seconds": seconds}))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit of the answer, too
        is_theirs = calling.line_of(error)
        explain = calling.raised if is_theirs else calling.baffled
        return words.put(explain(error))


def _left_for_later(entry: Exercise, look_at, answer) -> list[str]:
    """Return the names of answers, and of methods, that are still empty."""
    names = list(inspect.signature(look_at).parameters)
    if names == ["answer"]:
        names = [entry.call.partition("(")[0] or "It"]
    pairs = zip(names, answer, strict=False)
    whole = [name for name, one in pairs if is_unfinished(one)]
    return whole + [part for one in answer for part in unfinished_parts(one)]


def _verdict(
    entry: Exercise, outcome: str | Finding, printed: str = ""
) -> Verdict:
    if isinstance(outcome, str):
        parts = (("", outcome),) if outcome else ()
        return Verdict(entry.name, SOLVED, "", parts)
    parts = [
        ("Expected", outcome.expected),
        ("Found", outcome.found),
        ("Likely cause", outcome.cause),
        ("Where to look", _where(outcome.look or entry.look, entry.prefix)),
    ]
    if printed.strip():
        shown = inline_code(calling.without_temporary(printed.strip()))
        parts.append(("Your code printed", shown))
    return Verdict(entry.name, NOT_YET, outcome.diagnosis, tuple(parts))


def _where(look: Section | str | None, prefix: str) -> str:
    if isinstance(look, Section):
        return f"{look.as_markdown(prefix)}."
    return look or "The statement of the exercise."
