"""Checkers of chapter 05: validation without traces, and the right mean."""

from helpers.check.chapter_05.careful_val_step import (
    careful_val_step,
    check_val_step,
)
from helpers.check.chapter_05.epoch_loss import check_epoch_loss, epoch_loss
from helpers.check.chapter_05.evaluating_layers import evaluating_layers

__all__ = [
    "careful_val_step",
    "check_epoch_loss",
    "check_val_step",
    "epoch_loss",
    "evaluating_layers",
]
