"""New rows for a model that was trained on a table.

Columns are found by their names; where the table had no header, by their
places. What a new file has more is left aside, what it lacks is refused.
"""

import difflib
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from helpers.datasets.tables.columns import (
    CATEGORY,
    EMPTY,
    NUMBER,
    TRUTH,
    Column,
    check_decimal,
    in_quotes,
    listed,
    place,
)
from helpers.datasets.tables.delimiters import Expected
from helpers.datasets.tables.labels import name_number
from helpers.datasets.tables.layout import Layout, find_layout
from helpers.datasets.tables.scaling import (
    CategoryFeature,
    Feature,
    NumberFeature,
)
from helpers.datasets.tables.values import (
    UNKNOWN,
    Values,
    Wanted,
    load,
    scan,
)
from helpers.datasets.tables.words import (
    CONTRADICTS,
    INFINITE,
    TRUTHS,
    form_of,
    is_missing,
    to_number,
)
from helpers.errors import DataError, one_line

ANY_TRUTH = {word: value for pair in TRUTHS for word, value in pair.items()}
ANY_NUMBER_OF_TEXTS = 1 << 31


class Columns(NamedTuple):
    """Where the columns of the training file were.

    Attributes:
        label: the name of the label column.
        label_index: its place, from 0.
        n_columns: how many there were, the label among them.
        has_header: whether they had names.
        delimiter: what separated them.
    """

    label: str
    label_index: int
    n_columns: int
    has_header: bool
    delimiter: str


def read_new_rows(
    features: Sequence[Feature],
    columns: Columns,
    path: object,
    *,
    delimiter: str | None = None,
    header: bool | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> tuple[list[Values], str, list[str]]:
    """Read what a model needs from a new file.

    Args:
        features: what the model needs.
        columns: of the training file.
        path: the new file.
        delimiter: as for the training file; None to find it.
        header: whether the first row has names; None: as in the training file.
        decimal: the decimal mark; None: that of the training file.
        encoding: None to find it.

    Returns:
        the values of each feature's column; how sentences name the file; and
        sentences about what was left aside.

    Raises:
        DataError: a column is missing, or holds something else.
    """
    check_decimal(decimal)
    has_header = columns.has_header if header is None else header
    if has_header:
        names = [feature.name for feature in features]
        expected = Expected([*names, columns.label], least=1)
    else:
        expected = Expected(least=1, delimiter=columns.delimiter)
    layout = find_layout(
        path,
        expected,
        delimiter=delimiter,
        header=has_header,
        encoding=encoding,
    )
    places, notes = _find_places(layout, features, columns)
    scanned, n_rows = scan(layout, dict.fromkeys(places, 1))
    if not n_rows:
        raise DataError(f"{layout.shown} has no rows below its header.")
    wanted = [
        _wanted(scanned[index], index, feature, decimal)
        for index, feature in zip(places, features, strict=True)
    ]
    return load(layout, wanted, n_rows), layout.shown, layout.notes + notes


def _find_places(
    layout: Layout, features: Sequence[Feature], columns: Columns
) -> tuple[list[int], list[str]]:
    """Find the column of each feature; return sentences about the others."""
    names = list(layout.names)
    if not layout.has_header:
        names = _names_by_place(layout, columns)
    needed = [feature.name for feature in features]
    for name in needed:
        if names.count(name) != 1:
            raise DataError(_about_column(layout, name, names, needed))
    extra = [n for n in names if n not in needed and n != columns.label]
    notes = []
    if extra and layout.has_header:
        notes.append(f"{layout.shown}: the model does not use {listed(extra)}.")
    if columns.label in names:
        notes.append(
            f'{layout.shown}: the column "{columns.label}", which the model '
            "predicts, was not looked at."
        )
    return [names.index(name) for name in needed], notes


def _names_by_place(layout: Layout, columns: Columns) -> list[str]:
    """Name the columns as those of the training file, which had no names."""
    names = [f"column {number}" for number in range(1, columns.n_columns + 1)]
    if columns.has_header:
        raise DataError(
            f"{layout.shown} is read without a header line, and the model was "
            "trained on columns with names. Give it a first line with these, "
            "and leave out --no-header."
        )
    found = len(layout.names)
    if found == columns.n_columns - 1:  # without the label
        del names[columns.label_index]
    elif found != columns.n_columns:
        raise DataError(
            f"{layout.shown} has {found} columns without names, and the "
            f"training file had {columns.n_columns}, with the label in place "
            f"{columns.label_index + 1}. Give the same columns, with or "
            "without the label."
        )
    return names


def _about_column(
    layout: Layout, name: str, names: list[str], needed: list[str]
) -> str:
    line = layout.skip + 1
    if name in names:
        return (
            f"{layout.shown}, line {line}: {names.count(name)} columns are "
            f"called {in_quotes(name)}, and the model needs one. Rename or "
            "remove the others."
        )
    if not set(needed) & set(names):
        return (
            f"{layout.shown}, line {line}: none of the columns that the model "
            f"was trained with ({listed(needed)}) is named here. Does the "
            "file lack its header line?"
        )
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Is it the one called {in_quotes(near[0])}?" if near else ""
    return (
        f"{layout.shown}, line {line}: there is no column {in_quotes(name)}, "
        f"which the model was trained with.{hint} Add it; where its values "
        "are not known, leave them empty."
    )


def _wanted(
    column: Column, index: int, feature: Feature, decimal: str | None
) -> Wanted:
    """Decide how to load a column, by what it was in the training file."""
    if isinstance(feature, CategoryFeature):
        return Wanted(index, feature.name, CATEGORY, most=ANY_NUMBER_OF_TEXTS)
    kind = column.kind()
    if kind not in (feature.kind, EMPTY):
        had = {NUMBER: "numbers", TRUTH: "yes or no"}[feature.kind]
        text, line = next(iter(column.texts.items()), ("", 0))
        what = (
            f"{in_quotes(text)} stands there" if text else "there are numbers"
        )
        raise DataError(
            f"{place(column.file, column.name, line or None)}: {what}, and "
            f"the training file had {had}. Repair the column, or train anew "
            "on files like this."
        )
    if feature.kind == TRUTH:
        return Wanted(index, feature.name, TRUTH, truths=ANY_TRUTH)
    mark = decimal or feature.mark
    why = "as --decimal says" if decimal else "as in the training file"
    column.decimal_mark(mark, why)
    return Wanted(index, feature.name, NUMBER, mark)


# ------------------------------------------------------------ rows as dicts


def values_of_rows(
    features: Sequence[Feature], rows: Iterable[Mapping[str, Any]]
) -> list[Values]:
    """Return the values of rows that are given one by one.

    Args:
        features: what the model needs.
        rows: for each, the value of each column by its name, as a number, a
            text as in the training file, or None where it is missing.

    Raises:
        DataError: there is no row, a row lacks a column, or a value is
            something else.
    """
    rows = list(rows)
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise DataError(
            "Rows should be dicts, such as "
            f"{{{features[0].name!r}: ...}}, one or more. Found: "
            f"{one_line(rows)}."
        )
    for number, row in enumerate(rows, start=1):
        missing = [f.name for f in features if f.name not in row]
        if missing:
            raise DataError(
                f"Row {number} has no {in_quotes(missing[0])}, which the model "
                "was trained with. Add it; where it is not known, give None."
            )
    return [
        _values_of(
            feature,
            [(number, row[feature.name]) for number, row in enumerate(rows, 1)],
        )
        for feature in features
    ]


def _values_of(feature: Feature, given: list[tuple[int, Any]]) -> Values:
    if isinstance(feature, CategoryFeature):
        codes: dict[str, int] = {}
        numbers_ = [
            UNKNOWN if is_missing(text) else codes.setdefault(text, len(codes))
            for text in (_as_text(value) for _, value in given)
        ]
        array = np.array(numbers_, np.int32)
        return Values(feature.name, CATEGORY, array, tuple(codes))
    values = [_as_number(feature, number, value) for number, value in given]
    return Values(feature.name, feature.kind, np.array(values, np.float64))


def _as_text(value: Any) -> str:
    """Return a value as the text that stands for it in a file."""
    if value is None or value != value:  # None or NaN
        return ""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return name_number(float(value))
    return str(value).strip()


def _as_number(feature: NumberFeature, number: int, value: Any) -> float:
    """Return a value as a number, NaN where it is missing."""
    found = None
    if isinstance(value, (numbers.Real, np.bool_)):
        found = float(value)
    elif value is None or (isinstance(value, str) and is_missing(value)):
        found = float("nan")
    elif isinstance(value, str):
        text = value.strip()
        form = form_of(text)
        if feature.kind == TRUTH:
            found = ANY_TRUTH.get(text.lower())
        elif form is not None and not form & CONTRADICTS[feature.mark]:
            found = to_number(text, feature.mark)
        elif text.lower() in INFINITE:
            found = float("inf")
    if found is None or found in (float("inf"), -float("inf")):
        what = "yes or no" if feature.kind == TRUTH else "a finite number"
        raise DataError(
            f"Row {number}, {in_quotes(feature.name)}: {one_line(value)} is "
            f"not {what}, which the model was trained with. Give one, or None "
            "if it is not known."
        )
    return found
