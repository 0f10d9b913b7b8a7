"""Curves: losses over epochs, as they came, were logged, or were resumed."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.page.colours import FAINT, MODEL, SERIES, TRAINING, VALIDATION
from helpers.page.pictures import listed
from helpers.plots.style import (
    MSE,
    course_of,
    new_figure,
    picture,
    whole_numbers,
)

FEW = 60  # a curve of so many points, or fewer, shows each


@picture
def plot_losses(
    losses: Sequence[float],
    val_losses: Sequence[float] | None = None,
    title: str = "",
):
    """Draw the losses of every epoch on a logarithmic axis.

    Args:
        losses: training losses, one per epoch.
        val_losses: validation losses, one per epoch, if there are any.
        title: what the reader should see.
    """
    figure, axes, words = _losses(losses, val_losses, title)
    if val_losses is not None:
        axes.legend()
    return figure, words


def _losses(losses, val_losses, title: str) -> tuple[Figure, Axes, str]:
    """Draw one or two curves; return the words for them too."""
    figure, axes = new_figure()
    axes.plot(losses, color=TRAINING, label="training")
    words = (
        f"Losses of {len(losses)} epochs, on a logarithmic axis. "
        f"The training loss {course_of(losses)}."
    )
    if val_losses is not None:
        axes.plot(val_losses, color=VALIDATION, label="validation")
        words += f" The validation loss {course_of(val_losses)}."
    axes.set(xlabel="epoch", ylabel=MSE, title=title, yscale="log")
    whole_numbers(axes)
    return figure, axes, words


@picture
def plot_resumed_losses(
    n_before: int,
    losses: Sequence[float],
    val_losses: Sequence[float],
    title: str = "The curve goes on where it stopped",
):
    """Draw losses of a training run that was interrupted, with a divider.

    Args:
        n_before: epochs done before the interruption.
        losses: training losses of all epochs, those before included.
        val_losses: validation losses, likewise.
        title: what the reader should see.
    """
    figure, axes, words = _losses(losses, val_losses, title)
    axes.axvline(n_before - 0.5, color=MODEL, linestyle="--", linewidth=1.2)
    axes.annotate(
        "resumed from the checkpoint",
        (n_before - 0.5, 0.96),
        (6, 0),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        va="top",
    )
    axes.legend(loc="center right")
    return figure, (
        f"{words} A dashed line before epoch {n_before} marks where the run "
        "was resumed from the checkpoint."
    )


@picture
def killed_losses(
    found: Sequence[int],
    losses: Sequence[float],
    val_losses: Sequence[float],
):
    """Draw losses of a training run that was killed many times.

    Args:
        found: the epochs from which new processes went on.
        losses: training losses of all epochs.
        val_losses: validation losses, likewise.
    """
    title = f"Killed {len(found)} times, one curve"
    figure, axes, words = _losses(losses, val_losses, title)
    for number, epoch in enumerate(found):
        axes.axvline(
            epoch - 0.5,
            color=FAINT,
            linestyle="--",
            linewidth=0.9,
            zorder=0,
            label="killed, then resumed" if number == 0 else None,
        )
    axes.legend()
    return figure, (
        f"{words} {len(found)} dashed lines mark where a new process went on "
        "after a kill."
    )


@picture
def repeated_losses(before: Sequence[float], after: Sequence[float]):
    """Draw the losses of two versions over one another (chapter 01).

    Args:
        before: training losses of version 0, one per epoch.
        after: those of version 1.
    """
    figure, axes = new_figure()
    axes.plot(before, color=TRAINING, lw=6, alpha=0.3, label="v0")
    axes.plot(after, color=TRAINING, lw=1.5, label="v1")
    axes.set(xlabel="epoch", ylabel=MSE, yscale="log")
    same = list(before) == list(after)
    title = "repeats version 0, loss by loss" if same else "leaves version 0"
    axes.set_title(f"Version 1 {title}")
    axes.legend()
    place = "on" if same else "apart from"
    return figure, (
        f"Training losses of {len(after)} epochs, on a logarithmic axis: the "
        f"thin curve of v1 lies {place} the broad one of v0. The loss "
        f"{course_of(after[: len(after) // 10 + 1])} in the first tenth, and "
        f"is {course_of(after[-1:]).removeprefix('stays near ')} at the end."
    )


@picture
def scalars(
    curves: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    title: str = "",
    log: bool = False,
):
    """Draw curves as they were logged: values over steps, point after point.

    Args:
        curves: steps and values by name, as `helpers.runs.read_scalars`
            returns them. Names that end in "training" and "validation" get
            the colours of the two.
        title: what the reader should see.
        log: whether the losses get a logarithmic axis.
    """
    figure, axes = new_figure()
    words = []
    for number, (name, (steps, values)) in enumerate(curves.items()):
        colour = SERIES[number % len(SERIES)]
        if name.endswith("validation"):
            colour = VALIDATION
        elif name.endswith("training"):
            colour = TRAINING
        marker = "o" if len(steps) <= FEW else None
        axes.plot(steps, values, marker=marker, ms=4, color=colour, label=name)
        words.append(_way_of(name, steps, values))
    axes.legend()
    if log:
        axes.set_yscale("log")
    whole_numbers(axes)
    axes.set(xlabel="step (epoch)", ylabel=MSE, title=title)
    axis = "a logarithmic" if log else "a linear"
    return figure, f"Loss over steps, on {axis} axis. {' '.join(words)}"


def _way_of(name: str, steps: Sequence[int], values: Sequence[float]) -> str:
    """Say how a logged curve goes, and where it jumps back."""
    back = [i for i in range(1, len(steps)) if steps[i] <= steps[i - 1]]
    words = f"{name}, {len(steps)} points: the loss "
    if not back:
        return f"{words}{course_of(values)}."
    parts = [
        course_of(values[start:end])
        for start, end in zip([0, *back], [*back, len(values)], strict=True)
    ]
    jumps = listed([f"from {steps[i - 1]} to {steps[i]}" for i in back])
    return f"{words}{', then '.join(parts)}. The step jumps back {jumps}."
