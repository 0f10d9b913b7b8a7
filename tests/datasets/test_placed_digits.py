"""Placed digits and shuffled pixels: nothing is lost, and seeds decide."""

import numpy as np
import pytest

from helpers.datasets.placed_digits import place_digits, shuffle_pixels
from helpers.errors import DataError

IMAGES = np.random.RandomState(0).randint(1, 17, (200, 8, 6)).astype("uint8")


def test_each_image_is_whole_somewhere_and_all_else_is_empty():
    pictures = place_digits(IMAGES, size=16)
    assert pictures.shape == (200, 16, 16)
    assert pictures.dtype == np.uint8
    places = set()
    for picture, image in zip(pictures, IMAGES, strict=True):
        rows, columns = np.nonzero(picture)
        top, left = rows.min(), columns.min()
        assert (picture[top : top + 8, left : left + 6] == image).all()
        assert picture.sum() == image.sum()
        places.add((int(top), int(left)))
    # all edges are reached, and hardly a place is taken twice as often
    assert {top for top, _ in places} == set(range(9))
    assert {left for _, left in places} == set(range(11))


def test_a_seed_gives_the_same_places_and_another_seed_others():
    first = place_digits(IMAGES, seed=1)
    assert (first == place_digits(IMAGES, seed=1)).all()
    assert (first != place_digits(IMAGES, seed=2)).any()


def test_a_picture_of_the_same_size_changes_nothing():
    square = IMAGES[:, :6]
    assert (place_digits(square, size=6) == square).all()


def test_an_image_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"8 x 6 do not fit .* at least 8"):
        place_digits(IMAGES, size=7)


def test_all_images_are_shuffled_in_one_way():
    shuffled = shuffle_pixels(IMAGES)
    assert shuffled.shape == IMAGES.shape
    numbers = np.arange(48).reshape(1, 8, 6)
    order = shuffle_pixels(numbers).ravel()
    assert sorted(order) == list(range(48))
    assert (order != np.arange(48)).mean() > 0.8
    flat = IMAGES.reshape(200, -1)
    assert (shuffled.reshape(200, -1) == flat[:, order]).all()
