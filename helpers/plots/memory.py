"""What lies in memory: names that point at storage, and strides over it."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from helpers.page.colours import FAINT, OTHER, SERIES, TRAINING, WORDS
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
from helpers.plots.style import FULL, picture

PITCH = 0.5  # from one name to the next, in inches
STORAGE_LEFT = 5.4  # where the storages begin


@picture
def memory(things: Mapping[str, Any], title: str = ""):
    """Draw which names point at which storage.

    Args:
        things: by name, tensors and arrays, each of a few numbers.
        title: what the reader should see; left out, it counts both sides.
    """
    storages: dict[int, list[str]] = {}
    for name, thing in things.items():
        storages.setdefault(_storage(thing)[0], []).append(name)
    words = title or (f"{len(things)} names, {len(storages)} pieces of memory")
    figure, axes = canvas(0.75 + PITCH * len(things), words)
    row, said = 0, []
    for number, names in enumerate(storages.values()):
        numbers = _storage(things[names[0]])[1]
        middle = 0.85 + PITCH * (row + (len(names) - 1) / 2)
        colour = SERIES[number]
        corner = STORAGE_LEFT, middle - CELL / 2
        draw_cells(axes, [[f"{n:g}" for n in numbers]], corner, colour)
        for name in names:
            height = 0.85 + PITCH * row
            thing = things[name]
            is_array = isinstance(thing, np.ndarray)
            kind = "array" if is_array else "tensor"
            left = {"ha": "left", "size": 10.5}
            write(axes, (0.3, height), name, weight="bold", **left)
            detail = f"{kind} {shape_of(thing)}"
            write(axes, (2.0, height), detail, color=WORDS, **left)
            start, end = (3.7, height), (STORAGE_LEFT - 0.06, middle)
            arrow(axes, start, end, colour)
            row += 1
        verb = "points" if len(names) == 1 else "point"
        own = ""
        if number:
            own = f" of {'its' if len(names) == 1 else 'their'} own"
        said.append(f"{listed(names)} {verb} at {numbers.size} numbers{own}")
    alt = "Names on the left, the memory they point at on the right. "
    return figure, f"{alt}{'; '.join(said)}."


def _storage(thing) -> tuple[int, np.ndarray]:
    """Return where the storage of a tensor or an array begins, and its data."""
    if isinstance(thing, np.ndarray):
        while isinstance(thing.base, np.ndarray):
            thing = thing.base
        return thing.__array_interface__["data"][0], thing.ravel()
    storage = thing.untyped_storage()
    numbers = torch.tensor([], dtype=thing.dtype).set_(storage)
    return storage.data_ptr(), numbers.numpy()


@picture
def strides(tensor: torch.Tensor, view: torch.Tensor):
    """Draw a matrix and a view of it, over the one storage of both.

    The arcs below follow the elements in reading order: row by row.

    Args:
        tensor: contiguous [rows, columns], of about six numbers.
        view: of the same storage, [rows, columns].
    """
    title = "One storage, read in two orders by two pairs of strides"
    figure, axes = canvas(3.75, title)
    storage = _storage(tensor)[1]
    said = []
    both = ((tensor, "t", TRAINING), (view, "its transpose", OTHER))
    for number, (matrix, name, colour) in enumerate(both):
        middle = FULL * (0.25 + 0.5 * number)
        n_rows, n_columns = matrix.shape
        corner = middle - n_columns * CELL / 2, 0.75
        draw_cells(axes, matrix.tolist(), corner, colour)
        down, right = matrix.stride()
        shown = f"shape {shape_of(matrix)}, strides ({down}, {right})"
        label(axes, (middle, 0.75 + 3 * CELL + 0.1), shown)
        steps = f"a row down: {_places(down)}; a column right: {_places(right)}"
        label(axes, (middle, 0.75 + 3 * CELL + 0.3), steps)
        order = [
            row * down + column * right
            for row in range(n_rows)
            for column in range(n_columns)
        ]
        _draw_order(axes, storage, order, middle, colour)
        hops = [str(place) for place in order]
        said.append(
            f"{name} has shape {shape_of(matrix)} and strides ({down}, "
            f"{right}), and reads the places {listed(hops)}"
        )
    label(
        axes,
        (FULL / 2, 3.3),
        "the same memory, with the places in order of reading",
    )
    return figure, (
        f"Two matrices over one storage of {storage.size} numbers: "
        f"{'; '.join(said)}."
    )


def _places(steps: int) -> str:
    return f"{steps} place{'s' if steps != 1 else ''}"


def _draw_order(axes, storage, order, middle: float, colour: str) -> None:
    """Draw a storage, and arcs from place to place in the order of reading.

    Steps ahead are arcs above it, and steps back are arcs below it.
    """
    left, top = middle - storage.size * CELL / 2, 2.6
    draw_cells(axes, [storage.tolist()], (left, top), FAINT)
    for here, there in itertools.pairwise(order):
        edge = top - 0.03 if there > here else top + CELL + 0.03
        start, end = (
            (left + (place + 0.5) * CELL, edge) for place in (here, there)
        )
        arrow(axes, start, end, colour, bend=-0.55)
