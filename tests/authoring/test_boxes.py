"""Four boxes with one look each, on every page."""

import re

import pytest

from helpers.authoring.boxes import COLOURS, with_boxes
from tests.tools import markdown_cells, pages

WORDS = {
    "predict": "Predict.",
    "key-idea": "Key idea.",
    "careful": "Careful.",
    "aside": "Aside",
}


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
            assert first.startswith(f"**{WORDS[kind]}"), (kind, first[:40])


def test_every_kind_has_a_colour():
    assert set(WORDS) == set(COLOURS)
