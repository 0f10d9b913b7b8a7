"""Polynomials of rising degree, and points they have not seen (chapter 05)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from helpers.page.colours import FAINT, MODEL, TRAINING, VALIDATION
from helpers.plots.moving.steps import Plan, moving, plot_in
from helpers.plots.steps import Step
from helpers.plots.style import number

Curve = tuple[np.ndarray, np.ndarray]
LOWEST = 1e-4  # of the axis of losses: below it lies rounding


@moving(panel=(8.0, 3.0), columns=1, zoom=1)
def degrees(
    x_train,
    y_train,
    x_val,
    y_val,
    curves: Sequence[Curve],
    losses: Sequence[float],
    val_losses: Sequence[float],
):
    """Draw polynomials of degree 1, 2, ... and their two losses.

    Args:
        x_train: features [N] of the points they were fitted to.
        y_train: their labels [N].
        x_val: features [M, 1] of points they have not seen.
        y_val: their labels [M, 1].
        curves: for each degree, features [K] in rising order and predictions.
        losses: mean squared error on the training points, for each degree.
        val_losses: the same on the validation points.
    """
    every = np.concatenate([np.ravel(y_train), np.ravel(y_val)])
    heights = every.min() - 0.3, every.max() + 0.3

    def draw(axes: Axes, degree: int) -> None:
        left = plot_in(axes, 0.5, 0.1, 3.8, 2.5)
        xs, ys = curves[degree - 1]
        inside = (ys > heights[0] - 1) & (ys < heights[1] + 1)
        left.plot(xs, np.where(inside, ys, np.nan), color=MODEL, linewidth=1.6)
        left.scatter(x_val, y_val, s=20, color=VALIDATION, marker="s", zorder=3)
        left.scatter(x_train, y_train, s=40, color=TRAINING, zorder=4)
        left.set(ylim=heights, xlabel="x", ylabel="y")
        left.yaxis.labelpad = 5
        right = plot_in(axes, 5.0, 0.1, 2.9, 2.5)
        pairs = ((losses, TRAINING, "o"), (val_losses, VALIDATION, "s"))
        for values, colour, marker in pairs:
            shown = np.maximum(values[:degree], LOWEST)
            numbers = range(1, degree + 1)
            right.plot(numbers, shown, color=colour, linewidth=1.4)
            right.scatter(numbers, shown, s=16, color=colour, marker=marker)
        top = 1.6 * max(*losses, *val_losses)
        right.set(yscale="log", ylim=(0.7 * LOWEST, top))
        right.set(xlim=(0.6, len(curves) + 0.4), xlabel="degree")
        right.set_ylabel("loss")
        right.set_xticks(range(1, len(curves) + 1))
        right.minorticks_off()
        right.axhline(LOWEST, color=FAINT, linewidth=0.7, linestyle=":")
        look = {"transform": right.transAxes, "size": 8.5, "va": "top"}
        right.text(0.03, 0.98, "validation", color=VALIDATION, **look)
        right.text(0.03, 0.89, "training", color=TRAINING, **look)

    steps = [
        Step(
            f"Degree {degree}: training loss {_loss(losses[degree - 1])}, "
            f"validation loss {_loss(val_losses[degree - 1])}.",
            lambda axes, degree=degree: draw(axes, degree),
        )
        for degree in range(1, len(curves) + 1)
    ]
    best = int(np.argmin(val_losses)) + 1
    words = (
        f"{len(np.ravel(x_train))} training points, {len(x_val)} validation "
        f"points, and polynomials of degree 1 to {len(curves)} through them. "
        f"The training loss falls from {_loss(losses[0])} to "
        f"{_loss(losses[-1])}. The validation loss is smallest at degree "
        f"{best}, {_loss(val_losses[best - 1])}, and "
        f"{_loss(val_losses[-1])} at degree {len(curves)}."
    )
    title = "The training loss only falls; the validation loss turns"
    shown = (1, len(curves))
    return Plan(title, steps, words, start=1, shown=shown)


def _loss(value: float) -> str:
    return number(max(value, 0.0)) if value >= LOWEST else "practically 0"
