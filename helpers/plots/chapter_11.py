"""What chapter 11 draws: ranks, broadcasting, reductions, batches of images."""

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.page.colours import (
    CARD,
    FAINT,
    OTHER,
    SERIES,
    TRAINING,
    VALIDATION,
    WORDS,
)
from helpers.page.pictures import listed
from helpers.plots.cells import (
    CELL,
    arrow,
    canvas,
    draw_cells,
    label,
    shape_of,
    write,
)
from helpers.plots.moving.steps import moving
from helpers.plots.steps import Step
from helpers.plots.style import FULL, number, picture

INK = "Greys"  # of images: white ground, dark strokes


@picture
def ranks(tensors: Mapping[str, torch.Tensor]):
    """Draw tensors of 0, 1, 2 and 3 axes as cells, with their shapes.

    Args:
        tensors: by name, of rank 3 at most and few elements.
    """
    title = "The rank is the number of indices that lead to one element"
    figure, axes = canvas(2.75, title)
    middles = (0.85, 2.65, 4.75, 7.0)
    said = []
    for middle, (name, tensor) in zip(middles, tensors.items(), strict=True):
        _draw_block(axes, tensor, middle)
        rank, shape = tensor.ndim, shape_of(tensor)
        write(axes, (middle, 2.15), name, weight="bold", size=10.5)
        label(axes, (middle, 2.28), f"rank {rank}, shape {shape}")
        said.append(f"a {name} of rank {rank} and shape {shape}")
    return figure, f"Cells drawn for {listed(said)}."


def _draw_block(axes: Axes, tensor: torch.Tensor, middle: float) -> None:
    """Draw a tensor of rank 0 to 3, and an arrow along each of its axes."""
    planes = tensor.reshape((1,) * (3 - tensor.ndim) + tuple(tensor.shape))
    n_planes, n_rows, n_columns = planes.shape
    shift = 0.22
    left = middle - (n_columns * CELL + (n_planes - 1) * shift) / 2
    top = 1.28 - n_rows * CELL / 2
    for plane in reversed(range(n_planes)):
        corner = left + plane * shift, top - plane * shift
        colour = SERIES[plane]
        draw_cells(axes, planes[plane].tolist(), corner, colour, behind=plane)
    grey = {"color": WORDS, "size": 8.5}
    first = tensor.ndim - 1  # the axis of columns comes last
    if tensor.ndim > 0:
        below = top + n_rows * CELL + 0.1
        arrow(axes, (left, below), (left + n_columns * CELL, below), FAINT)
        write(axes, (left + n_columns * CELL / 2, below + 0.11), first, **grey)
    if tensor.ndim > 1:
        side = left - 0.1
        arrow(axes, (side, top), (side, top + n_rows * CELL), FAINT)
        place = side - 0.11, top + n_rows * CELL / 2
        write(axes, place, first - 1, **grey)
    if tensor.ndim > 2:
        x, y = left + n_columns * CELL + 0.08, top + n_rows * CELL
        far = (n_planes - 1) * shift + 0.12
        arrow(axes, (x, y), (x + far, y - far), FAINT)
        write(axes, (x + far / 2 + 0.1, y - far / 2 + 0.1), first - 2, **grey)


# ------------------------------------------------------------- broadcasting

BROADCAST_PANEL = (3.9, 1.4)
SMALL = 0.27  # cells of three matrices side by side
BLOCKS = (0.05, 1.41, 2.77)  # where the three begin


@moving(panel=BROADCAST_PANEL)
def broadcasting(a: torch.Tensor, b: torch.Tensor):
    """Draw how a + b is taken, step by step.

    Args:
        a: [rows, 1].
        b: [columns], up to four.
    """
    row = b.unsqueeze(0)
    total = a + row
    big_a, big_b = (part.expand(total.shape) for part in (a, row))
    n_rows, n_columns = total.shape
    added_a = torch.arange(n_columns).expand(total.shape) > 0
    added_b = torch.arange(n_rows).unsqueeze(1).expand(total.shape) > 0
    shapes = shape_of(a), shape_of(b), shape_of(row), shape_of(total)
    last = (n_rows - 1, n_columns - 2)
    one = torch.zeros(total.shape, dtype=torch.bool)
    one[last] = True

    def draw(axes, left, right, result=None, lit=None, names=None):
        look = {"size": SMALL, "lit": lit}
        (values_a, ghost_a), (values_b, ghost_b) = left, right
        ground = {"ghost": ghost_a, **look}
        _block(axes, values_a, 0, TRAINING, (names or shapes)[0], **ground)
        ground = {"ghost": ghost_b, **look}
        _block(axes, values_b, 1, OTHER, (names or shapes)[1], **ground)
        write(axes, (1.27, 0.65), "+", size=12)
        if result is not None:
            write(axes, (2.63, 0.65), "=", size=12)
            _block(axes, result, 2, VALIDATION, shapes[3], **look)

    both = shapes[3], shapes[3]
    wide_a, wide_b = (big_a, added_a), (big_b, added_b)
    value = f"{a[last[0], 0]} + {b[last[1]]} = {total[last]}"
    return f"How {shapes[0]} and {shapes[1]} become {shapes[3]}", [
        Step(
            f"The shapes are {shapes[0]} and {shapes[1]}.",
            lambda axes: draw(axes, (a, None), (row, None)),
        ),
        Step(
            f"Lined up at the right, {shapes[1]} counts as {shapes[2]}.",
            lambda axes: draw(
                axes, (a, None), (row, None), names=(shapes[0], shapes[2])
            ),
        ),
        Step(
            f"An axis of length 1 is read again and again: {shapes[0]} as "
            f"{shapes[3]}.",
            lambda axes: draw(
                axes, wide_a, (row, None), names=(shapes[3], shapes[2])
            ),
        ),
        Step(
            f"So is {shapes[2]}. The grey copies are never made in memory.",
            lambda axes: draw(axes, wide_a, wide_b, names=both),
        ),
        Step(
            f"Equal shapes: each element meets its partner, {value}.",
            lambda axes: draw(
                axes, wide_a, wide_b, _only(total, one), one, names=both
            ),
        ),
        Step(
            f"All of them make a result of shape {shapes[3]}.",
            lambda axes: draw(axes, wide_a, wide_b, total, names=both),
        ),
    ]


def _block(axes, values, place: int, colour: str, name: str, lit, **how):
    """Draw one of three matrices side by side, and its shape below."""
    texts = np.asarray(values.tolist() if torch.is_tensor(values) else values)
    if lit is not None and texts.shape != lit.shape:
        lit = None
    width = 4 * SMALL
    left = BLOCKS[place] + (width - texts.shape[1] * SMALL) / 2
    top = 0.65 - texts.shape[0] * SMALL / 2
    draw_cells(axes, texts, (left, top), colour, lit=lit, **how)
    label(axes, (BLOCKS[place] + width / 2, 1.2), name)


def _only(values: torch.Tensor, shown: torch.Tensor) -> np.ndarray:
    """Leave all texts out but those that are shown."""
    return np.where(shown.numpy(), values.numpy().astype(str), "")


@picture
def wrong_pairs(yhat: torch.Tensor, y: torch.Tensor):
    """Draw the differences that a loss squares: as meant, and broadcast.

    Args:
        yhat: predictions [N, 1].
        y: labels [N, 1].
    """
    figure = Figure(figsize=(FULL, 3.7))
    left, right = figure.subplots(1, 2, width_ratios=(1, 9))
    every = (yhat - y.squeeze(1)).abs().numpy()  # [N, N]
    meant = (yhat - y).abs().numpy()  # [N, 1]
    n = len(meant)
    shades = {"cmap": "Blues", "vmin": 0, "vmax": every.max()}
    left.imshow(meant, aspect="auto", **shades)
    image = right.imshow(every, aspect="auto", **shades)
    right.plot([0, n - 1], [0, n - 1], color=VALIDATION, linewidth=1.4)
    for axes in (left, right):
        axes.grid(visible=False)
        axes.set(yticks=(0, n - 1))
    left.set(xticks=(), xlabel="its own label")
    left.set_ylabel("number of the prediction")
    right.set(xticks=(0, n - 1), xlabel="number of the label")
    left.set_title("as meant", weight="normal")
    right.set_title(f"[{n}, 1] - [{n}]: broadcast", weight="normal")
    bar = figure.colorbar(image, ax=right)
    bar.set_label("distance from the label")
    title = f"A lost axis: {n * n:,} differences instead of {n}"
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")
    return figure, (
        f"Left, a column of {n} differences between predictions and their own "
        f"labels, {number(meant.mean())} on average. Right, a square of "
        f"{n * n:,} differences between every prediction and every label, "
        f"{number(every.mean())} on average; the {n} that were meant are its "
        "diagonal."
    )


# --------------------------------------------------------------- reductions

REDUCTION_PANEL = (2.45, 1.6)
CORNER = (0.35, 0.2)  # of the matrix that is reduced


@moving(panel=REDUCTION_PANEL, columns=3)
def reductions(t: torch.Tensor):
    """Draw t.sum along each axis, step by step.

    Args:
        t: whole numbers [3, 4].
    """
    n_rows, n_columns = t.shape
    down, across = t.sum(dim=0), t.sum(dim=1)
    first_column = torch.zeros(t.shape, dtype=torch.bool)
    first_column[:, 0] = True
    first_row = torch.zeros(t.shape, dtype=torch.bool)
    first_row[0] = True

    def draw(axes, lit=None, below=None, beside=None, total=None):
        left, top = CORNER
        draw_cells(axes, t.tolist(), CORNER, TRAINING, lit=lit)
        bottom, right = top + n_rows * CELL, left + n_columns * CELL
        if below is not None:
            arrow(axes, (left - 0.13, top), (left - 0.13, bottom + 0.2))
            draw_cells(axes, [below], (left, bottom + 0.15), VALIDATION)
        if beside is not None:
            arrow(axes, (left, top - 0.1), (right + 0.2, top - 0.1))
            column = [[value] for value in beside]
            draw_cells(axes, column, (right + 0.15, top), VALIDATION)
        if total is not None:
            corner = right + 0.15, bottom + 0.15
            draw_cells(axes, [[total]], corner, VALIDATION)

    def named(axes):
        draw(axes)
        left, top = CORNER
        bottom, right = top + n_rows * CELL, left + n_columns * CELL
        arrow(axes, (left - 0.1, top), (left - 0.1, bottom), FAINT)
        write(axes, (left - 0.22, (top + bottom) / 2), "0", color=WORDS)
        arrow(axes, (left, bottom + 0.1), (right, bottom + 0.1), FAINT)
        write(axes, ((left + right) / 2, bottom + 0.23), "1", color=WORDS)

    rest = [""] * (max(n_rows, n_columns) - 1)
    one_down = [int(down[0]), *rest[: n_columns - 1]]
    one_across = [int(across[0]), *rest[: n_rows - 1]]
    return f"A reduction along an axis removes it from {shape_of(t)}", [
        Step(
            "Axis 0 leads from row to row, axis 1 from column to column.", named
        ),
        Step(
            f"sum(dim=0) runs along axis 0: column 0 becomes {down[0]}.",
            lambda axes: draw(axes, first_column, below=one_down),
        ),
        Step(
            f"Each column becomes its sum. Axis 0 is gone: {shape_of(down)}.",
            lambda axes: draw(axes, below=down.tolist()),
        ),
        Step(
            f"sum(dim=1) runs along axis 1: row 0 becomes {across[0]}.",
            lambda axes: draw(axes, first_row, beside=one_across),
        ),
        Step(
            f"Each row becomes its sum. Axis 1 is gone: {shape_of(across)}.",
            lambda axes: draw(axes, beside=across.tolist()),
        ),
        Step(
            f"sum() runs along both, and one number is left: {t.sum()}.",
            lambda axes: draw(axes, total=int(t.sum())),
        ),
    ]


# ------------------------------------------------------------------- images


@picture
def two_means(images: torch.Tensor, labels: torch.Tensor):
    """Draw a batch of images, the mean of each, and the mean image.

    Args:
        images: [N, height, width], about eight.
        labels: which digit each is [N].
    """
    n = len(images)
    figure = Figure(figsize=(FULL, 2.0))
    every = figure.subplots(1, n + 1, width_ratios=[1] * n + [1.7])
    brightness = images.mean(dim=(1, 2)).tolist()
    for axes, image, mean in zip(every, images, brightness, strict=False):
        _show(axes, image)
        axes.set_xlabel(f"{mean:.2f}")
    _show(every[-1], images.mean(dim=0))
    every[-1].set_xlabel("mean(dim=0)")
    every[0].set_ylabel("mean(dim=(1, 2))", fontsize=9)
    title = "One number for each image, or one image for all of them"
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")
    digits = listed([str(int(label)) for label in labels])
    return figure, (
        f"{n} images of the digits {digits}, with the mean of each below it, "
        f"from {number(min(brightness))} to {number(max(brightness))}. "
        "Beside them their mean image: a grey blur."
    )


def _show(axes: Axes, image: torch.Tensor) -> None:
    axes.imshow(image.detach().numpy(), cmap=INK)
    axes.set(xticks=(), yticks=())
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT)


@picture
def convolved(batch: torch.Tensor, maps: torch.Tensor):
    """Draw a batch of images, and what a convolution makes of it.

    Args:
        batch: [B, 1, H, W].
        maps: [B, F, H', W'].
    """
    n_images, n_maps = maps.shape[:2]
    figure = Figure(figsize=(FULL, 0.95 * n_images + 1.45))
    # a column of air between before and after
    every = figure.subplots(
        n_images, n_maps + 2, width_ratios=[1, 0.7, *[1] * n_maps]
    )
    high = maps.abs().max().item()
    for row, (image, made) in enumerate(zip(batch, maps, strict=True)):
        _show(every[row, 0], image[0])
        every[row, 0].set_ylabel(f"image {row}", fontsize=9)
        every[row, 1].axis("off")
        for axes, one in zip(every[row, 2:], made, strict=True):
            _show(axes, one)
            axes.images[0].set(cmap="PuOr", clim=(-high, high))
    height, width = maps.shape[2:]
    how = {"weight": "normal", "size": 9.5, "loc": "center"}
    for place, axes in enumerate(every[0, 2:]):
        axes.set_title(f"map {place}, {height} x {width}", **how)
    size = f"{batch.shape[2]} x {batch.shape[3]}"
    every[0, 0].set_title(f"before, {size}", **how)
    figure.supxlabel("purple: above 0, orange: below 0", fontsize=9.5)
    every[n_images // 2, 1].text(0.5, 0.5, "→", size=18, ha="center")
    before, after = shape_of(batch), shape_of(maps)
    title = f"A convolution turns {before} into {after}"
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")
    return figure, (
        f"{n_images} rows. In each, an image of {size} pixels on the left, and "
        f"{n_maps} feature maps of {height} x {width} on the right, purple "
        "where a value is above 0 and orange where it is below."
    )


@picture
def at_once(image: torch.Tensor, kernel_size: int = 3):
    """Draw a dot product as a tree, and the places of a convolution.

    Args:
        image: [H, W].
        kernel_size: the side of a window.
    """
    n = kernel_size**2
    n_places = (image.shape[0] - kernel_size + 1) * (
        image.shape[1] - kernel_size + 1
    )
    title = "Nothing in a row waits for its neighbour"
    figure, axes = canvas(3.6, title)
    n_rounds = _draw_tree(axes, n)
    label(axes, (2.3, 3.2), f"a dot product of {n} pairs")
    inner = figure.add_axes((0.62, 0.17, 0.33, 0.62))
    _show(inner, image)
    for place, colour in (
        (0, TRAINING),
        (3, OTHER),
        (n_places - 1, VALIDATION),
    ):
        row, column = divmod(place, image.shape[1] - kernel_size + 1)
        inner.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5),
                kernel_size,
                kernel_size,
                fill=False,
                edgecolor=colour,
                linewidth=2.4,
            )
        )
    label(axes, (6.6, 3.2), f"{n_places} windows: {n_places} such dot products")
    return figure, (
        f"Left, a dot product of {n} pairs: {n} products in one row, then "
        f"{n_rounds} rows of sums, two by two, down to one number. Right, an "
        f"image of {image.shape[0]} x {image.shape[1]} pixels with three of "
        f"the {n_places} windows of a convolution, each a dot product of its "
        "own."
    )


def _draw_tree(axes: Axes, n: int) -> int:
    """Draw products, and the rounds of sums below them; return how many."""
    xs, y = list(np.linspace(0.45, 4.25, n)), 0.95
    gap = 2.0 / int(np.ceil(np.log2(n)))
    for x in xs:
        _node(axes, x, y, "×", TRAINING)
    n_rounds = 0
    while len(xs) > 1:
        n_rounds += 1
        pairs = [xs[i : i + 2] for i in range(0, len(xs), 2)]
        for pair in pairs:
            middle = sum(pair) / len(pair)
            for x in pair:
                axes.plot([x, middle], [y + 0.11, y + gap - 0.11], color=FAINT)
            sign = "+" if len(pair) > 1 else ""
            if sign:
                _node(axes, middle, y + gap, sign, OTHER)
            else:
                axes.plot([middle] * 2, [y + 0.1, y + gap + 0.11], color=FAINT)
        xs, y = [sum(pair) / len(pair) for pair in pairs], y + gap
    return n_rounds


def _node(axes: Axes, x: float, y: float, sign: str, colour: str) -> None:
    how = {"color": colour, "markersize": 13, "markeredgecolor": "none"}
    axes.plot(x, y, "o", **how)
    write(axes, (x, y), sign, color=CARD, weight="bold", size=10)
