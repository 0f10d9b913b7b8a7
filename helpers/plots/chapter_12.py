"""Figures of chapter 12: an iteration, a growing graph, rough differences."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.page.colours import (
    CARD,
    FAINT,
    MODEL,
    OTHER,
    SERIES,
    TRAINING,
    VALIDATION,
    WORDS,
)
from helpers.page.pictures import listed
from helpers.plots.moving.steps import moving
from helpers.plots.steps import Step
from helpers.plots.style import FULL, new_figure, picture

Place = tuple[float, float]
CENTRED: dict[str, Any] = {"ha": "center", "va": "center"}


def _box(
    axes: Axes, place: Place, size: Place, words: str, colour: str, points=7.6
) -> None:
    """Draw a box around a place; its first line is bold."""
    (x, y), (width, height) = place, size
    round_off = 0.05
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2 + round_off, y - height / 2 + round_off),
            width - 2 * round_off,
            height - 2 * round_off,
            boxstyle=f"round,pad={round_off}",
            facecolor=colour + "1C",
            edgecolor=colour,
            linewidth=1.2,
        )
    )
    name, _, more = words.partition("\n")
    up = 0.0085 * points if more else 0
    axes.text(x, y - up, name, weight="bold", size=points, **CENTRED)
    axes.text(x, y + up, more, size=points, **CENTRED)


def _arrow(
    axes: Axes, start: Place, end: Place, colour: str = MODEL, **look
) -> None:
    style = {"arrowstyle": "-|>", "mutation_scale": 8, "linewidth": 1.1}
    style |= {"color": colour, "shrinkA": 0, "shrinkB": 0, **look}
    axes.annotate("", end, start, arrowprops=style)


# --------------------------------------------------------------- an iteration

WHAT_HAPPENS = {
    "guess": "yhat = model(x)",
    "error": "loss_fn(yhat, y)",
    "derivatives": "loss.backward()",
    "update": "optimizer.step()",
}
CONTROLS = {"guess": "batch size", "update": "lr"}


@picture
def iteration():
    """Draw the four parts of a training iteration and what controls them."""
    height = 2.3
    figure = Figure(figsize=(FULL, height))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, FULL), ylim=(height, 0))  # inches, downwards
    axes.axis("off")
    title = "Four parts, again and again; hyperparameters say how"
    axes.text(0.22, 0.22, title, va="top", weight="bold", size=12)
    size, middle, below = (1.6, 0.62), 0.95, 1.7
    colours = (TRAINING, VALIDATION, OTHER, MODEL)
    places = [1.02 + 2.12 * number for number in range(4)]
    for (name, code), place, colour in zip(
        WHAT_HAPPENS.items(), places, colours, strict=True
    ):
        _box(axes, (place, middle), size, f"{name}\n{code}", colour, 10)
        if name in CONTROLS:
            _box(axes, (place, below), (1.1, 0.34), CONTROLS[name], FAINT, 9.5)
            _arrow(axes, (place, below - 0.17), (place, middle + 0.31))
    half = size[0] / 2
    for left, right in itertools.pairwise(places):
        _arrow(axes, (left + half, middle), (right - half, middle))
    # the way back: under the boxes, and up to the first
    low, start, end = 2.06, places[-1] + 0.68, places[0] - 0.68
    axes.plot(
        [start, start, end], [middle + 0.31, low, low], color=MODEL, lw=1.1
    )
    _arrow(axes, (end, low), (end, middle + 0.31))
    ground = {"facecolor": CARD, "edgecolor": "none", "pad": 2}
    again = "the next batch, n_epochs times through the data"
    axes.text(FULL / 2, low, again, size=9.5, bbox=ground, **CENTRED)
    said = [f"{name} ({code})" for name, code in WHAT_HAPPENS.items()]
    return figure, (
        f"Four boxes in a circle: {listed(said)}, then the next batch, "
        "n_epochs times through the data. Two hyperparameters act on them: "
        "the batch size on the guess, lr on the update."
    )


# ------------------------------------------------------- a graph as it grows

COLUMN = (0.43, 1.39, 2.35, 3.3)  # inches, of the panel below
LEAVES, RESULTS, FUNCTIONS, LAST = 0.38, 0.98, 1.82, 2.42
WIDTH = 3.75
SIZE = (0.66, 0.4)


@moving(panel=(WIDTH, 2.65), columns=2)
def growing_graph(
    *,
    x: torch.Tensor,
    w: torch.Tensor,
    b: torch.Tensor,
    product: torch.Tensor,
    yhat: torch.Tensor,
    loss: torch.Tensor,
):
    """Draw a calculation and the graph that autograd records of it.

    Args:
        x: a number without a gradient.
        w: a leaf.
        b: a leaf.
        product: w times x.
        yhat: product plus b.
        loss: made of yhat, by one operation; its graph is still there.
    """
    results = {"product": product, "yhat": yhat, "loss": loss}
    functions = [type(r.grad_fn).__name__ for r in results.values()]
    after = [yhat, product, w, b]
    found = torch.autograd.grad(loss, after, retain_graph=True)
    slopes = [f"{gradient.item():g}" for gradient in found]
    leaves = {"x": x, "w": w, "b": b}

    def draw(axes: Axes, n_results: int, way_back: bool = False) -> None:
        _draw_calculation(axes, leaves, results, n_results)
        _draw_recorded(axes, functions[:n_results], slopes if way_back else [])

    def step(n_results: int):
        return lambda axes: draw(axes, n_results)

    multiply, add, square = functions
    at_yhat, at_product, at_w, at_b = slopes
    return "The graph grows with every operation", [
        Step(
            f"w * x is recorded as {multiply}, which leads to the leaf w. "
            "x requires no gradient.",
            step(1),
        ),
        Step(f"+ b adds {add}. It leads on to both of its inputs.", step(2)),
        Step(f"The square adds {square}. The loss is now the root.", step(3)),
        Step(
            f"backward starts with 1 at the root. {at_yhat} leaves {square}, "
            f"{at_product} leaves {add}, {at_w} arrives at w and {at_b} at b.",
            lambda axes: draw(axes, 3, way_back=True),
        ),
    ]


def _draw_calculation(axes: Axes, leaves, results, n_results: int) -> None:
    """Draw the upper half: numbers, and what was made of them so far."""
    places = {"x": (COLUMN[0], LEAVES), "w": (COLUMN[0], RESULTS)}
    places["b"] = (COLUMN[1], LEAVES)
    shown = ["x", "w", *(["b"] if n_results > 1 else [])]
    for name in shown:
        value = leaves[name]
        colour = TRAINING if value.requires_grad else FAINT
        words = f"{name}\n{value.item():g}"
        _box(axes, places[name], SIZE, words, colour)
        _tag(axes, places[name], "leaf")
    names = list(results)[:n_results]
    for number, name in enumerate(names, start=1):
        place = (COLUMN[number], RESULTS)
        _box(axes, place, SIZE, f"{name}\n{results[name].item():g}", OTHER)
        _level(axes, number - 1, number, RESULTS)
        if number < 3:  # the second input of a product or a sum
            start = (COLUMN[number - 1] + SIZE[0] / 2, LEAVES)
            _arrow(axes, start, (place[0] - 0.2, RESULTS - SIZE[1] / 2))
    if names[-1] == "loss":
        _tag(axes, (COLUMN[3], RESULTS), "root")


def _draw_recorded(axes: Axes, functions, slopes) -> None:
    """Draw the lower half: Function objects, and what backward hands on."""
    middle = (RESULTS + FUNCTIONS) / 2 + 0.01
    axes.plot([0, WIDTH], [middle, middle], ":", color=FAINT, linewidth=1)
    small = {"size": 6.6, "color": WORDS, "va": "center"}
    axes.text(0, middle - 0.08, "calculated", **small)
    axes.text(0, middle + 0.09, "recorded", **small)
    ends = [("w", (COLUMN[0], FUNCTIONS))]
    ends += [("b", (COLUMN[1], LAST))] if len(functions) > 1 else []
    for name, place in ends:
        _box(
            axes,
            place,
            (SIZE[0] + 0.16, SIZE[1]),
            f"Accumulate-\nGrad of {name}",
            FAINT,
        )
    colour = VALIDATION if slopes else MODEL
    for number, name in enumerate(functions, start=1):
        place = (COLUMN[number], FUNCTIONS)
        words = name.replace("Backward", "\nBackward")
        _box(axes, place, (SIZE[0] + 0.06, SIZE[1]), words, FAINT)
        _level(axes, number, number - 1, FUNCTIONS, colour, 0.08)
        link = [place[0]] * 2, [RESULTS + SIZE[1] / 2, FUNCTIONS - SIZE[1] / 2]
        axes.plot(*link, "--", color=FAINT, linewidth=1)
        if number == 1:
            near = (place[0] + 0.05, RESULTS + SIZE[1] / 2 + 0.09)
            axes.text(*near, "grad_fn", **small)
    if len(functions) > 1:
        end = (COLUMN[1] + SIZE[0] / 2 + 0.08, LAST)
        start = (COLUMN[2], FUNCTIONS + SIZE[1] / 2)
        _arrow(
            axes,
            start,
            end,
            colour,
            connectionstyle="angle,angleA=90,angleB=0,rad=4",
        )
    if slopes:
        at_yhat, at_product, at_w, at_b = slopes
        bold = {"size": 8, "weight": "bold", "color": VALIDATION, **CENTRED}
        up = FUNCTIONS - 0.3
        axes.text((COLUMN[2] + COLUMN[3]) / 2, up, at_yhat, **bold)
        axes.text((COLUMN[1] + COLUMN[2]) / 2, up, at_product, **bold)
        axes.text((COLUMN[0] + COLUMN[1]) / 2, up, at_w, **bold)
        axes.text(COLUMN[2] + 0.12, LAST - 0.06, at_b, **bold)
        axes.text(COLUMN[3] + 0.1, up, "1", **bold)


def _tag(axes: Axes, place: Place, word: str) -> None:
    up = place[1] - SIZE[1] / 2 - 0.07
    axes.text(place[0], up, word, size=6.6, color=WORDS, **CENTRED)


def _level(axes, start: int, end: int, y: float, colour=MODEL, more=0.0):
    """Draw an arrow between two columns."""
    sign = 1 if end > start else -1
    half = SIZE[0] / 2 + more
    _arrow(
        axes,
        (COLUMN[start] + sign * half, y),
        (COLUMN[end] - sign * half, y),
        colour,
    )


# ---------------------------------------------------------- rough differences


@picture
def difference_errors(
    steps: Sequence[float], relative_errors: Mapping[str, Sequence[float]]
):
    """Draw how wrong finite differences are, for each step size.

    Args:
        steps: sizes h, each larger than 0.
        relative_errors: for each kind of number, by name, the error at each h.
    """
    figure, axes = new_figure((FULL, 3.7))
    said = []
    for colour, (name, errors) in zip(
        SERIES, relative_errors.items(), strict=False
    ):
        best = int(np.argmin(errors))
        axes.plot(steps, errors, "o-", color=colour, markersize=4, label=name)
        where = (steps[best], errors[best])
        axes.plot(*where, "o", color=colour, markersize=9)
        axes.annotate(
            f"best near h = {_one_digit(where[0])}",
            where,
            (10, -8),
            textcoords="offset points",
            va="center",
        )
        said.append(
            f"with {name} it is smallest near h = {_one_digit(where[0])}, "
            f"about {_power(where[1])}"
        )
    axes.set(xscale="log", yscale="log", xlabel="step size h")
    axes.set(ylabel="relative error", ylim=(1e-13, 20))
    axes.set_title("A large step is inexact, and a small one loses digits")
    axes.legend(loc="lower right")
    return figure, (
        "The relative error of a central difference over the step size h, both "
        f"logarithmic: {listed(said)}. On both sides of that it grows."
    )


def _power(value: float) -> str:
    """Write a positive number as the nearest power of ten."""
    return f"1e{round(np.log10(value))}"


def _one_digit(value: float) -> str:
    """Write a small number with one digit: 3e-6."""
    return f"{value:.0e}".replace("e-0", "e-")
