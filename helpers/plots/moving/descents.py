"""Descents on the loss surface, step by step (chapter 03)."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from helpers.page.colours import CARD, FAINT, MODEL, OTHER, SERIES, TRAINING
from helpers.page.pictures import listed
from helpers.plots.cells import write
from helpers.plots.moving.steps import Plan, moving, plot_in
from helpers.plots.steps import Step
from helpers.plots.style import number

COLOURS = (OTHER, TRAINING, SERIES[1])
FINE = 40  # updates drawn as a line at the start; later a dot per epoch

MOST = 11  # dots of a piece: a page may not become heavy


@dataclass(frozen=True)
class Descent:
    """One way down.

    Attributes:
        name: of the way.
        path: bias and weight before the first update and after each, [n, 2].
        per_epoch: updates in an epoch.
        colour: of its line.
    """

    name: str
    path: np.ndarray
    per_epoch: int
    colour: str

    def updates(self, epochs: float) -> int:
        """Return how many updates have been made after so many epochs."""
        return min(int(epochs * self.per_epoch + 1e-9), len(self.path) - 1)


@moving(panel=(8.0, 3.65), columns=1, zoom=1)
def descents(
    x,
    y,
    paths: Mapping[str, np.ndarray],
    minimum: Sequence[float],
    per_epoch: Mapping[str, int],
    moments: Sequence[float] = (0, 0.2, 0.4, 1, 2, 3, 5, 10, 20, 50, 100, 200),
):
    """Draw how far descents have come after some epochs, and parts of epochs.

    The loss is the mean squared error of the line y = b + w x.

    Args:
        x: features [N, 1].
        y: labels [N, 1].
        paths: by name, the bias and weight at the start and after every update,
            [1 + updates, 2]; three at most.
        minimum: bias and weight of the smallest loss.
        per_epoch: by name, how many updates an epoch has. A path may stop
            before the last moment.
        moments: numbers of epochs; one step for each.
    """
    ways = [
        Descent(name, path, per_epoch[name], colour)
        for (name, path), colour in zip(paths.items(), COLOURS, strict=False)
    ]
    middle, half = np.array(minimum), np.array((0.12, 0.24))
    box = [middle - half, middle + half]
    low, high = _corners(np.vstack([*(way.path for way in ways), box]))
    whole = _surface(x, y, low, high)
    near = _surface(x, y, *box)

    def draw(axes: Axes, n: int) -> None:
        for left, surface in ((0.5, whole), (4.75, near)):
            panel = plot_in(axes, left, 0.52, 3.2, 2.75)
            _draw_surface(panel, surface)
            hole = box if surface is whole else None
            _draw_ways(panel, ways, moments[: n + 1], hole)
            panel.plot(*minimum, "*", color=MODEL, markersize=9, zorder=6)
            panel.set(xlabel="bias b", ylabel="weight w")
            panel.yaxis.labelpad = 4
        write(axes, (2.1, 0.38), "the whole descent", size=9)
        write(axes, (6.35, 0.38), "the box, enlarged", size=9)
        for column, way in enumerate(ways):
            place = 0.6 + 1.5 * column, 0.1
            axes.plot(*place, "o", color=way.colour, markersize=7)
            place = place[0] + 0.12, place[1]
            write(axes, place, way.name, size=9, ha="left")
        axes.plot(5.1, 0.1, "*", color=MODEL, markersize=9)
        write(axes, (5.22, 0.1), "minimum", size=9, ha="left")

    steps = [
        Step(
            _caption(ways, epochs),
            lambda axes, n=n: draw(axes, n),
            _label(epochs),
        )
        for n, epochs in enumerate(moments)
    ]
    ends = [
        f"{way.name} (after {len(way.path) - 1} updates) "
        f"{number(_distance(way.path[-1], minimum))}"
        for way in ways
    ]
    spread = [
        f"{way.name} {_spread(way.path[-way.per_epoch * 10 :], minimum)}"
        for way in ways
    ]
    words = (
        "Contour lines of the loss over bias and weight form a long narrow "
        "valley, with the minimum at "
        f"b = {minimum[0]:.2f}, w = {minimum[1]:.2f}. The paths drop into it "
        f"and follow its floor. Distance from the minimum at the end: "
        f"{listed(ends)}. Mean distance in the last ten epochs: "
        f"{listed(spread)}."
    )
    title = (
        "The smaller the batch, the sooner it arrives, and the less it rests"
    )
    shown = (len(steps),)
    return Plan(title, steps, words, start=len(steps), shown=shown)


def _label(epochs: float) -> str:
    return f"{epochs:g}"


def _caption(ways: Sequence[Descent], epochs: float) -> str:
    if not epochs:
        return "Epoch 0: all three start at the same place."
    counts = []
    for way in ways:
        n_updates = way.updates(epochs)
        has_stopped = n_updates < epochs * way.per_epoch - 1
        counts.append(
            f"{way.name} {n_updates}{' (stopped)' if has_stopped else ''}"
        )
    name = "epoch" if epochs == 1 else "epochs"
    return f"After {epochs:g} {name}. Updates: {listed(counts)}."


def _distance(place: np.ndarray, minimum: Sequence[float]) -> float:
    return float(np.linalg.norm(place - np.array(minimum)))


def _spread(places: np.ndarray, minimum: Sequence[float]) -> str:
    far = np.linalg.norm(places - np.array(minimum), axis=1)
    return number(float(far.mean()))


def _corners(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = places.min(axis=0), places.max(axis=0)
    return low - 0.08 * (high - low), high + 0.08 * (high - low)


def _surface(x, y, low, high):
    """Return bias, weight and the logarithm of the loss above the smallest."""
    b, w = np.meshgrid(
        np.linspace(low[0], high[0], 60), np.linspace(low[1], high[1], 60)
    )
    errors = b[..., None] + w[..., None] * np.ravel(x) - np.ravel(y)
    loss = (errors**2).mean(axis=-1)
    return b, w, np.log10(loss - loss.min() + 1e-5)


def _draw_surface(axes: Axes, surface) -> None:
    b, w, excess = surface
    levels = np.linspace(np.percentile(excess, 4), excess.max(), 6)
    lines = {"colors": FAINT, "linewidths": 0.7, "linestyles": "-"}
    axes.contour(b, w, excess, levels=levels, **lines)
    axes.set(xlim=(b.min(), b.max()), ylim=(w.min(), w.max()))
    axes.grid(visible=False)


def _draw_ways(
    axes: Axes, ways: Sequence[Descent], moments: Sequence[float], hole
) -> None:
    """Draw each path up to the last moment, in pieces that steps share.

    Dots within the hole are left out: the box around it shows them enlarged.
    """
    if hole is not None:
        (left, low), (right, high) = hole
        xs, ys = [left, right, right, left, left], [low, low, high, high, low]
        axes.plot(xs, ys, color=MODEL, linewidth=0.8, zorder=4)
    for way in ways:
        for begin, end in itertools.pairwise(moments):
            piece = way.updates(begin), way.updates(end)
            _draw_piece(axes, way, piece, hole)
        here = way.path[way.updates(moments[-1])]
        look = {"color": way.colour, "markersize": 8, "zorder": 5}
        axes.plot(*here, "o", markeredgecolor=CARD, **look)


def _draw_piece(axes: Axes, way: Descent, piece: tuple[int, int], hole) -> None:
    begin, end = piece
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    line = way.path[begin : min(end, FINE) + 1]
    if len(line) > 1:
        axes.plot(*line.T, color=way.colour, linewidth=1.3, zorder=3)
    first = max(begin, FINE)
    stride = max(1, (end - first) // MOST)
    dots = way.path[first + 1 : end + 1 : stride]
    inside = ((dots > low) & (dots < high)).all(axis=1)
    if hole is not None:
        inside &= ~((dots > hole[0]) & (dots < hole[1])).all(axis=1)
    look = {"color": way.colour, "markersize": 2.4, "zorder": 3}
    axes.plot(*dots[inside].T, "o", markeredgewidth=0, **look)
