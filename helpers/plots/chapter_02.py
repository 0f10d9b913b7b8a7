"""Figures of chapter 02: a dataset as a table, and what it costs to keep."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.page.colours import MODEL, OTHER, TRAINING, VALIDATION, WORDS
from helpers.plots.style import FULL, new_figure, number, picture

COLUMNS = (9, 25, 43, 59)
HEADS = ("index", "from the end", "features", "label")


@picture
def dataset(items):
    """Draw the first three and the last two items of a dataset as a table.

    Args:
        items: give (features [1], label [1]) by number; two of them, 1 and
            -1, are marked.
    """
    n = len(items)
    figure, axes = new_figure((FULL, 3.4))
    axes.set(xlim=(0, 100), ylim=(-0.6, 6.6))
    axes.axis("off")
    axes.set_title("A dataset is a numbered list of (features, label) tuples")
    _write_row(axes, 6.1, HEADS, WORDS)
    marks = {1: ("dataset[1]", TRAINING), n - 1: ("dataset[-1]", VALIDATION)}
    for line, i in enumerate([0, 1, 2, None, n - 2, n - 1]):
        height = 5 - line
        if i is None:
            _write_row(axes, height, ("...",) * len(COLUMNS), MODEL)
            continue
        if i in marks:
            name, colour = marks[i]
            _mark_row(axes, height, f"{name}\nis a tuple of two", colour)
        features, label = (f"{part.item():.4f}" for part in items[i])
        _write_row(axes, height, (i, i - n, features, label), MODEL)
    return figure, (
        f"A table of points 0, 1, 2 and, after a gap, {n - 2} and {n - 1}, "
        "with index, index from the end, features and label. The rows of "
        "dataset[1] and dataset[-1] are marked."
    )


def _write_row(axes: Axes, height: float, texts, colour: str) -> None:
    for x, text in zip(COLUMNS, texts, strict=True):
        axes.text(x, height, text, ha="center", va="center", color=colour)


def _mark_row(axes: Axes, height: float, text: str, colour: str) -> None:
    axes.add_patch(
        Rectangle(
            (2, height - 0.42),
            64,
            0.84,
            facecolor=colour + "1C",
            edgecolor=colour,
            linewidth=1.6,
        )
    )
    arrow = {"arrowstyle": "-|>", "color": MODEL, "linewidth": 1.4}
    axes.annotate("", (75, height), (66, height), arrowprops=arrow)
    axes.text(76, height, text, va="center", color=colour, weight="bold")


@picture
def memory_of_rows(bytes_per_row: int, bytes_per_number: int, in_our_file: int):
    """Draw the memory of a million rows, loaded and read on demand.

    Args:
        bytes_per_row: kept for each row that is read on demand.
        bytes_per_number: kept for each number that is loaded.
        in_our_file: numbers in a row of the page's own file.
    """
    numbers = np.array([1, 1000])
    loaded = bytes_per_number * numbers  # megabytes, for a million rows
    figure, axes = new_figure()
    axes.loglog(numbers, loaded, color=OTHER, label="all loaded")
    kept = [bytes_per_row, bytes_per_row]
    axes.loglog(numbers, kept, "--", color=MODEL, label="on demand")
    ours = bytes_per_number * in_our_file
    axes.plot(in_our_file, ours, "o", color=VALIDATION, ms=9, label="our file")
    axes.set(xlabel="numbers in a row", ylabel="memory (MB, a million rows)")
    axes.set_title("Reading on demand pays when rows are long")
    axes.legend()
    meet = number(bytes_per_row / bytes_per_number).removesuffix(".0")
    return figure, (
        f"Memory of a million rows: all loaded, it grows from {loaded[0]} to "
        f"{loaded[1]} MB with 1 to 1000 numbers in a row. On demand it stays "
        f"at {bytes_per_row} MB. The lines cross at {meet} numbers in a row; "
        f"our file has {in_our_file}."
    )
