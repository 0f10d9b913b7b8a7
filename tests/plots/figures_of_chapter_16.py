"""The figures of chapter 16: how a page calls each, and what its words say."""

import numpy as np

from helpers import plots

EDGES = np.linspace(-1, 1, 11)
HILL = np.array([0, 1, 2, 4, 8, 8, 4, 2, 1, 0.0])

FIGURES = {
    "best_of_many": (
        lambda: plots.best_of_many(
            [0.5, 0.6, 0.7, 0.55, 0.65, 0.6], 0.62, ("lr 1", "lr 2")
        ),
        ["60 percent for one seed", "70 for 6", "at 62", "lucky seed passes"],
    ),
    "grid_of_runs": (
        lambda: plots.grid_of_runs(
            {"lr": [0.1, 0.2], "model": ["mlp"], "seed": [1, 2, 3]}
        ),
        ["2 columns for lr", "1 rows for model", "6 runs in all"],
    ),
    "histograms": (
        lambda: plots.histograms(
            {
                "weights": [(EDGES, HILL), (2 * EDGES, HILL)],
                "gradients": [(EDGES, HILL), (EDGES / 2, HILL)],
            },
            "A title",
        ),
        ["of 2 epochs", "weights get wider", "gradients get narrower"],
    ),
    "seeds": (
        lambda: plots.seeds(
            {"lr 0.1": [0.5, 0.7], "lr 0.2": [0.6, 0.62]}, "correct", "A title"
        ),
        ["2 settings, 2 seeds each", "lr 0.1: mean 60, from 50 to 70"],
    ),
}
