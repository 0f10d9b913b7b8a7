"""Figures of chapter 13: a classifier, seven refactorings, momentum."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import LogLocator, NullLocator

from helpers.page.colours import (
    CARD,
    FAINT,
    FOCUS,
    LOST,
    OTHER,
    TRAINING,
    VALIDATION,
    WORDS,
)
from helpers.page.pictures import listed
from helpers.plots.style import (
    FULL,
    course_of,
    new_figure,
    number,
    picture,
    rows_only,
    whole_numbers,
)

CROSS_ENTROPY = "loss (cross-entropy)"


@picture
def image_to_loss(image, label: int, scores: Mapping[str, Sequence[float]]):
    """Draw how scores become probabilities, and these a loss.

    Args:
        image: pixels [H, W] from 0 to 1.
        label: its class.
        scores: the scores [n_classes] of each of two or more moments, by name.
    """
    figure = Figure(figsize=(FULL, 1.9 * len(scores) + 0.6))
    grid = GridSpec(len(scores), 3, figure=figure, width_ratios=(1, 1.45, 1.45))
    picture_of = figure.add_subplot(grid[:, 0])
    picture_of.imshow(np.asarray(image), cmap="gray_r", vmin=0, vmax=1)
    picture_of.set_title(f"a {label}, 8 x 8 pixels", weight="normal")
    picture_of.set_xticks([])
    picture_of.set_yticks([])
    for spine in picture_of.spines.values():
        spine.set_visible(False)
    said = []
    for row, (name, values) in enumerate(scores.items()):
        logits = np.asarray(values, dtype=float)
        parts = np.exp(logits - logits.max())
        parts /= parts.sum()
        loss = -np.log(parts[label])
        classes = range(len(logits))
        colours = [VALIDATION if c == label else LOST for c in classes]
        left = figure.add_subplot(grid[row, 1])
        right = figure.add_subplot(grid[row, 2])
        left.bar(classes, logits, color=colours)
        right.bar(classes, parts, color=colours)
        right.set_ylim(0, 1.05)
        left.set_title(f"{name}: scores", weight="normal", fontsize=11)
        title = f"probabilities: loss {loss:.2f}"
        right.set_title(title, weight="normal", fontsize=11)
        for axes in (left, right):
            axes.set_xticks(list(classes))
            axes.tick_params(labelsize=9)
            axes.grid(visible=False)
            if row == len(scores) - 1:
                axes.set_xlabel("class")
        said.append(
            f"{name.capitalize()}, class {label} has the score "
            f"{number(logits[label])}, the probability {number(parts[label])}, "
            f"and so the loss {loss:.2f}"
        )
    figure.suptitle(
        "The loss looks at one bar: the probability of the right class",
        weight="bold",
        fontsize=12,
        x=0.02,
        ha="left",
    )
    return figure, (
        f"An image of class {label}, and bars of its scores and "
        f"probabilities. {'. '.join(said)}."
    )


@picture
def overflow(shifts: Sequence[float], losses: Mapping[str, Sequence[float]]):
    """Draw a loss whose scores are all moved by the same amount.

    Args:
        shifts: what was added to every score.
        losses: the loss at each shift, by the name of the formula; the one
            that fails first, then one that does not.
    """
    figure, axes = new_figure((FULL, 3.2))
    x = np.asarray(shifts, dtype=float)
    (naive, bad), (stable, good) = losses.items()
    bad, good = np.asarray(bad, dtype=float), np.asarray(good, dtype=float)
    fine = np.isfinite(bad)
    low, high = x[fine].min(), x[fine].max()
    axes.axvspan(x.min(), low, color=VALIDATION, alpha=0.12, linewidth=0)
    axes.axvspan(high, x.max(), color=VALIDATION, alpha=0.12, linewidth=0)
    axes.plot(x, good, color=OTHER, linewidth=5, label=stable)
    axes.plot(x[fine], bad[fine], color=VALIDATION, label=naive)
    top = 2 * float(good.max())
    for where, sign in ((x.min(), bad[0]), (x.max(), bad[-1])):
        words = f"{naive}:\n{'inf' if sign > 0 else '-inf'}"
        left = where == x.min()
        axes.annotate(
            words,
            (where, 0.9 * top),
            (8 if left else -8, 0),
            textcoords="offset points",
            ha="left" if left else "right",
            va="top",
            color=VALIDATION,
        )
    axes.set(xlabel="added to all three scores", ylabel="loss", ylim=(0, top))
    axes.set_xlim(x.min(), x.max())
    axes.set_title("The loss should not change, and one formula breaks")
    axes.legend(loc="lower center")
    return figure, (
        f"The loss of three scores to which the same number is added. With the "
        f"{stable} formula it stays at {number(good[0])}. The {naive} one is "
        f"right between about {low:.0f} and {high:.0f}, and infinite beyond."
    )


@picture
def shorter(
    lines: Mapping[str, int], loops: Mapping[str, int], any_model: Sequence[int]
):
    """Draw how many lines each version has: its loop, and what stands around.

    Args:
        lines: lines about this one model by version, from top to bottom.
        loops: how many of them are the training loop.
        any_model: lines written once for any model, in the same order.
    """
    figure, axes = new_figure((FULL, 0.34 * len(loops) + 1.4))
    names = list(lines)
    rows = np.arange(len(names))
    loop = np.array([loops[name] for name in names])
    total = np.array([lines[name] for name in names])
    general = np.array(any_model)
    axes.barh(rows, loop, color=TRAINING, label="the loop")
    name = "around it, for this model"
    axes.barh(rows, total - loop, left=loop, color=FOCUS, label=name)
    axes.barh(
        rows,
        general,
        left=total,
        color=CARD,
        edgecolor=FAINT,
        hatch="////",
        linewidth=0.8,
        label="written once, for any model",
    )
    for row, (mine, more) in enumerate(zip(total, general, strict=True)):
        words = f"{mine}" + (f" + {more}" if more else "")
        axes.text(mine + more + 0.6, row, words, va="center", weight="bold")
    rows_only(axes, [f"{row} · {name}" for row, name in enumerate(names)])
    axes.invert_yaxis()
    axes.set_xlabel("lines", loc="left")
    axes.set_xlim(0, 1.12 * (total + general).max())
    axes.set_title(
        f"From {total[0]} lines for one model to {total[-1]}, "
        "and a loop that never grows"
    )
    axes.legend(loc="upper right")
    said = [
        f"{name} {mine} ({inner} of them the loop)"
        + (f" and {more} for any model" if more else "")
        for name, mine, inner, more in zip(
            names, total, loop, general, strict=True
        )
    ]
    return figure, f"Bars of the lines of each version: {listed(said)}."


@picture
def momentum(curves: Mapping[str, Sequence[float]]):
    """Draw validation losses with and without momentum, on a log axis.

    Args:
        curves: one loss per epoch, by name; at most three.
    """
    figure, axes = new_figure()
    colours = (FAINT, OTHER, TRAINING)
    for (name, losses), colour in zip(curves.items(), colours, strict=False):
        epochs = range(1, len(losses) + 1)
        axes.plot(epochs, losses, color=colour, label=name)
    plain, *_, fast = curves.values()
    # the first epoch as good as the last one without momentum
    first = next(
        (n + 1 for n, loss in enumerate(fast) if loss <= plain[-1]), None
    )
    axes.axhline(plain[-1], color=WORDS, linewidth=0.9, linestyle=":")
    axes.set(xlabel="epochs", ylabel=CROSS_ENTROPY, yscale="log")
    axes.set_title(
        f"{first} epochs with momentum do what {len(plain)} do without"
        if first
        else "With momentum and without"
    )
    axes.yaxis.set_major_locator(LogLocator(10, (1, 2, 4, 6)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    whole_numbers(axes)
    axes.legend()
    said = [f"{name}, it {course_of(c)}" for name, c in curves.items()]
    return figure, (
        f"Validation losses of {len(plain)} epochs, on a logarithmic axis. "
        f"{'; '.join(said)}."
    )
