"""What chapter 14 draws: images, sizes of layers, what a network sees."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from helpers.page.colours import (
    CARD,
    FAINT,
    MODEL,
    OTHER,
    SERIES,
    TRAINING,
    VALIDATION,
    WORDS,
)
from helpers.page.pictures import listed
from helpers.plots.cells import arrow, canvas, label, write
from helpers.plots.style import FULL, course_of, picture, whole_numbers

INK = "Greys"  # of images: light ground, dark strokes
# of weights: below 0, 0, above 0
SIGNED = LinearSegmentedColormap.from_list("s", [VALIDATION, CARD, TRAINING])
SMALL = 9.0  # points


def _show(axes: Axes, image, **how) -> None:
    """Draw one image [H, W] in a thin frame."""
    axes.imshow(np.asarray(image), **{"cmap": INK, **how})
    axes.set(xticks=(), yticks=())
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT, linewidth=0.8)


def _halves(ratio: float, height: float):
    """Return a figure and its halves, for many small panels close together."""
    figure = Figure(figsize=(FULL, height))
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.08, h_pad=0.07, wspace=0.02, hspace=0.02)
    grid = figure.add_gridspec(1, 2, width_ratios=[1, ratio])
    return figure, *(figure.add_subfigure(half) for half in grid)


def _title(figure: Figure, title: str) -> None:
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")


# ------------------------------------------------------------------ the data


@picture
def image_and_batch(image, batch: torch.Tensor, names: Sequence[str]):
    """Draw one image with its numbers, and a batch with its labels.

    Args:
        image: [H, W], whole numbers, up to 12 pixels a side.
        batch: [n, 1, H, W], n a multiple of 8.
        names: the class of each image of the batch.
    """
    image = np.asarray(image)
    figure, left, right = _halves(1.35, height=3.9)
    axes = left.subplots()
    _show(axes, image)
    half = image.max() / 2
    for (row, column), value in np.ndenumerate(image):
        colour = CARD if value > half else MODEL
        write(axes, (column, row), int(value), color=colour, size=SMALL)
    height, width = image.shape
    axes.set_title(f"One image: {height} x {width} numbers")
    panels = right.subplots(len(batch) // 8, 8)
    for axes, (one,), name in zip(panels.flat, batch, names, strict=True):
        _show(axes, one)
        axes.set_xlabel(name, fontsize=SMALL, labelpad=2)
    right.suptitle(
        f"One batch: {list(batch.shape)}", weight="bold", fontsize=12
    )
    return figure, (
        f"On the left one image, {height} x {width} whole numbers from "
        f"{image.min():.0f} to {image.max():.0f}, darker where they are "
        f"larger. On the right a batch of {len(batch)} such images with their "
        f"labels; the first row shows {listed(names[:8])}."
    )


@picture
def placed_digits(placed: np.ndarray, shuffled: np.ndarray, labels):
    """Draw pictures with digits in them, and the same with shuffled pixels.

    Args:
        placed: [n, H, W], eight of them.
        shuffled: the same pictures, shuffled.
        labels: the digit in each [n].
    """
    figure = Figure(figsize=(FULL, 2.9))
    panels = figure.subplots(2, len(placed))
    for axes, image in zip(panels.flat, [*placed, *shuffled], strict=True):
        _show(axes, image)
    for axes, label_ in zip(panels[1], labels, strict=True):
        axes.set_xlabel(f"label {label_}", fontsize=SMALL)
    for axes, name in zip(
        panels[:, 0], ("as they are", "pixels shuffled"), strict=True
    ):
        axes.set_ylabel(name, fontsize=SMALL)
    _title(figure, "Above and below: the same values in different places")
    side = placed.shape[1]
    return figure, (
        f"{len(placed)} pictures of {side} x {side} pixels, each with a digit "
        "of 8 x 8 somewhere in it. Below each the same picture with its pixels "
        "shuffled, all in one way: dark points all over, no stroke is left."
    )


# ---------------------------------------------------------------- the layers


@picture
def layer_sizes(layers: Sequence[tuple[str, tuple[int, ...], int]]):
    """Draw what a network makes of one image, layer by layer.

    Args:
        layers: of each its name, the shape of what comes out, without the
            batch axis, and how many parameters it has.
    """
    figure, axes = canvas(3.55, "Maps get smaller and more numerous")
    pitch = (FULL - 0.7) / len(layers)
    largest = max(max(shape[1:], default=0) for _, shape, _ in layers)
    longest = max(shape[0] for _, shape, _ in layers if len(shape) == 1)
    for number, (name, shape, count) in enumerate(layers):
        centre = 0.35 + (number + 0.5) * pitch
        colour = SERIES[0] if len(shape) == 3 else SERIES[2]
        if len(shape) == 3:
            _draw_maps(axes, centre, shape, 0.62 * shape[1] / largest, colour)
        else:
            height = 1.5 * shape[0] / longest
            corner = (centre - 0.07, 1.6 - height / 2)
            axes.add_patch(Rectangle(corner, 0.14, height, facecolor=colour))
        write(axes, (centre, 2.55), name, weight="bold", size=10)
        label(axes, (centre, 2.7), " x ".join(map(str, shape)))
        words = f"{count:,}\nparameters" if count else "none to\nlearn"
        label(axes, (centre, 2.95), words if number else "")
        if number:
            between = centre - pitch / 2
            arrow(axes, (between - 0.1, 2.3), (between + 0.1, 2.3), WORDS)
    said = [f"{n}, {' x '.join(map(str, s))}" for n, s, _ in layers]
    total = sum(count for _, _, count in layers)
    return figure, (
        f"What comes out of each layer for one image, drawn to size: "
        f"{'; '.join(said)}. {total:,} parameters in all."
    )


def _draw_maps(axes: Axes, centre, shape, side: float, colour: str) -> None:
    """Draw feature maps as sheets, one behind the other."""
    n_maps = shape[0]
    depth = 0.013 * (n_maps - 1)
    for sheet in range(n_maps):
        offset = depth / 2 - 0.013 * sheet
        corner = (centre - side / 2 + offset, 1.6 - side / 2 - offset)
        look = {"facecolor": colour, "edgecolor": CARD, "linewidth": 0.7}
        axes.add_patch(Rectangle(corner, side, side, **look))


# -------------------------------------------------------------- the training


@picture
def losses_and_accuracy(losses, val_losses, accuracies, title: str):
    """Draw both losses on the left, the share of right answers beside them.

    Args:
        losses: training losses, one per epoch.
        val_losses: validation losses, likewise.
        accuracies: of the validation images, from 0 to 1, likewise.
        title: what the reader should see.
    """
    figure = Figure(figsize=(FULL, 3.5))
    left, right = figure.subplots(1, 2)
    left.plot(losses, color=TRAINING, label="training")
    left.plot(val_losses, color=VALIDATION, label="validation")
    left.set(xlabel="epoch", ylabel="loss (cross-entropy)", yscale="log")
    left.legend()
    right.plot(100 * np.array(accuracies), color=VALIDATION)
    right.set(xlabel="epoch", ylabel="correct, of validation (%)")
    for axes in (left, right):
        whole_numbers(axes)
    _title(figure, title)
    percent = [100 * accuracy for accuracy in accuracies]
    return figure, (
        f"Two curves and one, over {len(losses)} epochs. The training loss "
        f"{course_of(losses)}; the validation loss {course_of(val_losses)}. "
        f"The accuracy {course_of(percent)} percent."
    )


@picture
def accuracies(curves: Mapping[str, Sequence[float]], goal: float, title: str):
    """Draw accuracies over epochs, and the goal.

    Args:
        curves: accuracies from 0 to 1, by name, two at most.
        goal: a share to reach.
        title: what the reader should see.
    """
    figure = Figure(figsize=(FULL, 3.3))
    axes = figure.subplots()
    for colour, (name, values) in zip(
        (TRAINING, VALIDATION), curves.items(), strict=False
    ):
        axes.plot(100 * np.array(values), "o-", ms=4, color=colour, label=name)
    axes.axhline(100 * goal, color=FAINT, linestyle="--", linewidth=1.2)
    axes.text(0, 100 * goal, f"{100 * goal:.0f} %", va="bottom", color=WORDS)
    axes.set(xlabel="epoch", ylabel="correct, of validation (%)", title=title)
    axes.legend(loc="lower right")
    whole_numbers(axes)
    said = []
    for name, values in curves.items():
        reached = [i for i, value in enumerate(values) if value >= goal]
        when = f"reached in epoch {reached[0]}" if reached else "not reached"
        said.append(f"{when} with {name}")
    n_epochs = max(map(len, curves.values()))
    return figure, (
        f"Accuracies over {n_epochs} epochs, and a dashed line at "
        f"{100 * goal:.0f} percent, {' and '.join(said)}."
    )


@picture
def bars(results: Mapping[str, Mapping[str, float]], chance: float, title: str):
    """Draw accuracies as bars, in groups.

    Args:
        results: by group and name, accuracies from 0 to 1; the same names in
            each group, three at most.
        chance: the accuracy of guessing.
        title: what the reader should see.
    """
    figure = Figure(figsize=(FULL, 3.2))
    axes = figure.subplots()
    names = list(next(iter(results.values())))
    width = 0.8 / len(names)
    colours = (TRAINING, SERIES[1], OTHER)
    for place, (name, colour) in enumerate(zip(names, colours, strict=False)):
        middles = np.arange(len(results)) + (place - (len(names) - 1) / 2) * (
            width
        )
        heights = [100 * group[name] for group in results.values()]
        axes.bar(middles, heights, 0.92 * width, color=colour, label=name)
        for middle, height in zip(middles, heights, strict=True):
            axes.text(middle, height + 1, f"{height:.0f} %", ha="center")
    edges = (-0.55, len(results) - 0.1)
    axes.hlines(100 * chance, *edges, color=FAINT, linestyle="--", lw=1.2)
    axes.text(len(results) - 0.5, 100 * chance + 2.5, "guessing", color=WORDS)
    axes.set_xticks(range(len(results)), list(results))
    axes.set(ylabel="correct (%)", ylim=(0, 105), title=title)
    axes.set_xlim(edges)
    axes.grid(visible=False, axis="x")
    figure.legend(loc="outside right center")
    said = [
        f"{group}: {listed([f'{n} {100 * v:.0f}' for n, v in row.items()])}"
        for group, row in results.items()
    ]
    return figure, f"Percent correct. {'; '.join(said)}."


# -------------------------------------------------------- what it gets wrong


@picture
def confusion(matrix: torch.Tensor, names: Sequence[str]):
    """Draw a confusion matrix, with the counts that are not 0.

    Args:
        matrix: counts [n_classes, n_classes], a row per true class.
        names: of the classes.
    """
    counts = np.asarray(matrix)
    wrong = counts.sum() - np.trace(counts)
    figure = Figure(figsize=(4.2, 3.7))
    axes = figure.subplots()
    off = counts * (1 - np.eye(len(counts)))
    axes.imshow(off, cmap="Oranges", vmin=0, vmax=max(4, 1.6 * off.max()))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            weight = "normal" if row == column else "bold"
            write(axes, (column, row), count, weight=weight, size=SMALL)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.grid(visible=False)
    axes.set_title(f"{wrong} mistakes among {counts.sum()} images")
    return figure, (
        f"A confusion matrix: a row per true class, a column per predicted "
        f"one. {np.trace(counts)} of {counts.sum()} images lie on the "
        f"diagonal, and {wrong} beside it."
    )


@picture
def mistakes(images, labels, predicted, confidences, names: Sequence[str]):
    """Draw images that a classifier got wrong, the most confident first.

    Args:
        images: [n, H, W], eight at most.
        labels: true classes [n].
        predicted: predicted classes [n].
        confidences: probabilities of the predicted classes [n].
        names: of the classes.
    """
    figure = Figure(figsize=(FULL, 2.3))
    every = figure.subplots(1, max(len(images), 4), squeeze=False)[0]
    for axes in every[len(images) :]:
        axes.axis("off")
    rows = zip(every, images, labels, predicted, confidences, strict=False)
    said = []
    for axes, image, label_, found, confidence in rows:
        _show(axes, image)
        true, wrong = names[int(label_)], names[int(found)]
        axes.set_title(
            f"{true}, read as {wrong}", weight="normal", size=10, loc="center"
        )
        axes.set_xlabel(f"{100 * confidence:.0f} % sure", fontsize=SMALL)
        said.append(f"{true} read as {wrong}")
    _title(figure, "Wrong, and sure of it")
    return figure, (
        f"The {len(images)} mistakes of which the model was most sure, from "
        f"left to right: {', '.join(said)}."
    )


# ------------------------------------------------------------- what it sees


@picture
def filters_and_maps(image, filters: torch.Tensor, maps: torch.Tensor):
    """Draw an image, the kernels of a layer, and what each makes of it.

    Args:
        image: [H, W].
        filters: [n, k, k], a multiple of 8.
        maps: [n, H', W'], after the ReLU.
    """
    n = len(filters)
    figure, left, right = _halves(4.4, height=0.25 + 1.95 * n / 8)
    axes = left.subplots()
    _show(axes, image)
    axes.set_xlabel("the image", fontsize=SMALL)
    panels = right.subplots(2 * n // 8, 8)
    high = filters.abs().max().item()
    for number in range(n):
        row, column = divmod(number, 8)
        kernel = {"cmap": SIGNED, "vmin": -high, "vmax": high}
        _show(panels[2 * row, column], filters[number], **kernel)
        _show(panels[2 * row + 1, column], maps[number], vmin=0)
    for row in range(n // 8):
        panels[2 * row, 0].set_ylabel("kernel", fontsize=SMALL)
        panels[2 * row + 1, 0].set_ylabel("map", fontsize=SMALL)
    _title(figure, "Each kernel answers to strokes of its own")
    k, side = filters.shape[-1], maps.shape[-1]
    return figure, (
        f"An image, and beside it {n} kernels of {k} x {k}, blue where a "
        "weight is above 0 and orange where it is below. Under each kernel is "
        f"its feature map of {side} x {side}, dark where the kernel found what "
        "it answers to; a blank map is one of a kernel that found nothing."
    )
