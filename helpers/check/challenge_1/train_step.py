"""Challenge 1: the training step."""

from helpers.check.chapter_01.train_step import check_train_step
from helpers.practice.exercises import exercise

STEP = "chapter 01, the list below `make_train_step_fn`"


@exercise("C1.1", "The training step", minutes=8, level="easy", look=STEP)
def train_step(make_train_step_fn):
    """Check ``make_train_step_fn(model, loss_fn, optimizer)``."""
    check_train_step(make_train_step_fn)
    return "A step for any model, any loss and any optimizer."
