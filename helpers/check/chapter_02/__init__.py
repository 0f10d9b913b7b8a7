"""Checkers of chapter 02: data sets."""

from helpers.check.chapter_02.common import ask, length_of
from helpers.check.chapter_02.files import files
from helpers.check.chapter_02.own_copy import own_copy
from helpers.check.chapter_02.polynomial import polynomial

__all__ = [
    "ask",
    "files",
    "length_of",
    "own_copy",
    "polynomial",
]
