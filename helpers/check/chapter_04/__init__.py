"""Checkers of chapter 04: the inner loop, its step function, the split."""

from helpers.check.chapter_04.common import (
    expect_float,
    expect_step,
    which_value,
)
from helpers.check.chapter_04.few_batches import few_batches
from helpers.check.chapter_04.largest_error import largest_error
from helpers.check.chapter_04.split_loaders import (
    check_any_dataset,
    check_loaders,
    split_loaders,
)

__all__ = [
    "check_any_dataset",
    "check_loaders",
    "expect_float",
    "expect_step",
    "few_batches",
    "largest_error",
    "split_loaders",
    "which_value",
]
