"""Challenge 1: the validation step."""

from helpers.check.chapter_05.careful_val_step import check_val_step
from helpers.practice.exercises import exercise

VAL_STEP = "chapter 05, the section *A validation step*"


@exercise("C1.4", "The validation step", minutes=6, level="easy", look=VAL_STEP)
def val_step(make_val_step_fn):
    """Check ``make_val_step_fn(model, loss_fn)``."""
    check_val_step(make_val_step_fn, needs_no_grad=False)
    return "It measures in eval mode, and changes no parameter."
