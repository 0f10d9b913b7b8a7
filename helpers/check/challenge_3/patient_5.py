"""Challenge 3: patient 5."""

from helpers.check.challenge_3.ward import Patient, examine
from helpers.networks import MLP
from helpers.practice import exercise

PATIENT = Patient(
    right="E",
    data="pixels",
    model=lambda: MLP(64, 10, n_hidden=256, n_layers=1),
    optimizer="Adam",
    lr=0.01,
    n_epochs=5,
    batch_size=64,
    limit=0.85,
    harmed={
        "body_thawed": lambda s: any(
            p.requires_grad for p in s.model.hidden.parameters()
        )
    },
)


@exercise
def patient_5(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
