"""Figures of chapter 05: the plain mean, and curves side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.page.colours import FAINT, TRAINING, VALIDATION
from helpers.plots.style import MSE, PAIR, course_of, new_figure, picture

Pair = tuple[Sequence[float], Sequence[float]]


@picture
def plain_mean_errors(errors: Sequence[float], ours: float):
    """Draw how wrong the plain mean of batch losses is, over many splits.

    Args:
        errors: relative errors in percent, one per split.
        ours: that of the page's own split.
    """
    figure, axes = new_figure()
    axes.hist(errors, bins=50, color=FAINT)
    axes.axvline(ours, color=VALIDATION, label="our split")
    axes.set(xlabel="relative error of the plain mean (%)", ylabel="splits")
    typical = np.median(np.abs(errors))
    axes.set_title(f"Half of all splits are off by more than {typical:.0f} %")
    axes.legend()
    low, high = np.quantile(errors, [0.05, 0.95])
    return figure, (
        f"A histogram of the relative errors of {len(errors)} splits. Nine of "
        f"ten lie between {low:.0f} and {high:.0f} %, and that of our split "
        f"is {ours:.0f} %."
    )


@picture
def loss_panels(under: Pair, healthy: Pair, over: Pair):
    """Draw the losses of three training runs side by side, on one log axis.

    Args:
        under: (losses, val_losses) of a model that learns too little.
        healthy: the same of a model that learns the line.
        over: the same of a model that learns the noise too.
    """
    figure = Figure(figsize=PAIR)
    panels = (
        ("Underfitting: stuck high", under),
        ("Healthy: both fall", healthy),
        ("Overfitting: they part", over),
    )
    said = []
    all_axes = figure.subplots(1, len(panels), sharey=True)
    for axes, (title, (losses, val_losses)) in zip(
        all_axes, panels, strict=True
    ):
        axes.plot(losses, color=TRAINING, label="training")
        axes.plot(val_losses, color=VALIDATION, label="validation")
        axes.set(yscale="log", xlabel="epoch")
        axes.set_title(title, fontsize=11)
        said.append(
            f"{title.partition(':')[0]}: the training loss "
            f"{course_of(losses)}, the validation loss {course_of(val_losses)}"
        )
    all_axes[0].set_ylabel(MSE)
    all_axes[0].legend(loc="lower left")
    return figure, (
        "Three pairs of loss curves on one logarithmic axis. "
        f"{'. '.join(said)}."
    )
