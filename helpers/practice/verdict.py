"""What a checker answers: solved, not started, or what is wrong and why."""

import html
from dataclasses import dataclass
from typing import NoReturn

from helpers.page.colours import IDLE, RIGHT, WRONG
from helpers.page.markdown import as_html, framed, markdown

__all__ = ["Verdict", "as_html", "markdown", "wrong"]

SOLVED, NOT_STARTED, NOT_YET = "solved", "not started", "not yet"
COLOUR = {SOLVED: RIGHT, NOT_STARTED: IDLE, NOT_YET: WRONG}
NOTHING_THERE = (
    "Write your answer in place of the `...`, run its cell, then this one."
)


class Wrong(Exception):
    """Raised inside a checker when it knows what is wrong."""

    def __init__(self, diagnosis, expected, found, cause, look=""):
        super().__init__(diagnosis)
        self.diagnosis = diagnosis
        self.expected, self.found = expected, found
        self.cause, self.look = cause, look


def wrong(
    diagnosis: str, *, expected: str, found: str, cause: str, look=""
) -> NoReturn:
    """End a checker with a diagnosis.

    Args:
        diagnosis: its short name, which tests compare: "plain_mean".
        expected: what the checker looked for, a sentence in Markdown.
        found: what it saw in its place.
        cause: what most likely led to it, and what to do.
        look: where the course explains it; "" takes that of the exercise.

    Raises:
        Wrong: always.
    """
    raise Wrong(diagnosis, expected, found, cause, look)


@dataclass(frozen=True)
class Verdict:
    """The answer of a checker, which a page shows as a framed text.

    Attributes:
        name: of the exercise, such as "Exercise 01.1 · A line".
        state: "solved", "not started" or "not yet".
        diagnosis: the short name of what is wrong, "" otherwise.
        parts: headings and sentences, in the order in which they are shown.
    """

    name: str
    state: str
    diagnosis: str
    parts: tuple[tuple[str, str], ...]

    @property
    def solved(self) -> bool:
        """Whether the answer is right."""
        return self.state == SOLVED

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.state}."]
        for heading, text in self.parts:
            lines.append(f"  {heading}: {text}" if heading else f"  {text}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = f"<b>{html.escape(self.name)}: {self.state}.</b>"
        rows = "".join(
            f"<div style='margin-top: 0.4em'>{_row(heading, text)}</div>"
            for heading, text in self.parts
        )
        return framed(title + rows, COLOUR[self.state])


def _row(heading: str, text: str) -> str:
    shown = as_html(text)
    return f"<b>{heading}:</b> {shown}" if heading else shown
