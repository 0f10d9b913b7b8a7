"""Questions, read from ``data/quizzes/NAME.toml``."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import DataError
from helpers.paths import DATA, display_path, missing_course

QUIZZES = DATA / "quizzes"


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
            f"There is no quiz {name!r} in data/quizzes. "
            f"{missing_course() or f'There are: {there}.'}"
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
            f"{display_path(path)} needs a title, and questions that each have "
            "a key of their own."
        )
    return Quiz(name, content["title"], tuple(questions))
