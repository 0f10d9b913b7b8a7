"""Figures of chapter 03: how many batches an epoch has."""

from collections.abc import Mapping

from helpers.page.colours import TRAINING
from helpers.plots.style import FULL, new_figure, picture, rows_only


@picture
def batch_sizes(n_points: int, sizes: Mapping[str, int]):
    """Draw one epoch for several batch sizes: a bar is a batch, an update.

    Args:
        n_points: points in the training set.
        sizes: batch size by name, drawn from top to bottom.
    """
    figure, axes = new_figure((FULL, 2.7))
    said = []
    for row, (name, size) in enumerate(sizes.items()):
        gap = 0.25 if size == 1 else 0.6
        starts = range(0, n_points, size)
        bars = [(s, min(size, n_points - s) - gap) for s in starts]
        axes.broken_barh(bars, (row - 0.32, 0.64), color=TRAINING)
        updates = "1 update" if len(bars) == 1 else f"{len(bars)} updates"
        axes.text(n_points + 1.5, row, updates, va="center")
        said.append(f"{name}, {size} at a time, {updates}")
    names = [f"{name}\n{size} at a time" for name, size in sizes.items()]
    rows_only(axes, names)
    axes.set_xlabel(f"points seen in one epoch, of {n_points}", loc="left")
    axes.set_title("The smaller the batch, the more updates an epoch has")
    axes.set(xlim=(-0.5, n_points * 1.14), ylim=(len(sizes) - 0.5, -0.5))
    axes.set_xticks(range(0, n_points + 1, 16))
    axes.spines["bottom"].set_bounds(0, n_points)
    return figure, (
        f"One epoch of {n_points} points, a bar for each batch: "
        f"{'; '.join(said)}."
    )
