"""A picture in steps: buttons while a kernel runs, a still in the file."""

import html

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers.page.pictures import Picture
from helpers.page.saving import WIDGET, before_saving
from helpers.page.stepped import LiveSteps, SteppedPicture
from helpers.plots.steps import ZOOM, Step, stepped
from tests.page.parsed_html import assert_safe

CAPTIONS = ["One number, 1 < 2.", "Two numbers.", "Three of them."]


@stepped(panel=(2.4, 1.2), columns=3)
def count(word: str = "seen"):
    """Draw one, two, three."""
    steps = [
        Step(caption, lambda axes, n=n: axes.text(0.2, 0.5, f"{word} {n}"))
        for n, caption in enumerate(CAPTIONS, start=1)
    ]
    return "Counting", steps


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def test_it_is_a_picture_with_its_still_beside_the_widget():
    bundle = count()._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    alt = bundle["text/plain"].removeprefix("Figure: ")
    assert alt == (
        "Counting, in 3 steps. 1. One number, 1 < 2. 2. Two numbers. "
        "3. Three of them."
    )
    (image,) = assert_safe(bundle["text/html"]).find("img")
    assert image["alt"] == alt


def test_the_still_has_every_step_and_its_words():
    picture = count("step")
    assert isinstance(picture, SteppedPicture)
    shown = words_of(picture.figure)
    for number in (1, 2, 3):
        assert f"step {number}" in shown
        assert any(text.startswith(f"{number}. ") for text in shown)
    assert "Counting" in shown


def test_the_widget_is_left_out_of_the_file():
    output = {"output_type": "execute_result", "data": {}}
    output["data"] = dict(count()._repr_mimebundle_())
    page = {"cells": [{"outputs": [output]}]}
    before_saving({"type": "notebook", "content": page})
    (kept,) = page["cells"][0]["outputs"]
    assert set(kept["data"]) == {"text/html", "text/plain"}


def shown_step(live: LiveSteps) -> str:
    page = assert_safe(live.view.value)
    (image,) = page.find("img")
    assert image["src"].startswith("data:image/png")
    assert image["alt"].replace(": ", ". ", 1) == page.text
    assert page.find("div")[0]["role"] == "status", "it is read out"
    return page.text


def test_next_and_back_change_the_picture_and_the_caption():
    live = LiveSteps(count().steps)
    assert shown_step(live) == f"Step 1 of 3. {CAPTIONS[0]}"
    first = live.view.value
    live.forward.click()
    assert shown_step(live) == f"Step 2 of 3. {CAPTIONS[1]}"
    assert live.view.value.split("src=")[1] != first.split("src=")[1]
    live.back.click()
    assert live.view.value == first
    assert html.escape(CAPTIONS[0]) in first


def test_both_ends_lead_on_and_no_button_is_ever_switched_off():
    """A button that is switched off loses the keyboard."""
    live = LiveSteps(count().steps)
    live.back.click()
    assert shown_step(live) == f"Step 3 of 3. {CAPTIONS[2]}"
    assert live.forward.description == "Start again"
    assert not live.forward.disabled and not live.back.disabled
    live.forward.click()
    assert shown_step(live).startswith("Step 1 of 3.")
    assert live.forward.description == "Next"


def test_all_steps_are_of_one_size_and_drawn_once_each():
    drawn = []

    def draw(number: int) -> Picture:
        drawn.append(number)
        return count().steps[number]()

    steps = [lambda n=n: draw(n) for n in range(3)]
    picture = SteppedPicture(count(), steps)
    live = LiveSteps(picture.steps)
    assert drawn == [0], "the others are drawn when they are looked at"
    for _ in range(5):
        live.forward.click()
    assert drawn == [0, 1, 2]
    assert len({step().width for step in picture.steps}) == 1


def test_a_step_has_room_at_the_width_of_a_page():
    # 2.4 inches and margins of 0.2, at 100 pixels per inch, enlarged
    assert count().steps[0]().width == pytest.approx(280 * ZOOM, abs=1)
    with pytest.raises(ValueError, match="inches too wide"):
        stepped(panel=(3.0, 1.0), columns=3)(count.__wrapped__)()


def test_no_step_is_refused():
    with pytest.raises(ValueError, match="needs a step"):
        SteppedPicture(count(), [])
