"""Challenge 3: patient 10."""

from helpers.check.challenge_3.ward import Patient, examine
from helpers.networks import MLP
from helpers.practice import exercise

PATIENT = Patient(
    right="E",
    data="pixels",
    model=lambda: MLP(64, 10),
    optimizer="Adam",
    lr=0.005,
    n_epochs=6,
    batch_size=64,
    limit=0.8,
    by_number=True,
    tolerance=1e-5,
    harmed={"rows_left_out": lambda s: s.held_out - s.judged},
)


@exercise
def patient_10(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
