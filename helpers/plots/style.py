"""What all figures share: sizes, the way to a picture, words for numbers."""

import functools
from collections.abc import Callable, Sequence
from typing import ParamSpec

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.page.figure_style import STYLE
from helpers.page.pictures import Picture

FULL = 8.4  # inches: the width of every figure but square ones
WIDE = (FULL, 3.4)
PAIR = (FULL, 3.6)  # two axes side by side
SQUARE = (4.6, 4.2)
MSE = "loss (mean squared error)"
# Below this, digits of a loss are rounding errors of 32-bit numbers.
TINY = 1e-4

P = ParamSpec("P")


def picture(
    draw: Callable[P, tuple[Figure, str]],
) -> Callable[P, Picture]:
    """Make a function that draws one that returns a picture.

    Args:
        draw: returns the figure, and what it shows in words.
    """

    @functools.wraps(draw)
    def draw_picture(*args: P.args, **kwargs: P.kwargs) -> Picture:
        with matplotlib.rc_context(STYLE):
            figure, alt = draw(*args, **kwargs)
            return Picture.of(figure, alt)

    return draw_picture


def new_figure(size: tuple[float, float] = WIDE) -> tuple[Figure, Axes]:
    """Return an empty figure with one pair of axes, unknown to pyplot."""
    figure = Figure(figsize=size)
    return figure, figure.subplots()


def rows_only(axes: Axes, names: Sequence[str]) -> None:
    """Make axes of named rows, from top to bottom: no grid, no left frame."""
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)


def whole_numbers(axes: Axes) -> None:
    """Let the axis of epochs or steps have no halves."""
    locator = MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10])
    axes.xaxis.set_major_locator(locator)


# ------------------------------------------------------------------ words


def number(value: float) -> str:
    """Write a number with two digits that count, which all machines share."""
    value = float(value)
    if not np.isfinite(value):
        return "nan" if np.isnan(value) else "infinity"
    size = abs(value)
    if 0 < size < TINY:
        return f"less than {TINY:g}" if value > 0 else "almost 0"
    if size >= 1e3:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{value:.0f}" if size >= 10 else f"{value:#.2g}".removesuffix(".")


def course_of(values: Sequence[float]) -> str:
    """Say in words how a curve goes: where it begins, turns and ends."""
    numbers = np.asarray(values, dtype=float)
    if not len(numbers):
        return "has no points"
    first, last = numbers[0], numbers[-1]
    if not np.isfinite(numbers).all():
        return f"starts at {number(first)} and stops being a finite number"
    lowest = numbers.min()
    turn = 1.5 * max(lowest, TINY)  # what counts as rising again
    if first > turn and last > turn:
        return (
            f"falls from {number(first)} to {number(lowest)}, and then rises "
            f"to {number(last)}"
        )
    if number(first) == number(last):
        return f"stays near {number(first)}"
    verb = "falls" if last < first else "rises"
    return f"{verb} from {number(first)} to {number(last)}"
