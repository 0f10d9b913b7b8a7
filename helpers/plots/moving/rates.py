"""Learning rate and batch size on one fit, and how it diverges (chapter 04)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from helpers.page.colours import FAINT, MODEL, TRAINING
from helpers.page.pictures import listed
from helpers.plots.moving.steps import Plan, moving, plot_in
from helpers.plots.steps import Step
from helpers.plots.style import number, whole_numbers

Run = tuple[Sequence[float], Sequence[tuple[float, float]]]
SHOWN = (0, 1, 2, 5)  # epochs whose line is drawn faintly; the last is strong
FAR = 1.0  # a loss above this at the end: the run has diverged


@moving(panel=(8.0, 3.0), columns=1, zoom=1)
def rates(x, y, runs: Mapping[tuple[float, int], Run], best_loss: float):
    """Draw fits of a line for several learning rates and batch sizes.

    Args:
        x: features [N, 1].
        y: labels [N, 1].
        runs: by learning rate and batch size, a loss for each epoch, and bias
            and weight at the start and after each epoch.
        best_loss: the smallest loss that a line can have.
    """
    every_rate = list(dict.fromkeys(lr for lr, _ in runs))
    sizes = list(dict.fromkeys(size for _, size in runs))
    order = [(lr, size) for size in sizes for lr in every_rate]
    steps = [
        Step(
            _said(runs[one][0]),
            lambda axes, one=one: _draw(axes, x, y, runs[one], best_loss),
            f"lr {one[0]:g}",
        )
        for one in order
    ]
    rows = [f"batches of {size}" for size in sizes]
    words = [
        f"with lr {lr:g} "
        f"{listed([_in_short(runs[lr, size][0]) for size in sizes])}"
        for lr in every_rate
    ]
    n_epochs = len(runs[order[0]][0])
    slow = order.index((every_rate[0], sizes[0])) + 1
    fast = order.index((every_rate[-1], sizes[0])) + 1
    return Plan(
        "Too small a rate creeps, too large a rate diverges",
        steps,
        f"A line fitted to {len(x)} points by {len(runs)} training runs, and "
        f"its loss over {n_epochs} epochs. The last loss with batches of "
        f"{listed([str(size) for size in sizes])} is {'; '.join(words)}.",
        table=("", rows, [""] * len(every_rate)),
        play=False,
        start=2,
        shown=(slow, fast),
    )


def _said(losses: Sequence[float]) -> str:
    n, last = len(losses), losses[-1]
    if not np.isfinite(last) or last > FAR:
        return f"It diverges: a loss of {_large(last)} after {n} epochs."
    return f"A loss of {number(last)} after {n} epochs."


def _in_short(losses: Sequence[float]) -> str:
    last = losses[-1]
    is_far = not np.isfinite(last) or last > FAR
    return f"{_large(last)} (diverged)" if is_far else number(last)


def _large(value: float) -> str:
    """Write a large number by its power of ten."""
    if not np.isfinite(value) or value < 1e4:
        return number(value)
    return f"about 1e{round(np.log10(value)):d}"


def _draw(axes: Axes, x, y, run: Run, best_loss: float) -> None:
    losses, lines = run
    left = plot_in(axes, 0.5, 0.1, 3.6, 2.5)
    left.scatter(x, y, s=12, color=FAINT)
    ends = np.array([0.0, 1.0])
    for epoch in (*SHOWN, len(lines) - 1):
        b, w = lines[epoch]
        is_last = epoch == len(lines) - 1
        heights = np.clip(b + w * ends, -20, 20)
        colour = MODEL if is_last else TRAINING
        left.plot(ends, heights, color=colour, lw=2.2 if is_last else 1.0)
        if abs(heights[1]) < 3.4:
            where = {"size": 7.5, "va": "center", "color": colour}
            left.text(1.01, heights[1], f"{epoch}", **where)
    low, high = float(np.min(y)) - 0.4, float(np.max(y)) + 0.4
    left.set(ylim=(low, high), xlim=(0, 1.12), xlabel="x", ylabel="y")
    left.set_xticks([0, 0.5, 1])
    right = plot_in(axes, 4.85, 0.1, 3.0, 2.5)
    shown = np.clip(np.nan_to_num(losses, nan=1e9, posinf=1e9), 0, 1e9)
    right.axhline(best_loss, color=FAINT, linewidth=1, linestyle=":")
    right.plot(range(1, len(shown) + 1), shown, color=TRAINING)
    right.set(yscale="log", ylim=(5e-3, 20), xlabel="epoch", ylabel="loss")
    right.set_xlim(0, len(shown) + 0.5)
    right.minorticks_off()
    whole_numbers(right)
