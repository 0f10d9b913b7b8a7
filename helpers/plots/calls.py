"""Who calls whom in the loop: boxes from left to right."""

from collections.abc import Sequence

from helpers.page.colours import FAINT, MODEL, OTHER, TRAINING, VALIDATION
from helpers.page.pictures import listed
from helpers.plots.diagrams import Arrow, Box, diagram
from helpers.plots.style import picture

COLOURS = (VALIDATION, OTHER, TRAINING, FAINT, MODEL)
# left out: modes say nothing of who computes what
MODES = ("model.train", "model.eval", "loss.item")

TITLE = "Two builders make the steps, and mini_batch calls them"


@picture
def calls(pairs: Sequence[tuple[str, str]]):
    """Draw who calls whom; what is called stands to the right of its caller.

    Args:
        pairs: caller and called, without a circle.
    """
    pairs = [pair for pair in pairs if pair[1] not in MODES]
    columns = _columns(pairs)
    n_rows = max(map(len, columns))
    boxes = []
    for column, names in enumerate(columns):
        gap = n_rows / len(names)
        for place, name in enumerate(names):
            row = (place + 0.5) * gap - 0.5
            short, owner = _short(name)
            boxes.append(Box(short, owner, COLOURS[column], column, row))
    arrows = [Arrow(_short(one)[0], _short(two)[0]) for one, two in pairs]
    called: dict[str, list[str]] = {}
    for caller, name in pairs:
        called.setdefault(caller, []).append(name)
    said = [f"{caller} leads to {listed(to)}" for caller, to in called.items()]
    return diagram(boxes, arrows, TITLE), f"Who calls whom: {'; '.join(said)}."


def _short(name: str) -> tuple[str, str]:
    """Split the name of a method into its own and that of its object."""
    owner, _, own = name.rpartition(".")
    return own, f"of the {owner}" if owner else ""


def _columns(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the names of each column, near those that call them."""
    column_of = {name: _column(name, pairs) for pair in pairs for name in pair}
    columns: list[list[str]] = []
    for column in range(max(column_of.values()) + 1):
        names = [name for name in column_of if column_of[name] == column]
        if columns:
            above = columns[-1]

            def middle(name: str, above: list[str] = above) -> float:
                places = [
                    above.index(caller)
                    for caller, called in pairs
                    if called == name and caller in above
                ]
                return sum(places) / len(places)

            names.sort(key=middle)
        columns.append(names)
    return columns


def _column(name: str, pairs: Sequence[tuple[str, str]]) -> int:
    """Return how many calls lead to a name, along the longest way."""
    callers = [caller for caller, called in pairs if called == name]
    return max((_column(one, pairs) + 1 for one in callers), default=0)
