"""Checkers of chapter 06: event files, read back; names of runs."""

from helpers.check.chapter_06.best_epoch import best_epoch
from helpers.check.chapter_06.logged_losses import logged_losses
from helpers.check.chapter_06.run_name import run_name

__all__ = [
    "best_epoch",
    "logged_losses",
    "run_name",
]
