"""Challenge 1: the validation step."""

from helpers.check.chapter_05.careful_val_step import check_val_step
from helpers.practice import exercise


@exercise
def val_step(answer):
    """Check ``make_val_step_fn(model, loss_fn)``."""
    check_val_step(answer, needs_no_grad=False)
