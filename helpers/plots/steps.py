"""Steps of a picture: what each shows, and all of them side by side.

`helpers.plots.moving` makes pictures of them that a reader can step through.
"""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.plots.style import FULL

# inches
MARGIN = 0.2
TITLE = 0.42  # above all steps
GAP = 0.14  # between steps
LINE = 0.165  # of a caption
CAPTION = 9.2  # points
LETTERS_PER_INCH = 13.0  # that fit into a line of a caption


@dataclass(frozen=True)
class Step:
    """One step of a picture.

    Attributes:
        caption: a sentence or two, as plain text; it is the step's alternative
            text as well.
        draw: draws it into axes without a frame, whose units are inches, from
            the top left corner (0, 0) to (width, height) of the panel.
        label: a word for its button, where pictures move; "" is its number.
    """

    caption: str
    draw: Callable[[Axes], None]
    label: str = ""


def still_of(
    title: str,
    steps: Sequence[Step],
    panel: tuple[float, float],
    columns: int,
    shown: Sequence[int] = (),
) -> tuple[Figure, str]:
    """Draw steps into one figure, each below its caption, and tell all.

    Args:
        title: what the reader should see.
        steps: of the picture.
        panel: width and height of a step, in inches, without its caption.
        columns: how many steps stand side by side.
        shown: the steps to draw, counted from 1; none means all.

    Returns:
        the figure, and all steps in words.
    """
    width, height = panel
    spread = (FULL - 2 * MARGIN - columns * width) / max(columns - 1, 1)
    if spread < 0:
        raise ValueError(f"{columns} steps are {-spread:.1f} inches too wide.")
    every = [
        f"{step.label or number}. {step.caption}"
        for number, step in enumerate(steps, start=1)
    ]
    chosen = [number - 1 for number in shown] or range(len(steps))
    captions = [
        textwrap.wrap(every[number], int(LETTERS_PER_INCH * width))
        for number in chosen
    ]
    n_lines = max(map(len, captions))
    row_height = n_lines * LINE + height + 2 * GAP
    n_rows = -(-len(chosen) // columns)
    total = MARGIN + TITLE + n_rows * row_height + MARGIN - GAP
    figure = Figure(figsize=(FULL, total))
    figure.set_layout_engine("none")
    heading = {"va": "top", "weight": "bold", "size": 12}
    figure.text(MARGIN / FULL, 1 - MARGIN / total, title, **heading)
    for place, (number, lines) in enumerate(zip(chosen, captions, strict=True)):
        row, column = divmod(place, columns)
        left = MARGIN + column * (width + spread)
        top = MARGIN + TITLE + row * row_height
        figure.text(
            *(left / FULL, 1 - top / total, "\n".join(lines)),
            va="top",
            size=CAPTION,
            linespacing=1.25,
        )
        below = top + n_lines * LINE + GAP
        panel_of(figure, steps[number].draw, (left, below), panel)
    return figure, f"{title}, in {len(steps)} steps. {' '.join(every)}"


def panel_of(
    figure: Figure,
    draw: Callable[[Axes], None],
    corner: tuple[float, float],
    size: tuple[float, float],
) -> None:
    """Draw a panel with its top left corner at a place, in inches.

    Args:
        figure: to be drawn into.
        draw: as in `Step`.
        corner: where the panel begins, from the left and from the top.
        size: of the panel: width and height.
    """
    whole_width, whole_height = figure.get_size_inches()
    (left, top), (width, height) = corner, size
    axes = figure.add_axes(
        (
            left / whole_width,
            1 - (top + height) / whole_height,
            width / whole_width,
            height / whole_height,
        )
    )
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    draw(axes)
