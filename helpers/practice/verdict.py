"""What a checker answers: solved, not started, or what is wrong and why."""

import html
import re
from dataclasses import dataclass

from helpers.page.colours import IDLE, RIGHT, WRONG
from helpers.page.markdown import as_html, folded, framed, markdown

SOLVED, NOT_STARTED, NOT_YET = "solved", "not started", "not yet"
COLOUR = {SOLVED: RIGHT, NOT_STARTED: IDLE, NOT_YET: WRONG}
NOTHING_THERE = (
    "Write your answer in place of the `...`, run its cell, then this one."
)


@dataclass(frozen=True)
class Verdict:
    """The answer of a checker, which a page shows as a framed text.

    Attributes:
        name: of the exercise, such as "Exercise 01.1 · A line".
        state: "solved", "not started" or "not yet".
        diagnosis: the short name of what is wrong, "" otherwise.
        parts: headings and sentences, in the order in which they are shown.
        hints: Markdown, folded away in a page, each inside the one before.
        solution: Markdown, folded away in a page.
    """

    name: str
    state: str
    diagnosis: str
    parts: tuple[tuple[str, str], ...]
    hints: tuple[str, ...] = ()
    solution: str = ""

    @property
    def solved(self) -> bool:
        """Whether the answer is right."""
        return self.state == SOLVED

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.state}."]
        for heading, text in self.parts:
            text = without_links(text)
            lines.append(f"  {heading}: {text}" if heading else f"  {text}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        mark = "✓ " if self.solved else ""
        title = f"<b>{mark}{html.escape(self.name)}: {self.state}.</b>"
        rows = "".join(
            f"<div style='margin-top: 0.4em'>{_row(heading, text)}</div>"
            for heading, text in self.parts
        )
        return framed(title + rows + self._folds(), COLOUR[self.state])

    def _folds(self) -> str:
        """Return hints, each inside the one before, and the solution."""
        inner = ""
        for number, hint in reversed(list(enumerate(self.hints, start=1))):
            summary = f"Hint {number}" if len(self.hints) > 1 else "Hint"
            inner = folded(summary, markdown(hint) + inner)
        if self.solution:
            inner += folded("A solution", markdown(self.solution))
        return f"<div style='margin-top: 0.6em'>{inner}</div>" if inner else ""


def _row(heading: str, text: str) -> str:
    shown = as_html(text)
    return f"<b>{heading}:</b> {shown}" if heading else shown


def without_links(text: str) -> str:
    """Leave the address out of each Markdown link."""
    return re.sub(r"\[([^\]]+)\]\(\S+?\)", r"\1", text)
