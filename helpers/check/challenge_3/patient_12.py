"""Challenge 3: patient 12."""

from torch import nn

from helpers.check.challenge_3.ward import Patient, examine
from helpers.practice import exercise

PATIENT = Patient(
    right="F",
    data="images",
    model=lambda: nn.Sequential(nn.Conv2d(1, 8, 3), nn.Linear(72, 10)),
    optimizer="Adam",
    lr=0.01,
    n_epochs=6,
    batch_size=64,
    limit=0.92,
    ill=lambda s: s.n_strange,
)


@exercise
def patient_12(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
