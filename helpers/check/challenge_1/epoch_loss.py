"""Challenge 1: the inner loop, with the right mean."""

from helpers.check.chapter_05.epoch_loss import check_epoch_loss
from helpers.practice.exercises import exercise

RAGGED = "chapter 05, the section *The ragged batch*"


@exercise(
    "C1.5",
    "The inner loop, with the right mean",
    minutes=10,
    level="medium",
    look=RAGGED,
)
def epoch_loss(mini_batch):
    """Check ``mini_batch(device, data_loader, step_fn)``."""
    check_epoch_loss(mini_batch)
    return "Every ride has one vote, whatever batch it came in."
