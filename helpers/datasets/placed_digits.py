"""Digits at random places in larger pictures, and shuffled pixels.

Two ways to make the digits harder, for the question what a convolution knows:
where a digit is should not matter, and which pixels are neighbours should.
"""

import numpy as np

from helpers.errors import DataError

SEED = 13  # of the places, and of the order of the pixels


def place_digits(
    images: np.ndarray, size: int = 16, seed: int = SEED
) -> np.ndarray:
    """Put each image somewhere into an empty picture, all places alike.

    Args:
        images: [N, height, width].
        size: height and width of the pictures, in pixels.
        seed: decides the places; the same seed gives the same places.

    Returns:
        pictures [N, size, size] of the same dtype, 0 around the image.

    Raises:
        DataError: an image is larger than the picture.
    """
    n_images, height, width = images.shape
    if max(height, width) > size:
        raise DataError(
            f"Images of {height} x {width} do not fit into pictures of {size} "
            f"x {size}. Take a size of at least {max(height, width)}."
        )
    generator = np.random.RandomState(seed)
    tops = generator.randint(size - height + 1, size=n_images)
    lefts = generator.randint(size - width + 1, size=n_images)
    pictures = np.zeros((n_images, size, size), dtype=images.dtype)
    for picture, image, top, left in zip(
        pictures, images, tops, lefts, strict=True
    ):
        picture[top : top + height, left : left + width] = image
    return pictures


def shuffle_pixels(images: np.ndarray, seed: int = SEED) -> np.ndarray:
    """Shuffle the pixels of all images in one and the same way.

    Args:
        images: [N, height, width].
        seed: decides the order of the pixels.

    Returns:
        images [N, height, width] with the same values; the pixel of one place
        goes to one other place, in every image.
    """
    n_images, height, width = images.shape
    order = np.random.RandomState(seed).permutation(height * width)
    return images.reshape(n_images, -1)[:, order].reshape(images.shape)
