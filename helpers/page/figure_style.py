"""The one style of all figures: soft ground, thin frame, large text."""

from typing import Any

import matplotlib
from matplotlib.rcsetup import cycler

from helpers.page.colours import CARD, GRID, MODEL, SERIES

STYLE: dict[Any, Any] = {
    "figure.figsize": (8.4, 3.4),  # inches; 100 pixels of a page each
    "figure.dpi": 100,
    "figure.facecolor": CARD,
    "savefig.facecolor": CARD,
    "figure.constrained_layout.use": True,
    # what lies around the axes: the picture is a card, with a margin inside
    "figure.constrained_layout.w_pad": 0.14,
    "figure.constrained_layout.h_pad": 0.12,
    "axes.facecolor": CARD,
    "axes.edgecolor": MODEL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.labelsize": 11,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=SERIES),
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": MODEL,
    # a legend hides the grid that it lies on, and has no frame
    "legend.frameon": True,
    "legend.facecolor": CARD,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.9,
    "legend.fontsize": 10,
    "lines.linewidth": 2,
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 10.5,
}


def use_style() -> None:
    """Draw what this page draws itself in the style of the course."""
    matplotlib.rcParams.update(STYLE)
