"""Checkers of chapter 01: functions that build functions."""

from helpers.check.chapter_01.common import cause_of_no_function
from helpers.check.chapter_01.line import line
from helpers.check.chapter_01.powers import powers
from helpers.check.chapter_01.train_step import check_train_step, train_step

__all__ = [
    "cause_of_no_function",
    "check_train_step",
    "line",
    "powers",
    "train_step",
]
