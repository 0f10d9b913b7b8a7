"""Checkers of chapter 07: what a writer is given, epoch by epoch."""

from helpers.check.chapter_07.logged_epoch import check_log, logged_epoch
from helpers.check.chapter_07.logged_graph import logged_graph
from helpers.check.chapter_07.logged_weights import logged_weights

__all__ = [
    "check_log",
    "logged_epoch",
    "logged_graph",
    "logged_weights",
]
