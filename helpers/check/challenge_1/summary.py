"""Challenge 1, which tasks are solved."""

from helpers.page.markdown import table
from helpers.practice import progress_file
from helpers.practice.exercises import all_exercises


class Summary:
    """The nine tasks and which are solved, shown as a table."""

    def __init__(self):
        solved, _ = progress_file.solved()
        self.rows = [
            (one.number, one.title, one.number in solved)
            for one in all_exercises()
            if one.number.startswith("C1.")
        ]

    def __str__(self) -> str:
        done = sum(is_solved for *_, is_solved in self.rows)
        lines = [
            f"{number}  {title:38}{'solved' if is_solved else '-'}"
            for number, title, is_solved in self.rows
        ]
        return "\n".join([*lines, f"{done} of {len(self.rows)} tasks solved"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [
            (number, title, "solved" if is_solved else "–")
            for number, title, is_solved in self.rows
        ]
        done = sum(is_solved for *_, is_solved in self.rows)
        below = f"<p><b>{done} of {len(self.rows)} tasks solved.</b></p>"
        return table(rows) + below


def summary() -> Summary:
    """Return which tasks are solved, now or on an earlier day."""
    return Summary()
