"""Turn a function that looks at an answer into a checker that never raises.

The checker of an exercise is a file ``helpers/check/chapter_NN/NAME.py`` with a
function NAME; its number, title and words stand beside it in ``NAME.toml``.
"""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path

from helpers.practice import progress_file
from helpers.practice.exercises import Exercise, read_exercise
from helpers.practice.judging import judge_answer
from helpers.practice.verdict import Verdict

# What checks each exercise, by its number; a reload replaces its own entry.
CHECKERS: dict[str, "Checker"] = {}


class Checker:
    """Judges answers to one exercise: ``check.line(make_line)`` in a page.

    It never raises and never hangs, and leaves everything as it was.

    Attributes:
        exercise: what it judges answers to.
        look_at: takes the answer, and raises `Wrong` where something is.
    """

    def __init__(self, entry: Exercise, look_at: Callable):
        functools.update_wrapper(self, look_at)
        self.exercise, self.look_at = entry, look_at

    def __call__(self, *answer, **named) -> Verdict:
        """Judge an answer, and note a right one."""
        # after a reload, the newest checker answers under the old name too
        newest = CHECKERS[self.exercise.number]
        # KeyboardInterrupt goes its way: the reader wants to stop
        verdict = judge_answer(newest.exercise, newest.look_at, answer, named)
        return progress_file.note(self.exercise, verdict)


def exercise(look_at: Callable) -> Checker:
    """Register a function as the checker of the exercise of its file.

    The function takes the answer, calls `judge` or `wrong`, and returns when
    nothing is wrong (a dictionary, if ``solved`` in the file of words speaks
    of something; or a sentence in place of it).

    Raises:
        ValueError: the file of words is missing something, or its number is
            taken by another file.
    """
    path = Path(inspect.getfile(look_at)).with_suffix(".toml")
    entry = read_exercise(path)
    if entry is None:
        raise ValueError(f"{path.name} has no [exercise] with its number.")
    return register(entry, look_at)


def register(entry: Exercise, look_at: Callable) -> Checker:
    """Register a function as the checker of an exercise.

    Raises:
        ValueError: its number is taken by another file.
    """
    before = CHECKERS.get(entry.number)
    if before is not None and before.exercise.path != entry.path:
        raise ValueError(
            f"{entry.path and entry.path.name} has the number {entry.number}, "
            f"which is that of {before.exercise.name}. Give it another."
        )
    CHECKERS[entry.number] = Checker(entry, look_at)
    return CHECKERS[entry.number]


def checkers_in(package: str, folder: Iterable[str]) -> dict[str, Checker]:
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
        if isinstance(checker, Checker):
            found[module.name] = checker
    return found
