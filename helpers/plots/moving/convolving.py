"""A kernel that slides over an image (chapter 14)."""

import itertools

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.page.colours import FAINT, MODEL, VALIDATION
from helpers.plots.cells import arrow, write
from helpers.plots.moving.steps import Plan, moving
from helpers.plots.steps import Step


@moving(panel=(3.9, 1.95), columns=2)
def convolution(image: torch.Tensor, kernel: torch.Tensor):
    """Draw a kernel that slides over an image, place by place.

    Args:
        image: [H, W], whole numbers.
        kernel: [k, k].
    """
    k = len(kernel)
    side = len(image) - k + 1
    patches = image.unfold(0, k, 1).unfold(1, k, 1)  # [side, side, k, k]
    result = (patches * kernel).sum(dim=(2, 3))  # [side, side]
    every = list(itertools.product(range(side), repeat=2))
    sums = {place: f"sum {result[place]:.0f}" for place in every}
    best = divmod(int(result.argmax()), side)
    # the first row, on to the second, and two places further down
    visited = sorted({*every[: side + 2], best, every[-1]})
    steps = [
        Step(
            f"Rows {row} to {row + k - 1}, columns {column} to "
            f"{column + k - 1}: {sums[row, column]}.",
            _draw_place(image, result, k, (row, column)),
        )
        for row, column in visited
    ]
    said = {
        "The first patch": (0, 0),
        "One column to the right": (0, 1),
        "Where the sum is largest": best,
        "The last place": every[-1],
    }
    places = " ".join(
        f"{name}: rows {row} to {row + k - 1}, columns {column} to "
        f"{column + k - 1}, {sums[row, column]}."
        for name, (row, column) in said.items()
    )
    n = len(image)
    title = f"A kernel of {k} x {k} fits {side} x {side} times into {n} x {n}"
    return Plan(
        title,
        steps,
        f"{title}, in {len(steps)} steps. {places}",
        shown=(1, visited.index(best) + 1),
    )


def _draw_place(image, result, k: int, place: tuple[int, int]):
    """Return what draws image and result when the kernel is at a place."""
    row, column = place

    def draw(axes: Axes) -> None:
        n, side = len(image), len(result)
        cell = 1.9 / n
        shade = (5 * image / image.max()).round() / 5  # few are short to write
        for (r, c), value in np.ndenumerate(image.numpy()):
            ground = {"facecolor": MODEL, "alpha": 0.55 * float(shade[r, c])}
            _cell(axes, (c * cell, r * cell), cell, **ground)
            _cell(axes, (c * cell, r * cell), cell, fill=False)
            middle = ((c + 0.5) * cell, (r + 0.5) * cell)
            write(axes, middle, int(value), size=7.5)
        corner = (column * cell, row * cell)
        window = {"fill": False, "edgecolor": VALIDATION, "linewidth": 2.2}
        _cell(axes, corner, k * cell, **window, zorder=4)
        left, top = 3.9 - side * cell - 0.02, (1.9 - side * cell) / 2
        arrow(axes, (n * cell + 0.12, 0.95), (left - 0.12, 0.95))
        last = row * side + column
        for number, ((r, c), value) in enumerate(np.ndenumerate(result)):
            at = (left + c * cell, top + r * cell)
            _cell(axes, at, cell, fill=False)
            if number > last:
                continue
            middle = (at[0] + cell / 2, at[1] + cell / 2)
            write(axes, middle, int(value), size=7.5)
            if number == last:
                _cell(axes, at, cell, **window, zorder=4)

    return draw


def _cell(axes: Axes, corner: tuple[float, float], side: float, **how) -> None:
    look = {"edgecolor": FAINT, "linewidth": 0.6, **how}
    if how.get("facecolor"):
        look["linewidth"] = 0
    axes.add_patch(Rectangle(corner, side, side, **look))
