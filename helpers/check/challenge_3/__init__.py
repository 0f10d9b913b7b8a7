"""Challenge 3: twelve sick loops, each to be named and healed."""

from helpers.practice import checkers_in
from helpers.practice.progress_table import ProgressTable, show_tasks

__all__ = ["summary"]
globals().update(checkers_in(__name__, __path__))


def summary() -> ProgressTable:
    """Return which patients are healed, now or on an earlier day."""
    return show_tasks("C3")
