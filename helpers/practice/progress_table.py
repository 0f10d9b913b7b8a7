"""What is solved so far, as a table: on the start page and in a terminal.

python -m helpers progress
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.course import Page, anchor, find_page, parts, reading_order
from helpers.page.markdown import INDENT, as_html, table
from helpers.paths import display_path
from helpers.practice import progress_file
from helpers.practice.exercises import all_exercises
from helpers.practice.quiz import QUIZZES, load_quiz
from helpers.practice.verdict import without_links

# A bar of so many squares; a page begun has one, a page done has all.
N_SQUARES = 8
FULL, EMPTY = "■", "□"
# Not every terminal can print these.
PLAIN = str.maketrans({FULL: "#", EMPTY: "."})


@dataclass(repr=False)
class ProgressTable:
    """A table of what is solved, which a page shows as such.

    Attributes:
        rows: texts, one for each column.
        widths: of the columns, in a terminal.
        head: names of the columns; none leaves the head out.
        below: sentences below the table: what is next, what went wrong. In
            a page they may have links, in Markdown.
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
        below = map(without_links, self.below)
        return "\n".join([*lines, "", *below]).translate(PLAIN)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        start = f'<p style="padding-left: {INDENT}">'
        below = "".join(f"{start}{as_html(line)}</p>" for line in self.below)
        rows = [
            (self._linked(first) if any(rest) else f"**{first}**", *rest)
            for first, *rest in self.rows
        ]
        return table(rows, self.head) + below

    def _linked(self, text: str) -> str:
        return f"[{text}]({self.links[text]})" if text in self.links else text


def show_progress() -> ProgressTable:
    """Return all pages with what is solved, from ``runs/progress.jsonl``."""
    solved, trouble = progress_file.solved()
    rows: list[tuple[str, ...]] = []
    for number, title in parts().items():
        rows.append((f"Part {'I' * number}: {title}", "", "", "", ""))
        rows += [
            _row(page, solved)
            for page in reading_order()
            if page.part == number
        ]
    return ProgressTable(
        rows=rows,
        widths=(42, 9, 11, 9, 0),
        head=("", "minutes", "exercises", "quiz", ""),
        below=[*_next(solved), *([trouble] if trouble else [])],
        links={page.name: page.file for page in reading_order()},
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
        widths=(6, max([38, *(len(t.title) + 1 for t in tasks)]), 0),
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


def _row(page: Page, solved: set[str]) -> tuple[str, ...]:
    """Return what the table says of a page: minutes, counts and a bar."""
    exercises = {e.number for e in all_exercises() if e.page == page.key}
    questions: set[str] = set()
    if (QUIZZES / f"{page.key}.toml").exists():
        quiz = load_quiz(page.key)
        questions = {f"quiz {quiz.name}/{one.key}" for one in quiz.questions}
    return (
        page.name,
        str(page.minutes),
        _count(exercises, solved),
        _count(questions, solved),
        bar(exercises | questions, solved),
    )


def _count(things: set[str], solved: set[str]) -> str:
    return f"{len(things & solved)} of {len(things)}" if things else ""


def bar(things: set[str], solved: set[str]) -> str:
    """Draw how many things are solved; "" if there are none.

    One square is full as soon as something is solved, and all of them only
    when everything is.
    """
    if not things:
        return ""
    n_solved = len(things & solved)
    n_full = N_SQUARES * n_solved // len(things)
    n_full = max(n_full, min(n_solved, 1))
    return FULL * n_full + EMPTY * (N_SQUARES - n_full)


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
    address = f"{find_page(first.page).file}#{anchor(first.name)}"
    return [
        f"Next: [{first.name}]({address}) ({first.level}, {first.minutes} "
        "minutes).",
        kept,
    ]
