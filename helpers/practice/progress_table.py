"""What is solved so far, as a table: on the start page and in a terminal.

python -m helpers progress
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from helpers.course import Page, all_pages
from helpers.page.markdown import INDENT, table
from helpers.paths import display_path
from helpers.practice import progress_file
from helpers.practice.exercises import all_exercises
from helpers.practice.quiz import QUIZZES, load_quiz


@dataclass(repr=False)
class ProgressTable:
    """A table of what is solved, which a page shows as such.

    Attributes:
        rows: texts, one for each column.
        widths: of the columns, in a terminal.
        head: names of the columns; none leaves the head out.
        below: sentences below the table: what is next, what went wrong.
        links: where the first column leads in a page, by its text; addresses
            are relative to ``notebooks/``.
    """

    rows: list[tuple[str, ...]]
    widths: tuple[int, ...]
    head: tuple[str, ...] = ()
    below: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        rows = [self.head, *self.rows] if self.head else self.rows
        lines = [
            "".join(map(str.ljust, row, self.widths)).rstrip() for row in rows
        ]
        return "\n".join([*lines, "", *self.below])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        start = f'<p style="padding-left: {INDENT}">'
        below = "".join(f"{start}{escape(line)}</p>" for line in self.below)
        rows = [(self._linked(first), *rest) for first, *rest in self.rows]
        return table(rows, self.head) + below

    def _linked(self, text: str) -> str:
        return f"[{text}]({self.links[text]})" if text in self.links else text


def show_progress() -> ProgressTable:
    """Return a table of what is solved, from ``runs/progress.jsonl``."""
    solved, trouble = progress_file.solved()
    rows = [(page.name, *_counts(page, solved)) for page in all_pages()]
    return ProgressTable(
        rows=[row for row in rows if any(row[1:])],
        widths=(42, 12, 0),
        head=("", "exercises", "quiz"),
        below=[*_next(solved), *([trouble] if trouble else [])],
        links={page.name: page.file for page in all_pages()},
    )


def show_tasks(key: str) -> ProgressTable:
    """Return which tasks of a challenge are solved, now or earlier.

    Args:
        key: of its page in ``course.toml``, such as "C1".
    """
    solved, trouble = progress_file.solved()
    tasks = [task for task in all_exercises() if task.page == key]
    n_solved = sum(task.number in solved for task in tasks)
    return ProgressTable(
        rows=[
            (t.number, t.title, "solved" if t.number in solved else "–")
            for t in tasks
        ],
        widths=(6, 38, 0),
        below=[
            f"{n_solved} of {len(tasks)} tasks are solved.",
            *([trouble] if trouble else []),
        ],
    )


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
    of_page = [e for e in all_exercises() if e.page == page.key]
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
