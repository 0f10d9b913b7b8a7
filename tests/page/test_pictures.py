"""A picture carries its alternative text wherever it is shown."""

import base64
import io
import re

import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from nbval.plugin import get_sanitize_patterns
from PIL import Image

from helpers.page.colours import CARD
from helpers.page.figure_style import use_style
from helpers.page.pictures import Picture, listed
from tests.page.parsed_html import assert_safe
from tests.tools import ROOT

ALT = 'Losses "fall" from 1 to 0.1 & stay < 0.2.'


def picture(alt=ALT, heights=(1, 0)) -> Picture:
    figure = Figure(figsize=(3.5, 2))
    figure.subplots().plot(heights)
    return Picture.of(figure, alt)


def test_the_alternative_text_is_in_the_html():
    page = assert_safe(picture()._repr_mimebundle_()["text/html"])
    (image,) = page.find("img")
    assert image["alt"] == ALT
    assert image["width"] == "350"
    assert ALT in page.text, "the words below it"


def test_it_is_twice_as_sharp_as_it_is_wide():
    (image,) = assert_safe(picture()._html()).find("img")
    data = image["src"].removeprefix("data:image/png;base64,")
    drawn = Image.open(io.BytesIO(base64.b64decode(data)))
    assert drawn.size == (700, 400)
    assert drawn.mode == "P", "few colours"


def test_jupyter_gets_html_and_words_and_no_bare_png():
    data, metadata = DisplayFormatter().format(picture())
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == f"Figure: {ALT}"
    assert not metadata


def sanitized(text: str) -> str:
    rules = (ROOT / "tests" / "sanitize.cfg").read_text(encoding="ascii")
    for pattern, replacement in get_sanitize_patterns(rules):
        text = re.sub(pattern, replacement, text)
    return text


def test_pages_compare_the_words_and_not_the_bytes():
    one, drawn_otherwise = picture()._html(), picture(heights=(0, 1))._html()
    assert one != drawn_otherwise
    assert sanitized(one) == sanitized(drawn_otherwise)
    assert sanitized(one) != sanitized(picture(ALT + "!")._html())


def test_the_style_of_figures_can_be_set_for_a_page():
    import matplotlib

    with matplotlib.rc_context():
        use_style()
        assert matplotlib.rcParams["figure.facecolor"] == CARD


@pytest.mark.parametrize(
    ("names", "words"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listed(names, words):
    assert listed(names) == words
