"""Figure of challenge 2: letters, font by font."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FULL, picture


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
    figure = Figure(figsize=(FULL, 0.52 * n_rows + 0.6))
    panels = figure.subplots(n_rows, n_columns, squeeze=False)
    for family, row in enumerate(panels):
        for label, axes in enumerate(row):
            (found,) = np.nonzero((labels == label) & (families == family))
            axes.imshow(images[found[0]], cmap="Greys", vmin=0)
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(
            family_names[family],
            fontsize=9,
            rotation=0,
            ha="right",
            va="center",
        )
    figure.suptitle("A row per family: the same ten letters", weight="bold")
    height, width = images.shape[1:]
    return figure, (
        f"{n_rows} rows of {n_columns} images of {height} x {width} pixels, "
        f"the letters {class_names[0]} to {class_names[-1]}, a row per font "
        f"family: {', '.join(family_names)}. Each letter is turned and moved "
        "a little."
    )
