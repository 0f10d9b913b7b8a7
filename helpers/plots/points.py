"""Points: data, and the lines and answers that models make of them."""

from collections.abc import Mapping, Sequence

import numpy as np

from helpers.page.colours import (
    MODEL,
    OTHER,
    SERIES,
    TRAINING,
    VALIDATION,
)
from helpers.page.pictures import listed
from helpers.plots.style import new_figure, number, picture

Points = tuple[float, float]


@picture
def data(
    x_train,
    y_train,
    x_val=None,
    y_val=None,
    *,
    line: Points | None = None,
    trained: Points | None = None,
):
    """Draw the points, and lines over them.

    Args:
        x_train: features [N, 1] to train on.
        y_train: labels [N, 1].
        x_val: features to validate on, if there are any.
        y_val: their labels.
        line: bias and weight of the true line.
        trained: bias and weight of the trained model.
    """
    figure, axes = new_figure()
    axes.scatter(x_train, y_train, s=22, color=TRAINING, label="training")
    words = f"{len(x_train)} training points"
    if x_val is not None and y_val is not None:
        axes.scatter(
            x_val, y_val, s=26, color=VALIDATION, marker="s", label="validation"
        )
        words += f" and {len(x_val)} validation points"
    ends = np.array([0.0, 1.0])
    said = []
    for name, ends_at, colour, style in (
        ("true line", line, MODEL, "-"),
        ("trained model", trained, OTHER, "--"),
    ):
        if ends_at is not None:
            b, w = ends_at
            axes.plot(ends, b + w * ends, style, color=colour, label=name)
            said.append(f"the {name}, y = {b:.2f} + {w:.2f} x")
    axes.set(xlabel="x", ylabel="y")
    axes.set_title(_title_of_data(x_train, y_train, line, trained))
    if said or x_val is not None:
        axes.legend()
    over = f". Over them: {listed(said)}" if said else ""
    return figure, f"{words}, for x from 0 to 1{over}."


def _title_of_data(x, y, line, trained) -> str:
    """Say what the points and lines show, from the points and lines."""
    if line is None:
        return f"{len(x)} points"
    b, w = line
    if trained is None:
        noise = np.std(np.ravel(y) - b - w * np.ravel(x))
        return f"The points follow the line, give or take {noise:.1f}"
    # where two lines are furthest apart: at one of the ends
    apart = max(abs(trained[0] - b), abs(sum(trained) - b - w))
    is_on = "lies on" if apart < 0.1 else "is not yet on"
    return f"The trained model {is_on} the true line"


@picture
def fits(x, y, curves: Mapping[str, tuple], title: str = ""):
    """Draw points and what several models make of them.

    Args:
        x: features [N, 1].
        y: labels [N, 1].
        curves: by name, features [n, 1] in rising order and predictions
            [n, 1]; three at most.
        title: what the reader should see.
    """
    figure, axes = new_figure()
    axes.scatter(x, y, s=18, color=TRAINING, label="points")
    styles = [(OTHER, "--"), (MODEL, "-"), (SERIES[3], ":")]
    said = []
    for (name, (xs, ys)), (colour, dashes) in zip(
        curves.items(), styles, strict=False
    ):
        axes.plot(xs, ys, dashes, color=colour, label=name)
        off = _typical_miss(x, y, xs, ys)
        said.append(f"{name} misses them by {off} on average")
    axes.set(xlabel="x", ylabel="y", title=title)
    axes.legend()
    return figure, f"{len(x)} points and what models predict: {listed(said)}."


def _typical_miss(x, y, xs, ys) -> str:
    """Say how far points lie from a curve: the mean distance in y."""
    at = np.interp(np.ravel(x), np.ravel(xs), np.ravel(ys))
    return number(np.abs(at - np.ravel(y)).mean())


@picture
def answers(many: Sequence[float], one: float, *, x: float):
    """Draw what a model answers to one input in train mode and in eval mode.

    Args:
        many: predictions [n] in train mode.
        one: the prediction in eval mode.
        x: the input.
    """
    figure, axes = new_figure()
    axes.hist(np.ravel(many), bins=40, color=SERIES[1], label="train mode")
    axes.axvline(one, color=MODEL, label="eval mode")
    axes.set_title("One input: many answers in train mode, one in eval mode")
    axes.set(xlabel=f"prediction for x = {x:g}", ylabel="number of answers")
    axes.legend()
    return figure, (
        f"{len(many)} predictions for x = {x:g} in train mode, from "
        f"{number(min(many))} to {number(max(many))}, around the one "
        f"prediction in eval mode, {one:.2f}."
    )
