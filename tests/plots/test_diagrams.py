"""Diagrams: boxes hold their words, arrows lead from edge to edge."""

import functools
import re

import pytest
from matplotlib.figure import Figure

from helpers.page.colours import OTHER, TRAINING
from helpers.plots import diagrams
from helpers.plots.diagrams import Arrow, Box, diagram
from tests.plots.test_figures import drawn, visible_texts

NAMES = (
    "builder",
    "challenge",
    "deployment",
    "logging",
    "mini_batch",
    "pipeline",
    "whole_pipeline",
    "writer",
)
every_diagram = pytest.mark.parametrize("name", NAMES)


@functools.cache
def data_of(name):
    """Return the boxes and arrows of a diagram."""
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            diagrams,
            "diagram",
            lambda boxes, arrows, title="": (
                seen.extend((boxes, arrows)) or Figure((1, 1))
            ),
        )
        getattr(diagrams, name)()
    return tuple(seen)


@every_diagram
def test_the_words_name_every_box_and_label(name):
    boxes, arrows = data_of(name)
    said = drawn(name).alt.lower().replace("_", " ")
    for box in boxes:
        assert box.name.lower().replace("_", " ") in said
    for arrow in arrows:
        for word in re.findall(r"[a-z_]{4,}", arrow.label):
            # "writes" is said as "writes", "export" as "exported"
            assert word.replace("_", " ")[:4] in said, word


@every_diagram
def test_words_stay_in_their_boxes_and_apart(name):
    boxes, _arrows = data_of(name)
    figure = drawn(name).figure
    patches = [patch.get_window_extent() for patch in figure.axes[0].patches]
    texts = list(visible_texts(figure))
    inside = {box.name for box in boxes} | {box.detail for box in boxes}
    for text, place in texts:
        if text.get_text() in inside:
            holders = [p for p in patches if _holds(p, place)]
            assert len(holders) == 1, text.get_text()
        for patch in patches:
            if text.get_text() not in inside:
                assert not patch.overlaps(place), text.get_text()


def _holds(patch, text) -> bool:
    """Say whether a text lies within a patch, with room at its sides."""
    return (
        patch.x0 + 6 <= text.x0
        and text.x1 <= patch.x1 - 6
        and patch.y0 <= text.y0
        and text.y1 <= patch.y1
    )


@every_diagram
def test_no_two_boxes_touch(name):
    patches = [
        patch.get_window_extent()
        for patch in drawn(name).figure.axes[0].patches
    ]
    for number, one in enumerate(patches):
        assert not any(one.overlaps(other) for other in patches[:number])


def test_boxes_and_gaps_leave_room_for_their_words():
    boxes = [Box("a" * 40, "", TRAINING, 0, 0), Box("b", "", OTHER, 1, 0)]
    arrows = [Arrow("a" * 40, "b", "a label of some length, as long as can be")]
    spots = diagrams._places(boxes, arrows, 0)
    one, other = spots.values()
    words = diagrams._text_width("a" * 40, 10.5, "bold")
    label = diagrams._text_width(arrows[0].label, 9.5)
    assert one.width >= words + 0.3
    assert other.left - one.right >= label + 0.3
    assert other.right == pytest.approx(8.4 - 0.22)


def test_an_arrow_needs_its_boxes():
    boxes = [Box("a", "", TRAINING, 0, 0), Box("b", "", OTHER, 1, 0)]
    assert diagram(boxes, [Arrow("a", "b")]).get_figwidth() == 8.4
    with pytest.raises(KeyError, match="c"):
        diagram(boxes, [Arrow("a", "c")])


def test_words_that_are_too_long_are_refused():
    boxes = [Box("a" * 99, "", TRAINING, 0, 0), Box("b", "", OTHER, 1, 0)]
    with pytest.raises(ValueError, match="inches too wide"):
        diagram(boxes, [Arrow("a" * 99, "b")])


def test_an_arrow_within_a_row_is_level_and_others_do_not_meet():
    boxes = [
        Box("a", "", TRAINING, 0, 0),
        Box("b", "", OTHER, 1, 0),
        Box("c", "", OTHER, 1, 1),
    ]
    arrows = [Arrow("a", "b"), Arrow("a", "c")]
    spots = diagrams._places(boxes, arrows, 0.2)
    (_, start, end), (_, other_start, _) = diagrams._ends(arrows, spots)
    assert start[1] == end[1]
    assert start[1] != other_start[1]
