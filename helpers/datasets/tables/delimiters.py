"""Find out what separates the columns of a CSV file.

Each usual delimiter is tried on the first rows; what splits them best is taken,
and said. A file that begins with a line "sep=;", as Excel takes it, says so
itself.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.datasets.tables.files import open_text, read_records
from helpers.datasets.tables.words import form_of
from helpers.errors import DataError, one_line
from helpers.paths import display_path

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
N_LOOKED_AT = 200  # rows


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it is read.

    Attributes:
        names: of columns that a header would have, if some are known.
        least: how many columns it has at least.
        delimiter: what separated the columns of a file like it.
    """

    names: Sequence[str] = ()
    least: int = 2
    delimiter: str | None = None

    def count_in(self, first: Sequence[str]) -> int:
        """Count the names that stand in a first row.

        A number that may be that of a column is none of them: a first row of
        values may hold it.
        """
        found = {" ".join(text.split()) for text in first}
        numbers = {str(number) for number in range(1, len(first) + 1)}
        names = {" ".join(name.split()) for name in self.names}
        return len(found & (names - numbers))


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
    named |= {"space": " ", r"\t": "\t"}
    mark = named.get(text.lower(), text)
    if len(mark) != 1 or mark.isalnum() or mark in "\"\r\n\0.+-'":
        raise DataError(
            f"{one_line(delimiter)} cannot separate columns. Give one "
            "character to --delimiter, or its name: comma, semicolon, tab, "
            "pipe or space."
        )
    return mark


def name_delimiter(mark: str) -> str:
    """Name a delimiter as sentences do."""
    return DELIMITERS.get(mark) or ("space" if mark == " " else repr(mark))


def read_announcement(path: Path, encoding: str) -> tuple[int, str | None]:
    """Read the line "sep=;" that Excel takes.

    Returns:
        how many lines it takes, 0 or 1, and the delimiter that it names.
    """
    with open_text(path, encoding) as file:
        start = file.readline(20).rstrip("\r\n").strip('"')
    if start.lower().startswith("sep=") and len(start) == 5:
        return 1, check_delimiter(start[4])
    return 0, None


def find_delimiter(
    path: Path, encoding: str, expected: Expected
) -> tuple[str, list[str]]:
    """Take what splits the first rows best.

    Args:
        path: the file.
        encoding: as `open` takes it.
        expected: what is known of it.

    Returns:
        the delimiter, and a sentence if it is not the comma.
    """
    scores = {
        mark: _score(_first_rows(path, encoding, mark), mark, expected)
        for mark in DELIMITERS
    }
    best = max(scores, key=lambda mark: scores[mark])
    if best == ",":
        return best, []
    return best, [
        f"{display_path(path)}: the columns are separated by "
        f"{name_delimiter(best)}s."
    ]


def _first_rows(path: Path, encoding: str, mark: str) -> list[list[str]]:
    """Split the first rows; up to where its quotes make no sense."""
    rows = []
    try:
        records = read_records(path, encoding, mark)
        for _, fields in itertools.islice(records, N_LOOKED_AT):
            rows.append(fields)
    except DataError:
        pass  # said when the file is read, if this is the delimiter
    return rows


def _score(
    rows: list[list[str]], mark: str, expected: Expected
) -> tuple[int, bool, bool, float, float, int]:
    """Tell how well a delimiter splits the first rows; the larger the better.

    Returns:
        how many names that are expected stand in the first row; whether there
        are enough columns; whether it is the delimiter that is expected; the
        share of rows with the usual number of fields; the share of fields that
        hold no other delimiter, unless they are numbers; how many columns
        there are.
    """
    if not rows:
        return 0, False, False, 0.0, 0.0, 0
    n_columns, n_usual = Counter(map(len, rows)).most_common(1)[0]
    others = [other for other in DELIMITERS if other != mark]
    fields = [text for row in rows for text in row]
    n_tidy = sum(
        not any(other in text for other in others)
        or form_of(text.strip()) is not None
        for text in fields
    )
    return (
        expected.count_in(rows[0]),
        n_columns >= expected.least,
        mark == expected.delimiter,
        n_usual / len(rows),
        n_tidy / max(1, len(fields)),
        n_columns,
    )
