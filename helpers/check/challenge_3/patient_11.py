"""Challenge 3: patient 11."""

from helpers.check.challenge_3.ward import Patient, examine
from helpers.networks import MLP
from helpers.practice import exercise

PATIENT = Patient(
    right="B",
    data="pixels",
    model=lambda: MLP(64, 10),
    optimizer="SGD",
    lr=0.2,
    n_epochs=8,
    batch_size=64,
    limit=0.75,
    harmed={"no_schedule": lambda s: min(s.rates) == max(s.rates)},
)


@exercise
def patient_11(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
