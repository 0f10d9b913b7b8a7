"""Challenge 3: patient 9."""

from helpers.check.challenge_3.ward import Patient, examine
from helpers.networks import MLP
from helpers.practice import exercise

PATIENT = Patient(
    right="C",
    data="raw",
    model=lambda: MLP(64, 10),
    optimizer="Adam",
    lr=0.005,
    n_epochs=5,
    batch_size=64,
    limit=0.8,
    by_number=True,
    harmed={"other_rows": lambda s: s.n_strange},
)


@exercise
def patient_9(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
