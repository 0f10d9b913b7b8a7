"""Handwritten digits: 1,797 images of 8 x 8 that come with the course.

Each pixel counts, from 0 to 16, the dark points in a field of 4 x 4 points.
Where the file comes from, its licence and how it was made: data/README.md.
"""

from helpers.datasets.images import LabelledImages, labelled_images
from helpers.datasets.npz_files import read_arrays
from helpers.paths import DATA, display_path

DIGITS = DATA / "digits.npz"
SHAPE = (1797, 8, 8)
HIGHEST = 16  # dark points in a field of 4 x 4
CLASS_NAMES = tuple("0123456789")


def load_digits() -> LabelledImages:
    """Read the digits that lie in data/, without any network.

    Returns:
        images [1797, 8, 8], uint8, from 0 to 16; labels [1797], int64, from 0
        to 9; the class names "0" to "9"; and 16, the highest value.

    Raises:
        DataError: the file is missing or damaged.
    """
    images, labels = read_arrays(DIGITS, "images", "labels")
    return labelled_images(
        images,
        labels,
        CLASS_NAMES,
        HIGHEST,
        shape=SHAPE,
        name=display_path(DIGITS),
    )
