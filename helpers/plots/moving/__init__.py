"""Figures that move: descents, batches as they are dealt, a kernel that slides.

Each function takes what the course's own loop has computed, and returns a
picture whose steps the reader chooses. `steps` is what they are written with,
`svg` makes a short drawing of what matplotlib draws. Nothing here trains.
"""

from helpers.plots.moving.steps import moving, plot_in

__all__ = ["moving", "plot_in"]
