"""Challenge 3: patient 8."""

from helpers.check.challenge_3.ward import Patient, examine
from helpers.networks import MLP
from helpers.practice import exercise

PATIENT = Patient(
    right="D",
    data="signals",
    model=lambda: MLP(40, 10),
    optimizer="Adam",
    lr=0.005,
    n_epochs=15,
    batch_size=64,
    limit=0.3,
    splits=True,
    tolerance=0.15,
    ill=lambda s: s.n_both,
    harmed={"no_validation": lambda s: len(s.judged) < 100},
)


@exercise
def patient_8(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
