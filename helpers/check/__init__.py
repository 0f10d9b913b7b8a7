"""Checkers: each takes your own answer and says in words how it stands."""

from helpers.check import challenge_1
from helpers.check.chapter_01 import line, powers, train_step
from helpers.check.chapter_02 import files, own_copy, polynomial
from helpers.check.chapter_03 import balanced, loader, updates
from helpers.check.chapter_04 import few_batches, largest_error, split_loaders
from helpers.check.chapter_05 import (
    careful_val_step,
    epoch_loss,
    evaluating_layers,
)
from helpers.check.chapter_06 import best_epoch, logged_losses, run_name
from helpers.check.chapter_07 import (
    logged_epoch,
    logged_graph,
    logged_weights,
)
from helpers.check.chapter_08 import checkpoint, clean_save, resume
from helpers.check.chapter_09 import ask, predict_column, standardised
from helpers.check.chapter_10 import my_model, triangle, with_record

__all__ = [
    "ask",
    "balanced",
    "best_epoch",
    "careful_val_step",
    "challenge_1",
    "checkpoint",
    "clean_save",
    "epoch_loss",
    "evaluating_layers",
    "few_batches",
    "files",
    "largest_error",
    "line",
    "loader",
    "logged_epoch",
    "logged_graph",
    "logged_losses",
    "logged_weights",
    "my_model",
    "own_copy",
    "polynomial",
    "powers",
    "predict_column",
    "resume",
    "run_name",
    "split_loaders",
    "standardised",
    "train_step",
    "triangle",
    "updates",
    "with_record",
]
