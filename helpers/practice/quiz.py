"""Quizzes: questions from data files, answered in the page.

In JupyterLab a quiz is a row of buttons that the keyboard reaches too. Where no
kernel runs, its stored form shows the questions, and the reasons below them.
The questions lie in ``data/quizzes/NAME.toml``; CONTRIBUTING.md tells how they
are written.
"""

import html
import re
import string
import tomllib
from dataclasses import dataclass
from pathlib import Path

import ipywidgets
from IPython.display import display

from helpers.errors import DataError
from helpers.page.colours import FAINT, FOCUS, RIGHT, WRONG
from helpers.page.markdown import WIDTH, as_html, markdown
from helpers.paths import DATA, display_path
from helpers.practice import progress_file
from helpers.practice.verdict import COLOUR, NOT_YET, SOLVED

QUIZZES = DATA / "quizzes"
# Buttons of ipywidgets cut a text after one line; an answer may be longer. The
# names --jp-... are colours of JupyterLab, light and dark.
STYLE = f"""<style>
.course-quiz button.quiz-option {{
  height: auto; width: 100%; margin: 2px 0; padding: 0.3em 0.8em;
  white-space: normal; text-align: left; line-height: 1.5;
  color: var(--jp-content-font-color1, inherit); background: transparent;
  border: 1px solid var(--jp-border-color1, {FAINT});
  border-left-width: 5px;
}}
.course-quiz button.quiz-option:hover {{
  background: rgba(128, 128, 128, 0.15);
}}
.course-quiz button.quiz-right {{ border-color: {RIGHT}; }}
.course-quiz button.quiz-wrong {{ border-color: {WRONG}; }}
.course-quiz button.quiz-option:focus-visible {{
  outline: 3px solid {FOCUS}; outline-offset: 1px;
}}
.course-quiz button.quiz-option, .course-quiz .widget-html-content {{
  font-size: var(--jp-content-font-size1, 14px); line-height: 1.5;
}}
.course-quiz pre {{
  background: rgba(128, 128, 128, 0.12); padding: 0.6em 0.8em;
  line-height: 1.4; overflow-x: auto;
}}
</style>"""


@dataclass(frozen=True)
class Option:
    """One answer to choose, with the reason why it is right or wrong.

    Attributes:
        text: what the reader chooses, Markdown without blocks.
        reason: why it is right or wrong, Markdown.
        right: whether it is.
        prints: what the code of the question prints if this is right; "" where
            no code decides.
    """

    text: str
    reason: str
    right: bool = False
    prints: str = ""


@dataclass(frozen=True)
class Question:
    """A question with its options; exactly one is right.

    Attributes:
        key: a short name, one of its kind in its quiz.
        text: Markdown; Python code stands between ``` fences.
        options: two or more.
        decided_by: Python code that prints what the right option has in
            ``prints``; "" takes the code in the text.
    """

    key: str
    text: str
    options: tuple[Option, ...]
    decided_by: str = ""

    @property
    def code(self) -> str:
        """The Python code that decides, or ""."""
        blocks = re.findall(r"(?ms)^```python\n(.*?)^```", self.text)
        return self.decided_by or "\n".join(blocks)


@dataclass(frozen=True)
class Quiz:
    """A title and its questions."""

    name: str
    title: str
    questions: tuple[Question, ...]


def load_quiz(name: str) -> Quiz:
    """Read a quiz from ``data/quizzes/NAME.toml``.

    Raises:
        DataError: there is no such file, or it is not written as it should.
    """
    path = QUIZZES / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(p.stem for p in QUIZZES.glob("*.toml")))
        raise DataError(
            f"There is no quiz {name!r} in data/quizzes. There are: {there}."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            f"{display_path(path)} cannot be read: {error}."
        ) from error
    return _quiz_of(name, content, path)


def _quiz_of(name: str, content: dict, path: Path) -> Quiz:
    questions = []
    for number, entry in enumerate(content.get("question", []), start=1):
        try:
            options = tuple(Option(**option) for option in entry["option"])
            rest = {k: v for k, v in entry.items() if k != "option"}
            question = Question(options=options, **rest)
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{display_path(path)}, question {number}: it needs key, text "
                f"and options with text and reason ({error})."
            ) from error
        n_right = sum(option.right for option in options)
        if len(options) < 2 or n_right != 1:
            raise DataError(
                f"{display_path(path)}, question {question.key!r}: it has "
                f"{len(options)} options, {n_right} of them right, and needs "
                "two or more with exactly one right."
            )
        questions.append(question)
    keys = [question.key for question in questions]
    if not questions or len(set(keys)) < len(keys) or "title" not in content:
        raise DataError(
            f"{display_path(path)} needs a title and questions with a key of "
            "their own each."
        )
    return Quiz(name, content["title"], tuple(questions))


def show_quiz(name: str) -> None:
    """Show a quiz in the page, to be answered by mouse or keyboard.

    Args:
        name: of a file in ``data/quizzes``, such as "01".

    Raises:
        DataError: see `load_quiz`.
    """
    quiz = load_quiz(name)
    live = _live(quiz)._repr_mimebundle_()
    if isinstance(live, tuple):
        live = live[0]
    n = len(quiz.questions)
    display(
        {
            **live,
            "text/html": as_static_html(quiz),
            "text/plain": f"{quiz.title}: {n} questions",
        },
        raw=True,
    )


# ------------------------------------------------------- where a kernel runs


def _live(quiz: Quiz) -> ipywidgets.Widget:
    score = ipywidgets.HTML()
    answered: set[str] = set()

    def note_right(question: Question) -> None:
        answered.add(question.key)
        progress_file.note_solved(f"quiz {quiz.name}/{question.key}")
        n = len(quiz.questions)
        done = " That is all of them." if len(answered) == n else ""
        score.value = f"<b>{len(answered)} of {n} answered.{done}</b>"

    boxes = [
        _live_question(number, question, note_right)
        for number, question in enumerate(quiz.questions, start=1)
    ]
    box = ipywidgets.VBox([ipywidgets.HTML(STYLE), *boxes, score])
    box.add_class("course-quiz")
    return box


def _live_question(number: int, question: Question, note_right):
    """Build a question: a button for each option, below them its reason.

    Buttons, not radio buttons: JupyterLab takes the arrow keys for itself, so
    that only the first of a group of radio buttons could be reached.
    """
    text = ipywidgets.HTML(_question_html(number, question))
    answer = ipywidgets.HTML()

    def make_button(option: Option) -> ipywidgets.Button:
        button = ipywidgets.Button(
            description=_plain(option.text), layout={"width": "100%"}
        )
        button.add_class("quiz-option")

        def show_answer(_button) -> None:
            # a sign as well as a colour, for who cannot tell colours apart
            button.icon = "check" if option.right else "times"
            button.add_class("quiz-right" if option.right else "quiz-wrong")
            answer.value = _answer_html(question, option)
            if option.right:
                note_right(question)

        button.on_click(show_answer)
        return button

    buttons = [make_button(option) for option in question.options]
    return ipywidgets.VBox(
        [text, *buttons, answer],
        layout={"margin": "0 0 1.2em 0", "max_width": WIDTH},
    )


def _answer_html(question: Question, option: Option) -> str:
    if not option.right:
        return _framed("No.", option.reason, COLOUR[NOT_YET])
    return _framed("Right.", option.reason, COLOUR[SOLVED]) + _other_reasons(
        question, option
    )


def _framed(word: str, reason: str, colour: str) -> str:
    style = f"border-left: 5px solid {colour}; padding: 0.1em 0.8em"
    return f'<div style="{style}"><b>{word}</b> {as_html(reason)}</div>'


def _other_reasons(question: Question, chosen: Option) -> str:
    rows = "".join(
        f"<li>{as_html(option.text)}: {as_html(option.reason)}</li>"
        for option in question.options
        if option is not chosen
    )
    return f"<details><summary>The others</summary><ul>{rows}</ul></details>"


# ---------------------------------------------------- where no kernel runs


def as_static_html(quiz: Quiz) -> str:
    """Return the quiz as text: questions, options, and reasons folded away."""
    parts = [_static_question(n, q) for n, q in enumerate(quiz.questions, 1)]
    return f"<div>{''.join(parts)}</div>"


def _static_question(number: int, question: Question) -> str:
    letters = string.ascii_uppercase
    options = "".join(
        f"{letter}. {as_html(option.text)}<br>"
        for letter, option in zip(letters, question.options, strict=False)
    )
    reasons = "".join(
        f"<li><b>{letter}, {'right' if option.right else 'wrong'}.</b> "
        f"{as_html(option.reason)}</li>"
        for letter, option in zip(letters, question.options, strict=False)
    )
    folded = (
        "<details><summary>Answer and reasons</summary>"
        f"<ul>{reasons}</ul></details>"
    )
    return f"{_question_html(number, question)}<p>{options}</p>{folded}<br>"


def _question_html(number: int, question: Question) -> str:
    return markdown(f"**Question {number}.** {question.text.strip()}")


def _plain(text: str) -> str:
    """Remove the marks of Markdown: a button shows plain text."""
    return html.unescape(re.sub(r"<[^>]+>", "", as_html(text)))
