"""Every figure: it draws from plausible data, nothing is cut, words fit."""

import functools
import re
import warnings

import numpy as np
import pytest
import torch
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from helpers import plots
from helpers.datasets.line import generate_data, split_data
from helpers.page.figure_style import STYLE
from tests.page.parsed_html import assert_safe
from tests.plots.figures_of_chapter_14 import FIGURES as FIGURES_14
from tests.plots.figures_of_chapter_15 import FIGURES as FIGURES_15
from tests.plots.figures_of_chapter_16 import FIGURES as FIGURES_16
from tests.plots.figures_of_chapter_17 import FIGURES as FIGURES_17
from tests.plots.figures_of_chapter_18 import FIGURES as FIGURES_18
from tests.plots.figures_of_chapter_19 import FIGURES as FIGURES_19
from tests.plots.figures_that_move import FIGURES as FIGURES_THAT_MOVE

X, Y = generate_data()
X_TRAIN, Y_TRAIN, X_VAL, Y_VAL = split_data(X, Y)
LOSSES = [0.3 * 0.9**epoch + 0.008 for epoch in range(200)]
VAL_LOSSES = [1.5 * loss for loss in LOSSES]
STEPS = list(range(20))
GRID = np.linspace(0, 1, 50)
BATCH_OF = np.stack([np.arange(80) // 16, np.arange(80) % 5])

RIDES = [
    {"distance_km": str(km), "climb_m": 10 * km, "charge_percent": 2.5 * km}
    for km in range(2, 22)
]
COUNTED, FEW = torch.arange(12), np.arange(3.0)
PART = torch.arange(6)[1:3]
FONTS = np.repeat([0, 1, 2, 3], 3)
LETTERS = np.random.RandomState(0).randint(0, 256, (12, 6, 6))
IMAGES = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))


def growing_graph():
    w, b = (torch.tensor(v, requires_grad=True) for v in (1.0, 4.0))
    product = w * (x := torch.tensor(-5.0))
    yhat = product + b
    graph = {"product": product, "yhat": yhat, "loss": yhat**2}
    return plots.growing_graph(x=x, w=w, b=b, **graph)


# each figure: how a page calls it, and what its words have to say
FIGURES = {
    "answers": (
        lambda: plots.answers([1.2, 1.7, 2.1] * 99, 1.65, x=0.34),
        ["297 predictions", "x = 0.34", "1.2 to 2.1", "eval mode"],
    ),
    "at_once": (
        lambda: plots.at_once(IMAGES[0]),
        ["product of 9 pairs", "4 rows of sums", "of the 36 windows"],
    ),
    "batch_sizes": (
        lambda: plots.batch_sizes(80, {"full batch": 80, "mini": 16, "s": 1}),
        ["80 points", "full batch, 80 at a time, 1 update", "5 updates"],
    ),
    "batches": (
        lambda: plots.batches(BATCH_OF),
        ["2 rows of 80 cells", "5 in all", "epoch 0", "25 percent"],
    ),
    "broadcasting": (
        lambda: plots.broadcasting(
            10 * COUNTED[1:4].unsqueeze(1), COUNTED[1:5]
        ),
        ["in 6 steps", "[4] counts as [1, 4]", "30 + 3 = 33", "[3, 4]"],
    ),
    "builder": (plots.builder, []),
    "by_epochs_and_updates": (
        lambda: plots.by_epochs_and_updates(LOSSES, LOSSES, n_batches=5),
        ["200 epochs, 200 updates", "1000 updates", "falls from 0.31 to"],
    ),
    "calls": (
        lambda: plots.calls(
            [
                ("train", "mini_batch"),
                ("mini_batch", "step"),
                ("step", "model.eval"),
                ("step", "model"),
                ("step", "loss.backward"),
            ]
        ),
        ["train leads to mini_batch", "step leads to model and loss.backward"],
    ),
    "challenge": (plots.challenge, []),
    "convolved": (
        lambda: plots.convolved(IMAGES.unsqueeze(1), torch.randn(3, 4, 6, 6)),
        ["3 rows", "8 x 8 pixels", "4 feature maps of 6 x 6"],
    ),
    "data": (
        lambda: plots.data(X_TRAIN, Y_TRAIN, X_VAL, Y_VAL, line=(1, 2)),
        ["80 training points and 20 validation points", "y = 1.00 + 2.00 x"],
    ),
    "dataset": (
        lambda: plots.dataset(
            [*zip(torch.tensor(X), torch.tensor(Y), strict=True)]
        ),
        ["98 and 99", "dataset[1] and dataset[-1]"],
    ),
    "deployment": (plots.deployment, []),
    "difference_errors": (
        lambda: plots.difference_errors(
            [1.0, 1e-2, 3e-6], {"float32": [0.2, 3e-5, 1], "double": [3, 2, 1]}
        ),
        ["float32 it is smallest near h = 1e-2", "double", "3e-6, about 1e0"],
    ),
    "differences": (
        lambda: plots.differences(
            20, {"nothing": np.zeros(20), "model_state_dict": 0.3 + GRID[:20]}
        ),
        ["epochs 20 to 39", "nothing: 0 throughout", "dict: about 1"],
    ),
    "fits": (
        lambda: plots.fits(X, Y, {"a line": (GRID, 1 + 2 * GRID)}, "Fits"),
        ["100 points", "a line misses them by 0.07"],
    ),
    "growing_graph": (
        growing_graph,
        ["w * x is recorded as MulBackward0", "10 arrives at w and -2 at b"],
    ),
    "image_to_loss": (
        lambda: plots.image_to_loss(
            np.eye(8), 2, {"before": [0.0, 0.0, 0.0], "after": [0.0, 0.0, 4.0]}
        ),
        ["Before, class 2", "loss 1.10", "probability 0.96", "loss 0.04"],
    ),
    "interruption": (
        lambda: plots.interruption(n_epochs=200, killed_at=137, every=10),
        [
            "killed after 137",
            "337 are computed",
            "epochs, 7 are lost",
            "207 computed",
        ],
    ),
    "iteration": (plots.iteration, ["guess", "lr on the update"]),
    "killed_losses": (
        lambda: plots.killed_losses([5, 60, 120], LOSSES, VAL_LOSSES),
        ["200 epochs", "3 dashed lines", "after a kill"],
    ),
    "letters": (
        lambda: plots.letters(
            LETTERS,
            np.arange(12) % 3,
            FONTS,
            "ABC",
            ("Sans", "Serif", "Mono", "Cursive"),
        ),
        ["4 rows of 3 images", "6 x 6 pixels", "A to C", "Serif, Mono"],
    ),
    "logging": (plots.logging, []),
    "loss_panels": (
        lambda: plots.loss_panels(
            ([0.3] * 9, [0.4] * 9),
            (LOSSES, VAL_LOSSES),
            (LOSSES, [*VAL_LOSSES, 0.09]),
        ),
        ["stays near 0.30", "from 0.46 to 0.012, and then rises to 0.09"],
    ),
    "lost_files": (
        lambda: plots.lost_files({"torch.save": 9, "aside": 0}, n_kills=12),
        ["12 processes", "torch.save lost some; aside lost none"],
    ),
    "lr_range": (
        lambda: plots.lr_range(
            [1e-3, 1e-2, 0.1, 0.4, 1.4],
            [0.68, 0.6, 0.1, 0.01, 5.8],
            (0.02, 0.4),
            "Learns from 0.01",
        ),
        ["near 0.68", "0.010 at a learning rate of 0.40", "5.8 at 1.4"],
    ),
    "memory": (
        lambda: plots.memory(
            {"array": FEW, "shared": torch.from_numpy(FEW), "c": PART}
        ),
        ["array and shared point at 3", "c points at 6 numbers of its own"],
    ),
    "memory_of_rows": (
        lambda: plots.memory_of_rows(8, 4, in_our_file=2),
        ["from 4 to 4000 MB", "stays at 8 MB", "at 2 numbers", "file has 2"],
    ),
    "mini_batch": (plots.mini_batch, []),
    "momentum": (
        lambda: plots.momentum({"without": VAL_LOSSES, "with": LOSSES}),
        ["200 epochs", "without, it falls from 0.46", "with, it falls from"],
    ),
    "overflow": (
        lambda: plots.overflow(
            [-110, 0, 50, 90],
            {
                "plain": [-np.inf, 1.4, 1.4, np.inf],
                "stable": [1.4, 1.4, 1.4, 1.4],
            },
        ),
        ["stays at 1.4", "between about 0 and 50", "plain"],
    ),
    "pipeline": (plots.pipeline, []),
    "pipeline_now": (
        lambda: plots.pipeline_now("05"),
        ["chapter 05", "data preparation v2", "New in chapter 05: model"],
    ),
    "plain_mean_errors": (
        lambda: plots.plain_mean_errors(range(-50, 51), -14.2),
        ["101 splits", "-45 and 45 %", "-14 %"],
    ),
    "plot_losses": (
        lambda: plots.plot_losses(LOSSES, VAL_LOSSES, "Both fall"),
        ["200 epochs", "falls from 0.31 to 0.0080", "falls from 0.46 to 0.012"],
    ),
    "plot_resumed_losses": (
        lambda: plots.plot_resumed_losses(10, LOSSES[:50], VAL_LOSSES[:50]),
        ["50 epochs", "before epoch 10", "resumed from the checkpoint"],
    ),
    "predictions": (
        lambda: plots.predictions(torch.ones(40, 1), 1.5 * torch.ones(40, 1)),
        ["40 rides", "0.50 percent from it on average"],
    ),
    "ranks": (
        lambda: plots.ranks(
            {
                "scalar": COUNTED[7],
                "vector": COUNTED[:3],
                "matrix": COUNTED[:6].reshape(2, 3),
                "3-d tensor": COUNTED.reshape(2, 2, 3),
            }
        ),
        ["a scalar of rank 0 and shape []", "rank 3 and shape [2, 2, 3]"],
    ),
    "read_back": (
        lambda: plots.read_back(LOSSES[:20], STEPS, LOSSES[:20]),
        ["20 losses in memory", "from 0.31 to 0.049", "20 points read back"],
    ),
    "reductions": (
        lambda: plots.reductions(COUNTED.reshape(3, 4)),
        ["becomes 12", "becomes 6", "gone: [4]", "gone: [3]", "left: 66"],
    ),
    "repeated_losses": (
        lambda: plots.repeated_losses(LOSSES, LOSSES),
        ["200 epochs", "lies on the broad one", "is 0.0080 at the end"],
    ),
    "rides": (
        lambda: plots.rides(RIDES),
        ["20 rides of 2.0 to 21 km", "20 to 210 m", "5.0 to 52 percent"],
    ),
    "scalars": (
        lambda: plots.scalars(
            {"shared": (STEPS * 2, LOSSES[:20] * 2)}, "A zig-zag"
        ),
        ["shared, 40 points", ", then falls from 0.31", "back from 19 to 0"],
    ),
    "schedule": (
        lambda: plots.schedule([0.1, 0.2, 0.4, 0.2, 0.1, 0.2], "A triangle"),
        ["6 mini-batches", "0.10 and 0.40", "mini-batch 2 first", "2 times"],
    ),
    "shorter": (
        lambda: plots.shorter(
            {"by hand": 24, "fit": 8}, {"by hand": 15, "fit": 1}, [0, 30]
        ),
        ["by hand 24 (15 of them", "fit 8 (1 of them", "30 for any model"],
    ),
    "strides": (
        lambda: plots.strides(
            COUNTED[:6].reshape(2, 3), COUNTED[:6].reshape(2, 3).t()
        ),
        ["strides (3, 1)", "(1, 3), and reads the places 0, 3, 1, 4, 2 and 5"],
    ),
    "two_means": (
        lambda: plots.two_means(IMAGES, COUNTED[:3]),
        ["3 images of the digits 0, 1 and 2", "mean image"],
    ),
    "two_splits": (
        lambda: plots.two_splits(X, Y, [*range(20)], [*range(10, 30)]),
        ["100 points", "20 and 20", "10 of the new ones are ringed"],
    ),
    "whole_pipeline": (plots.whole_pipeline, []),
    "writer": (plots.writer, []),
    "wrong_pairs": (
        lambda: plots.wrong_pairs(
            torch.as_tensor(1 + 2 * X), torch.as_tensor(Y)
        ),
        ["100 differences", "0.072 on", "10,000 differences", "diagonal"],
    ),
}
FIGURES |= FIGURES_THAT_MOVE
FIGURES |= FIGURES_14
FIGURES |= FIGURES_15
FIGURES |= FIGURES_16
FIGURES |= FIGURES_17
FIGURES |= FIGURES_18
FIGURES |= FIGURES_19
every_figure = pytest.mark.parametrize("name", FIGURES)


@functools.cache
def drawn(name):
    """Draw a figure once; a warning is a fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return FIGURES[name][0]()


def test_every_figure_is_tested():
    assert sorted(FIGURES) == sorted(plots.__all__)


@every_figure
def test_words_say_what_was_drawn(name):
    alt = drawn(name).alt
    for words in FIGURES[name][1]:
        assert words in alt, alt
    assert 60 < len(alt) < 520 and alt.endswith(".")
    assert "(no unit)" not in alt and "  " not in alt and ".." not in alt
    # a picture that moves has a style sheet, and does without it
    page = re.sub(r"<style>.*?</style>", "", drawn(name)._html(), flags=re.S)
    assert assert_safe(page).find("img")[0]["alt"] == alt


@functools.cache
def visible_texts(figure) -> list:
    """Return the texts of a figure, and where each lies, in dots."""
    # as it was laid out for the picture
    figure.set_layout_engine("none")
    renderer = FigureCanvasAgg(figure).get_renderer()
    with rc_context(STYLE):
        figure.draw(renderer)
    return [
        (text, text.get_window_extent(renderer))
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]


@every_figure
def test_no_word_is_cut_off(name):
    figure = drawn(name).figure
    ground = figure.bbox
    margin = 5 * figure.dpi / 100  # a text may not touch the edge
    n_texts = 0
    for text, place in visible_texts(figure):
        n_texts += 1
        said = text.get_text()
        if not any(_is_tick(axes, text) for axes in _axes_of(figure)):
            assert place.x0 >= margin and place.y0 >= margin, said
            assert place.x1 <= ground.x1 - margin, said
            assert place.y1 <= ground.y1 - margin, said
    assert n_texts > 4


def _axes_of(figure) -> list:
    """Return all axes, those that lie in others too."""
    return [
        *figure.axes,
        *(inner for axes in figure.axes for inner in axes.child_axes),
    ]


def _is_tick(axes, text) -> bool:
    """Labels of ticks beyond the axis are there, and not drawn."""
    return text in [*axes.get_xticklabels(which="both")] or text in [
        *axes.get_yticklabels(which="both")
    ]


@every_figure
def test_titles_and_labels_of_axes(name):
    for axes in drawn(name).figure.axes:
        label = axes.get_xlabel() + axes.get_ylabel()
        assert "no unit" not in label
        if axes.axison and axes.get_lines():
            assert axes.get_xlabel()


def test_pyplot_knows_no_figure():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    plots.plot_losses([1, 0.5])
    assert plt.get_fignums() == before


def test_a_figure_looks_the_same_whatever_a_page_sets():
    one = plots.plot_losses([1, 0.5])
    with rc_context({"figure.facecolor": "red", "axes.grid": False}):
        other = plots.plot_losses([1, 0.5])
    assert one.png == other.png


# ------------------------------------------------- what titles follow from


def title_of(picture) -> str:
    return picture.figure.axes[0].get_title(loc="left")


def test_the_title_of_data_says_what_the_lines_show():
    assert title_of(plots.data(X, Y)) == "100 points"
    line, far = (1, 2), (1, 1.5)
    assert "give or take 0.1" in title_of(plots.data(X, Y, line=line))
    close = plots.data(X, Y, line=line, trained=(1.02, 1.95))
    assert title_of(close) == "The trained model lies on the true line"
    assert "y = 1.02 + 1.95 x" in close.alt
    away = plots.data(X, Y, line=line, trained=far)
    assert "is not yet on" in title_of(away)


def test_versions_that_part_are_told_apart():
    parted = plots.repeated_losses(LOSSES, VAL_LOSSES)
    assert "leaves version 0" in title_of(parted)
    assert "lies apart from" in parted.alt


def test_one_curve_needs_no_legend():
    picture = plots.plot_losses(LOSSES)
    assert picture.figure.axes[0].get_legend() is None
    assert "validation" not in picture.alt


def test_training_and_validation_have_their_colours():
    curve = STEPS, LOSSES[:20]
    names = {"loss/training": curve, "loss/validation": curve}
    lines = plots.scalars(names, log=True).figure.axes[0].get_lines()
    colours = [line.get_color() for line in lines]
    assert colours == ["#0072B2", "#D55E00"]


def test_a_schedule_that_never_turns():
    assert "it turns 0 times" in plots.schedule([0.1, 0.2], "Up").alt
