"""How a CSV file is laid out: what separates its columns, and their names.

Both are read off the first rows, and both can be given. What was found is said,
since a wrong guess would look like wrong data.
"""

import difflib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers.datasets.tables.delimiters import (
    DELIMITERS,
    N_LOOKED_AT,
    Expected,
    check_delimiter,
    find_delimiter,
    name_delimiter,
    read_announcement,
)
from helpers.datasets.tables.files import (
    Record,
    check_encoding,
    check_file,
    find_encoding,
    read_records,
)
from helpers.datasets.tables.words import form_of, is_date, is_missing
from helpers.errors import DataError, one_line
from helpers.paths import display_path


@dataclass
class Layout:
    """How a file is laid out.

    Attributes:
        path: the file.
        encoding: as `open` takes it.
        delimiter: what separates its columns.
        skip: lines before the first row.
        has_header: whether its first row names the columns.
        names: one per column.
        notes: sentences about what was found.
    """

    path: Path
    encoding: str
    delimiter: str
    skip: int
    has_header: bool
    names: tuple[str, ...]
    notes: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """How sentences name the file."""
        return display_path(self.path)

    def records(self) -> Iterator[Record]:
        """Read the rows below the header, one after another.

        Raises:
            DataError: a row has more or fewer fields than the first.
        """
        rows = read_records(self.path, self.encoding, self.delimiter, self.skip)
        if self.has_header:
            next(rows, None)
        n = len(self.names)
        for record in rows:
            if len(record[1]) != n:
                raise DataError(self._about_ragged(*record))
            yield record

    def _about_ragged(self, line: int, row: list[str]) -> str:
        found = len(row)
        other = [
            name
            for mark, name in DELIMITERS.items()
            if mark != self.delimiter and any(mark in text for text in row)
        ]
        fields = "field" if found == 1 else "fields"
        if self.delimiter == "," and found > len(self.names):
            why = (
                "Does a text or a number with a decimal comma need quotes "
                "there?"
            )
        elif other and found < len(self.names):
            why = f"Does a {other[0]} stand there in place of a delimiter?"
        else:
            why = "Was the line cut, or is it a title or a sum?"
        return (
            f"{self.shown}, line {line}: {found} {fields}, where the "
            f"first row has {len(self.names)}. {why} Repair or delete that "
            "line."
        )


def find_layout(
    path: object,
    expected: Expected,
    *,
    delimiter: str | None = None,
    header: bool | None = None,
    encoding: str | None = None,
) -> Layout:
    """Find out how a file is laid out.

    Args:
        path: the file.
        expected: what is known of it.
        delimiter: one character or its name; None to find it.
        header: whether the first row names the columns; None to find out.
        encoding: None to find it.

    Raises:
        DataError: the file is not a table, or an option fits nothing in it.
    """
    path = check_file(path)
    notes: list[str] = []
    if encoding is None:
        encoding, notes = find_encoding(path)
    else:
        encoding = check_encoding(encoding, path)
    given = None if delimiter is None else check_delimiter(delimiter)
    skip, announced = read_announcement(path, encoding)
    mark = given or announced
    if mark is None:
        mark, note = find_delimiter(path, encoding, expected)
        notes += note
    rows = read_records(path, encoding, mark, skip)
    first_rows = [fields for _, fields in itertools.islice(rows, N_LOOKED_AT)]
    shown = display_path(path)
    if not first_rows:
        raise DataError(f"{shown} has no rows, and no names of columns either.")
    n_columns = len(first_rows[0])
    _check_width(first_rows, shown, mark, given or announced, expected)
    if header is None:
        header, note = _find_header(first_rows, expected)
        notes += [f"{shown}: {sentence}" for sentence in note]
    names = _names(first_rows[0] if header else [""] * n_columns)
    return Layout(path, encoding, mark, skip, header, names, notes)


def _check_width(
    rows: Sequence[Sequence[str]],
    shown: str,
    mark: str,
    given: str | None,
    expected: Expected,
) -> None:
    """Refuse one column alone, and a first row that is unlike the others."""
    n_usual, n_rows = Counter(map(len, rows)).most_common(1)[0]
    if n_usual < expected.least:
        tried = name_delimiter(given) if given else "comma, semicolon, tab or |"
        raise DataError(
            f"{shown} has one column only when its lines are split at each "
            f"{tried}. Features and a label need two: name the character "
            "between the columns with --delimiter."
        )
    n_first = len(rows[0])
    if n_first != n_usual and 2 * n_rows > len(rows):
        raise DataError(
            f"{shown}: its first row has {n_first} "
            f"{'field' if n_first == 1 else 'fields'} when split at each "
            f"{name_delimiter(mark)}, and most rows have {n_usual}. Is it a "
            "title or a comment, or is a name missing? Repair or delete it."
        )


# ------------------------------------------------------------------ header


def _find_header(
    rows: Sequence[Sequence[str]], expected: Expected
) -> tuple[bool, list[str]]:
    """Tell whether the first row names the columns; return a sentence too."""
    if expected.count_in(rows[0]):
        return True, []
    first, *others = ([text.strip() for text in row] for row in rows)
    columns = list(
        zip(*(r for r in others if len(r) == len(first)), strict=False)
    )
    for name, column in zip(first, columns, strict=False):
        below = [text for text in column if not is_missing(text)]
        if below and _is_name(name) and all(map(_is_value, below)):
            return True, []
    if any(map(_is_value, first)):
        return False, [
            "its first line has values and no names, so the columns are "
            'called "column 1", "column 2" and so on; --header says otherwise.'
        ]
    if any(
        name and name in column
        for name, column in zip(first, columns, strict=False)
    ):
        return False, [
            "words of its first line come again below it, so the columns are "
            'called "column 1", "column 2" and so on; --header says otherwise.'
        ]
    return True, [
        "its first line was read as names; --no-header says otherwise."
    ]


def _is_value(text: str) -> bool:
    """Tell whether a text is what rows hold and names hardly are."""
    return bool(text) and (form_of(text) is not None or is_date(text))


def _is_name(text: str) -> bool:
    return not _is_value(text) and not is_missing(text)


def _names(first: Sequence[str]) -> tuple[str, ...]:
    """Name the columns; one without a name has its number, from 1."""
    return tuple(
        " ".join(text.split()) or f"column {number}"
        for number, text in enumerate(first, start=1)
    )


def check_names(layout: Layout, used: Sequence[int]) -> None:
    """Refuse two columns of one name among those that are used.

    Raises:
        DataError: there are two.
    """
    seen: dict[str, int] = {}
    for index in used:
        name = layout.names[index]
        if name in seen:
            raise DataError(
                f"{layout.shown}, line {layout.skip + 1}: columns "
                f'{seen[name] + 1} and {index + 1} are both called "{name}". '
                "Rename one, or leave one out by its number: --ignore "
                f"{index + 1}."
            )
        seen[name] = index


def find_column(layout: Layout, wanted: object, option: str) -> int:
    """Return the index of a column, from 0.

    Args:
        layout: of the file.
        wanted: a name, or a number from 1; -1 is the last.
        option: what gave it, such as "--label".

    Raises:
        DataError: there is no such column.
    """
    names = layout.names
    text = " ".join(str(wanted).split())
    found = [index for index, name in enumerate(names) if name == text]
    if len(found) > 1 and not isinstance(wanted, int):
        raise DataError(
            f"{layout.shown}, line {layout.skip + 1}: {len(found)} columns "
            f'are called "{text}", {" and ".join(str(i + 1) for i in found)}. '
            f"Rename them, or give {option} the number."
        )
    if found and not isinstance(wanted, int):
        return found[0]
    if _is_whole(text):
        number = int(text)
        if number and -len(names) <= number <= len(names):
            return number - 1 if number > 0 else number + len(names)
        raise DataError(
            f"{layout.shown} has {len(names)} columns, counted from 1, and "
            f"none of number {number}. Give {option} a name or a number up to "
            f"{len(names)}."
        )
    raise DataError(_about_missing_column(layout, text, option))


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < 10


def _about_missing_column(layout: Layout, text: str, option: str) -> str:
    names = layout.names
    if not layout.has_header:
        return (
            f"{layout.shown} has no header line, so no column is called "
            f'"{one_line(text)[1:-1]}". Give {option} a number from 1 to '
            f"{len(names)}; if the first line holds names, add --header."
        )
    lower = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(text.lower(), lower, n=1)
    if near:
        hint = f' Did you mean "{lower[near[0]]}"?'
    else:
        shown = ", ".join(f'"{name}"' for name in names[:12])
        more = ", ..." if len(names) > 12 else ""
        hint = f" Its columns are {shown[:400]}{more}."
    return (
        f'{layout.shown} has no column "{one_line(text)[1:-1]}" for '
        f"{option}.{hint}"
    )
