"""The values of a CSV file as arrays, column by column, in two passes.

The first pass, `scan`, keeps nothing but what each column knows of its fields.
The second, `load`, writes each value where it belongs: 8 bytes for a number, 4
for a category. The text of the file is never held, apart from a piece of it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import psutil

from helpers.datasets.tables.columns import (
    CATEGORY,
    NUMBER,
    TRUTH,
    Column,
)
from helpers.datasets.tables.files import Piece, read_pieces
from helpers.datasets.tables.layout import Layout
from helpers.datasets.tables.words import MISSING, MISSING_AS_WRITTEN, to_number
from helpers.errors import DataError

UNKNOWN = -1  # the code of a category that is missing
_TO_DOT = {".": str.maketrans({",": None}), ",": str.maketrans(",", ".", ".")}


class Wanted(NamedTuple):
    """A column that is to be loaded.

    Attributes:
        index: where it is in the file, from 0.
        name: what it is called.
        kind: "number", "truth" or "category".
        mark: the decimal mark of its numbers.
        truths: what its words for yes and no mean.
        most: how many different texts it may have.
    """

    index: int
    name: str
    kind: str
    mark: str = "."
    truths: dict[str, float] = {}  # noqa: RUF012, never written to
    most: int = 50


class Values(NamedTuple):
    """The values of a column.

    Attributes:
        name: of the column.
        kind: "number", "truth" or "category".
        numbers: [N], float64, NaN where missing; for categories [N], int32,
            the place of each text in ``texts``, -1 where missing.
        texts: the different texts of categories, in the order of the file.
    """

    name: str
    kind: str
    numbers: np.ndarray
    texts: tuple[str, ...] = ()


def scan(layout: Layout, most: dict[int, int]) -> tuple[dict[int, Column], int]:
    """Look at every field of some columns.

    Args:
        layout: of the file.
        most: for each column, by its index from 0, how many different texts
            are counted at most.

    Returns:
        the columns by their index, and the number of rows.
    """
    columns = {
        index: Column(layout.names[index], layout.shown, n)
        for index, n in most.items()
    }
    n_rows = 0
    for lines, fields in read_pieces(layout.records(), len(layout.names)):
        n_rows += len(lines)
        for index, column in columns.items():
            column.look(fields[index], lines)
    return columns, n_rows


def load(layout: Layout, wanted: Sequence[Wanted], n_rows: int) -> list[Values]:
    """Read the values of some columns.

    Args:
        layout: of the file.
        wanted: the columns.
        n_rows: how many rows `scan` found.

    Raises:
        DataError: they do not fit into the memory, or the file has changed
            since it was scanned.
        TooManyTexts: a column of categories has more than it may.
    """
    n_bytes = n_rows * sum(8 if w.kind != CATEGORY else 4 for w in wanted)
    need_memory(n_bytes, layout.shown)
    loaded = [_Loaded(column, n_rows) for column in wanted]
    start = 0
    changed = DataError(
        f"{layout.shown} has changed while it was read. Start again once "
        "nothing writes to it."
    )
    for piece in read_pieces(layout.records(), len(layout.names)):
        end = start + len(piece.lines)
        for column in loaded:
            try:
                column.put(start, end, piece)
            except (ValueError, KeyError) as reason:
                raise changed from reason
        start = end
    if start < n_rows:
        raise changed
    return [column.values() for column in loaded]


def need_memory(n_bytes: int, shown: str) -> None:
    """Refuse a table that does not fit, before anything of it is loaded.

    Raises:
        DataError: it takes more than the free memory.
    """
    if n_bytes > psutil.virtual_memory().available:
        raise DataError(
            f"{shown} takes {n_bytes:,} bytes as numbers, more than the free "
            "memory of this machine. Take fewer rows, or leave out columns "
            "with --ignore."
        )


class TooManyTexts(Exception):
    """A column has more different texts than it may; its index and one."""


class _Loaded:
    """A column while it is being loaded."""

    def __init__(self, wanted: Wanted, n_rows: int):
        self.wanted = wanted
        is_category = wanted.kind == CATEGORY
        self.array = np.empty(n_rows, np.int32 if is_category else np.float64)
        self.codes: dict[str, int] = {}

    def put(self, start: int, end: int, piece: Piece) -> None:
        """Write the values of some rows.

        Raises:
            ValueError, KeyError: a field is not of the kind it was, or there
                are more rows than there were.
            TooManyTexts: as it says.
        """
        fields = piece.columns[self.wanted.index]
        numbers = {
            NUMBER: self._numbers,
            TRUTH: self._truths,
            CATEGORY: self._codes,
        }[self.wanted.kind]
        self.array[start:end] = numbers(fields)

    def values(self) -> Values:
        """Return what was loaded."""
        kept = self.wanted.name, self.wanted.kind, self.array
        return Values(*kept, tuple(self.codes))

    def _numbers(self, fields: Sequence[str]) -> list[float]:
        mark = self.wanted.mark
        present = "\n".join(
            "nan" if text in MISSING_AS_WRITTEN else text for text in fields
        )
        try:
            values = [
                float(t) for t in present.translate(_TO_DOT[mark]).split("\n")
            ]
            if len(values) == len(fields):
                return values
        except ValueError:
            pass
        return [self._number(text.strip()) for text in fields]

    def _number(self, text: str) -> float:
        if text.lower() in MISSING:
            return float("nan")
        return to_number(text, self.wanted.mark)

    def _truths(self, fields: Sequence[str]) -> list[float]:
        known = dict.fromkeys(MISSING, float("nan")) | self.wanted.truths
        return [known[text.strip().lower()] for text in fields]

    def _codes(self, fields: Sequence[str]) -> list[int]:
        known = dict.fromkeys(fields, UNKNOWN)
        for text in known:
            known[text] = self._code(text.strip())
        return [known[text] for text in fields]

    def _code(self, text: str) -> int:
        if text.lower() in MISSING:
            return UNKNOWN
        code = self.codes.setdefault(text, len(self.codes))
        if code >= self.wanted.most:
            raise TooManyTexts(self.wanted.index, list(self.codes))
        return code


def wanted_column(
    column: Column, index: int, kind: str, mark: str = "."
) -> Wanted:
    """Return how to load a column that was scanned."""
    return Wanted(
        index,
        column.name,
        kind,
        mark,
        column.truths() if kind == TRUTH else {},
        column.most,
    )
