"""MNIST-1D: 5,000 signals of 40 numbers in ten classes, with the course.

Each signal is one of ten short templates, stretched, moved to a random place,
sheared, and surrounded by noise. On these data one setting is clearly better
than another where the digits give nearly everything 97 %: a linear model gets
about a third of the signals right, an MLP two thirds, convolutions more.

By S. Greydanus and D. Kobak, https://arxiv.org/abs/2011.14439. Where the file
comes from, its licence and how it was made: data/README.md.
"""

from typing import NamedTuple

import numpy as np

from helpers.datasets.npz_files import read_arrays
from helpers.errors import DataError, one_line
from helpers.paths import DATA, display_path

MNIST_1D = DATA / "mnist_1d.npz"
N_SIGNALS = {"train": 4000, "test": 1000}
LENGTH = 40
CLASS_NAMES = tuple("0123456789")
# Each number is kept as one byte: x = (byte - MIDDLE) / STEPS.
MIDDLE = 128
STEPS = 23  # per unit, which is one standard deviation of all numbers


class Signals(NamedTuple):
    """Signals and the class of each.

    Attributes:
        x: [N, 40], float32, without a unit: mean 0, standard deviation 1.
        y: classes [N], int64, from 0 to 9.
        class_names: one per class, in the order of the classes.
    """

    x: np.ndarray
    y: np.ndarray
    class_names: tuple[str, ...]


def load_mnist_1d(part: str = "train") -> Signals:
    """Read the signals that lie in data/, without any network.

    Args:
        part: "train", 4,000 signals, or "test", 1,000 more.

    Returns:
        x [N, 40], float32; y [N], int64; and the class names "0" to "9".

    Raises:
        DataError: there is no such part, or the file is missing or damaged.
    """
    if part not in list(N_SIGNALS):  # a list takes anything, hashable or not
        raise DataError(
            f'MNIST-1D has two parts, "train" and "test", and not '
            f"{one_line(part)}."
        )
    names = f"{part}_signals", f"{part}_labels"
    signals, labels = read_arrays(MNIST_1D, *names)
    shape = (N_SIGNALS[part], LENGTH)
    if (
        signals.shape != shape
        or labels.shape != shape[:1]
        or not signals.dtype == labels.dtype == np.uint8
        or labels.max() >= len(CLASS_NAMES)
    ):
        raise DataError(
            f"{display_path(MNIST_1D)} should have signals {list(shape)} and "
            "one label each, from 0 to 9, all uint8. Found: signals "
            f"{list(signals.shape)} of type {signals.dtype}, and labels "
            f"{list(labels.shape)} of type {labels.dtype}. Bring it back "
            "with: git checkout data/mnist_1d.npz"
        )
    x = (signals.astype(np.float32) - MIDDLE) / STEPS
    return Signals(x, labels.astype(np.int64), CLASS_NAMES)
