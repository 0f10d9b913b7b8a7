"""The dataset of Part I: 100 points scattered around a straight line.

    y = 1 + 2x + noise

``x`` is uniform on [0, 1); the noise is 0.1 times a standard normal number.
Neither has a unit.
"""

import csv

import numpy as np

from helpers.paths import DATA

TRUE_B = 1.0  # where the line meets the axis x = 0
TRUE_W = 2.0  # its slope
N_POINTS = 100
N_TRAIN = 80
NOISE = 0.1  # standard deviation
SEED = 42

CSV_FILE = DATA / "simple_linear_regression.csv"


def _draw() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw all random numbers from one generator, in the order that counts."""
    generator = np.random.RandomState(SEED)
    x = generator.rand(N_POINTS, 1)
    noise = generator.randn(N_POINTS, 1)
    indices = np.arange(N_POINTS)
    generator.shuffle(indices)
    return x, TRUE_B + TRUE_W * x + NOISE * noise, indices


def generate_data() -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels, each [100, 1], float64."""
    x, y, _ = _draw()
    return x, y


def split_data(
    x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split into 80 points to train on and 20 to validate on.

    Returns:
        x_train [80, 1], y_train [80, 1], x_val [20, 1], y_val [20, 1].
    """
    train, val = split_indices()
    return x[train], y[train], x[val], y[val]


def split_indices() -> tuple[np.ndarray, np.ndarray]:
    """Return the row numbers of the training and of the validation points."""
    *_, indices = _draw()
    return indices[:N_TRAIN], indices[N_TRAIN:]


def write_csv(path=CSV_FILE) -> None:
    """Write the 100 points as CSV: a header, then one row per point."""
    with open(path, "w", newline="", encoding="ascii") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["x", "y"])
        # repr is the shortest text that reads back as the same float64
        rows.writerows(
            (repr(float(a)), repr(float(b)))
            for a, b in zip(*map(np.ravel, generate_data()), strict=True)
        )
