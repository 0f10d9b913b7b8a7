"""Figures of chapter 19: titles follow from the data, and 0 is shown as 0."""

from types import SimpleNamespace

import numpy as np
import pytest

from helpers import plots
from helpers.plots.chapter_19 import smoothed

FALLING = [2.0 * 0.9**step for step in range(50)]


def title_of(picture) -> str:
    return picture.figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize(
    ("last", "words"),
    [(3.0, "worse than the linear"), (0.001, "better than the linear")],
)
def test_the_title_compares_with_the_hardest_baseline(last, words):
    picture = plots.against_baselines(
        {"it": [*FALLING, *[last] * 10]}, {"prior": 2.3, "linear": 0.5}
    )
    assert words in title_of(picture)


def test_smoothed_is_a_mean_of_what_came_before():
    assert smoothed([4, 2, 0, 6], window=2) == [4, 3, 1, 3]


def history(**more) -> SimpleNamespace:
    return SimpleNamespace(**more)


def test_an_update_of_zero_is_not_drawn_on_a_logarithmic_axis():
    ratios = {"0.weight": [(0, 0.5), (1, 0.1), (2, 0.0)]}
    picture = plots.update_ratios({"one": history(ratios=ratios)})
    drawn = picture.figure.axes[0].get_lines()[0].get_ydata()
    assert list(drawn[:2]) == [0.5, 0.1] and np.isnan(drawn[2])
    assert picture.alt.endswith("one: from about 5e-01 to 0.")


@pytest.mark.parametrize(
    ("share", "title"), [(1.0, "With one, layer 1 ends"), (0.5, "What layer 1")]
)
def test_a_silent_layer_is_named(share, title):
    seen = {"1": [(0, 0.2, 0.3, 0.5), (5, 0.0, 0.0, share)]}
    figure = plots.activations({"one": history(activations=seen)}, "1").figure
    assert figure.get_suptitle().startswith(title)
    spread = figure.axes[1].get_lines()[0].get_ydata()
    assert list(spread) == [0.3, 0.0]


@pytest.mark.parametrize(
    ("first", "words"), [(0.001, "shrinks"), (2.0, "does not shrink")]
)
def test_the_title_says_where_gradients_shrink(first, words):
    gradients = {"0.weight": [(0, first)], "0.bias": [], "2.weight": [(0, 1)]}
    picture = plots.gradients_by_layer({"one": history(gradients=gradients)})
    assert f"With one, the gradient {words}" in title_of(picture)
