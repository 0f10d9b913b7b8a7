"""What is known of a patient."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import nn

QUANTITIES = {"mse": "mean squared error", "cross_entropy": "cross-entropy"}


@dataclass(frozen=True)
class Patient:
    """What is known of a patient, and when it is well.

    Attributes:
        right: the letter of its illness.
        data: the name of its data, for `draw`.
        model: builds a model like its own.
        optimizer: the kind of its optimizer.
        lr: its learning rate at the start.
        n_epochs: how long it trains.
        batch_size: None for all rows at once.
        limit: at least this accuracy, or at most this loss, on held-out rows.
        reports: its numbers: "accuracy", "cross_entropy" or "mse".
        by_number: whether its illness lies in the numbers that it reports.
        splits: whether it is given all rows, and splits them itself.
        tolerance: how far its last number may be from what is measured.
        ill: a sign of its illness that numbers may hide.
        harmed: more signs of a harmful mend.
    """

    right: str
    data: str
    model: Callable[[], nn.Module]
    optimizer: str
    lr: float
    n_epochs: int
    batch_size: int | None
    limit: float
    reports: str = "accuracy"
    by_number: bool = False
    splits: bool = False
    tolerance: float = 0.003
    ill: Callable = lambda s: False
    harmed: Mapping = field(default_factory=dict)

    @property
    def quantity(self) -> str:
        """What its numbers are, in words."""
        return QUANTITIES.get(self.reports, self.reports)

    @property
    def bound(self) -> str:
        """Whether its limit is the least or the most it may report."""
        return "least" if self.reports == "accuracy" else "most"

    def is_within(self, value: float) -> bool:
        """Whether a number keeps to its limit; NaN does not."""
        if self.reports == "accuracy":
            return value >= self.limit
        return value <= self.limit
