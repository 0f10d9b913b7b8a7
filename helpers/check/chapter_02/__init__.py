"""Checkers of chapter 02: data sets."""

from helpers.check.chapter_02.common import ask, expect_kept
from helpers.check.chapter_02.files import files
from helpers.check.chapter_02.own_copy import own_copy
from helpers.check.chapter_02.polynomial import polynomial

__all__ = [
    "ask",
    "expect_kept",
    "files",
    "own_copy",
    "polynomial",
]
