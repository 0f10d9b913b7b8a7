"""Anybody's table: a CSV file from elsewhere, read for training.

`read_table` finds out how the file is written and what its columns hold, says
what it found, and refuses in one sentence what it cannot use. The table then
makes features and labels, scaled by what the training part alone knows, and a
`Preparation` that does the same to new rows.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from helpers.datasets.tables.columns import (
    CATEGORY,
    DATE,
    EMPTY,
    NUMBER,
    TRUTH,
    UNIT,
    Column,
    check_decimal,
    in_quotes,
    listed,
    only_dates,
    options_for,
    place,
    settle_marks,
    too_many_categories,
    with_unit,
)
from helpers.datasets.tables.delimiters import Expected
from helpers.datasets.tables.features import Preparation, fit
from helpers.datasets.tables.labels import (
    MOST_CLASSES,
    Labels,
    check_task,
    decide_labels,
    too_many_classes,
)
from helpers.datasets.tables.layout import (
    Layout,
    check_names,
    find_column,
    find_layout,
)
from helpers.datasets.tables.new_rows import Columns
from helpers.datasets.tables.values import (
    UNKNOWN,
    TooManyTexts,
    Values,
    Wanted,
    load,
    scan,
    wanted_column,
)
from helpers.errors import DataError, one_line

MOST_CATEGORIES = 50
LEAST_ROWS = 5  # of which 80 percent are trained on, and one validates


class Prepared(NamedTuple):
    """Features and labels, ready for `prepare_data` of version 2.

    Attributes:
        x: features [N, n_features], float32, scaled.
        y: classes [N], int64; or for regression amounts [N, 1], float32,
            scaled.
        preparation: does the same to new rows.
        notes: sentences about what was done.
    """

    x: np.ndarray
    y: np.ndarray
    preparation: Preparation
    notes: list[str]


class Table:
    """The rows of a file that have a label.

    Attributes:
        label: the name of the label column.
        notes: sentences about how the file was read.
    """

    def __init__(
        self,
        layout: Layout,
        label_index: int,
        features: list[Values],
        marks: dict[str, str],
        labels: Labels,
    ):
        self.label = layout.names[label_index]
        self.notes = [*layout.notes, labels.note]
        self._file = layout.shown
        self._columns = Columns(
            self.label,
            label_index,
            len(layout.names),
            layout.has_header,
            layout.delimiter,
        )
        self._features, self._marks = features, marks
        self._labels = labels

    @property
    def n_rows(self) -> int:
        """How many rows have a label."""
        return len(self._labels.y)

    @property
    def task(self) -> str:
        """Either "classification" or "regression"."""
        return self._labels.task

    @property
    def classes(self) -> tuple[str, ...]:
        """The name of each class; () for regression."""
        return self._labels.classes

    def prepare(self, train_rows: Sequence[int] | np.ndarray) -> Prepared:
        """Make features and labels of all rows.

        Args:
            train_rows: the numbers of the rows that are trained on, from 0.
                Means, spreads and categories come from them alone.

        Raises:
            DataError: there are no such rows, or no column is left that could
                tell anything.
        """
        rows = np.unique(np.asarray(train_rows, dtype=np.int64))
        if not len(rows) or rows[0] < 0 or rows[-1] >= self.n_rows:
            raise DataError(
                f"The training part should be some of the {self.n_rows:,} rows "
                f"of {self._file}, counted from 0. Found: "
                f"{one_line(train_rows)}."
            )
        preparation, notes = fit(
            self._columns,
            self._file,
            self._features,
            self._marks,
            self._labels,
            rows,
        )
        x, more_notes = preparation.transform(self._features, self._file)
        y = preparation.scale_labels(self._labels.y)
        return Prepared(x, y, preparation, notes + more_notes)


def read_table(
    path: object,
    label: str | int,
    *,
    delimiter: str | None = None,
    header: bool | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    task: str | None = None,
    ignore: Iterable[str | int] = (),
    categorical: Iterable[str | int] = (),
    max_categories: int = MOST_CATEGORIES,
) -> Table:
    """Read a CSV file whose columns are features and a label.

    Args:
        path: the file.
        label: the name of the column with the labels, or its number from 1.
        delimiter: a character or its name; None to find it.
        header: whether the first row names the columns; None to find out.
        decimal: the decimal mark, "." or ","; None to find it per column.
        encoding: such as "utf-8"; None to find it.
        task: "classification" or "regression"; None to let the labels decide.
        ignore: columns to leave out, by name or number.
        categorical: columns whose numbers are names, by name or number.
        max_categories: how many different texts a column may have.

    Raises:
        DataError: the file, a column or an option cannot be used.
    """
    check_task(task)
    check_decimal(decimal)
    if isinstance(max_categories, bool) or max_categories < 2:
        raise DataError(
            "--max-categories is how many different texts a column may have, "
            f"2 or more. Found: {one_line(max_categories)}."
        )
    layout = find_layout(
        path,
        Expected([label] if isinstance(label, str) else []),
        delimiter=delimiter,
        header=header,
        encoding=encoding,
    )
    target = find_column(layout, label, "--label")
    left_out = _find_columns(layout, ignore, "--ignore")
    names = _find_columns(layout, categorical, "--categorical")
    if target in left_out:
        raise DataError(
            f"{layout.shown}: --ignore leaves out the label column "
            f'"{layout.names[target]}". Name another one for either.'
        )
    used = [i for i in range(len(layout.names)) if i not in left_out]
    check_names(layout, used)
    most = dict.fromkeys(used, max_categories) | {target: MOST_CLASSES}
    columns, n_rows = scan(layout, most)
    if not n_rows:
        raise DataError(f"{layout.shown} has column names and no rows.")
    wanted, marks = _decide(layout, columns, names, target, decimal)
    n_known = n_rows - columns[target].n_missing
    if n_known < LEAST_ROWS:
        raise DataError(
            f"{layout.shown} has {n_known} {'row' if n_known == 1 else 'rows'} "
            "with a label, and a training part and a validation part need "
            f"{LEAST_ROWS} or more together."
        )
    try:
        values = load(layout, wanted, n_rows)
    except TooManyTexts as reason:
        index, texts = reason.args
        column = columns[index]
        raise _too_many(column, texts, index == target, [column.name]) from None
    where = place(layout.shown, layout.names[target])
    layout.notes += _about_row_numbers(values[1:], layout.shown)
    labels, features = _with_labels(layout, where, columns[target], values)
    return Table(
        layout, target, features, marks, decide_labels(labels, where, task)
    )


def _find_columns(
    layout: Layout, wanted: Iterable[str | int], option: str
) -> set[int]:
    """Return the indices of columns; one alone needs no list."""
    if isinstance(wanted, (str, int)):
        wanted = [wanted]
    return {find_column(layout, column, option) for column in wanted}


def _decide(
    layout: Layout,
    columns: dict[int, Column],
    names: set[int],
    target: int,
    decimal: str | None,
) -> tuple[list[Wanted], dict[str, str]]:
    """Decide what each column holds.

    Args:
        layout: of the file; gets notes.
        columns: as scanned, by their index.
        names: indices of columns whose numbers are names.
        target: the index of the label column.
        decimal: the decimal mark that the reader named.

    Returns:
        how to load each column that holds something, the labels first, and
        the decimal mark of each column of numbers, by name.
    """
    kinds = {i: column.kind(i in names) for i, column in columns.items()}
    empty = [columns[i].name for i in columns if kinds[i] == EMPTY]
    if kinds[target] == EMPTY:
        raise DataError(
            f"{place(layout.shown, columns[target].name)}: no row has a label. "
            "Is another column the label?"
        )
    if kinds[target] == TRUTH:
        kinds[target] = CATEGORY  # yes and no are classes
    if empty:
        layout.notes.append(
            f"{layout.shown}: left out, as no row has a value there: "
            f"{listed(empty)}."
        )
    _refuse_unusable(columns, kinds, target)
    marks, notes = settle_marks(
        [columns[i] for i in columns if kinds[i] == NUMBER],
        layout.delimiter,
        decimal,
    )
    layout.notes += notes
    order = [target, *(i for i in columns if i != target)]
    return [
        wanted_column(columns[i], i, kinds[i], marks.get(columns[i].name, "."))
        for i in order
        if kinds[i] != EMPTY
    ], marks


def _refuse_unusable(
    columns: dict[int, Column], kinds: dict[int, str], target: int
) -> None:
    """Refuse dates, sums of money and the like, and long lists of texts."""
    unusable = [
        index
        for index, column in columns.items()
        if kinds[index] in (DATE, UNIT)
        or (kinds[index] == CATEGORY and len(column.texts) > column.most)
    ]
    names = [columns[index].name for index in unusable if index != target]
    for index in sorted(unusable, key=lambda index: index != target):
        column = columns[index]
        if kinds[index] == DATE:
            raise only_dates(column, names if index != target else None)
        if kinds[index] == UNIT:
            raise with_unit(column, index != target)
        raise _too_many(column, list(column.texts), index == target, names)


def _too_many(
    column: Column, texts: list[str], is_label: bool, unusable: Sequence[str]
) -> DataError:
    if is_label:
        return too_many_classes(place(column.file, column.name), texts[0])
    return too_many_categories(column, texts, unusable)


def _about_row_numbers(values: list[Values], file: str) -> list[str]:
    """Name columns that count the rows, and tell nothing about new ones."""
    names = [
        v.name
        for v in values
        if v.kind == NUMBER
        and bool((v.numbers[1:] == v.numbers[:-1] + 1).all())
    ]
    if not names:
        return []
    return [
        f"{file}: every row is one more than the row before in "
        f"{listed(names)}. If that only numbers the rows, leave it out: "
        f"{options_for('--ignore', names)}."
    ]


def _with_labels(
    layout: Layout, where: str, column: Column, values: list[Values]
) -> tuple[Values, list[Values]]:
    """Leave out the rows without a label; return labels and features."""
    labels = values[0].numbers
    is_known = (
        labels != UNKNOWN if values[0].kind == CATEGORY else ~np.isnan(labels)
    )
    n_unknown = len(labels) - int(is_known.sum())
    if n_unknown:
        rows = "1 row has" if n_unknown == 1 else f"{n_unknown:,} rows have"
        left = "was" if n_unknown == 1 else "were"
        words = ", ".join(map(in_quotes, sorted(column.missing - {""})))
        layout.notes.append(
            f"{where}: {rows} no label{f' ({words})' if words else ''} and "
            f"{left} left out."
        )
        values = [v._replace(numbers=v.numbers[is_known]) for v in values]
    return values[0], values[1:]
