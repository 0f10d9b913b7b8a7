"""The data of challenge 2: the letters A to J, drawn in many fonts.

2,520 images of 14 x 14 in seven font families, and 200 more in a family of
their own, which only the last tasks look at. The files are IDX files, as those
of MNIST and Fashion-MNIST are. Where the fonts come from, and their licences:
data/README.md. `helpers.authoring.draw_letters` drew the files.
"""

from typing import NamedTuple

import numpy as np

from helpers.datasets.idx_files import read_idx
from helpers.datasets.images import LabelledImages, labelled_images
from helpers.errors import DataError
from helpers.paths import DATA

LETTERS = DATA / "letters"
IMAGES = LETTERS / "train-images-idx3-ubyte.gz"
LABELS = LETTERS / "train-labels-idx1-ubyte.gz"
FAMILIES = LETTERS / "train-families-idx1-ubyte.gz"
HELD_OUT_IMAGES = LETTERS / "held-out-images-idx3-ubyte.gz"
HELD_OUT_LABELS = LETTERS / "held-out-labels-idx1-ubyte.gz"

SIZE = 14  # pixels, height and width
HIGHEST = 255
CLASS_NAMES = tuple("ABCDEFGHIJ")
FAMILY_NAMES = (
    "DejaVu Sans",
    "DejaVu Sans Mono",
    "DejaVu Serif",
    "STIX",
    "Computer Modern",
    "Computer Modern Sans",
    "Computer Modern Calligraphic",
)
HELD_OUT_FAMILY = "Computer Modern Typewriter"
N_PER_FAMILY = 36  # images of each letter
N_HELD_OUT = 20  # images of each letter
N_IMAGES = N_PER_FAMILY * len(CLASS_NAMES) * len(FAMILY_NAMES)


class Letters(NamedTuple):
    """Images of letters, and the class and the font family of each.

    Attributes:
        images: [2520, 14, 14], uint8, from 0 (background) to 255.
        labels: [2520], int64, from 0 (A) to 9 (J).
        families: [2520], int64: the number of the font family.
        class_names: "A" to "J".
        family_names: one per family, in the order of their numbers.
        highest: 255.
    """

    images: np.ndarray
    labels: np.ndarray
    families: np.ndarray
    class_names: tuple[str, ...]
    family_names: tuple[str, ...]
    highest: int


def load_letters() -> Letters:
    """Read the letters that lie in data/, without any network.

    Raises:
        DataError: a file is missing or damaged, or belongs to other images.
    """
    data = labelled_images(
        read_idx(IMAGES, 3),
        read_idx(LABELS, 1),
        CLASS_NAMES,
        HIGHEST,
        shape=(N_IMAGES, SIZE, SIZE),
        name="The challenge",
    )
    families = read_idx(FAMILIES, 1)
    if len(families) != N_IMAGES or families.max() >= len(FAMILY_NAMES):
        raise DataError(
            f"{FAMILIES.name} should have the number of a font family, from 0 "
            f"to {len(FAMILY_NAMES) - 1}, for each of {N_IMAGES:,} images, and "
            f"has {len(families):,} numbers up to {families.max()}. Bring it "
            "back with: git checkout data/letters"
        )
    return Letters(
        data.images,
        data.labels,
        families.astype(np.int64),
        CLASS_NAMES,
        FAMILY_NAMES,
        HIGHEST,
    )


def load_held_out() -> LabelledImages:
    """Read the held-out images, [200, 14, 14], and the solution, [200].

    Raises:
        DataError: a file is missing or damaged.
    """
    return labelled_images(
        read_idx(HELD_OUT_IMAGES, 3),
        read_idx(HELD_OUT_LABELS, 1),
        CLASS_NAMES,
        HIGHEST,
        shape=(N_HELD_OUT * len(CLASS_NAMES), SIZE, SIZE),
        name="The held-out alphabet",
    )
