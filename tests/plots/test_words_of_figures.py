"""Numbers and curves in words that every machine agrees on."""

import pytest

from helpers.plots.chapter_08 import _size
from helpers.plots.style import course_of, number


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.30712, "0.31"),
        (1.0, "1.0"),
        (9.94, "9.9"),
        (12.3, "12"),
        (-0.38, "-0.38"),
        (0.0, "0.0"),
        (-14.2, "-14"),
        (2.1e-5, "less than 0.0001"),
        (-2.1e-5, "almost 0"),
        (12345, "12,000"),
        (float("nan"), "nan"),
        (float("inf"), "infinity"),
    ],
)
def test_number(value, words):
    assert number(value) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 0.5, 0.1], "falls from 1.0 to 0.10"),
        ([0.1, 0.5], "rises from 0.10 to 0.50"),
        ([0.3, 0.301], "stays near 0.30"),
        ([1, 0.1, 0.9], "falls from 1.0 to 0.10, and then rises to 0.90"),
        # restless about rounding errors is not rising
        ([1, 1e-9, 1e-6], "falls from 1.0 to less than 0.0001"),
        ([], "has no points"),
        (
            [1, float("nan")],
            "starts at 1.0 and stops being a finite number",
        ),
    ],
)
def test_course_of(values, words):
    assert course_of(values) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0 throughout"), (0.002, "about 0.001")]
)
def test_sizes_are_told_to_a_power_of_ten(value, words):
    assert _size(value) == words
