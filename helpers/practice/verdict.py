"""What a checker answers: solved, not started, or what is wrong and why."""

import html
import re
from dataclasses import dataclass
from typing import NoReturn

import mistune

SOLVED, NOT_STARTED, NOT_YET = "solved", "not started", "not yet"
# The colours of the figures, see-through enough for a light and a dark page.
COLOUR = {SOLVED: "#009E73", NOT_STARTED: "#9A9A9A", NOT_YET: "#D55E00"}
_render = mistune.create_markdown(escape=True)
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
        style = (
            f"border-left: 5px solid {COLOUR[self.state]}; "
            "padding: 0.2em 1em; margin: 0.3em 0; max-width: 46em"
        )
        title = f"<b>{html.escape(self.name)}: {self.state}.</b>"
        rows = "".join(
            f"<div style='margin-top: 0.4em'>{_row(heading, text)}</div>"
            for heading, text in self.parts
        )
        return f'<div style="{style}">{title}{rows}</div>'


def markdown(text: str) -> str:
    """Render Markdown as HTML; tags in it stay plain text."""
    return _render(text.strip())


def _row(heading: str, text: str) -> str:
    shown = as_html(text)
    return f"<b>{heading}:</b> {shown}" if heading else shown


def as_html(text: str) -> str:
    """Render a line of Markdown without a paragraph; tags stay plain text."""
    rendered = _render(text.strip()).strip()
    return re.sub(r"^<p>((?:(?!<p>).)*)</p>$", r"\1", rendered, flags=re.DOTALL)
