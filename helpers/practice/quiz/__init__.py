"""Quizzes: questions from data files, answered in the page.

The questions are in ``data/quizzes/NAME.toml``; CONTRIBUTING.md tells how they
are written. Here belongs how they are read and shown, in two forms: ``live``
where a kernel runs, ``stored`` everywhere else.
"""

from helpers.practice.quiz.questions import (
    QUIZZES,
    Option,
    Question,
    Quiz,
    load_quiz,
)
from helpers.practice.quiz.show import show_quiz

__all__ = ["QUIZZES", "Option", "Question", "Quiz", "load_quiz", "show_quiz"]
