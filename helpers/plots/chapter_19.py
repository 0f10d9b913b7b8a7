"""What chapter 19 draws: a loss and its baselines, layers over steps."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

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
        losses.items(), (VALIDATION, TRAINING), strict=False
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
        histories.items(), (VALIDATION, TRAINING, OTHER), MARKERS, strict=False
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
    axes.set_title("Through sigmoids, little gradient reaches the first layer")
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
    figure = Figure(figsize=PAIR)
    panels = figure.subplots(1, len(histories), sharey=True, squeeze=False)[0]
    said = []
    for axes, (name, history) in zip(panels, histories.items(), strict=True):
        layers = _weights(history.ratios)
        for layer, colour in zip(layers, SERIES, strict=False):
            steps, ratios = zip(*history.ratios[layer], strict=True)
            shown = [max(ratio, 1e-9) for ratio in ratios]
            axes.plot(
                [step + 1 for step in steps], shown, color=colour, label=layer
            )
        axes.axhline(1e-3, color=FAINT, linestyle="--")
        axes.set(xscale="log", yscale="log", xlabel="step", title=name)
        first, last = (
            history.ratios[layers[0]][place][1] for place in (0, -1)
        )
        said.append(
            f"{name}: from {number(first)} to {number(last)} in the first layer"
        )
    panels[0].set_ylabel("update / weight")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper")
    return figure, (
        f"Update-to-weight ratios over steps in {len(histories)} panels, both "
        "axes logarithmic, with a line at a thousandth. "
        f"{'; '.join(said)}."
    )


@picture
def activations(histories: Mapping[str, Any], layer: str):
    """Draw what a layer gives over steps: share of zeros, and spread.

    Args:
        histories: by name, `helpers.clinic.History`.
        layer: its name in the model.
    """
    figure = Figure(figsize=(FULL, 3.4))
    zeros, spread = figure.subplots(1, 2)
    said = []
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
        spread.plot(at, [max(s, 1e-3) for s in spreads], **style)
        said.append(
            f"{name}: {number(percent[0])} percent zeros at first, "
            f"{number(percent[-1])} at the end"
        )
    zeros.set(xscale="log", xlabel="step", ylabel="zeros (percent)")
    zeros.set(ylim=(-5, 105), title="Share of zeros")
    spread.set(xscale="log", yscale="log", xlabel="step")
    spread.set(ylabel="standard deviation", title="Spread")
    figure.legend(loc="outside right upper")
    return figure, (
        f"What layer {layer} gives over steps: share of zeros and spread. "
        f"{'; '.join(said)}."
    )
