"""Batches as a loader deals them out, epoch after epoch (chapter 03)."""

import numpy as np
from matplotlib.axes import Axes

from helpers.page.colours import GRID, SERIES, WORDS
from helpers.page.pictures import listed
from helpers.plots.cells import write
from helpers.plots.moving.steps import Plan, moving
from helpers.plots.steps import Step

WIDTH = 8.0  # inches
LEFT, RIGHT = 1.1, 0.15  # room beside the cells
ROW, HEIGHT = 0.42, 0.3  # from one row to the next, and of a cell


@moving(panel=(WIDTH, 2.3), columns=1, zoom=1)
def batches(batch_of: np.ndarray):
    """Draw which batch takes which point, without shuffling and with it.

    Args:
        batch_of: batch numbers [1 + n_epochs, N], counted from 0, six batches
            at most. The first row is that of a loader that does not shuffle.
            At most four rows have room.
    """
    n_rows, n_points = batch_of.shape
    n_batches = int(batch_of.max()) + 1
    epochs = [f"epoch {number}" for number in range(n_rows - 1)]
    names = ["shuffle=False", *epochs]

    def draw(axes: Axes, n_dealt: int) -> None:
        for row, name in enumerate(names):
            middle = row * ROW + HEIGHT / 2
            write(axes, (LEFT - 0.12, middle), name, ha="right", size=9.5)
            for number in range(n_batches):
                points = np.flatnonzero(batch_of[row] == number)
                is_dealt = row * n_batches + number < n_dealt
                colour = SERIES[number] if is_dealt else GRID
                _draw_cells(axes, points, row, n_points, colour)
        for point in range(0, n_points, 16):
            place = LEFT + _pitch(n_points) * (point + 0.5), n_rows * ROW + 0.02
            write(axes, place, point, size=8.5, color=WORDS)
        below = LEFT, n_rows * ROW + 0.28
        said = "number of the point in the training set"
        write(axes, below, said, ha="left", size=8.5, color=WORDS)

    steps = []
    for row in range(n_rows):
        for number in range(n_batches):
            points = np.flatnonzero(batch_of[row] == number)
            first = ", ".join(map(str, points[:5]))
            caption = f"{len(points)} points, {first} and so on."
            n_dealt = row * n_batches + number + 1
            steps.append(
                Step(
                    caption,
                    lambda axes, n=n_dealt: draw(axes, n),
                    f"batch {number}",
                )
            )
    stay = [f"{100 * np.mean(row == batch_of[0]):.0f}" for row in batch_of[1:]]
    words = (
        f"{n_rows} rows of {n_points} cells, coloured by batch, {n_batches} in "
        "all, as they are dealt out. With shuffle=False the batches are blocks "
        f"of neighbours. In {listed(epochs)} the colours are mixed, "
        f"differently each time: {listed(stay)} percent of the points stay in "
        "their block."
    )
    title = f"Every epoch cuts the same {n_points} points into new batches"
    table = ("", names, [""] * n_batches)
    last = (len(steps),)
    return Plan(title, steps, words, table, start=len(steps), shown=last)


def _pitch(n_points: int) -> float:
    return (WIDTH - LEFT - RIGHT) / n_points


def _draw_cells(
    axes: Axes, points: np.ndarray, row: int, n_points: int, colour: str
) -> None:
    pitch = _pitch(n_points)
    cells = [(LEFT + pitch * point, 0.8 * pitch) for point in points]
    axes.broken_barh(cells, (row * ROW, HEIGHT), facecolors=colour)
