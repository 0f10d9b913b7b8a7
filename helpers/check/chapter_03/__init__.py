"""Checkers of chapter 03: loaders."""

from helpers.check.chapter_03.balanced import balanced
from helpers.check.chapter_03.loader import loader
from helpers.check.chapter_03.updates import updates

__all__ = [
    "balanced",
    "loader",
    "updates",
]
