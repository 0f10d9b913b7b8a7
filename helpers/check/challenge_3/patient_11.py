"""Challenge 3: patient 11."""

import math

from helpers.check.challenge_3.ward import Patient, examine
from helpers.networks import MLP
from helpers.practice import exercise


def _is_other(rates, n_epochs) -> bool:
    """Whether it is constant in an epoch, and not cut after every fourth."""
    n = len(rates) // n_epochs
    cut = [0.2 * 0.3 ** (step // (4 * n)) for step in range(len(rates))]
    in_epoch = min(rates[:n]) == max(rates[:n])
    return in_epoch and not all(map(math.isclose, rates, cut))


PATIENT = Patient(
    right="B",
    data="pixels",
    model=lambda: MLP(64, 10),
    optimizer="SGD",
    lr=0.2,
    n_epochs=8,
    batch_size=64,
    limit=0.75,
    ill=lambda s: s.rates[s.n_steps // s.n_epochs - 1] < s.rates[0],
    harmed={
        "no_schedule": lambda s: min(s.rates) == max(s.rates),
        "other_schedule": lambda s: _is_other(s.rates, s.n_epochs),
    },
)


@exercise
def patient_11(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
