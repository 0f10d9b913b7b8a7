"""Features of a table, scaled by what the training part knows.

`fit` looks at the training part alone: the mean and the spread of each number,
the categories of each text. A `Preparation` holds these as plain values, which
go into a JSON file beside the model; with it alone, new rows become features
as those of the training run did.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from helpers.datasets.tables.columns import listed, place
from helpers.datasets.tables.labels import (
    CLASSIFICATION,
    REGRESSION,
    TASKS,
    Labels,
)
from helpers.datasets.tables.new_rows import (
    Columns,
    read_new_rows,
    values_of_rows,
)
from helpers.datasets.tables.scaling import (
    CategoryFeature,
    Feature,
    NumberFeature,
    feature_from_plain,
    feature_to_plain,
    fit_feature,
)
from helpers.datasets.tables.values import Values, need_memory
from helpers.errors import DataError, one_line


@dataclass(frozen=True)
class Preparation:
    """All that turns rows of a table into features, and answers into labels.

    Attributes:
        features: the columns that are used.
        columns: where the columns of the training file were.
        task: "classification" or "regression".
        classes: the name of each class; () for regression.
        label_mean: what was subtracted from the amounts of regression.
        label_spread: what they were divided by: one unit of a prediction is
            so much in the units of the file. 1 for classification.
    """

    features: tuple[Feature, ...]
    columns: Columns
    task: str
    classes: tuple[str, ...] = ()
    label_mean: float = 0.0
    label_spread: float = 1.0

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each feature."""
        return tuple(name for f in self.features for name in f.columns)

    @property
    def n_features(self) -> int:
        """How many features a row becomes."""
        return len(self.feature_names)

    @property
    def n_outputs(self) -> int:
        """How many numbers a model has to give per row."""
        return len(self.classes) if self.task == CLASSIFICATION else 1

    # --------------------------------------------------------- features

    def read(
        self,
        path: object,
        *,
        delimiter: str | None = None,
        header: bool | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
    ) -> tuple[np.ndarray, list[str]]:
        """Read new rows from a CSV file.

        Args:
            path: the file, with the columns of the training file in any
                order; the label may be missing.
            delimiter: a character or its name; None to find it.
            header: whether the first row names the columns; None: as in the
                training file.
            decimal: the decimal mark; None: as in the training file.
            encoding: None to find it.

        Returns:
            features [N, n_features], float32, of all rows in their order; and
            sentences about what was left aside or filled.

        Raises:
            DataError: the file lacks a column, or holds something else there.
        """
        values, shown, notes = read_new_rows(
            self.features,
            self.columns,
            path,
            delimiter=delimiter,
            header=header,
            decimal=decimal,
            encoding=encoding,
        )
        x, more_notes = self.transform(values, shown)
        return x, notes + more_notes

    def from_rows(
        self, rows: Iterable[Mapping[str, Any]]
    ) -> tuple[np.ndarray, list[str]]:
        """Do the same with rows given as dicts, column name to value.

        Args:
            rows: with numbers, texts as in the training file, or None.

        Raises:
            DataError: a row lacks a column, or has something else there.
        """
        return self.transform(values_of_rows(self.features, rows), "The rows")

    def transform(
        self, values: Sequence[Values], file: str
    ) -> tuple[np.ndarray, list[str]]:
        """Scale the values of columns.

        Args:
            values: of every column that is used, and perhaps of others.
            file: how sentences name where they come from.

        Returns:
            features [N, n_features], float32, and sentences about values that
            were missing or unseen.

        Raises:
            DataError: the features do not fit into the memory, or a number is
                too far from the others.
        """
        of_name = {column.name: column for column in values}
        chosen = [of_name[feature.name] for feature in self.features]
        n_rows = len(chosen[0].numbers)
        need_memory(4 * n_rows * self.n_features, file)
        x = np.empty((n_rows, self.n_features), np.float32)
        start = 0
        for feature, column in zip(self.features, chosen, strict=True):
            end = start + len(feature.columns)
            feature.transform(column, file, x[:, start:end])
            start = end
        return x, _about_gaps(self.features, chosen, file)

    # ----------------------------------------------------------- labels

    def scale_labels(self, y: np.ndarray) -> np.ndarray:
        """Return labels as a loss takes them.

        Args:
            y: classes [N], int64, or amounts [N], float64.

        Returns:
            classes as they are; amounts scaled, [N, 1], float32.
        """
        if self.task == CLASSIFICATION:
            return y
        scaled = (y - self.label_mean) / self.label_spread
        return scaled.astype(np.float32)[:, None]

    def answers(self, yhat: torch.Tensor | np.ndarray) -> list:
        """Return what predictions mean, in the words of the file.

        Args:
            yhat: logits [N, n_classes], or scaled amounts [N, 1].

        Returns:
            the name of a class per row, or an amount in the units of the file.

        Raises:
            DataError: predictions of another shape.
        """
        yhat = torch.as_tensor(yhat).detach().cpu()
        if yhat.ndim != 2 or yhat.shape[1] != self.n_outputs:
            raise DataError(
                f"Predictions of shape [N, {self.n_outputs}] were expected, "
                f"and found {list(yhat.shape)}. Was the model trained on this "
                "table?"
            )
        if self.task == CLASSIFICATION:
            return [self.classes[i] for i in yhat.argmax(dim=1).tolist()]
        amounts = yhat[:, 0].double() * self.label_spread + self.label_mean
        return amounts.tolist()

    # ------------------------------------------------------ plain values

    def to_plain(self) -> dict[str, Any]:
        """Return all of it as text, numbers, lists and dicts, for JSON."""
        return {
            "features": [feature_to_plain(f) for f in self.features],
            "columns": self.columns._asdict(),
            "task": self.task,
            "classes": list(self.classes),
            "label_mean": self.label_mean,
            "label_spread": self.label_spread,
        }

    @classmethod
    def from_plain(cls, plain: Any) -> "Preparation":
        """Return the preparation that `to_plain` wrote.

        Raises:
            DataError: it did not write this.
        """
        try:
            features = tuple(map(feature_from_plain, plain["features"]))
            columns = Columns(**plain["columns"])
            made = cls(
                features,
                columns,
                plain["task"],
                tuple(plain["classes"]),
                float(plain["label_mean"]),
                float(plain["label_spread"]),
            )
            if not made._is_sound():
                raise ValueError
        except (KeyError, TypeError, ValueError, OverflowError) as reason:
            raise DataError(
                "What was stored about the columns of the table is damaged, "
                f"or was changed: {one_line(plain)}. Take it from a file of "
                "the training run that nobody has edited, or train again."
            ) from reason
        return made

    def _is_sound(self) -> bool:
        columns = self.columns
        return (
            len(self.features) > 0
            and len({f.name for f in self.features}) == len(self.features)
            and self.task in TASKS
            and (len(self.classes) > 1) == (self.task == CLASSIFICATION)
            and all(isinstance(name, str) for name in self.classes)
            and math.isfinite(self.label_mean)
            and math.isfinite(self.label_spread)
            and self.label_spread > 0
            and isinstance(columns.label, str)
            and 0 <= columns.label_index < columns.n_columns
            and isinstance(columns.has_header, bool)
            and isinstance(columns.delimiter, str)
        )


def fit(
    layout_columns: Columns,
    file: str,
    values: Sequence[Values],
    marks: Mapping[str, str],
    labels: Labels,
    rows: np.ndarray,
) -> tuple[Preparation, list[str]]:
    """Learn from the training part what scaling needs.

    Args:
        layout_columns: where the columns are.
        file: how sentences name the file.
        values: of every column but the label, all rows.
        marks: the decimal mark of each column of numbers, by name.
        labels: of all rows.
        rows: the numbers of the rows of the training part.

    Returns:
        the preparation, and sentences about what was left out.

    Raises:
        DataError: nothing is left to learn from.
    """
    found = {
        v.name: fit_feature(v, marks.get(v.name, "."), rows, file)
        for v in values
    }
    features = tuple(f for f in found.values() if f is not None)
    constant = [name for name, feature in found.items() if feature is None]
    notes = []
    if constant:
        notes.append(
            f"{file}: left out, as they are constant in the training part: "
            f"{listed(constant)}."
        )
    if not features:
        why = "all others are empty, constant or were left out"
        raise DataError(
            f'{file}: no column is left to predict "{layout_columns.label}" '
            f"from: {why}."
        )
    texts = [
        f"{f.name} ({len(f.columns)})"
        for f in features
        if isinstance(f, CategoryFeature)
    ]
    if texts:
        notes.append(f"{file}: text as categories: {listed(texts)}.")
    mean, spread = _scale_of(labels, rows, place(file, layout_columns.label))
    notes += _about_classes(labels, rows, place(file, layout_columns.label))
    return (
        Preparation(
            features,
            layout_columns,
            labels.task,
            labels.classes,
            mean,
            spread,
        ),
        notes,
    )


def _scale_of(
    labels: Labels, rows: np.ndarray, where: str
) -> tuple[float, float]:
    """Return mean and spread of the amounts of the training part."""
    if labels.task != REGRESSION:
        return 0.0, 1.0
    part = labels.y[rows]
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = float(part.mean()), float(part.std())
    if part.min() == part.max() or not spread:
        raise DataError(
            f"{where}: all labels of the training part are {part[0]:g}, so "
            "there is nothing to learn. Are there too few rows?"
        )
    if not math.isfinite(mean + spread):
        raise DataError(
            f"{where}: labels as large as {np.abs(part).max():g} have no "
            "standard deviation that a computer can hold. Are they damaged?"
        )
    return mean, spread


def _about_classes(labels: Labels, rows: np.ndarray, where: str) -> list[str]:
    """Say which classes no row of the training part has."""
    if labels.task != CLASSIFICATION:
        return []
    counts = np.bincount(labels.y[rows], minlength=len(labels.classes))
    absent = [
        name for name, n in zip(labels.classes, counts, strict=True) if not n
    ]
    if not absent:
        return []
    return [
        f"{where}: no row of the training part has the label "
        f"{listed(absent)}, so the model cannot learn it."
    ]


def _about_gaps(
    features: Sequence[Feature], values: Sequence[Values], file: str
) -> list[str]:
    """Say which values were missing or unseen, and what took their place."""
    filled, unseen = [], []
    for feature, column in zip(features, values, strict=True):
        if isinstance(feature, NumberFeature):
            if n := feature.n_missing(column):
                filled.append(f"{feature.name} ({n:,})")
        else:
            n, text = feature.unseen(column)
            if n:
                shown = f'"{text}"' if text else "missing values"
                unseen.append(f"{feature.name} ({shown}, {n:,} in all)")
    notes = []
    if filled:
        notes.append(
            f"{file}: missing numbers were replaced by the mean of the "
            f"training part: {listed(filled)}."
        )
    if unseen:
        notes.append(
            f"{file}: categories that the training part does not have count "
            f"as none of them: {listed(unseen)}."
        )
    return notes
