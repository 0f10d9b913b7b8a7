"""Challenge 1: the split and two loaders."""

from helpers.check.chapter_04.split_loaders import check_loaders
from helpers.practice import exercise


@exercise
def loaders(answer):
    """Check ``make_loaders(dataset)``: 80 % shuffled, 20 % in order."""
    check_loaders(answer, n_features=2)
