"""Checkers of challenge 1: the whole loop, rebuilt for rides on a bicycle.

Where a task is that of a chapter, on other data, the chapter's checker looks.
"""

from helpers.check.challenge_1.curves import logger
from helpers.check.challenge_1.loop import loop
from helpers.check.challenge_1.prediction import prediction
from helpers.check.challenge_1.rides import dataset
from helpers.check.challenge_1.saving import checkpoint
from helpers.check.challenge_1.summary import summary
from helpers.check.challenge_1.tomorrow import tomorrow
from helpers.check.chapter_01 import check_train_step
from helpers.check.chapter_04 import check_any_dataset, check_loaders
from helpers.check.chapter_05 import check_epoch_loss, check_val_step
from helpers.practice.exercises import exercise

__all__ = [
    "checkpoint",
    "dataset",
    "epoch_loss",
    "loaders",
    "logger",
    "loop",
    "prediction",
    "summary",
    "tomorrow",
    "train_step",
    "val_step",
]

STEP = "chapter 01, the list below `make_train_step_fn`"
SPLIT = "chapter 04, the section *Let PyTorch do the split*"
VAL_STEP = "chapter 05, the section *A validation step*"
RAGGED = "chapter 05, the section *The ragged batch*"


@exercise("C1.1", "The training step", minutes=8, level="easy", look=STEP)
def train_step(make_train_step_fn):
    """Check ``make_train_step_fn(model, loss_fn, optimizer)``."""
    check_train_step(make_train_step_fn)
    return "A step for any model, any loss and any optimizer."


@exercise(
    "C1.3", "The split and two loaders", minutes=10, level="medium", look=SPLIT
)
def loaders(make_loaders):
    """Check ``make_loaders(dataset)``: 80 % shuffled, 20 % in order."""
    check_loaders(make_loaders, n_features=2)
    check_any_dataset(make_loaders)
    return "120 rides come as seven batches of 16 and one of 8; 30 as 16 + 14."


@exercise("C1.4", "The validation step", minutes=6, level="easy", look=VAL_STEP)
def val_step(make_val_step_fn):
    """Check ``make_val_step_fn(model, loss_fn)``."""
    check_val_step(make_val_step_fn, needs_no_grad=False)
    return "It measures in eval mode, and changes no parameter."


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
