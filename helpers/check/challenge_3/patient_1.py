"""Challenge 3: patient 1."""

from torch import nn

from helpers.check.challenge_3.ward import Patient, examine
from helpers.practice import exercise

PATIENT = Patient(
    right="C",
    data="line",
    model=lambda: nn.Linear(1, 1),
    optimizer="SGD",
    lr=0.5,
    n_epochs=100,
    batch_size=None,
    limit=0.02,
    reports="mse",
)


@exercise
def patient_1(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
