"""Pictures that move: without a script, a kernel or trust, and true."""

import re
import urllib.parse
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.path import Path

from helpers import plots
from helpers.page.moving import MovingPicture
from helpers.plots.moving.steps import Plan, moving
from helpers.plots.moving.svg import _shared, _thinned, drawing_of, parts_of
from helpers.plots.steps import Step
from tests.authoring.test_pages import EVERY, data_of, read
from tests.page.parsed_html import Reader, assert_safe
from tests.plots.figures_that_move import BEST, fits, paths, runs
from tests.plots.test_figures import BATCH_OF, FIGURES, drawn

HEAVIEST = 40 * 1024  # characters of a stored picture
MOVING = [
    *("all_reduce", "batches", "broadcasting", "convolution", "degrees"),
    *("descents", "dropout", "growing_graph", "rates", "reductions"),
    "sharded_layers",
]
every_moving = pytest.mark.parametrize("name", MOVING)


def of(name: str) -> MovingPicture:
    picture = drawn(name)
    assert isinstance(picture, MovingPicture)
    return picture


def parts(name: str) -> tuple[str, str]:
    """Return the style sheet of a picture, and the rest of its HTML."""
    page = of(name)._html()
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    return style, page.replace(f"<style>{style}</style>", "")


def test_every_picture_that_moves_is_tested():
    made_by = {name: getattr(plots, name).__code__ for name in FIGURES}
    code = moving((1, 1))(lambda: None).__code__
    assert {n for n, one in made_by.items() if one is code} == set(MOVING)


@every_moving
def test_it_is_light_and_needs_nothing_from_elsewhere(name):
    page = of(name)._html()
    assert len(page) <= HEAVIEST
    elsewhere = re.findall(r"https?://[^\"' ]+", urllib.parse.unquote(page))
    assert set(elsewhere) == {"http://www.w3.org/2000/svg"}
    assert "<script" not in page and not re.search(r"\son\w+=", page)


@every_moving
def test_without_the_style_sheet_the_still_and_the_words_are_left(name):
    """So it is in JupyterLab's pages without trust, and on GitHub."""
    _, rest = parts(name)
    page = assert_safe(rest)
    (image,) = page.find("img")
    assert image["alt"] == of(name).alt and image["alt"] in page.text
    kind, _, data = image["src"].partition(",")
    assert kind == "data:image/svg+xml"
    still = ET.fromstring(urllib.parse.unquote(data))
    assert float(still.get("width")) == pytest.approx(2 * int(image["width"]))
    live = next(d for d in page.find("div") if d.get("class") == "live")
    assert "hidden" in live and "display: none" in live["style"]


@every_moving
def test_buttons_are_one_group_that_a_keyboard_reaches(name):
    _, rest = parts(name)
    page, picture = Reader(rest), of(name)
    buttons = page.find("input")
    values = [f"{k}" for k in range(1, len(picture.choices) + 1)]
    values += ["play"] * picture.play
    assert [button["value"] for button in buttons] == values
    assert {button["type"] for button in buttons} == {"radio"}
    assert all("data-lm-suppress-shortcuts" in button for button in buttons)
    assert len({button["name"] for button in buttons}) == 1
    assert [b["value"] for b in buttons if "checked" in b] == [
        f"{picture.start}"
    ]
    for button, choice in zip(buttons, picture.choices, strict=False):
        assert button["aria-label"].endswith(choice.caption)
    assert len({button["aria-label"] for button in buttons}) == len(buttons)
    # no id, so two copies of a page can stand in one document
    assert not any("id" in attributes for _, attributes in page.tags)


@every_moving
def test_the_style_sheet_knows_every_step(name):
    style, _ = parts(name)
    n = len(of(name).choices)
    for k in range(1, n + 1):
        assert f'[value="{k}"]:checked){{--t:{k}}}' in style
    assert f'[value="{n + 1}"]' not in style
    assert "prefers-reduced-motion" in style
    assert style.startswith("@supports selector(:has(*))")
    assert style.count("{") == style.count("}")
    # a rule holds for such pictures alone, and for nothing else in a page
    rules = re.sub(r"@[^{]+\{|[\d.]+%\{[^}]*\}", "", style)
    for selector in re.findall(r"([^{}]+)\{", rules):
        assert all(
            one.strip().startswith(".course-moving")
            for one in re.sub(r"\([^)]*\)", "", selector).split(",")
        ), selector


@every_moving
def test_the_drawing_is_well_formed(name):
    drawing = ET.fromstring(of(name).scene.svg({"role": "img"}))
    shown = [g.get("style") for g in drawing.iter() if "--a" in str(g.attrib)]
    assert shown, "something changes"
    n = len(of(name).choices)
    for style in shown:
        first, last = map(int, re.findall(r"--[ab]:(\d+)", style))
        assert 1 <= first <= last <= n


# ------------------------------------------------------- what the engine does


def counted(n_steps: int = 3, **how):
    """Return a picture that counts: 1, then 1 and 2, then 1, 2 and 3."""

    @moving(panel=(2.4, 1.2), columns=1)
    def count():
        def draw(axes, n):
            for k in range(1, n + 1):
                axes.text(0.5 * k, 0.5, f"number {k}", ha="center")

        steps = [
            Step(f"To {n}.", lambda axes, n=n: draw(axes, n))
            for n in range(1, n_steps + 1)
        ]
        return Plan("Counting", steps, **how)

    return count()


def test_a_step_shows_its_own_parts_and_no_others():
    drawing = ET.fromstring(counted().scene.svg({}))
    tag = "{http://www.w3.org/2000/svg}"
    seen = {}
    for group in drawing.iter(f"{tag}g"):
        style = group.get("style")
        for text in group.iter(f"{tag}text"):
            seen.setdefault(text.text, style or seen.get(text.text))
    assert seen["number 2"] == "--a:2;--b:3"
    assert seen["number 3"] == "--a:3;--b:3"
    assert seen["number 1"] is None, "every step shows it: never hidden"


def test_steps_that_share_parts_keep_their_order():
    def figure(words):
        drawing = Figure((2, 1))
        for place, word in enumerate(words):
            drawing.text(0.1 * place, 0.5, word)
        return drawing

    steps = [parts_of(figure(words)) for words in ("abc", "xbc", "abz")]
    shared = _shared(steps)
    for k, step in enumerate(steps, start=1):
        shown = [p.shape for p in shared if p.first <= k <= p.last]
        assert shown == [p.shape for p in step]
    assert len(shared) < sum(map(len, steps))


def test_a_thinned_line_stays_where_it_was():
    xs = np.linspace(0, 300, 400)
    line = np.stack([xs, 50 * np.sin(xs / 30)], axis=1)
    thin = _thinned(Path(line).cleaned()).vertices
    assert len(thin) < 80
    on_it = np.interp(xs, *thin.T)
    assert np.abs(on_it - line[:, 1]).max() < 0.7  # 0.3 across the line
    assert (thin[[0, -1]] == line[[0, -1]]).all()


def test_two_different_pictures_of_a_page_share_no_buttons():
    names = [
        Reader(
            re.sub("<style>.*?</style>", "", one._html(), flags=re.DOTALL)
        ).find("input")[0]["name"]
        for one in (counted(2), counted(3), counted(3))
    ]
    assert names[0] != names[1] == names[2], "and the same at every run"


def test_a_formula_or_no_step_is_refused():
    figure = Figure((2, 1))
    figure.text(0.1, 0.5, "$x^2$")
    with pytest.raises(ValueError, match="No formulas"):
        drawing_of([figure])
    with pytest.raises(ValueError, match="needs a step"):
        MovingPicture("name", "Title", "alt", *[counted().still] * 2, [])


def test_a_still_can_leave_steps_out_and_the_words_tell_them_all():
    picture = counted(4, shown=(4,))
    said = {text.get_text() for text in picture.figure.texts}
    assert "4. To 4." in said and "1. To 1." not in said
    assert "in 4 steps. 1. To 1. 2. To 2. 3. To 3. 4. To 4." in picture.alt


# ------------------------------------------------------- words and the data


def test_the_captions_of_batches_name_their_points():
    first = np.flatnonzero(BATCH_OF[1] == 2)
    said = of("batches").choices[5 + 2].caption
    assert said.startswith(f"{len(first)} points, {first[0]}, {first[1]}, ")


def test_the_captions_of_degrees_have_their_losses():
    _, losses, val_losses = fits()
    for degree in (1, 5, 9):
        said = of("degrees").choices[degree - 1].caption
        numbers = re.findall(r"\d\.\d+", said)
        assert float(numbers[-1]) == pytest.approx(val_losses[degree - 1], 0.05)
        if degree < 9:
            assert float(numbers[0]) == pytest.approx(losses[degree - 1], 0.05)
    assert np.all(np.diff(losses) < 0), "the title says that it only falls"
    assert int(np.argmin(val_losses)) < 5


def test_descents_count_updates_and_say_when_a_path_stops():
    said = [choice.caption for choice in of("descents").choices]
    assert said[0].startswith("Epoch 0")
    assert said[1] == (
        "After 0.2 epochs. Updates: full batch 0, mini-batch 1 and single "
        "points 16."
    )
    assert "mini-batch 100 (stopped)" in said[-1]
    far = np.linalg.norm(paths()["full batch"][-1] - BEST)
    assert f"(after 200 updates) {far:.2g}" in of("descents").alt


def test_rates_say_what_diverged():
    said = {choice.label: choice.caption for choice in of("rates").choices[:2]}
    losses = runs()[0.1, 80][0]
    assert said["lr 0.1"] == f"A loss of {losses[-1]:.2g} after 20 epochs."
    assert said["lr 1"].startswith("It diverges: a loss of about 1e")
    assert runs()[1.0, 80][0][-1] > 1e5


def test_dropout_names_what_was_dropped():
    for choice in of("dropout").choices[:-1]:
        dropped, total = re.findall(r"(\d) of 8 .* Sum (\d+)", choice.caption)[
            0
        ]
        assert 2 * (8 - int(dropped)) == int(total)
    assert of("dropout").choices[-1].label == "eval"


def test_a_kernel_slides_along_the_first_row_and_on():
    image, kernel = _image_and_kernel()
    picture = plots.convolution(image, kernel)
    by_hand = (image[1:4, 1:4] * kernel).sum().item()
    said = [choice.caption for choice in picture.choices]
    assert said[5] == f"Rows 1 to 3, columns 1 to 3: sum {by_hand:.0f}."
    assert said[-1].startswith("Rows 3 to 5, columns 3 to 5: ")


def _image_and_kernel():
    image = torch.arange(36.0).reshape(6, 6) % 7
    return image, torch.tensor([[-1.0, 0.0, 1.0]] * 3)


def test_stored_pictures_are_light_and_their_names_differ_within_a_page():
    n_seen = 0
    for path in EVERY:
        names = []
        for data, _ in data_of(read(path)):
            page = data.get("text/html", "")
            if 'class="course-moving"' in page:
                n_seen += 1
                assert len(page) <= HEAVIEST, path.name
                names += set(re.findall(r'type="radio" name="([^"]+)"', page))
        assert len(names) == len(set(names)), path.name
    assert n_seen >= 9
