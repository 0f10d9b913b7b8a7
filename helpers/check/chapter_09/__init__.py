"""Checkers of chapter 09: predictions, a scaling, a client of a service."""

from helpers.check.chapter_09.ask import ask
from helpers.check.chapter_09.predict_column import (
    check_predict,
    predict_column,
)
from helpers.check.chapter_09.standardised import standardised

__all__ = [
    "ask",
    "check_predict",
    "predict_column",
    "standardised",
]
