"""Challenge 1: the inner loop, with the right mean."""

from helpers.check.chapter_05.epoch_loss import check_epoch_loss
from helpers.practice import exercise


@exercise
def epoch_loss(answer):
    """Check ``mini_batch(device, data_loader, step_fn)``."""
    check_epoch_loss(answer)
