"""A dataset that reads rows of a CSV file on demand.

Source: https://docs.pytorch.org/docs/stable/data.html#map-style-datasets
"""

import math
import operator
from array import array
from pathlib import Path

import torch
from torch.utils.data import Dataset

from helpers.datasets.in_memory import Item
from helpers.errors import DataError
from helpers.paths import display_path, missing_course


class CSVDataset(Dataset):
    """A dataset that reads a row of a CSV file when it is asked for it.

    Only the place where each line begins is kept, 8 bytes per row, whatever
    the rows hold. The file is opened anew for every item, so that several
    loader processes can share one dataset (chapter 02).

    Args:
        path: a file with one header line and then one line of numbers per
            point: the features, and in the last column the label. Empty lines
            are left out. No quotes: a line break always ends a row.

    Raises:
        DataError: there is no such file, or it has fewer than two columns.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.starts = array("q")  # whole numbers of 8 bytes each
        try:
            with open(self.path, "rb") as file:
                header = file.readline()
                start = len(header)
                for line in file:
                    if line.strip():
                        self.starts.append(start)
                    start += len(line)
        except OSError as error:
            advice = (
                missing_course()
                or "Check the name; the data of the course lies in data/."
            )
            raise DataError(
                f"{display_path(self.path)} cannot be read: {error.strerror}. "
                f"{advice}"
            ) from error
        self.n_columns = header.count(b",") + 1
        if self.n_columns < 2:
            raise DataError(
                f"The first line of {display_path(self.path)} should name at "
                "least two columns, with commas between them: the features "
                "and, last, the label."
            )

    def __getitem__(self, index: int | slice) -> Item:
        """Read one row, or the rows of a slice, from the file.

        Args:
            index: from -N to N - 1, or a slice.

        Returns:
            features [n_features] and label [1], float32; for a slice of n
            rows features [n, n_features] and labels [n, 1].

        Raises:
            IndexError: there is no such row.
            DataError: the file is gone, or the row is not what the header
                promises.
        """
        if isinstance(index, slice):
            chosen = range(len(self))[index]
        else:
            chosen = [self._row_number(index)]
        rows = torch.empty(len(chosen), self.n_columns)
        try:
            with open(self.path, "rb") as file:
                for i, row in enumerate(chosen):
                    file.seek(self.starts[row])
                    rows[i] = self._numbers(file.readline(), row)
        except OSError as error:
            raise DataError(
                f"{display_path(self.path)} can no longer be read: "
                f"{error.strerror}. Was it moved after the dataset was made?"
            ) from error
        if not isinstance(index, slice):
            rows = rows[0]  # [n_columns]
        return rows[..., :-1], rows[..., -1:]

    def __len__(self) -> int:
        return len(self.starts)

    def _row_number(self, index: int) -> int:
        """Count a negative index from the end, and refuse what is outside."""
        number = operator.index(index)
        n_rows = len(self)
        if not -n_rows <= number < n_rows:
            raise IndexError(
                f"There is no row {number}: {display_path(self.path)} has "
                f"{n_rows} rows, counted from 0 to {n_rows - 1}, or from -1 "
                f"back to -{n_rows}."
                if n_rows
                else f"There is no row {number}: {display_path(self.path)} "
                "has none."
            )
        return number % n_rows

    def _numbers(self, line: bytes, row: int) -> torch.Tensor:
        """Turn a line into numbers [n_columns]."""
        try:
            numbers = [float(field) for field in line.split(b",")]
        except ValueError:
            numbers = []
        is_right = len(numbers) == self.n_columns
        if not is_right or not all(map(math.isfinite, numbers)):
            raise DataError(
                f"Row {row} of {display_path(self.path)} should hold "
                f"{self.n_columns} finite numbers, and holds "
                f"{line.decode(errors='replace').strip()[:60]!r}. Repair that "
                "line; if the file changed, make the dataset again."
            )
        return torch.tensor(numbers)
