"""Figures of chapter 04: what epochs and updates count, and two splits."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.page.colours import MODEL, OTHER, TRAINING, VALIDATION
from helpers.page.pictures import listed
from helpers.plots.style import FULL, PAIR, course_of, picture


@picture
def by_epochs_and_updates(
    full_batch: Sequence[float], mini_batches: Sequence[float], n_batches: int
):
    """Draw two curves twice: against epochs and against updates.

    Args:
        full_batch: loss above the smallest possible, one per epoch of a
            single update.
        mini_batches: the same for epochs of several updates.
        n_batches: how many updates those have.
    """
    figure = Figure(figsize=PAIR)
    left, right = figure.subplots(1, 2, sharey=True)
    said = []
    for name, values, updates, colour in (
        ("full batch", full_batch, 1, OTHER),
        ("mini-batches", mini_batches, n_batches, TRAINING),
    ):
        epochs = np.arange(1, len(values) + 1)
        left.plot(epochs, values, color=colour, label=name)
        right.plot(epochs * updates, values, color=colour)
        said.append(
            f"{name}, {len(values)} epochs, {updates * len(values)} updates, "
            f"{course_of(values)}"
        )
    left.set(xlabel="epochs", ylabel="loss above the smallest (MSE)")
    left.set(title="Per epoch, five times as fast", yscale="log")
    right.set(xlabel="updates", title="Per update, equally fast at first")
    left.legend()
    return figure, (
        "Loss above the smallest possible, on a logarithmic axis, on the left "
        f"against epochs, on the right against updates: {'; '.join(said)}. "
        "Against updates, the curves coincide at first."
    )


@picture
def two_splits(x, y, earlier: Sequence[int], now: Sequence[int]):
    """Draw two splits of the same points, and what changed sides.

    Args:
        x: features [N, 1] of all points.
        y: labels [N, 1] of all points.
        earlier: row numbers of the validation points of the earlier split.
        now: the same of the new split.
    """
    figure = Figure(figsize=(FULL, 4.2))
    left, right = figure.subplots(1, 2, sharey=True)
    moved = sorted(set(now) - set(earlier))
    for axes, rows in ((left, earlier), (right, now)):
        rest = sorted(set(range(len(x))) - set(rows))
        axes.scatter(x[rest], y[rest], s=18, color=TRAINING, label="training")
        points = {"color": VALIDATION, "marker": "s", "label": "validation"}
        axes.scatter(x[rows], y[rows], s=26, **points)
        axes.set(xlabel="x")
    left.set_title("chapters 00 to 03", weight="normal")
    right.set_title("from here on", weight="normal")
    rings = {"facecolors": "none", "edgecolors": MODEL, "linewidths": 1.3}
    name = "was training before"
    right.scatter(x[moved], y[moved], s=110, label=name, **rings)
    left.set(ylabel="y")
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    title = f"{len(moved)} of {len(now)} validation points were training points"
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")
    sizes = listed([str(len(earlier)), str(len(now))])
    return figure, (
        f"The {len(x)} points twice, with the validation points of the earlier "
        f"split on the left and of the new one on the right ({sizes} of them). "
        f"{len(moved)} of the new ones are ringed: they were training points "
        "before."
    )
