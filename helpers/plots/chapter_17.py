"""What chapter 17 draws: regimes, parts of an epoch, ratios, cost per row."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    NullFormatter,
    NullLocator,
)

from helpers.page.colours import (
    FAINT,
    MODEL,
    OTHER,
    SERIES,
    TRAINING,
    VALIDATION,
)
from helpers.page.pictures import listed
from helpers.plots.style import (
    FULL,
    WIDE,
    new_figure,
    number,
    picture,
    rows_only,
)

MARKERS = "os^Dv"
# how much longer a step may take before it counts as "longer"
FLAT = 1.5


def _duration(seconds: float, _place: int = 0) -> str:
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 0.9999:
            return f"{seconds * factor:,.0f} {unit}"
    return f"{1e9 * seconds:,.0f} ns"


def _durations(axes: Axes, which: str = "y") -> None:
    axis = {"x": axes.xaxis, "y": axes.yaxis}[which]
    axis.set_major_formatter(FuncFormatter(_duration))
    axis.set_minor_formatter(NullFormatter())


def grows_at(sizes: Sequence[int], seconds: Sequence[float]) -> int | None:
    """Return the first size whose step takes clearly longer than the first.

    Args:
        sizes: rows of a batch, from small to large.
        seconds: of a step, one per size.

    Returns:
        None if no step does.
    """
    limit = FLAT * seconds[0]
    return next(
        (n for n, s in zip(sizes, seconds, strict=True) if s > limit), None
    )


@picture
def regimes(found: Mapping[str, Any]):
    """Draw the time of a step over batch size, a curve per model.

    Args:
        found: from `helpers.measuring.regimes.measure_regimes`.
    """
    sizes = found["batch_sizes"]
    figure, axes = new_figure((FULL, 3.6))
    said = []
    for name, colour, marker in zip(
        found["seconds"], SERIES, MARKERS, strict=False
    ):
        seconds, title = found["seconds"][name], found["titles"][name]
        axes.plot(
            sizes,
            seconds,
            f"{marker}-",
            color=colour,
            label=title,
            markersize=5,
        )
        grows = grows_at(sizes, seconds)
        said.append(
            f"{title}: flat"
            if grows is None
            else f"{title}: flat at first, and longer from {grows} rows on"
        )
    axes.set(xscale="log", yscale="log", xlabel="rows in a batch")
    axes.set(ylabel="time of a step")
    axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
    axes.set_xticks([], minor=True)
    _durations(axes)
    axes.set_title("Small steps cost overhead, large ones arithmetic")
    figure.legend(loc="outside right upper")
    return figure, (
        f"Time of a training step for batches of {sizes[0]} to {sizes[-1]:,} "
        f"rows, both axes logarithmic. {'; '.join(said)}."
    )


@picture
def epoch_parts(found: Mapping[str, Any], parts: Sequence[str]):
    """Draw what an epoch of each version is made of, as stacked bars.

    Args:
        found: by version, from `helpers.measuring.epoch_parts`.
        parts: their names, in order.
    """
    figure, axes = new_figure((FULL, 1.2 + 0.42 * len(found)))
    starts = dict.fromkeys(found, 0.0)
    colours = dict(zip(parts, (*SERIES[:5], FAINT), strict=False))
    for part in parts:
        widths = [e.microseconds[part] / 1000 for e in found.values()]
        axes.barh(
            range(len(found)),
            widths,
            left=list(starts.values()),
            color=colours[part],
            label=part,
            height=0.66,
        )
        for name, width in zip(found, widths, strict=True):
            starts[name] += width
    rows_only(axes, list(found))
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("ms per epoch, under the profiler")
    axes.set_title("Most of an epoch of the line is not arithmetic")
    figure.legend(loc="outside right upper")
    said = [
        f"{name}: {number(e.total / 1000)} ms, most of it "
        f"{max(e.microseconds, key=e.microseconds.__getitem__)}"
        for name, e in found.items()
    ]
    return figure, (
        f"What an epoch is made of, in milliseconds, for {len(found)} "
        f"versions. {'; '.join(said)}."
    )


# colours of those who take part in the table of ratios
KINDS = {
    "plain": MODEL,
    "teaching": OTHER,
    "eager": TRAINING,
    "compiled": TRAINING,
    "floor": FAINT,
}


@picture
def ratios(results: Mapping[str, Mapping[str, Sequence[float]]], title: str):
    """Draw how many times as long as the plain way each of others takes.

    Args:
        results: by job, by contender, median, lower and upper quartile.
        title: what the reader should see.
    """
    names = list(dict.fromkeys(n for found in results.values() for n in found))
    figure = Figure(figsize=(FULL, 1.6 + 0.29 * len(names)))
    panels = figure.subplots(
        1, len(results), sharey=True, sharex=True, squeeze=False
    )[0]
    said = []
    for axes, (job, found) in zip(panels, results.items(), strict=True):
        axes.axvline(1, color=MODEL, linewidth=1)
        for row, name in enumerate(names):
            if name in found:
                _dot(axes, row, found[name], KINDS.get(name, VALIDATION))
        axes.set(xscale="log", ylim=(len(names) - 0.5, -0.5))
        axes.set_title(_in_two_lines(job), fontsize=10.5)
        axes.set_xlabel("ratio to plain", fontsize=10)
        axes.tick_params(axis="y", length=0)
        _plain_ratios(axes)
        shown = ", ".join(f"{n} {found[n][0]:.2f}" for n in names if n in found)
        said.append(f"{job}: {shown}")
    panels[0].set_yticks(range(len(names)), names)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, weight="bold")
    return figure, (
        f"{title}. Time as a ratio to plain, a dot at the median and a bar "
        f"between the quartiles. {'. '.join(said)}."
    )


def _dot(axes: Axes, row: int, ratio: Sequence[float], colour: str) -> None:
    median, low, high = ratio
    axes.hlines(row, low, high, color=colour, linewidth=5, alpha=0.35)
    axes.scatter(median, row, s=38, color=colour, zorder=3)


def _in_two_lines(title: str) -> str:
    return title.replace(", ", "\n", 1)


def _plain_ratios(axes: Axes) -> None:
    """Write 0.1, 0.2, 0.5, 1, 2 ... at an axis of ratios."""
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=9))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, axis="x")
    axes.grid(visible=True, axis="y", alpha=0.4)
    axes.tick_params(axis="x", labelsize=8.5)


@picture
def cost_per_row(found: Mapping[str, Any]):
    """Draw the time of an epoch, divided by its rows, over their number.

    Args:
        found: from `helpers.measuring.regimes.measure_rows`.
    """
    figure, axes = new_figure(WIDE)
    n_rows, said = found["n_rows"], []
    colours = {"plain": MODEL, "eager": TRAINING, "compiled": OTHER}
    for (way, seconds), marker in zip(
        found["seconds"].items(), MARKERS, strict=False
    ):
        axes.plot(
            n_rows, seconds, f"{marker}-", color=colours[way], label=way,
            markersize=5,
        )  # fmt: skip
        said.append(
            f"{way}: from {number(1e6 * seconds[0])} µs at {n_rows[0]} rows to "
            f"{number(1e6 * seconds[-1])} at {n_rows[-1]:,}"
        )
    axes.set(xscale="log", yscale="log", xlabel="rows in the dataset")
    axes.set_ylabel("time of an epoch per row")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=9))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    _durations(axes)
    axes.set_title("A row costs the same among few and among many")
    figure.legend(loc="outside right upper")
    return figure, (
        "Time of an epoch per row, over the number of rows, for "
        f"{listed(list(found['seconds']))}. {'; '.join(said)}."
    )
