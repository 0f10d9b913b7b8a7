"""Challenge 1: the training step."""

from helpers.check.chapter_01.train_step import check_train_step
from helpers.practice import exercise


@exercise
def train_step(answer):
    """Check ``make_train_step_fn(model, loss_fn, optimizer)``."""
    check_train_step(answer)
