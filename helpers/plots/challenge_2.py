"""Figure of challenge 2: letters, font by font."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from helpers.plots.style import FULL, new_figure, picture

GAP = 3  # pixels between two images


@picture
def letters(
    images: np.ndarray,
    labels: np.ndarray,
    families: np.ndarray,
    class_names: Sequence[str],
    family_names: Sequence[str],
):
    """Draw the first image of each letter in each font family.

    Args:
        images: [N, H, W].
        labels: [N], the letter of each.
        families: [N], the family of each.
        class_names: of the letters.
        family_names: of the families.
    """
    n_rows, n_columns = len(family_names), len(class_names)
    height, width = images.shape[1:]
    down, right = height + GAP, width + GAP
    sheet = np.zeros((n_rows * down - GAP, n_columns * right - GAP))
    for family, label in np.ndindex(n_rows, n_columns):
        place = (labels == label) & (families == family)
        top, left = family * down, label * right
        first = images[np.flatnonzero(place)[0]]
        sheet[top : top + height, left : left + width] = first
    figure, axes = new_figure((FULL, 4.6))
    axes.imshow(sheet, cmap="Greys")
    axes.set_xticks([])
    names = [fill(name, 16) for name in family_names]
    axes.set_yticks(np.arange(n_rows) * down + height / 2, names)
    axes.tick_params(left=False)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_title("A row per family: the same ten letters")
    return figure, (
        f"{n_rows} rows of {n_columns} images of {height} x {width} pixels, "
        f"the letters {class_names[0]} to {class_names[-1]}, a row per font "
        f"family: {', '.join(family_names)}. Each letter is turned and moved "
        "a little."
    )
