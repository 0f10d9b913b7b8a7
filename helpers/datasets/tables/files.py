"""Read the rows of a CSV file, whoever wrote it, a piece at a time.

Encodings, quotes and line breaks are dealt with here; what separates the
columns, and whether they have names, in `helpers.datasets.tables.layout`.
"""

import codecs
import csv
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

from helpers.datasets.idx_files import looks_like
from helpers.errors import DataError, one_line
from helpers.files import as_path
from helpers.paths import display_path

BLOCK = 1 << 20  # bytes that are looked at together
FIELDS_PER_PIECE = 1 << 16  # what is held of the text at any time
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # starts as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How files start that people name .csv, or take for a table.
OTHER_FORMATS = (
    (b"PK\x03\x04", "an Excel or zip file", "Save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "Save the sheet as CSV"),
    (b"\x1f\x8b", "compressed with gzip", "Decompress it"),
    (b"PAR1", "a Parquet file", "Write it as CSV"),
    (b"%PDF", "a PDF file", "Copy the table out of it"),
)
NOT_IN_WINDOWS_1252 = b"\x81\x8d\x8f\x90\x9d"
SHOWN_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252 (Latin-1)",
    "latin-1": "Latin-1",
}


# One row: the number of the line it begins at, from 1, and its fields.
Record = tuple[int, list[str]]


class Piece(NamedTuple):
    """Some rows, column by column.

    Attributes:
        lines: the number of the line that each row begins at.
        columns: for each column, the text of its field in each row.
    """

    lines: list[int]
    columns: list[tuple[str, ...]]


def check_file(path: object) -> Path:
    """Return the path of a file that may be a table.

    Raises:
        DataError: there is no such file, it cannot be read, it is a folder, it
            is empty, or it has another format.
    """
    path = as_path(path, DataError, "Give the name of a CSV file.")
    shown = display_path(path)
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise DataError(
                f"{shown} is a folder or a device, not a file. Name the CSV "
                "file itself."
            )
        with open(path, "rb") as file:
            start = file.read(4096)
    except FileNotFoundError:
        raise DataError(f"There is no {shown}. Check the name.") from None
    except OSError as reason:
        raise DataError(
            f"{shown} cannot be read: {reason.strerror}."
        ) from reason
    if not start.strip(b" \t\r\n"):
        raise DataError(
            f"{shown} is empty. Was the program that writes it stopped?"
        )
    for begins, what, do in OTHER_FORMATS:
        if start.startswith(begins):
            raise DataError(
                f"{shown} is {what}, not a CSV file. {do}, and give the new "
                "file."
            )
    if what := looks_like(start):
        raise DataError(f"{shown} is not a table: it is {what}. Get it again.")
    return path


def find_encoding(path: Path) -> tuple[str, list[str]]:
    """Find out how a file encodes its letters.

    A byte-order mark decides; otherwise it is UTF-8 if all of the file is,
    and if not, what Windows writes in Western Europe.

    Args:
        path: of a file that `check_file` accepted. It is read block by block.

    Returns:
        the encoding, as `open` takes it, and sentences about it, if it is not
        UTF-8.

    Raises:
        DataError: the file is not a text.
    """
    shown = display_path(path)
    decoder = codecs.getincrementaldecoder("utf-8")()
    wrong_line, n_lines, is_windows = 0, 1, True
    with open(path, "rb") as file:
        start = file.read(4)
        for mark, encoding in BYTE_ORDER_MARKS:
            if start.startswith(mark):
                return encoding, _about_encoding(shown, encoding)
        block = start
        while block:
            if b"\0" in block:
                raise DataError(
                    f"{shown} is not a text: line {n_lines} or a later one "
                    "holds bytes of value 0. Is it UTF-16 without a "
                    "byte-order mark? Then name it with --encoding utf-16-le; "
                    "otherwise save the table as CSV in UTF-8."
                )
            known = block.translate(None, NOT_IN_WINDOWS_1252)
            is_windows &= len(known) == len(block)
            if not wrong_line:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as reason:
                    before = block[: reason.start].count(b"\n")
                    wrong_line = n_lines + before
            n_lines += block.count(b"\n")
            block = file.read(BLOCK)
    try:
        decoder.decode(b"", final=not wrong_line)
    except UnicodeDecodeError:
        wrong_line = n_lines
    if not wrong_line:
        return "utf-8-sig", []
    encoding = "cp1252" if is_windows else "latin-1"
    return encoding, [
        f"{shown} is not UTF-8 (line {wrong_line}) and was read as "
        f"{SHOWN_ENCODINGS[encoding]}; --encoding names another one."
    ]


def _about_encoding(shown: str, encoding: str) -> list[str]:
    if encoding == "utf-8-sig":
        return []
    return [f"{shown} was read as {SHOWN_ENCODINGS[encoding]}."]


def check_encoding(encoding: object, path: Path) -> str:
    """Return an encoding that a reader named.

    Args:
        encoding: its name.
        path: of the file; its byte-order mark is more exact than "utf-16-le".

    Raises:
        DataError: Python knows none of that name for texts.
    """
    try:
        found = codecs.lookup(str(encoding))
        "a".encode(found.name).decode(found.name)
    except (LookupError, ValueError, TypeError):
        raise DataError(
            f"There is no encoding {one_line(encoding)}. Usual ones for "
            "--encoding are utf-8, utf-16, cp1252 and latin-1."
        ) from None
    if found.name.startswith("utf"):
        with open(path, "rb") as file:
            start = file.read(4)
        for mark, marked in BYTE_ORDER_MARKS:
            if start.startswith(mark):
                return marked
    return found.name


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file as csv wants it, and say what cannot be decoded.

    Raises:
        DataError: the text is not in that encoding, or reading fails.
    """
    shown = display_path(path)
    try:
        with open(path, encoding=encoding, newline="") as file:
            yield file
    except UnicodeError as reason:
        raise DataError(
            f"{shown} is not in {SHOWN_ENCODINGS.get(encoding, encoding)} to "
            "its end. It was cut, or it has another encoding: name it with "
            "--encoding."
        ) from reason
    except OSError as reason:
        raise DataError(
            f"{shown} can no longer be read: {reason.strerror}."
        ) from reason


def read_records(
    path: Path, encoding: str, delimiter: str, skip: int = 0
) -> Iterator[Record]:
    """Read the rows of a file, one after another; empty lines are left out.

    Args:
        path: the file.
        encoding: as `open` takes it.
        delimiter: what separates the columns.
        skip: lines at the beginning that are no rows.

    Raises:
        DataError: a quote is never closed, or the text cannot be decoded.
    """
    with open_text(path, encoding) as file:
        for _ in range(skip):
            file.readline()
        reader = csv.reader(
            file,
            delimiter=delimiter,
            skipinitialspace=True,  # a space after a comma is not text
            strict=True,
        )
        line = skip + 1
        try:
            for fields in reader:
                if len(fields) > 1 or (fields and fields[0].strip()):
                    yield line, fields
                line = skip + reader.line_num + 1
        except csv.Error as reason:
            raise DataError(_about_quotes(path, line, reason)) from reason


def _about_quotes(path: Path, line: int, reason: csv.Error) -> str:
    """Say what the csv module stumbled over."""
    where = f"{display_path(path)}, line {line}"
    if "field limit" in str(reason):
        return (
            f"{where}: a field is longer than {csv.field_size_limit():,} "
            "characters. Is a quote opened there and not closed? Close it, "
            "shorten the text, or leave out its column in the file."
        )
    if "end of data" in str(reason):
        return (
            f"{where}: a quote is opened here and not closed. Close it, or "
            'write "" for a quote within quotes.'
        )
    return (
        f"{where}: the quotes of this row cannot be read ({reason}). Within "
        'quotes, a quote is written "".'
    )


def read_pieces(records: Iterator[Record], n_columns: int) -> Iterator[Piece]:
    """Gather rows into pieces of bounded size, column by column.

    Args:
        records: rows that all have ``n_columns`` fields.
        n_columns: how many columns there are.
    """
    most = math.ceil(FIELDS_PER_PIECE / n_columns)
    lines: list[int] = []
    rows: list[list[str]] = []
    for line, fields in records:
        lines.append(line)
        rows.append(fields)
        if len(rows) == most:
            yield Piece(lines, list(zip(*rows, strict=True)))
            lines, rows = [], []
    if rows:
        yield Piece(lines, list(zip(*rows, strict=True)))
