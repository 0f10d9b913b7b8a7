"""Challenge 3: patient 4."""

from torch import nn

from helpers.check.challenge_3.ward import Patient, examine
from helpers.practice import exercise


def _drops_half(model) -> bool:
    return any(
        isinstance(part, nn.Dropout) and part.p == 0.5
        for part in model.modules()
    )


PATIENT = Patient(
    right="B",
    data="images",
    model=lambda: nn.Sequential(nn.Conv2d(1, 8, 3), nn.Linear(72, 10)),
    optimizer="Adam",
    lr=0.01,
    n_epochs=6,
    batch_size=64,
    limit=0.88,
    by_number=True,
    harmed={"no_dropout": lambda s: not _drops_half(s.model)},
)


@exercise
def patient_4(healed, diagnosis):
    """Check a mended loop, and the letter of what was wrong with it."""
    return examine(PATIENT, healed, diagnosis)
