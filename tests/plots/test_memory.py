"""Memory as it is drawn: who shares, and in which order a view is read."""

import numpy as np
import pytest
import torch

from helpers import plots

T = torch.arange(6.0).reshape(2, 3)


def said(**things) -> str:
    return plots.memory(things).alt.partition("right. ")[2]


@pytest.mark.parametrize("view", [T.t(), T[1], T.reshape(6), T.detach()])
def test_views_point_at_the_storage_of_their_tensor(view):
    assert said(t=T, view=view) == "t and view point at 6 numbers."


@pytest.mark.parametrize("copy", [T.clone(), T.t().reshape(6), T * 1])
def test_copies_point_at_numbers_of_their_own(copy):
    words = "t points at 6 numbers; copy points at 6 numbers of its own."
    assert said(t=T, copy=copy) == words


def test_arrays_and_their_views_count_too():
    array = np.arange(4.0)
    shared, part = torch.from_numpy(array), array[:2]
    words = "array, shared and part point at 4 numbers; u and v point at 6 "
    assert said(array=array, shared=shared, part=part, u=T, v=T[0]) == (
        words + "numbers of their own."
    )


def test_the_title_counts_names_and_pieces():
    figure = plots.memory({"t": T, "u": T.t(), "v": T.clone()}).figure
    titles = [text.get_text() for text in figure.axes[0].texts]
    assert "3 names, 2 pieces of memory" in titles


@pytest.mark.parametrize(
    ("view", "places"),
    [
        (T.t(), "0, 3, 1, 4, 2 and 5"),
        (T.reshape(3, 2), "0, 1, 2, 3, 4 and 5"),
    ],
)
def test_strides_follow_the_order_of_reading(view, places):
    alt = plots.strides(T, view).alt
    assert alt.endswith(f"reads the places {places}.")
    assert view.flatten().tolist() == [
        float(place) for place in places.replace(" and ", ", ").split(", ")
    ]
