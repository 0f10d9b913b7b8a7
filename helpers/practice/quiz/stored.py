"""A quiz as it is stored: each option opens and says whether it is right.

No kernel, no script and no style sheet is needed, so that it answers in a page
that was saved, in one that is not trusted, and in an exported one.
"""

import html
import re

from helpers.page.colours import LINE, RIGHT, WRONG
from helpers.page.markdown import WIDTH, as_html, framed, markdown
from helpers.practice.quiz.questions import Option, Question, Quiz

LETTERS = "ABCDEFGH"


def as_stored_html(quiz: Quiz) -> str:
    """Return a quiz as HTML that holds on its own."""
    parts = [
        question_html(number, question)
        + "".join(
            _option_html(letter, option)
            for letter, option in zip(LETTERS, question.options, strict=False)
        )
        for number, question in enumerate(quiz.questions, start=1)
    ]
    blocks = "".join(
        f'<div style="margin-bottom: 1.4em">{part}</div>' for part in parts
    )
    return f'<div style="max-width: {WIDTH}; padding-left: 5px">{blocks}</div>'


def question_html(number: int, question: Question) -> str:
    """Return the text of a question, with its number."""
    return markdown(f"**Question {number}.** {question.text.strip()}")


def verdict_html(option: Option) -> str:
    """Return what choosing an option answers: a mark, a word, the reason."""
    mark, word = ("✓", "Right.") if option.right else ("✗", "No.")
    colour = RIGHT if option.right else WRONG
    said = f"<b>{mark} {word}</b> {as_html(option.reason)}"
    return framed(said, colour, role="status")


def _option_html(letter: str, option: Option) -> str:
    style = (
        f"border: 1px solid {LINE}; border-left-width: 5px; margin: 3px 0; "
        "padding: 0.3em 0.8em"
    )
    return (
        f'<details style="{style}"><summary>{letter}. '
        f"{as_html(option.text)}</summary>{verdict_html(option)}</details>"
    )


def plain(text: str) -> str:
    """Leave the marks of Markdown out: a button shows plain text."""
    return html.unescape(re.sub(r"<[^>]+>", "", as_html(text)))
