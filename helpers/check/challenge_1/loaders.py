"""Challenge 1: the split and two loaders."""

from helpers.check.chapter_04.split_loaders import (
    check_any_dataset,
    check_loaders,
)
from helpers.practice.exercises import exercise

SPLIT = "chapter 04, the section *Let PyTorch do the split*"


@exercise(
    "C1.3", "The split and two loaders", minutes=10, level="medium", look=SPLIT
)
def loaders(make_loaders):
    """Check ``make_loaders(dataset)``: 80 % shuffled, 20 % in order."""
    check_loaders(make_loaders, n_features=2)
    check_any_dataset(make_loaders)
    return "120 rides come as seven batches of 16 and one of 8; 30 as 16 + 14."
