"""What every dataset of labelled images gives: images, labels, class names."""

from typing import NamedTuple

import numpy as np

from helpers.errors import DataError


class LabelledImages(NamedTuple):
    """Grey images and the class of each.

    Attributes:
        images: [N, height, width], uint8, from 0 (background) to ``highest``.
        labels: [N], int64, from 0 to the number of classes - 1.
        class_names: one per class, in the order of the labels.
        highest: the brightest value that a pixel can have; dividing by it
            scales the images to values from 0 to 1.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    highest: int


def labelled_images(
    images: np.ndarray,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    highest: int,
    *,
    shape: tuple[int, int, int],
    name: str,
) -> LabelledImages:
    """Put images and labels together, if they are what was promised.

    Args:
        images: should have ``shape``, uint8, and no value above ``highest``.
        labels: should be whole numbers [N], each of a class.
        class_names: one per class.
        highest: the brightest value.
        shape: (N, height, width).
        name: what a message calls the dataset.

    Raises:
        DataError: something is not as promised, or is missing.
    """
    expected = f"{name} should have images [{', '.join(map(str, shape))}]"
    if images.shape != shape or images.dtype != np.uint8:
        found = f"images {list(images.shape)} of type {images.dtype}"
    elif labels.shape != shape[:1] or labels.dtype.kind not in "iu":
        found = f"labels {list(labels.shape)} of type {labels.dtype}"
    elif images.max() > highest:
        found = f"a pixel of {images.max()}, above {highest}"
    elif labels.min() < 0 or labels.max() >= len(class_names):
        found = f"labels from {labels.min()} to {labels.max()}"
    else:
        return LabelledImages(
            images, labels.astype(np.int64), class_names, highest
        )
    raise DataError(
        f"{expected}, uint8, one whole label each, from 0 to "
        f"{len(class_names) - 1}. Found: {found}. Is it the file of another "
        "dataset?"
    )


def check_images(images, highest: float) -> None:
    """Check that values are unscaled images of one channel, before scaling.

    Args:
        images: should have shape [N, H, W].
        highest: the brightest value that a pixel can have.

    Raises:
        DataError: they have other axes, or a value outside 0 to ``highest``.
    """
    if images.ndim != 3:
        raise DataError(
            f"Images of shape [N, H, W] were expected, and found "
            f"{list(images.shape)}. prepare_data adds the channel axis itself: "
            "give the images without one, in rows and columns."
        )
    least, most = float(images.min()), float(images.max())
    if not highest > 0 or least < 0 or most > highest:
        raise DataError(
            f"Pixels from 0 to {highest} were expected, and found {least:g} "
            f"to {most:g}. highest= is the brightest value a pixel can have: "
            "16 for the digits, 255 for most images."
        )
