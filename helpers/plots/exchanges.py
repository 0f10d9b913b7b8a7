"""What ranks exchange, drawn in steps: an all-reduce, a model in parts."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.page.colours import FAINT, OTHER, TRAINING, VALIDATION
from helpers.plots.cells import arrow, draw_cells, write
from helpers.plots.moving.steps import moving
from helpers.plots.steps import Step

Spot = tuple[float, float]

# -------------------------------------------------------------- an all-reduce

RING_PANEL = (3.85, 2.25)
RING_CELL = 0.44


@moving(panel=RING_PANEL)
def all_reduce(values: Sequence[Sequence[int]]):
    """Draw how ranks add up their tensors around a ring, step by step.

    Args:
        values: the numbers of each rank: as many numbers as ranks, up to four.
    """
    n = len(values)
    held = np.array(values)
    n_added = np.ones_like(held)  # ranks whose numbers are in it
    captions = _ring_captions(n)
    steps = [Step(next(captions), _ring_step(held, n_added, []))]
    for handing, round_ in itertools.product((False, True), range(n - 1)):
        moved = [(rank, (rank + handing - round_) % n) for rank in range(n)]
        before, counted = held.copy(), n_added.copy()
        for rank, part in moved:
            to = (rank + 1) % n
            held[to, part] = before[rank, part]
            n_added[to, part] = counted[rank, part]
            if not handing:
                held[to, part] += before[to, part]
                n_added[to, part] += counted[to, part]
        steps.append(Step(next(captions), _ring_step(held, n_added, moved)))
    return f"{n} ranks add up {n} numbers each", steps


def _ring_captions(n: int):
    """Yield a caption for each step."""
    yield "Each rank (a row) has numbers of its own."
    yield "Each sends a number down, to be added; the last sends to the first."
    for _ in range(n - 3):
        yield "The sums go on."
    if n > 2:
        yield "Each rank has one complete sum (green)."
    yield "Complete sums go down, and replace what is there."
    for _ in range(n - 3):
        yield "They go on."
    if n > 2:
        yield f"After 2 ({n} - 1) exchanges all have all sums."


def _ring_step(held: np.ndarray, n_added: np.ndarray, moved):
    """Return what draws the ranks after a round."""
    values, is_done = held.copy(), n_added == len(held)

    def draw(axes: Axes) -> None:
        n = len(values)
        left, top = 0.85, 0.24
        for rank, numbers in enumerate(values):
            y = top + rank * RING_CELL * 1.06
            words = f"rank {rank}"
            look = {"ha": "right", "size": 9.5}
            write(axes, (left - 0.12, y + RING_CELL / 2), words, **look)
            for part, value in enumerate(numbers):
                corner = left + part * RING_CELL * 1.4, y
                colour = OTHER if is_done[rank, part] else TRAINING
                arrived = (rank - 1) % n, part
                lit = [[arrived in moved]]
                look = {"lit": lit, "size": RING_CELL}
                draw_cells(axes, [[value]], corner, colour, **look)
        for rank, part in moved:
            x = left + part * RING_CELL * 1.4 + RING_CELL + 0.06
            y = top + rank * RING_CELL * 1.06 + RING_CELL / 2
            if rank < n - 1:
                end = y + RING_CELL * 1.06
                arrow(axes, (x, y), (x, end), VALIDATION, bend=-0.5)
            else:  # around: out at the bottom, in at the top
                arrow(axes, (x, y), (x, y + 0.36), VALIDATION)
                arrow(axes, (x, 0.02), (x, top + RING_CELL / 2), VALIDATION)

    return draw


# ---------------------------------------------------------- a model in parts

SHARD_PANEL = (3.85, 1.75)


@moving(panel=SHARD_PANEL)
def sharded_layers(n_ranks: int = 4):
    """Draw which part of two layers each rank holds, through one step.

    Args:
        n_ranks: up to four.
    """
    # per step: a caption, the layer that is whole, layers with a gradient
    plan = [
        (f"At rest, a rank holds 1/{n_ranks} of each layer (dark).", None, {}),
        ("Forward: layer 1 is gathered, and used.", 0, {}),
        ("Layer 1 is let go, layer 2 is gathered.", 1, {}),
        (
            "Backward: layer 2 once more; its whole gradient (orange).",
            1,
            {1: True},
        ),
        (
            "Gradients are added up, a part for each rank. Then layer 1.",
            0,
            {0: True, 1: False},
        ),
        (
            "Each rank updates its parts with their gradients.",
            None,
            {0: False, 1: False},
        ),
    ]
    title = f"{n_ranks} ranks, two layers: never more than one is whole"
    return title, [
        Step(caption, _shard_step(n_ranks, whole, gradients))
        for caption, whole, gradients in plan
    ]


def _shard_step(n: int, whole: int | None, gradients: Mapping[int, bool]):
    """Return what draws the parts that each rank holds."""

    def draw(axes: Axes) -> None:
        left, top, width, pitch = 0.75, 0.32, 1.3, 0.35
        for layer in range(2):
            middle = left + layer * 1.6 + width / 2
            write(axes, (middle, 0.13), f"layer {layer + 1}", size=9.5)
        for rank in range(n):
            y = top + rank * pitch
            place = (left - 0.1, y + 0.12)
            write(axes, place, f"rank {rank}", ha="right", size=9.5)
            for layer in range(2):
                corner = left + layer * 1.6, y
                has_all = layer == whole
                _draw_parts(axes, corner, (width, 0.16), rank, n, has_all)
                if layer in gradients:
                    under = corner[0], y + 0.18
                    size = (width, 0.08)
                    all_of_it = gradients[layer]
                    look = {"colour": VALIDATION}
                    _draw_parts(axes, under, size, rank, n, all_of_it, **look)

    return draw


def _draw_parts(
    axes: Axes,
    corner: Spot,
    size: tuple[float, float],
    rank: int,
    n: int,
    has_all: bool,
    colour: str = TRAINING,
) -> None:
    """Draw a layer as n parts, filled where a rank holds them."""
    width, height = size[0] / n, size[1]
    for part in range(n):
        is_mine = part == rank
        ground = colour if is_mine else colour + "77" if has_all else "none"
        axes.add_patch(
            Rectangle(
                (corner[0] + part * width, corner[1]),
                width,
                height,
                facecolor=ground,
                edgecolor=FAINT,
                linewidth=0.6,
            )
        )
