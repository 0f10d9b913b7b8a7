"""Dropout in train mode and in eval mode, call by call (chapter 05)."""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes

from helpers.page.colours import FAINT, OTHER, TRAINING, VALIDATION
from helpers.plots.cells import arrow, draw_cells, write
from helpers.plots.moving.steps import Plan, moving
from helpers.plots.steps import Step

SIZE = 0.36  # of a cell, in inches
LEFT = 1.0


@moving(panel=(4.0, 1.95), columns=2)
def dropout(
    inputs: torch.Tensor, calls: Sequence[torch.Tensor], after: torch.Tensor
):
    """Draw what a dropout layer makes of the same inputs.

    Args:
        inputs: [n], eight at most.
        calls: what each call in train mode gives, [n] each.
        after: what a call in eval mode gives [n].
    """
    steps = []
    for n_calls, outputs in enumerate(calls, start=1):
        mean = torch.stack(list(calls[:n_calls])).mean(dim=0)
        n_dropped = int((outputs == 0).sum())
        caption = (
            f"Train mode, call {n_calls}: {n_dropped} of {len(outputs)} are "
            f"dropped. Sum {outputs.sum():g}."
        )
        steps.append(Step(caption, _draw_call(inputs, outputs, mean)))
    caption = f"Eval mode: nothing is dropped or enlarged. Sum {after.sum():g}."
    steps.append(Step(caption, _draw_call(inputs, after, None), "eval"))
    mean = torch.stack(list(calls)).mean(dim=0)
    sums = [f"{outputs.sum():g}" for outputs in calls]
    words = (
        f"{len(inputs)} values of {inputs[0]:g} in {len(calls)} calls of a "
        f"dropout layer in train mode, with sums of {', '.join(sums)}. The "
        "mean of each value over these calls lies between "
        f"{mean.min():.2g} and {mean.max():.2g}. In eval mode the values come "
        "out as they went in."
    )
    title = "Train mode drops others in each call, eval mode none"
    shown = (1, 2, len(calls), len(steps))
    return Plan(title, steps, words, shown=shown)


def _draw_call(inputs, outputs, mean):
    """Return what draws a call; without a mean, it is one in eval mode."""

    def draw(axes: Axes) -> None:
        look = {"size": 9.5, "ha": "right"}
        write(axes, (LEFT - 0.12, 0.2), "in", **look)
        values = [[f"{value:g}" for value in inputs]]
        draw_cells(axes, values, (LEFT, 0.02), FAINT, size=SIZE)
        name = "train mode" if mean is not None else "eval mode"
        write(axes, (LEFT - 0.12, 0.92), name, **look)
        colour = TRAINING if mean is not None else OTHER
        for place, value in enumerate(outputs):
            corner = LEFT + place * SIZE, 0.74
            if value:
                text = [[f"{value:g}"]]
                draw_cells(axes, text, corner, colour, size=SIZE)
                middle = corner[0] + SIZE / 2
                arrow(axes, (middle, 0.42), (middle, 0.72), colour)
            else:
                draw_cells(axes, [["0"]], corner, ghost=[[True]], size=SIZE)
                write(axes, (corner[0] + SIZE / 2, 0.56), "x", color=VALIDATION)
        if mean is not None:
            write(axes, (LEFT - 0.12, 1.6), "mean so far", **look)
            values = [[f"{value:.1f}" for value in mean]]
            draw_cells(axes, values, (LEFT, 1.42), OTHER, size=SIZE)

    return draw
