"""Challenge 3: patient 2."""

from helpers.check.challenge_3.ward import Patient, examine
from helpers.networks import MLP
from helpers.practice import exercise

PATIENT = Patient(
    right="A",
    data="pixels",
    model=lambda: MLP(64, 10),
    optimizer="SGD",
    lr=0.2,
    n_epochs=8,
    batch_size=64,
    limit=0.8,
    ill=lambda s: s.adds,
)


@exercise
def patient_2(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
