"""The data of challenge 1: rides on an electric bicycle, and what they cost.

    charge = 2 + 1.8 * distance + 0.05 * climb + noise

in percent of the battery, with the distance in km, the climb in m, and a noise
of standard deviation 1. The rides are made up; the formula is for those who
write the course, and appears in no page.

``python -m helpers data`` writes both files of data/.
"""

import csv

import numpy as np

from helpers.paths import DATA

RIDES = DATA / "challenge_1.csv"
HELD_OUT = DATA / "challenge_1_held_out.csv"
COLUMNS = ("distance_km", "climb_m", "charge_percent")
N_RIDES = 150  # 120 to train on, 30 to validate on: both with a ragged batch
N_HELD_OUT = 40
SEED = 42


def _draw(generator: np.random.RandomState, n: int) -> np.ndarray:
    """Draw n rides, [n, 3]: a distance, a climb and a charge each."""
    distance = generator.uniform(1, 20, n).round(1)
    climb = generator.uniform(0, 300, n).round(0)
    noise = generator.randn(n)
    charge = (2 + 1.8 * distance + 0.05 * climb + noise).round(1)
    return np.stack([distance, climb, charge], axis=1)


def generate_rides() -> tuple[np.ndarray, np.ndarray]:
    """Return the rides, [150, 3], and those held out, [40, 3], float64."""
    generator = np.random.RandomState(SEED)
    return _draw(generator, N_RIDES), _draw(generator, N_HELD_OUT)


def write_rides(rides: np.ndarray, path) -> None:
    """Write rides as CSV: a header, then one row per ride."""
    with open(path, "w", newline="", encoding="ascii") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(
            (f"{km:.1f}", f"{metres:.0f}", f"{charge:.1f}")
            for km, metres, charge in rides
        )
