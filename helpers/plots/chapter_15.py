"""Figures of chapter 15: what each kind of value changes, and two files."""

from collections.abc import Mapping

from helpers.page.colours import (
    FAINT,
    FOCUS,
    OTHER,
    SERIES,
    TRAINING,
    VALIDATION,
)
from helpers.page.pictures import listed
from helpers.plots.diagrams import Arrow, Box, diagram
from helpers.plots.style import FULL, new_figure, number, picture, rows_only


@picture
def kinds_of_values(
    reference: float, results: Mapping[str, Mapping[str, float]]
):
    """Draw what one change at a time does to the last validation loss.

    Args:
        reference: the loss without any change.
        results: by kind, the losses by what was changed; three kinds.
    """
    rows = [
        (kind, name, loss)
        for kind, losses in results.items()
        for name, loss in losses.items()
    ]
    figure, axes = new_figure((FULL, 0.36 * len(rows) + 1.4))
    colours = dict(zip(results, (OTHER, SERIES[1], TRAINING), strict=True))
    axes.axvline(reference, color=FAINT, linewidth=2, zorder=1)
    labelled = set()
    for row, (kind, _, loss) in enumerate(rows):
        axes.plot([reference, loss], [row, row], color=colours[kind])
        label = None if kind in labelled else kind
        labelled.add(kind)
        axes.plot(
            loss, row, "o", color=colours[kind], markersize=9, label=label
        )
    rows_only(axes, [name for _, name, _ in rows])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("validation loss after the last epoch (cross-entropy)")
    axes.set_title(
        "Settings leave the loss alone; seed and hyperparameters move it"
    )
    axes.legend(loc="upper right")
    same = [name for _, name, loss in rows if loss == reference]
    moved = [
        f"{name} {number(loss)}" for _, name, loss in rows if loss != reference
    ]
    return figure, (
        f"One change at a time, and the validation loss it leads to. Without a "
        f"change: {number(reference)}. Exactly the same with "
        f"{listed(same)}. Different: {listed(moved)}."
    )


@picture
def two_files():
    """Draw what a training run leaves, and what a prediction needs of it."""
    boxes = [
        Box("HParams", "typed, or --config", TRAINING, 0, 0),
        Box("Settings", "device, folder", OTHER, 0, 1),
        Box("train", "epoch by epoch", VALIDATION, 1, 0.5),
        Box("hparams.json", "written once", FAINT, 2, 0),
        Box("checkpoint.pt", "every epoch", FAINT, 2, 1),
        Box("predict", "any process", FOCUS, 3, 0.5),
    ]
    arrows = [
        Arrow("HParams", "train"),
        Arrow("Settings", "train"),
        Arrow("train", "hparams.json"),
        Arrow("train", "checkpoint.pt"),
        Arrow("hparams.json", "predict"),
        Arrow("checkpoint.pt", "predict"),
    ]
    return diagram(
        boxes, arrows, "A prediction needs two files, and no more"
    ), (
        "HParams, typed or from a file after --config, and Settings, such as "
        "device and folder, go into training. "
        "It writes hparams.json once and checkpoint.pt after every epoch. "
        "Any process can predict from these two files."
    )
