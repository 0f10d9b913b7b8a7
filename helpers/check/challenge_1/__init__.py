"""Challenge 1: the whole loop, rebuilt for rides on a bicycle.

Where a task is that of a chapter, on other data, the chapter's checker judges.
"""

from helpers.check.challenge_1.tomorrow import tomorrow
from helpers.practice import checkers_in
from helpers.practice.progress_table import ProgressTable, show_tasks

__all__ = ["summary", "tomorrow"]
globals().update(checkers_in(__name__, __path__))


def summary() -> ProgressTable:
    """Return which tasks are solved, now or on an earlier day."""
    return show_tasks("C1")
