"""What chapter 16 draws: a grid of runs, seeds, choices, histograms."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.page.colours import (
    FAINT,
    MODEL,
    OTHER,
    SERIES,
    TRAINING,
    VALIDATION,
    WORDS,
)
from helpers.plots.style import FULL, new_figure, picture, rows_only

Histogram = tuple[np.ndarray, np.ndarray]


@picture
def grid_of_runs(parameters: Mapping[str, Sequence[Any]]):
    """Draw a grid of three parameters: a panel, a column and a row for each.

    Args:
        parameters: by name, the values; three of them. The last one is drawn
            as dots side by side.
    """
    across, down, within = parameters
    columns, rows, dots = parameters.values()
    figure, axes = new_figure((FULL, 0.95 + 0.62 * len(rows)))
    colours = itertools.cycle(SERIES)
    number = 0
    step = 0.7 / max(1, len(dots) - 1)
    palette = [next(colours) for _ in dots]
    for x, y in itertools.product(range(len(columns)), range(len(rows))):
        for place, colour in enumerate(palette):
            at = (x - 0.35 + place * step, y)
            axes.scatter(*at, s=210, color=colour, linewidth=0)
            number += 1
            axes.text(
                *at,
                str(number),
                color="white",
                ha="center",
                va="center",
                size=8.5,
            )
    axes.set_xticks(range(len(columns)), [f"{across} {c}" for c in columns])
    axes.set_yticks(range(len(rows)), [f"{down} {r}" for r in rows])
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    axes.grid(visible=False)
    axes.grid(visible=True, which="minor")
    axes.tick_params(length=0, which="both")
    sizes = " x ".join(str(len(v)) for v in parameters.values())
    axes.set_title(f"{sizes} = {number} runs, a colour for each {within}")
    return figure, (
        f"A grid: {len(columns)} columns for {across}, {len(rows)} rows for "
        f"{down}, and in each cell {len(dots)} numbered dots, one for each "
        f"{within}. {number} runs in all; the {within} varies fastest."
    )


@picture
def seeds(results: Mapping[str, Sequence[float]], unit: str, title: str):
    """Draw every run as a dot, and the mean of each setting as a bar.

    Args:
        results: by setting, one share from 0 to 1 per seed.
        unit: what is measured.
        title: what the reader should see.
    """
    figure, axes = new_figure((FULL, 0.9 + 0.46 * len(results)))
    for row, values in enumerate(results.values()):
        percent = 100 * np.array(values)
        look = {"s": 42, "color": TRAINING, "alpha": 0.75, "linewidth": 0}
        axes.scatter(percent, np.full(len(percent), row), **look)
        ends = (row - 0.32, row + 0.32)
        axes.vlines(percent.mean(), *ends, color=VALIDATION, linewidth=2.6)
    rows_only(axes, list(results))
    axes.set_ylim(len(results) - 0.5, -0.5)
    axes.grid(visible=True, axis="x")
    axes.set(xlabel=f"{unit} (%)", title=title)
    axes.scatter([], [], s=42, color=TRAINING, label="one seed")
    axes.plot([], [], color=VALIDATION, linewidth=2.6, label="mean")
    figure.legend(loc="outside right upper")
    said = [
        f"{name}: mean {100 * np.mean(values):.0f}, from "
        f"{100 * min(values):.0f} to {100 * max(values):.0f}"
        for name, values in results.items()
    ]
    n = len(next(iter(results.values())))
    return figure, (
        f"Percent correct for {len(results)} settings, {n} seeds each, as dots "
        f"with a bar at the mean. {'; '.join(said)}."
    )


@picture
def best_of_many(values: Sequence[float], other: float, names: Sequence[str]):
    """Draw the best of so many seeds, on average, for one and the same setting.

    Args:
        values: shares from 0 to 1, one per seed.
        other: the mean of another setting.
        names: of the setting and of the other one.
    """
    best = [100 * expected_best(values, k) for k in range(1, len(values) + 1)]
    mean = 100 * float(np.mean(values))
    figure, axes = new_figure((FULL, 3.5))
    axes.plot(range(1, len(best) + 1), best, "o-", ms=4.5, color=TRAINING)
    axes.hlines(mean, 1, len(best), color=FAINT, linestyle="--", lw=1.4)
    axes.hlines(100 * other, 1, len(best), color=VALIDATION, lw=2)
    for height, words, colour in (
        (best[-1], f"best of {len(best)}, {names[0]}", TRAINING),
        (mean, f"mean, {names[0]}", WORDS),
        (100 * other, f"mean, {names[1]}", VALIDATION),
    ):
        place = (len(best) + 0.5, height)
        axes.text(*place, words, va="center", color=colour)
    axes.set(xlim=(0.3, 1.3 * len(best)), xlabel="seeds tried")
    axes.grid(visible=False, axis="x")
    axes.margins(y=0.08)
    axes.set_xticks([1, *range(5, len(best) + 1, 5)])
    axes.set_ylabel("validation accuracy (%)")
    axes.set_title("The best of more seeds climbs, though nothing gets better")
    passes = (
        "one lucky seed passes" if best[-1] > 100 * other else "no seed passes"
    )
    return figure, (
        f"The best of so many seeds for {names[0]}, on average: "
        f"{best[0]:.0f} percent for one seed, {best[4]:.0f} for five, "
        f"{best[-1]:.0f} for {len(best)}. The mean stays at {mean:.0f}. A line "
        f"at {100 * other:.0f}, the mean for {names[1]}: {passes} it."
    )


def expected_best(values: Sequence[float], k: int) -> float:
    """Return the best of k of these values, a mean over every choice of k."""
    ordered = sorted(values)
    n = len(ordered)
    # the value at place i is the best of k if the others come before it
    ways = [math.comb(i, k - 1) for i in range(n)]
    weighted = (v * w for v, w in zip(ordered, ways, strict=True))
    return sum(weighted) / math.comb(n, k)


@picture
def histograms(found: Mapping[str, Sequence[Histogram]], title: str):
    """Draw histograms of one tag each, epochs above one another.

    Args:
        found: by name, one histogram per epoch: edges [n + 1], counts [n].
        title: what the reader should see.
    """
    figure = Figure(figsize=(FULL, 3.5))
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    said = []
    for axes, (name, epochs) in zip(panels, found.items(), strict=True):
        spreads = [_ridge(axes, e, one) for e, one in enumerate(epochs)]
        axes.set_xlabel(name)
        axes.set_yticks(range(len(epochs)))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=False)
        verb = "wider" if spreads[-1] > spreads[0] else "narrower"
        said.append(f"those of {name} get {verb}")
    panels[0].set_ylabel("epoch")
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")
    n = len(next(iter(found.values())))
    return figure, (
        f"Histograms of {n} epochs above one another: {'; '.join(said)}."
    )


def _ridge(axes: Axes, epoch: int, histogram: Histogram) -> float:
    """Draw one histogram as a hill; return how wide it is."""
    edges, counts = histogram
    middles = (edges[1:] + edges[:-1]) / 2
    low, high = edges[0], edges[-1]
    places = np.linspace(low, high, 41)
    # counts spread over even bins: TensorBoard's grow away from 0
    total = np.interp(places, edges, np.concatenate([[0], np.cumsum(counts)]))
    heights = np.diff(total)
    heights = 1.6 * heights / max(heights.max(), 1e-12)
    centres = (places[1:] + places[:-1]) / 2
    look = {"color": OTHER, "alpha": 0.55, "linewidth": 0, "zorder": 20 - epoch}
    axes.fill_between(centres, epoch, epoch + heights, **look)
    axes.plot(centres, epoch + heights, color=MODEL, lw=0.8, zorder=20 - epoch)
    mean = np.average(middles, weights=counts)
    return float(np.sqrt(np.average((middles - mean) ** 2, weights=counts)))
