"""Challenge 3: patient 6."""

from torch import nn

from helpers.check.challenge_3.ward import Patient, examine
from helpers.practice import exercise

PATIENT = Patient(
    right="F",
    data="rows",
    model=lambda: nn.ModuleList([nn.GRU(8, 32), nn.Linear(32, 10)]),
    optimizer="Adam",
    lr=0.01,
    n_epochs=6,
    batch_size=64,
    limit=0.75,
)


@exercise
def patient_6(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
