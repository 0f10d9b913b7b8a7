"""What all figures share: sizes, the way to a picture, words for numbers."""

import functools
from collections.abc import Callable, Sequence
from typing import ParamSpec

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.page.figure_style import STYLE
from helpers.page.pictures import Picture

FULL = 8.4  # inches: the width of every figure but square ones
WIDE = (FULL, 3.4)
PAIR = (FULL, 3.6)  # two axes side by side
SQUARE = (4.6, 4.2)
MSE = "loss (mean squared error)"

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
    axes.xaxis.get_major_locator().set_params(integer=True)


# ------------------------------------------------------------------ words


def number(value: float) -> str:
    """Write a number with two digits that count, which all machines share."""
    value = float(value)
    if not np.isfinite(value):
        return "nan" if np.isnan(value) else "infinity"
    if value == 0 or 1e-4 <= abs(value) < 1e3:
        text = f"{value:#.2g}" if abs(value) < 10 else f"{value:.0f}"
        return text.removesuffix(".")
    if abs(value) >= 1e3:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{value:.1e}"


def course_of(values: Sequence[float]) -> str:
    """Say in words how a curve goes: where it begins, turns and ends."""
    numbers = np.asarray(values, dtype=float)
    if not len(numbers):
        return "has no points"
    first, last = numbers[0], numbers[-1]
    if not np.isfinite(numbers).all():
        return f"starts at {number(first)} and stops being a finite number"
    lowest = int(numbers.argmin())
    if last > 1.5 * numbers[lowest] > 0 and first > 1.5 * numbers[lowest]:
        return (
            f"falls from {number(first)} to {number(numbers[lowest])}, and "
            f"then rises to {number(last)}"
        )
    if number(first) == number(last):
        return f"stays near {number(first)}"
    verb = "falls" if last < first else "rises"
    return f"{verb} from {number(first)} to {number(last)}"
