"""Challenge 3: patient 3."""

import torch
from torch import nn

from helpers.check.challenge_3.ward import Patient, examine
from helpers.practice import exercise


def _gives_probabilities(seen) -> bool:
    with torch.no_grad():
        rows = seen.model(seen.x_val)
    return bool((rows >= 0).all() and (rows.sum(1) - 1).abs().max() < 1e-3)


PATIENT = Patient(
    right="D",
    data="pixels",
    model=lambda: nn.Sequential(nn.Linear(64, 32), nn.Linear(32, 10)),
    optimizer="Adam",
    lr=0.01,
    n_epochs=8,
    batch_size=64,
    limit=0.4,
    reports="cross_entropy",
    harmed={
        "gives_probabilities": lambda s: (
            s.number <= 0.4 < s.measured and _gives_probabilities(s)
        )
    },
)


@exercise
def patient_3(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
