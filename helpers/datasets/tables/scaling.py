"""One column of a table as features: a scaled number, or a share of ones.

A number becomes (number - mean) / spread, with the mean and the standard
deviation of the training part; where it is missing, 0, which is that mean. A
category becomes as many columns as the training part has categories, and one
more if some are missing there: 1 in the column of its category, 0 elsewhere.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from helpers.datasets.tables.columns import CATEGORY, NUMBER, TRUTH, place
from helpers.datasets.tables.values import UNKNOWN, Values
from helpers.errors import DataError


class NumberFeature(NamedTuple):
    """A column of numbers, or of yes and no as 1 and 0.

    Attributes:
        name: of the column.
        kind: "number" or "truth".
        mark: the decimal mark.
        mean: of the training part.
        spread: its standard deviation, above 0.
    """

    name: str
    kind: str
    mark: str
    mean: float
    spread: float

    @property
    def columns(self) -> list[str]:
        """The names of the features it becomes."""
        return [self.name]

    def transform(self, values: Values, file: str, x: np.ndarray) -> None:
        """Write scaled numbers.

        Args:
            values: of the column.
            file: how sentences name where they come from.
            x: where to, [N, 1], float32.

        Raises:
            DataError: a number is too far from the others for float32.
        """
        with np.errstate(over="ignore"):
            scaled = (values.numbers - self.mean) / self.spread
            scaled[np.isnan(scaled)] = 0  # the mean
            x[:, 0] = scaled
        wrong = values.numbers[~np.isfinite(x[:, 0])]
        if len(wrong):
            raise DataError(
                f"{place(file, self.name)}: {wrong[0]:g} is too "
                f"far from the mean, {self.mean:.4g}, for 32-bit numbers. "
                "Repair it, or leave it empty if the value is not known."
            )

    def n_missing(self, values: Values) -> int:
        """Return how many rows have no number, and get the mean."""
        return int(np.isnan(values.numbers).sum())


class CategoryFeature(NamedTuple):
    """A column of texts.

    Attributes:
        name: of the column.
        categories: the texts of the training part.
        has_missing: whether some of its rows have none.
    """

    name: str
    categories: tuple[str, ...]
    has_missing: bool

    @property
    def kind(self) -> str:
        """As for numbers."""
        return CATEGORY

    @property
    def columns(self) -> list[str]:
        """The names of the features it becomes."""
        names = [f"{self.name} = {text}" for text in self.categories]
        return (
            [*names, f"{self.name} is missing"] if self.has_missing else names
        )

    def transform(self, values: Values, file: str, x: np.ndarray) -> None:
        """Write ones and zeros.

        Args:
            values: of the column.
            file: as for numbers; nothing can be wrong with categories.
            x: where to, [N, n_categories], float32.
        """
        places = self._places(values)
        rows = np.flatnonzero(places >= 0)
        x[:] = 0
        x[rows, places[rows]] = 1

    def unseen(self, values: Values) -> tuple[int, str]:
        """Return how many rows have a text that is not known, and one such."""
        rows = np.flatnonzero(self._places(values) < 0)
        if not len(rows):
            return 0, ""
        code = values.numbers[rows[0]]
        return len(rows), "" if code == UNKNOWN else values.texts[code]

    def _places(self, values: Values) -> np.ndarray:
        """Return the column of each row's text [N], -1 for an unseen one."""
        known = {text: place for place, text in enumerate(self.categories)}
        of_missing = len(known) if self.has_missing else UNKNOWN
        # the last place is that of UNKNOWN, which is -1
        of_code = [known.get(text, UNKNOWN) for text in values.texts]
        return np.array([*of_code, of_missing])[values.numbers]


Feature = NumberFeature | CategoryFeature


def fit_feature(
    values: Values, mark: str, rows: np.ndarray, file: str
) -> Feature | None:
    """Learn from the training part what a column needs.

    Args:
        values: of all rows.
        mark: the decimal mark of its numbers.
        rows: the numbers of the rows of the training part.
        file: how sentences name the file.

    Returns:
        None if the column is constant there, and tells nothing.

    Raises:
        DataError: its numbers are too large to have a mean.
    """
    part = values.numbers[rows]
    if values.kind == CATEGORY:
        codes = np.unique(part)
        if len(codes) < 2:
            return None
        texts = sorted(values.texts[code] for code in codes if code >= 0)
        return CategoryFeature(values.name, tuple(texts), bool(codes[0] < 0))
    known = part[~np.isnan(part)]
    if not len(known) or known.min() == known.max():
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = float(known.mean()), float(known.std())
    if not math.isfinite(mean + spread):
        raise DataError(
            f"{place(file, values.name)}: numbers as large as "
            f"{np.abs(known).max():g} have no standard deviation that a "
            "computer can hold. Are they damaged, or names?"
        )
    if not spread:  # numbers as small as 1e-200
        return None
    return NumberFeature(values.name, values.kind, mark, mean, spread)


def feature_to_plain(feature: Feature) -> dict:
    """Return a feature as a dict of plain values."""
    plain = {"kind": feature.kind, **feature._asdict()}
    if isinstance(feature, CategoryFeature):
        plain["categories"] = list(feature.categories)
    return plain


def feature_from_plain(plain: dict) -> Feature:
    """Return the feature again.

    Raises:
        KeyError, TypeError, ValueError: it is not what was written.
    """
    name, kind = plain["name"], plain["kind"]
    if kind == CATEGORY:
        categories = tuple(plain["categories"])
        _need(_are_texts([name, *categories]))
        _need(len(set(categories)) == len(categories) > 0)
        _need(isinstance(plain["has_missing"], bool))
        return CategoryFeature(name, categories, plain["has_missing"])
    mean, spread = float(plain["mean"]), float(plain["spread"])
    _need(kind in (NUMBER, TRUTH) and plain["mark"] in (".", ","))
    _need(_are_texts([name]) and math.isfinite(mean))
    _need(math.isfinite(spread) and spread > 0)
    return NumberFeature(name, kind, plain["mark"], mean, spread)


def _need(holds: bool) -> None:
    if not holds:
        raise ValueError


def _are_texts(values: Sequence) -> bool:
    return all(isinstance(value, str) for value in values)
