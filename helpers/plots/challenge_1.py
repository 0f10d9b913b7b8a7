"""Figures of challenge 1: rides, and how well their charge is predicted."""

from collections.abc import Mapping, Sequence

import numpy as np

from helpers.page.colours import FAINT, VALIDATION
from helpers.plots.style import (
    SQUARE,
    WIDE,
    new_figure,
    number,
    picture,
)


@picture
def rides(rows: Sequence[Mapping]):
    """Draw the charge of rides against distance, coloured by climb.

    Args:
        rows: rides with distance_km, climb_m and charge_percent, numbers or
            texts of numbers, as `csv.DictReader` gives them.
    """
    distance, climb, charge = (
        np.array([float(row[name]) for row in rows])
        for name in ("distance_km", "climb_m", "charge_percent")
    )
    figure, axes = new_figure(WIDE)
    points = axes.scatter(
        distance, charge, c=climb, cmap="viridis", s=28, edgecolor="none"
    )
    figure.colorbar(points, ax=axes, label="climb (m)")
    axes.set(xlabel="distance (km)", ylabel="charge used (percent)")
    axes.set_title("Long and hilly rides use the most charge")
    far = distance > np.median(distance)
    steep = climb > np.median(climb)
    means = (
        number(charge[~far & ~steep].mean()),
        number(charge[far & steep].mean()),
    )
    return figure, (
        f"{len(rows)} rides of {number(distance.min())} to "
        f"{number(distance.max())} km, with {number(climb.min())} to "
        f"{number(climb.max())} m of climb, used {number(charge.min())} to "
        f"{number(charge.max())} percent of the charge. Short and flat rides "
        f"used {means[0]} percent on average, long and hilly ones {means[1]}."
    )


@picture
def predictions(used, predicted):
    """Draw predicted charge against the charge that rides used.

    Args:
        used: percent, [N].
        predicted: percent, [N].
    """
    figure, axes = new_figure(SQUARE)
    used, predicted = np.ravel(used), np.ravel(predicted)
    ends = [0, 1.05 * max(used.max(), predicted.max())]
    axes.plot(ends, ends, color=FAINT, label="exactly right")
    axes.plot(used, predicted, "o", color=VALIDATION, label="held-out rides")
    axes.set(xlabel="charge used (percent)", ylabel="predicted (percent)")
    axes.set_title("Predictions close to the charge used")
    axes.legend()
    miss = np.abs(used - predicted)
    return figure, (
        f"{len(used)} rides that nobody trained on: the predicted charge "
        "against the charge used, and the diagonal, where both are equal. The "
        f"points lie {number(miss.mean())} percent from it on average, "
        f"{number(miss.max())} at most."
    )
