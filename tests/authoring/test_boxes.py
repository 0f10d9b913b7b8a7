"""Boxes with one look each, on every page."""

import re

import pytest

from helpers.authoring.boxes import COLOURS, exercise_in_box, with_boxes
from tests.tools import markdown_cells, pages

WORDS = {
    "predict": "Predict.",
    "key-idea": "Key idea.",
    "careful": "Careful.",
    "aside": "Aside",
}
EXERCISE = r"\*(Easy|Medium|Hard), about \d+ minutes\.\* "


def test_a_box_gets_its_look_and_keeps_it():
    text = 'a\n\n<div class="box predict">\n\n**Predict.** b\n\n</div>'
    once = with_boxes(text)
    assert "border-left: 5px solid" in once
    assert with_boxes(once) == once
    assert with_boxes("<div>no box</div>") == "<div>no box</div>"
    with pytest.raises(KeyError):
        with_boxes('<div class="box loud">')


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_boxes_of_the_pages(path):
    for cell in markdown_cells(path):
        assert with_boxes(cell.source) == cell.source, "run make notebooks"
        assert "alert" not in re.findall(r'class="([^"]*)"', cell.source)
        opening = r'<div class="box ([\w-]+)"[^>]*>\n\n(.*)'
        found = re.findall(opening, cell.source)
        assert len(found) == cell.source.count("<div ")
        assert cell.source.count("\n\n</div>") == len(found)
        for kind, first in found:
            # an aside may go on after a code cell, in a box of the same kind
            if kind == "aside" and not first.startswith("**"):
                continue
            if kind == "exercise":
                assert re.match(EXERCISE, first), first[:40]
                continue
            assert first.startswith(f"**{WORDS[kind]}"), (kind, first[:40])


def test_an_exercise_gets_one_box_below_its_heading():
    once = exercise_in_box("### Exercise 01.1 · A\n\n*Easy.* b\n\n- c")
    assert once == (
        '### Exercise 01.1 · A\n\n<div class="box exercise">\n\n'
        "*Easy.* b\n\n- c\n\n</div>"
    )
    assert exercise_in_box(with_boxes(once)) == with_boxes(once)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_exercises_of_the_pages_lie_in_boxes(path):
    for cell in markdown_cells(path):
        is_one = cell.source.startswith("### Exercise ")
        assert is_one == ('class="box exercise"' in cell.source)


def test_every_kind_has_a_colour():
    assert {*WORDS, "exercise"} == set(COLOURS)
