"""Handwritten digits: 1,797 images of 8 x 8 that come with the course.

Each pixel counts, from 0 to 16, the dark points in a field of 4 x 4 points.
Where the file comes from, its licence and how it was made: data/README.md.
"""

import io
import zipfile
import zlib

import numpy as np

from helpers.datasets.images import LabelledImages, labelled_images
from helpers.errors import DataError
from helpers.files import read_whole
from helpers.paths import DATA, display_path, missing_course

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
    content = read_whole(
        DIGITS,
        DataError,
        missing_course() or "Bring it back with: git checkout data/digits.npz",
    )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except (
        *(OSError, ValueError, KeyError, EOFError, TypeError, AttributeError),
        *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),
    ) as reason:
        raise DataError(
            f"{display_path(DIGITS)} is damaged, or is another file: arrays "
            "of images and labels were expected. Bring it back with: git "
            "checkout data/digits.npz"
        ) from reason
    return labelled_images(
        images,
        labels,
        CLASS_NAMES,
        HIGHEST,
        shape=SHAPE,
        name=display_path(DIGITS),
    )
