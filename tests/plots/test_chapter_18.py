"""Figures of chapter 18: what is drawn is what would be computed."""

import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from helpers import plots
from helpers.page.colours import OTHER


def texts_of(picture) -> list[str]:
    return [text.get_text() for text in picture.figure.axes[0].texts]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_ring_ends_with_all_sums_everywhere(n):
    values = [
        [100 ** (rank + 1) + part for part in range(n)] for rank in range(n)
    ]
    picture = plots.all_reduce(values)
    _, steps = plots.all_reduce.__wrapped__(values)
    assert len(steps) == len(picture.choices) == 1 + 2 * (n - 1)

    def drawn(step):
        axes = Figure().add_axes((0, 0, 1, 1))
        step.draw(axes)
        return axes, [text.get_text() for text in axes.texts]

    sums = [str(sum(column)) for column in zip(*values, strict=True)]
    _, words = drawn(steps[-1])
    assert [word for word in words if word.isdigit()] == sums * n
    # half way, each rank has one of them, in green
    axes, words = drawn(steps[n - 1])
    assert [words.count(one) for one in sums] == [1] * n
    edges = [patch.get_edgecolor() for patch in axes.patches]
    assert edges.count(to_rgba(OTHER)) == n
    captions = [choice.caption for choice in picture.choices]
    assert all(captions) and captions[0].startswith("Each rank")


def test_shares_are_cut_into_pieces():
    picture = plots.shares(12, 8, 3, (2,))
    # 4 rows each in two pieces of 2, then 2 rows each in one piece
    widths = [p.get_width() for p in picture.figure.axes[0].patches]
    cell = (max(widths) + 0.05) / 2
    rows = [round((width + 0.05) / cell) for width in widths]
    assert rows == [2, 2, 2, 2, 2, 2]
    assert "4 + 4 and 2 + 2" in picture.alt


def test_padding_where_nothing_is_filled_up():
    picture = plots.padding([True, False, True, True], 2)
    assert "Nothing has to be filled up" in texts_of(picture)
    assert "0 rows are counted twice: 3 of 4 right" in picture.alt


def test_the_title_of_throughput_follows_from_the_model():
    def drawn(last):
        picture = plots.throughput({1: [1.0]}, {1: 1.0, 4: last}, 64)
        return picture.figure.axes[0].get_title(loc="left"), picture.alt

    title, alt = drawn(2.0)
    assert title == "4 processes are not 4 times as fast"
    assert "ends at 2.0 for 4 processes" in alt
    assert "n times as fast, ends at 4" in alt
    assert drawn(3.9)[0] == "4 processes should be almost 4 times as fast"
