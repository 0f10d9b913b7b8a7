"""Find out how a CSV file is laid out: its delimiter and its column names.

Both are read off the first rows, and both can be given. What was found is said,
since a wrong guess would look like wrong data.
"""

import difflib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers.datasets.table_files import (
    Record,
    check_encoding,
    check_file,
    find_encoding,
    open_text,
    read_records,
)
from helpers.datasets.table_words import form_of, is_date, is_missing
from helpers.errors import DataError, one_line
from helpers.paths import display_path

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
N_LOOKED_AT = 200  # rows


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
            if len(record.fields) != n:
                raise DataError(self._about_ragged(record))
            yield record

    def _about_ragged(self, record: Record) -> str:
        found = len(record.fields)
        other = [
            name
            for mark, name in DELIMITERS.items()
            if mark != self.delimiter and any(mark in f for f in record.fields)
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
            f"{self.shown}, line {record.line}: {found} {fields}, where the "
            f"first row has {len(self.names)}. {why} Repair or delete that "
            "line."
        )


def find_layout(
    path: object,
    known: Sequence[str] = (),
    *,
    delimiter: str | None = None,
    header: bool | None = None,
    encoding: str | None = None,
) -> Layout:
    """Find out how a file is laid out.

    Args:
        path: the file.
        known: names of columns that a header would have, if some are known.
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
        encoding = check_encoding(encoding)
    given = None if delimiter is None else check_delimiter(delimiter)
    skip, announced = _read_announcement(path, encoding)
    mark = given or announced
    if mark is None:
        mark, note = _find_delimiter(path, encoding, skip)
        notes += note
    rows = read_records(path, encoding, mark, skip)
    first_rows = [
        record.fields for record in itertools.islice(rows, N_LOOKED_AT)
    ]
    shown = display_path(path)
    if not first_rows:
        raise DataError(f"{shown} has no rows.")
    n_columns = len(first_rows[0])
    _check_width(first_rows, shown, mark, given or announced)
    if header is None:
        header, note = _find_header(first_rows, known)
        notes += [f"{shown}: {sentence}" for sentence in note]
    names = _names(first_rows[0] if header else [""] * n_columns)
    return Layout(path, encoding, mark, skip, header, names, notes)


def _check_width(
    rows: Sequence[Sequence[str]], shown: str, mark: str, given: str | None
) -> None:
    """Refuse one column alone, and a first row that is unlike the others."""
    n_usual, n_rows = Counter(map(len, rows)).most_common(1)[0]
    if n_usual < 2:
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


# -------------------------------------------------------------- delimiters


def check_delimiter(delimiter: object) -> str:
    r"""Return the character that a reader gave, or named.

    Args:
        delimiter: one character, "\t" as two characters, or a name such as
            "semicolon".

    Raises:
        DataError: it cannot separate columns.
    """
    text = str(delimiter)
    named = {name: mark for mark, name in DELIMITERS.items()}
    mark = named.get(text.lower(), "\t" if text == "\\t" else text)
    if len(mark) != 1 or mark.isalnum() or mark in "\"\r\n\0.+-'":
        raise DataError(
            f"{one_line(delimiter)} cannot separate columns. Give one "
            "character to --delimiter, or its name: comma, semicolon, tab or "
            "pipe."
        )
    return mark


def name_delimiter(mark: str) -> str:
    """Name a delimiter as sentences do."""
    return DELIMITERS.get(mark) or ("space" if mark == " " else repr(mark))


def _read_announcement(path: Path, encoding: str) -> tuple[int, str | None]:
    """Read the line "sep=;" that Excel takes; return how many lines that is."""
    with open_text(path, encoding) as file:
        start = file.readline(20).rstrip("\r\n").strip('"')
    if start.lower().startswith("sep=") and len(start) == 5:
        return 1, check_delimiter(start[4])
    return 0, None


def _find_delimiter(
    path: Path, encoding: str, skip: int
) -> tuple[str, list[str]]:
    """Take what splits the first rows best; return it, and a sentence."""
    scores = {mark: _score(path, encoding, mark, skip) for mark in DELIMITERS}
    best = max(scores, key=lambda mark: scores[mark])
    if best == ",":
        return best, []
    return best, [
        f"{display_path(path)}: the columns are separated by "
        f"{name_delimiter(best)}s."
    ]


def _score(
    path: Path, encoding: str, mark: str, skip: int
) -> tuple[bool, float, float, int]:
    """Tell how well a delimiter splits the first rows; the larger the better.

    Returns:
        whether there are two columns or more; the share of rows with the
        usual number of fields; the share of fields that hold no other
        delimiter, unless they are numbers; how many columns there are.
    """
    rows = []
    try:
        records = read_records(path, encoding, mark, skip)
        for record in itertools.islice(records, N_LOOKED_AT):
            rows.append(record.fields)
    except DataError:  # its quotes make no sense with this one
        rows = rows[:-1]
    if not rows:
        return False, 0.0, 0.0, 0
    n_columns, n_usual = Counter(map(len, rows)).most_common(1)[0]
    others = [other for other in DELIMITERS if other != mark]
    fields = [text for row in rows for text in row]
    n_tidy = sum(
        not any(other in text for other in others)
        or form_of(text.strip()) is not None
        for text in fields
    )
    return (
        n_columns > 1,
        n_usual / len(rows),
        n_tidy / max(1, len(fields)),
        n_columns,
    )


# ------------------------------------------------------------------ header


def _find_header(
    rows: Sequence[Sequence[str]], known: Sequence[str]
) -> tuple[bool, list[str]]:
    """Tell whether the first row names the columns; return a sentence too."""
    first, *others = ([text.strip() for text in row] for row in rows)
    if any(name.strip() in first for name in known):
        return True, []
    columns = list(
        zip(*(r for r in others if len(r) == len(first)), strict=False)
    )
    for name, column in zip(first, columns, strict=False):
        below = [text for text in column if not is_missing(text)]
        if below and not _is_value(name) and all(map(_is_value, below)):
            return True, []
    if any(map(_is_value, first)):
        return False, [
            "its first line has values and no names, so the columns are "
            'called "column 1", "column 2" and so on; --header says otherwise.'
        ]
    if any(
        name in column for name, column in zip(first, columns, strict=False)
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
    if text.removeprefix("-").isdecimal() and not isinstance(wanted, bool):
        number = int(text)
        if number and -len(names) <= number <= len(names):
            return number - 1 if number > 0 else number + len(names)
        raise DataError(
            f"{layout.shown} has {len(names)} columns, counted from 1, and "
            f"none of number {number}. Give {option} a name or a number up to "
            f"{len(names)}."
        )
    raise DataError(_about_missing_column(layout, text, option))


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
