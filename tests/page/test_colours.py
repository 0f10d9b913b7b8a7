"""The palette is written down once."""

import re

import pytest

from helpers.page import colours
from tests.tools import ROOT

A_COLOUR = re.compile(r"""["'\s](#[0-9A-Fa-f]{6}|#[0-9A-Fa-f]{3})["'\s;)]""")
FILES = [
    path
    for path in (ROOT / "helpers").rglob("*")
    if path.suffix in (".py", ".css", ".toml") and path.name != "colours.py"
]


def test_no_other_file_writes_a_colour_down():
    found = [
        (path.name, colour)
        for path in FILES
        for colour in A_COLOUR.findall(path.read_text(encoding="utf-8"))
    ]
    assert not found


@pytest.mark.parametrize("word", ['color="#AB12cd"', "border: #fff;"])
def test_a_colour_would_be_found(word):
    assert A_COLOUR.search(word)


def test_see_through():
    assert colours.see_through("#0072B2", 0.18) == "rgba(0, 114, 178, 0.18)"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as the WCAG define it, 1 to 21."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
            for p in parts
        ]
        return sum(
            w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
        )

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_words_can_be_read():
    assert contrast(colours.MODEL, colours.CARD) > 12
    assert contrast(colours.WORDS, colours.CARD) > 4.5
    assert contrast(colours.ON_BAR, colours.TRAINING) > 4.5
    # bold words of code, on the two grounds of JupyterLab
    for ground in ("#FFFFFF", "#111111"):
        assert contrast(colours.KEYWORD, ground) > 3.5
