"""What chapter 19 draws: a loss and its baselines, layers over steps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from helpers.page.colours import FAINT, OTHER, SERIES, TRAINING, VALIDATION
from helpers.plots.style import (
    FULL,
    PAIR,
    WIDE,
    course_of,
    new_figure,
    number,
    picture,
    whole_numbers,
)

MARKERS = "os^Dv"
SICK = SERIES[3]  # neither the colour of training nor that of validation
WIDTHS = (3.4, 3.4, 1.4)  # the last one lies on those before it
USUAL = 1e-3  # of the weights: an update of usual size


def smoothed(losses: Sequence[float], window: int = 10) -> list[float]:
    """Return the mean of each loss and those just before it.

    Args:
        losses: of single batches, which jump.
        window: how many are taken together.
    """
    parts = (losses[max(0, i - window + 1) : i + 1] for i in range(len(losses)))
    return [sum(part) / len(part) for part in parts]


@picture
def against_baselines(
    losses: Mapping[str, Sequence[float]], baselines: Mapping[str, float]
):
    """Draw losses per step beside those of answers that know little.

    Args:
        losses: by name, one loss per step.
        baselines: by name, a loss.
    """
    figure, axes = new_figure(WIDE)
    said = []
    for (name, values), colour in zip(
        losses.items(), (SICK, TRAINING), strict=False
    ):
        curve = smoothed(values)
        axes.plot(curve, color=colour, label=name)
        said.append(f"{name} {course_of(curve)}")
    for (name, value), dashes in zip(
        baselines.items(), ("--", ":", "-."), strict=False
    ):
        axes.axhline(value, color=FAINT, linestyle=dashes, label=name)
        said.append(f"{name}, {number(value)}")
    axes.set(yscale="log", xlabel="step", ylabel="loss, mean of 10 batches")
    plain_log(axes)
    whole_numbers(axes)
    first = next(iter(losses))
    worse = min(baselines, key=baselines.__getitem__)
    axes.set_title(
        f"At the end, {first} is worse than the {worse}"
        if smoothed(losses[first])[-1] > baselines[worse]
        else f"At the end, {first} is better than the {worse}"
    )
    figure.legend(loc="outside right upper")
    return figure, (
        f"Losses over steps, on a logarithmic axis: {'; '.join(said)}."
    )


def plain_log(axes: Axes) -> None:
    """Write the numbers of a logarithmic axis as they are, without powers."""
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


@picture
def before_and_after(
    sick: tuple[Sequence[float], Sequence[float]],
    healed: tuple[Sequence[float], Sequence[float]],
    title: str,
):
    """Draw losses per epoch, of a sick loop and of the same one healed.

    Args:
        sick: training and validation losses, one per epoch.
        healed: the same.
        title: what the reader should see.
    """
    figure = Figure(figsize=PAIR)
    panels = figure.subplots(1, 2, sharey=True)
    said = []
    for axes, name, (losses, val_losses) in zip(
        panels, ("the patient", "healed"), (sick, healed), strict=True
    ):
        axes.plot(losses, color=TRAINING, label="training")
        axes.plot(val_losses, color=VALIDATION, label="validation")
        axes.set(yscale="log", xlabel="epoch")
        axes.set_title(name, weight="normal")
        whole_numbers(axes)
        said.append(
            f"{name}: the training loss {course_of(losses)}, the validation "
            f"loss {course_of(val_losses)}"
        )
    plain_log(panels[0])
    panels[0].set_ylabel("loss (cross-entropy)")
    panels[0].legend(loc="lower left")
    _over_all(figure, title)
    return figure, (
        f"Losses of {len(sick[0])} epochs in two panels, on a logarithmic "
        f"axis. {'; '.join(said)}."
    )


def _over_all(figure: Figure, title: str) -> None:
    figure.suptitle(title, weight="bold", fontsize=12, x=0.02, ha="left")


def _weights(names: Mapping[str, Any]) -> list[str]:
    return [name for name in names if name.endswith("weight")]


@picture
def gradients_by_layer(histories: Mapping[str, Any]):
    """Draw the norm of the first gradients, from first layer to last.

    Args:
        histories: by name, `helpers.clinic.History`, all of one architecture.
    """
    figure, axes = new_figure(WIDE)
    said = []
    for (name, history), colour, marker in zip(
        histories.items(), (SICK, TRAINING, OTHER), MARKERS, strict=False
    ):
        layers = _weights(history.gradients)
        norms = [history.gradients[layer][0][1] for layer in layers]
        places = range(1, len(layers) + 1)
        axes.plot(places, norms, f"{marker}-", color=colour, label=name)
        factor = norms[-1] / norms[0] if norms[0] else float("inf")
        said.append(
            f"{name}: the last of {len(layers)} is {number(factor)} times the "
            "first"
        )
    axes.set(yscale="log", xlabel="layer with weights, from the input")
    axes.set_ylabel("norm of its gradient")
    whole_numbers(axes)
    first, last = (
        next(iter(histories.values())).gradients[name][0][1]
        for name in (layers[0], layers[-1])
    )
    shrinks = "shrinks" if first < last else "does not shrink"
    axes.set_title(
        f"With {next(iter(histories))}, the gradient {shrinks} on its way back"
    )
    figure.legend(loc="outside right upper")
    return figure, (
        "Norms of gradients at the first step, by layer, on a logarithmic "
        f"axis. {'; '.join(said)}."
    )


@picture
def update_ratios(histories: Mapping[str, Any]):
    """Draw update-to-weight ratios over steps, a panel per training run.

    Args:
        histories: by name, `helpers.clinic.History`.
    """
    figure = Figure(figsize=(FULL, 4))
    panels = figure.subplots(1, len(histories), sharey=True, squeeze=False)[0]
    said = []
    for axes, (name, history) in zip(panels, histories.items(), strict=True):
        layers = _weights(history.ratios)
        for layer, colour, width in zip(layers, SERIES, WIDTHS, strict=False):
            steps, ratios = zip(*history.ratios[layer], strict=True)
            shown = [ratio or np.nan for ratio in ratios]  # a log has no 0
            at = [step + 1 for step in steps]
            axes.plot(at, shown, color=colour, label=layer, linewidth=width)
        axes.axhline(USUAL, color=FAINT, linestyle="--", label="a thousandth")
        axes.set(xscale="log", yscale="log", xlabel="step")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_title(name, weight="normal")
        first, last = (history.ratios[layers[0]][place][1] for place in (0, -1))
        said.append(f"{name}: from {_power(first)} to {_power(last)}")
    panels[0].set_ylabel("update / weight")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels)
    )
    _over_all(figure, "How far a step moves the weights, layer by layer")
    return figure, (
        f"Update-to-weight ratios over steps in {len(histories)} panels, both "
        "axes logarithmic, with a line at a thousandth. In the first layer, "
        f"{'; '.join(said)}."
    )


def _power(ratio: float) -> str:
    """Write a ratio by its power of ten, which all machines share."""
    return f"about {ratio:.0e}" if ratio else "0"


@picture
def activations(histories: Mapping[str, Any], layer: str):
    """Draw what a layer gives over steps: share of zeros, and spread.

    Args:
        histories: by name, `helpers.clinic.History`.
        layer: its name in the model.
    """
    figure = Figure(figsize=(FULL, 4))
    zeros, spread = figure.subplots(1, 2)
    said, silent = [], []
    for (name, history), colour, marker in zip(
        histories.items(), SERIES, MARKERS, strict=False
    ):
        steps, _, spreads, shares = zip(
            *history.activations[layer], strict=True
        )
        at = [step + 1 for step in steps]
        percent = [100 * share for share in shares]
        style = {"color": colour, "marker": marker, "markersize": 4}
        zeros.plot(at, percent, label=name, **style)
        spread.plot(at, spreads, **style)
        silent += [name] if shares[-1] > 0.995 else []
        said.append(
            f"{name}: {number(percent[0])} percent zeros at first, "
            f"{number(percent[-1])} at the end"
        )
    zeros.set(xscale="log", xlabel="step", ylabel="zeros (%)")
    zeros.set(ylim=(-5, 105))
    spread.set(xscale="log", xlabel="step", ylabel="standard deviation")
    # as far as 0, which a logarithm does not have
    spread.set_yscale("symlog", linthresh=0.1)
    spread.set_ylim(-0.02, 1.3 * spread.get_ylim()[1])  # no marker is cut
    spread.yaxis.set_major_formatter("{x:g}")
    for axes in (zeros, spread):
        axes.xaxis.set_major_formatter("{x:g}")
    figure.legend(loc="outside lower center", ncols=len(histories))
    _over_all(
        figure,
        f"With {' and '.join(silent)}, layer {layer} ends with nothing but 0"
        if silent
        else f"What layer {layer} gives, over the steps",
    )
    return figure, (
        f"What layer {layer} gives over steps: share of zeros and spread. "
        f"{'; '.join(said)}."
    )
