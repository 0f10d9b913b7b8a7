"""Challenge 3: patient 3."""

from torch import nn

from helpers.check.challenge_3.ward import Patient, examine
from helpers.practice import exercise

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
)


@exercise
def patient_3(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
