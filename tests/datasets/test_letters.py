"""The letters of challenge 2: files, fonts, and the split that flatters."""

import gzip

import numpy as np
import pytest

from helpers.authoring import draw_letters
from helpers.datasets import letters
from helpers.datasets.idx_files import parse_idx, read_idx
from helpers.datasets.letters import (
    FAMILY_NAMES,
    HELD_OUT_FAMILY,
    load_held_out,
    load_letters,
)
from helpers.errors import DataError
from tests.tools import ROOT, assert_one_sentence

FILES = (
    letters.IMAGES,
    letters.LABELS,
    letters.FAMILIES,
    letters.HELD_OUT_IMAGES,
    letters.HELD_OUT_LABELS,
)


def test_the_letters():
    data = load_letters()
    assert data.images.shape == (2520, 14, 14) and data.images.dtype == np.uint8
    assert data.labels.dtype == data.families.dtype == np.int64
    assert (data.images.min(), data.images.max(), data.highest) == (0, 255, 255)
    assert data.class_names == tuple("ABCDEFGHIJ")
    # 36 images of each letter in each family
    pairs = data.families * 10 + data.labels
    assert np.bincount(pairs).tolist() == [36] * 70
    # in no order that a split could follow
    assert len(set(data.families[:50])) == 7 and len(set(data.labels[:50])) > 7


def test_the_held_out_alphabet():
    data = load_held_out()
    assert data.images.shape == (200, 14, 14)
    assert np.bincount(data.labels).tolist() == [20] * 10
    assert HELD_OUT_FAMILY not in FAMILY_NAMES
    both = [*load_letters().images, *data.images]
    assert len({image.tobytes() for image in both}) == 2720


def test_the_files_are_small_and_their_fonts_are_named():
    assert sum(file.stat().st_size for file in FILES) < 200_000
    said = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for number, name in enumerate(FAMILY_NAMES):
        assert f"| {number} | {name}" in said
    assert HELD_OUT_FAMILY in said and "BaKoMa Fonts Licence" in said
    assert all(f"`{file.name}`" in said for file in FILES)


def test_they_can_be_drawn_again():
    drawn = draw_letters.draw_files()
    assert set(drawn) == set(FILES)
    for file, content in drawn.items():
        n_dimensions = 3 if "images" in file.name else 1
        new = parse_idx(content, n_dimensions, file.name).astype(float)
        difference = np.abs(new - read_idx(file, n_dimensions))
        # another version of Pillow may round differently
        assert difference.mean() < (1 if n_dimensions == 3 else 1e-9)


def test_a_letter_is_turned_and_moved_and_whole():
    generator = np.random.RandomState(0)
    for faces in draw_letters.FACES.values():
        for face in faces:
            drawn = [
                draw_letters.draw_letter(letter, face, generator)
                for letter in "AHJ" * 4
            ]
            assert len({image.tobytes() for image in drawn}) == 12
            for image in drawn:
                on_the_edge = [image[0], image[-1], image[:, 0], image[:, -1]]
                ink = np.concatenate(on_the_edge).sum() / image.sum()
                assert image.max() > 60 and ink < 0.15


def nearest(images, labels, is_train):
    """Return the share of the other images whose nearest one has its label."""
    x = images.reshape(len(images), -1).astype(np.float32)
    train, val = x[is_train], x[~is_train]
    distances = (train**2).sum(1) - 2 * val @ train.T
    found = labels[is_train][distances.argmin(1)]
    return float((found == labels[~is_train]).mean())


def test_a_random_split_flatters():
    """Images of a family are alike: a new one is harder than it says."""
    data = load_letters()
    n, n_families = len(data.labels), len(FAMILY_NAMES)
    random_split = np.mean(
        [
            nearest(
                data.images,
                data.labels,
                np.random.default_rng(seed).random(n) < 0.8,
            )
            for seed in range(3)
        ]
    )
    of_family = [
        nearest(data.images, data.labels, data.families != family)
        for family in range(n_families)
    ]
    assert random_split > 0.84
    assert np.mean(of_family) < random_split - 0.04
    assert sum(share < random_split - 0.08 for share in of_family) >= 2


def wrong_families():
    good = read_idx(letters.FAMILIES, 1)
    yield good[:-1]
    yield good + 1
    yield np.zeros(200, np.uint8)


@pytest.mark.parametrize("number", range(3))
def test_another_file_of_families(number, tmp_path, monkeypatch):
    path = tmp_path / letters.FAMILIES.name
    path.write_bytes(draw_letters.as_idx(list(wrong_families())[number]))
    monkeypatch.setattr(letters, "FAMILIES", path)
    with pytest.raises(DataError) as caught:
        load_letters()
    assert "git checkout" in assert_one_sentence(caught.value)


@pytest.mark.parametrize("name", ["IMAGES", "LABELS", "FAMILIES"])
def test_damaged_files(name, tmp_path, monkeypatch):
    good = getattr(letters, name)
    for content in (b"", good.read_bytes()[:-9], gzip.compress(b"text")):
        path = tmp_path / good.name
        path.write_bytes(content)
        with monkeypatch.context() as patched:
            patched.setattr(letters, name, path)
            with pytest.raises(DataError) as caught:
                load_letters()
        assert_one_sentence(caught.value)
