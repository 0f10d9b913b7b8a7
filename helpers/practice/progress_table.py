"""What is solved so far, as a table: on the start page and in a terminal.

python -m helpers progress
"""

import argparse
from collections.abc import Sequence
from html import escape

from helpers.course import Page, all_pages
from helpers.page.markdown import table
from helpers.paths import display_path
from helpers.practice import progress_file
from helpers.practice.exercises import all_exercises
from helpers.practice.quiz import QUIZZES, load_quiz


class ProgressTable:
    """A table of what is solved, which a page shows as such.

    Attributes:
        rows: page, exercises solved, quiz questions answered, as texts.
        below: sentences below the table: what is next, what went wrong.
    """

    def __init__(self):
        solved, trouble = progress_file.solved()
        rows = [(page.name, *_counts(page, solved)) for page in all_pages()]
        self.rows = [row for row in rows if any(row[1:])]
        self.below = [*_next(solved), *([trouble] if trouble else [])]

    def __str__(self) -> str:
        head = ("", "exercises", "quiz")
        lines = [
            f"{name:42}{done:12}{quiz}".rstrip()
            for name, done, quiz in [head, *self.rows]
        ]
        return "\n".join([*lines, "", *self.below])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        below = "".join(f"<p>{escape(line)}</p>" for line in self.below)
        return table(self.rows, ("", "exercises", "quiz")) + below


def show_progress() -> ProgressTable:
    """Return a table of what is solved, from ``runs/progress.jsonl``."""
    return ProgressTable()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers progress",
        description="Show which exercises and questions are solved.",
    )
    parser.parse_args(arguments)
    print(show_progress())
    return 0


def _counts(page: Page, solved: set[str]) -> tuple[str, str]:
    """Count exercises solved and questions answered of a page, in words."""
    of_page = [e for e in all_exercises() if e.number.startswith(page.key)]
    done = sum(entry.number in solved for entry in of_page)
    exercises = f"{done} of {len(of_page)}" if of_page else ""
    if not (QUIZZES / f"{page.key}.toml").exists():
        return exercises, ""
    quiz = load_quiz(page.key)
    keys = [f"quiz {quiz.name}/{question.key}" for question in quiz.questions]
    return exercises, f"{sum(key in solved for key in keys)} of {len(keys)}"


def _next(solved: set[str]) -> list[str]:
    """Say which exercise comes next, and where all this is kept."""
    left = [one for one in all_exercises() if one.number not in solved]
    kept = (
        f"Kept in {display_path(progress_file.file())}. Delete that file to "
        "start over."
    )
    if not left:
        return ["Every exercise is solved.", kept]
    first = left[0]
    return [
        f"Next: {first.name} ({first.level}, {first.minutes} minutes).",
        kept,
    ]
