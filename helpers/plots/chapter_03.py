"""Figures of chapter 03: batches of an epoch, and the paths they lead to."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.page.colours import CARD, FAINT, MODEL, OTHER, SERIES, TRAINING
from helpers.page.pictures import listed
from helpers.plots.style import (
    FULL,
    new_figure,
    number,
    picture,
    rows_only,
)

LAST_UPDATES = 40  # of a path, drawn as a line


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


@picture
def batches(batch_of: np.ndarray):
    """Draw which batch took which point, without shuffling and with it.

    Args:
        batch_of: batch numbers [1 + n_epochs, N], counted from 0, six batches
            at most. The first row is that of a loader that does not shuffle.
    """
    n_rows, n_points = batch_of.shape
    n_batches = int(batch_of.max()) + 1
    figure, axes = new_figure((FULL, 0.55 * n_rows + 1.3))
    for row, numbers in enumerate(batch_of):
        colours = [SERIES[number] for number in numbers]
        cells = [(point - 0.4, 0.8) for point in range(n_points)]
        axes.broken_barh(cells, (row - 0.36, 0.72), facecolors=colours)
    epochs = [f"epoch {number}" for number in range(n_rows - 1)]
    rows_only(axes, ["shuffle=False", *epochs])
    axes.spines["bottom"].set_visible(False)
    axes.set(xlim=(-0.8, n_points - 0.2), ylim=(n_rows - 0.5, -0.5))
    axes.set_xticks(range(0, n_points, 16))
    axes.set_xlabel("number of the point in the training set")
    title = f"Every epoch cuts the same {n_points} points into new batches"
    axes.set_title(title)
    keys = [Rectangle((0, 0), 1, 1, color=SERIES[i]) for i in range(n_batches)]
    names = [f"batch {number}" for number in range(n_batches)]
    figure.legend(keys, names, loc="outside right center")
    alone = [
        f"{100 * np.mean(numbers == batch_of[0]):.0f}"
        for numbers in batch_of[1:]
    ]
    return figure, (
        f"{n_rows} rows of {n_points} cells, coloured by batch, {n_batches} in "
        "all. With shuffle=False the batches are blocks of neighbours. In "
        f"{listed(epochs)} the colours are mixed, differently each time: "
        f"{listed(alone)} percent of the points stay in their block."
    )


@picture
def descent_paths(
    x,
    y,
    paths: Mapping[str, np.ndarray],
    minimum: Sequence[float],
    zoom: tuple[float, float] = (0.03, 0.06),
):
    """Draw descents on the loss surface: all of it, and around its minimum.

    The loss is the mean squared error of the line y = b + w x.

    Args:
        x: features [N, 1].
        y: labels [N, 1].
        paths: by name, the bias and weight after every update, [n, 2]; that
            of the full batch first, that of mini-batches second.
        minimum: bias and weight of the smallest loss.
        zoom: half the width and height of the part that the right side shows.
    """
    figure = Figure(figsize=(FULL, 4.6))
    whole, near = figure.subplots(1, 2)
    every = np.vstack(list(paths.values()))
    low, high = every.min(axis=0), every.max(axis=0)
    margin = 0.12 * (high - low)
    corner = np.array(minimum) - zoom
    _draw_surface(whole, x, y, low - margin, high + margin)
    _draw_surface(near, x, y, corner, corner + 2 * np.array(zoom))
    for axes in (whole, near):
        _draw_paths(axes, paths, minimum)
    box = Rectangle(
        (corner[0], corner[1]), 2 * zoom[0], 2 * zoom[1], fill=False, zorder=5
    )
    whole.add_patch(box)
    start = (every[0, 0], every[0, 1])
    whole.annotate(
        "start", start, (4, -14), textcoords="offset points", ha="right"
    )
    whole.set_title("the whole descent", weight="normal")
    near.set_title("the small box, enlarged", weight="normal")
    handles, labels = near.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    title = "The full batch stops short, mini-batches circle the minimum"
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")
    full, mini = paths.values()
    far, close = (
        number(float(np.linalg.norm(path[-1] - np.array(minimum))))
        for path in (full, mini)
    )
    return figure, (
        "Contour lines of the loss over bias and weight form a long narrow "
        "valley. Both paths drop into it and follow it to the minimum at "
        f"b = {minimum[0]:.2f}, w = {minimum[1]:.2f}. Enlarged: the path of "
        f"the full batch, {len(full) - 1} updates, is smooth and ends {far} "
        f"from the minimum; that of mini-batches, {len(mini) - 1} updates, "
        f"zig-zags around it and ends {close} from it."
    )


def _draw_paths(axes: Axes, paths, minimum) -> None:
    (smooth, slow), (restless, fast) = paths.items()
    axes.plot(*slow.T, color=OTHER, linewidth=3.2, zorder=2, label=smooth)
    # a dot for each update, and a line for the last: all lines are a scribble
    dots = {"markersize": 2.2, "alpha": 0.45, "zorder": 3}
    axes.plot(*fast.T, "o", color=TRAINING, markeredgewidth=0, **dots)
    last = fast[-LAST_UPDATES:]
    axes.plot(*last.T, color=TRAINING, linewidth=1, zorder=3, label=restless)
    for path, colour in ((slow, OTHER), (fast, TRAINING)):
        end = {"color": colour, "markersize": 8, "zorder": 4}
        axes.plot(*path[-1], "o", markeredgecolor=CARD, **end)
    star = {"color": MODEL, "markersize": 13, "zorder": 5}
    axes.plot(*minimum, "*", linestyle="none", label="minimum", **star)
    axes.set(xlabel="bias b", ylabel="weight w")


def _draw_surface(axes: Axes, x, y, low, high) -> None:
    """Draw contour lines of the mean squared error between two corners."""
    b, w = np.meshgrid(
        np.linspace(low[0], high[0], 120), np.linspace(low[1], high[1], 120)
    )
    errors = (
        b[..., None] + w[..., None] * x.ravel() - y.ravel()
    )  # [120, 120, N]
    loss = (errors**2).mean(axis=-1)
    # equal steps of the logarithm of what a line loses against the best one
    excess = np.log10(loss - loss.min() + 1e-7)
    levels = np.linspace(np.percentile(excess, 2), excess.max(), 11)
    lines = {"colors": FAINT, "linewidths": 0.8, "linestyles": "-"}
    axes.contour(b, w, excess, levels=levels, **lines)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.grid(visible=False)
