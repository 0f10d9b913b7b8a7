"""The engine of exercises, quizzes and progress.

Here belongs what every exercise needs: the time limit and the sandbox, signs
and words, verdicts, stand-ins that note what is done to them (``probes``), and
the file of what is solved. What one exercise alone judges belongs in
`helpers.check`.
"""

from helpers.practice.calling import call
from helpers.practice.checkers import checkers_in, exercise
from helpers.practice.expect import expect_function, expect_number
from helpers.practice.signs import (
    Seen,
    Signs,
    Wrong,
    agree,
    judge,
    judge_value,
    renamed,
    wrong,
)

__all__ = [
    "Seen",
    "Signs",
    "Wrong",
    "agree",
    "call",
    "checkers_in",
    "exercise",
    "expect_function",
    "expect_number",
    "judge",
    "judge_value",
    "renamed",
    "wrong",
]
