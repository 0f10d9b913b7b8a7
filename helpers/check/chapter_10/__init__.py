"""Checkers of chapter 10: a full configuration, a cycle, a wrapped step."""

from helpers.check.chapter_10.my_model import my_model
from helpers.check.chapter_10.triangle import triangle
from helpers.check.chapter_10.with_record import with_record

__all__ = [
    "my_model",
    "triangle",
    "with_record",
]
