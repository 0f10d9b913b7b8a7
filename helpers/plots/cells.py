"""Cells: tensors drawn as grids of numbers, with their shapes.

All places are in inches, downwards from the top left corner of the axes.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.page.colours import CARD, FAINT, MODEL, TRAINING, WORDS
from helpers.plots.style import FULL

CELL = 0.3  # the side of a cell
NUMBER, LABEL = 9.0, 9.2  # sizes of text, in points
MARGIN = 0.22
SOFT, LIT = "26", "8C"  # opacity of a cell, and of one to look at


def canvas(height: float, title: str) -> tuple[Figure, Axes]:
    """Return a figure whose axes count inches from its top left corner.

    Args:
        height: in inches; the width is that of every figure.
        title: what the reader should see, in the first 0.6 inches.
    """
    figure = Figure(figsize=(FULL, height))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, FULL), ylim=(height, 0))
    axes.axis("off")
    axes.text(MARGIN, MARGIN, title, va="top", weight="bold", size=12)
    return figure, axes


def draw_cells(
    axes: Axes,
    values,
    corner: tuple[float, float],
    colour: str = TRAINING,
    *,
    lit=None,
    ghost=None,
    size: float = CELL,
    behind: int = 0,
) -> None:
    """Draw a matrix as cells.

    Args:
        axes: counts in inches, downwards.
        values: what is written into the cells [rows, columns].
        corner: the top left one.
        colour: of the cells.
        lit: which cells to look at [rows, columns].
        ghost: which cells are not there in memory [rows, columns].
        size: the side of a cell.
        behind: how many others cover these, where several overlap.
    """
    texts = np.atleast_2d(np.asarray(values))
    lit = np.zeros(texts.shape, bool) if lit is None else np.asarray(lit)
    ghost = np.zeros(texts.shape, bool) if ghost is None else np.asarray(ghost)
    left, top = corner
    for (row, column), value in np.ndenumerate(texts):
        place = left + column * size, top + row * size
        is_ghost = ghost[row, column]
        under = {"facecolor": CARD, "zorder": 3 - behind}
        axes.add_patch(Rectangle(place, size, size, **under))
        edge = FAINT if is_ghost else colour
        ground = "none" if is_ghost else colour + SOFT
        if lit[row, column]:
            ground = colour + LIT
        axes.add_patch(
            Rectangle(
                place,
                size,
                size,
                facecolor=ground,
                edgecolor=edge,
                linewidth=1.1,
                linestyle=":" if is_ghost else "-",
                zorder=3 - behind,
            )
        )
        write(
            axes,
            (place[0] + size / 2, place[1] + size / 2),
            value,
            color=FAINT if is_ghost and not lit[row, column] else MODEL,
            weight="bold" if lit[row, column] else "normal",
            zorder=3.5 - behind,
        )


def write(axes: Axes, place: tuple[float, float], text, **how: Any) -> None:
    """Write a word around a place."""
    look: dict[str, Any] = {"ha": "center", "va": "center", "size": NUMBER}
    axes.text(*place, str(text), **{**look, **how})


def label(axes: Axes, place: tuple[float, float], text: str) -> None:
    """Write what something is, below it and centred."""
    write(axes, place, text, size=LABEL, color=WORDS, va="top")


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str = MODEL,
    bend: float = 0.0,
) -> None:
    """Draw an arrow; a bend of 0.3 makes an arc of it."""
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": 1.3,
            "shrinkA": 0,
            "shrinkB": 0,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )


def shape_of(tensor) -> str:
    """Write a shape as the pages do: [2, 3]."""
    return str(list(tensor.shape))
