"""Figures of chapter 10: learning rates that move."""

from collections.abc import Sequence

import numpy as np

from helpers.page.colours import OTHER, TRAINING
from helpers.plots.style import FULL, new_figure, number, picture


@picture
def schedule(lrs: Sequence[float], title: str):
    """Draw the learning rate of every mini-batch.

    Args:
        lrs: one per mini-batch.
        title: what the reader should see.
    """
    figure, axes = new_figure((FULL, 2.7))
    axes.plot(lrs, color=OTHER)
    axes.set(xlabel="mini-batch", ylabel="learning rate", title=title)
    low, high = number(min(lrs)), number(max(lrs))
    turns = np.flatnonzero(np.diff(np.sign(np.diff(lrs)))) + 1
    turned = f", turning at mini-batch {turns[0]} first" if len(turns) else ""
    return figure, (
        f"The learning rate of {len(lrs)} mini-batches moves between {low} "
        f"and {high}{turned}; it turns {len(turns)} times."
    )


@picture
def lr_range(
    lrs: Sequence[float],
    losses: Sequence[float],
    bounds: tuple[float, float],
    title: str,
):
    """Draw a range test: the loss against a growing learning rate.

    Args:
        lrs: learning rates, one per mini-batch.
        losses: losses, likewise.
        bounds: (base_lr, max_lr), shaded.
        title: what the reader should see.
    """
    figure, axes = new_figure()
    axes.axvspan(*bounds, color=OTHER, alpha=0.15, linewidth=0)
    axes.plot(lrs, losses, ".-", color=TRAINING, linewidth=1)
    axes.set(xscale="log", yscale="log", title=title)
    axes.set_xlabel("learning rate, larger at every mini-batch")
    axes.set_ylabel("loss of the mini-batch")
    middle = float(np.sqrt(bounds[0] * bounds[1]))
    axes.text(
        middle,
        0.97,
        f"{bounds[0]:g} to {bounds[1]:g}",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="top",
    )
    lowest = int(np.argmin(losses))
    start = number(float(np.mean(losses[: max(1, len(losses) // 5)])))
    return figure, (
        "Loss of each mini-batch against the learning rate, both axes "
        f"logarithmic. It starts near {start}, falls to "
        f"{number(losses[lowest])} at a learning rate of "
        f"{number(lrs[lowest])}, and ends at {number(losses[-1])} at "
        f"{number(lrs[-1])}. Shaded: {bounds[0]:g} to {bounds[1]:g}."
    )
