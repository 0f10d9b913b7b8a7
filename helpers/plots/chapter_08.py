"""Figures of chapter 08: what a kill costs, what a resume needs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from helpers.page.colours import (
    LOST,
    MODEL,
    ON_BAR,
    SERIES,
    TRAINING,
    VALIDATION,
)
from helpers.plots.style import (
    FULL,
    new_figure,
    picture,
    rows_only,
    whole_numbers,
)


@picture
def interruption(n_epochs: int, killed_at: int, every: int):
    """Draw what a killed training run costs, without and with checkpoints.

    Args:
        n_epochs: epochs that are wanted.
        killed_at: epochs computed when the process is killed.
        every: epochs between two checkpoints.
    """
    figure, axes = new_figure((FULL, 2.8))
    names = ["without\ncheckpoints", f"a checkpoint\nevery {every} epochs"]
    rows_only(axes, names)
    kept = killed_at // every * every
    centred: dict[str, Any] = {"ha": "center", "va": "center"}
    for row, begin in enumerate((0, kept)):
        again = n_epochs - begin
        parts = [(0, begin), (begin, killed_at - begin), (killed_at, again)]
        colours = (TRAINING, LOST, TRAINING)
        axes.broken_barh(parts, (row - 0.3, 0.6), facecolors=colours)
        words = f"{begin} to {n_epochs - 1}"
        middle = killed_at + again / 2
        axes.text(middle, row, words, color=ON_BAR, **centred)
        total = killed_at + again
        axes.text(total + 3, row, f"{total} computed", va="center")
    axes.text(killed_at / 2, 0, "all lost", **centred)
    axes.text(kept / 2, 1, f"0 to {kept - 1}", color=ON_BAR, **centred)
    # the word above the line, which ends below it
    axes.plot([killed_at] * 2, [-0.45, 1.5], "--", color=MODEL, linewidth=1.4)
    axes.text(killed_at, -0.5, "killed here", ha="center", va="bottom")
    axes.set(xlim=(0, killed_at + n_epochs * 1.28), ylim=(1.5, -0.85))
    longest = killed_at + n_epochs
    axes.spines["bottom"].set_bounds(0, longest)
    axes.set_xticks(range(0, longest + 1, 50))
    axes.set_xlabel("epochs computed so far; in the bars, their numbers")
    axes.set_title(f"With checkpoints a kill costs {killed_at - kept} epochs")
    return figure, (
        f"{n_epochs} epochs are wanted, and a process is killed after "
        f"{killed_at}. Without checkpoints all {killed_at} are lost, and "
        f"{killed_at + n_epochs} are computed. With one every {every} epochs, "
        f"{killed_at - kept} are lost, and {killed_at - kept + n_epochs} "
        "computed."
    )


@picture
def differences(first_epoch: int, by_name: Mapping[str, Sequence[float]]):
    """Draw how far resumed training runs are from an undisturbed one.

    Args:
        first_epoch: the first epoch after the interruption.
        by_name: by what was left out, the absolute difference of the losses,
            one per epoch; 0 is drawn too.
    """
    figure, axes = new_figure((FULL, 3.6))
    said = []
    colours = (MODEL, *SERIES)
    last_epoch = first_epoch
    for (name, values), colour in zip(by_name.items(), colours, strict=False):
        last_epoch = first_epoch + len(values) - 1
        epochs = range(first_epoch, last_epoch + 1)
        axes.plot(epochs, values, ".-", color=colour, label=name)
        said.append(f"{name}: {_size(np.max(values))}")
    axes.set_yscale("symlog", linthresh=1e-5, linscale=0.5)
    axes.set_yticks([0, 1e-4, 1e-3, 1e-2, 1e-1, 1])
    whole_numbers(axes)
    axes.set(xlabel="epoch", ylabel="difference of the losses")
    axes.set_title("Leaving out any of these items changes the losses at once")
    figure.legend(title="left out", loc="outside right center")
    return figure, (
        f"Differences from the undisturbed losses of epochs {first_epoch} to "
        f"{last_epoch}, by what was left out of the checkpoint, on a "
        f"logarithmic axis. The largest: {', '.join(said)}."
    )


def _size(value: float) -> str:
    """Say how large a difference is, to a power of ten."""
    if value == 0:
        return "0 throughout"
    return f"about {10.0 ** np.round(np.log10(value)):g}"


@picture
def lost_files(n_lost: Mapping[str, int], n_kills: int):
    """Draw how many files each way of saving lost to a kill.

    Args:
        n_lost: files lost, by the name of the way of saving.
        n_kills: kills of each.
    """
    figure, axes = new_figure((FULL, 2.4))
    for row, lost in enumerate(n_lost.values()):
        parts = [(0, lost), (lost, n_kills - lost)]
        colours = (VALIDATION, TRAINING)
        axes.broken_barh(parts, (row - 0.3, 0.6), facecolors=colours)
        words = f"{lost} lost, {n_kills - lost} whole"
        axes.text(n_kills * 1.02, row, words, va="center")
    rows_only(axes, list(n_lost))
    axes.set(xlim=(0, n_kills * 1.25), ylim=(len(n_lost) - 0.5, -0.5))
    axes.set_xticks(range(0, n_kills + 1, 2))
    axes.spines["bottom"].set_bounds(0, n_kills)
    axes.set_xlabel("processes killed while they saved")
    axes.set_title("A kill during torch.save takes the old file along")
    # how many is a matter of the moment, and differs from run to run
    said = [
        f"{name} lost {'some' if n else 'none'}" for name, n in n_lost.items()
    ]
    return figure, (
        f"Files lost by {n_kills} processes each, killed while they saved: "
        f"{'; '.join(said)}."
    )
