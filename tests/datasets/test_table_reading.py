"""Tables from elsewhere: how the file is written, and what its columns hold."""

import csv
import gzip
import io
import os

import numpy as np
import pytest

from helpers.datasets.tables import read_table
from helpers.datasets.tables import reading as tables
from helpers.errors import DataError
from tests.datasets.tables import (
    N_ROWS,
    TABLE,
    column,
    numbers,
    prepare,
    read,
    refused,
    said,
    store,
)
from tests.tools import assert_one_sentence

HEADLESS = TABLE.split("\n", 1)[1]


def test_a_plain_table(tmp_path):
    table = read(tmp_path, TABLE)
    assert (table.n_rows, table.task) == (N_ROWS, "classification")
    assert table.label == "y" and table.classes == ("0", "1")
    x, y, preparation, notes = prepare(table)
    assert x.shape == (N_ROWS, 2) and x.dtype == np.float32
    assert y.tolist() == [0, 1] * 10 and y.dtype == np.int64
    assert preparation.feature_names == ("a", "b") and not notes
    assert said(table.notes, "classification", "--task regression")


# ------------------------------------------------------ delimiter and header


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(mark, end, tmp_path):
    text = TABLE.replace(",", mark).replace("\n", end)
    table = read(tmp_path, text)
    assert numbers(table) == list(range(N_ROWS))
    assert said(table.notes, "separated") == (mark != ",")


@pytest.mark.parametrize(
    ("mark", "given"),
    [
        (",", "comma"),
        (";", ";"),
        ("\t", "\\t"),
        ("\t", "TAB"),
        ("|", "pipe"),
        ("^", "^"),
        ("  ", "space"),
        (":", ":"),
    ],
)
def test_a_delimiter_that_is_given(mark, given, tmp_path):
    table = read(tmp_path, TABLE.replace(",", mark), delimiter=given)
    assert numbers(table) == list(range(N_ROWS))


@pytest.mark.parametrize("given", ["", ",,", '"', "\n", "a", "7", None, 3, "."])
def test_what_cannot_separate_columns(given, tmp_path):
    if given is None:
        given = "None"
    with pytest.raises(DataError) as caught:
        read(tmp_path, TABLE, delimiter=given)
    assert "--delimiter" in assert_one_sentence(caught.value)


def test_excel_announces_its_delimiter(tmp_path):
    text = "sep=;\r\n" + TABLE.replace(",", ";")
    assert numbers(read(tmp_path, text)) == list(range(N_ROWS))
    refused(tmp_path, text.replace("3;2;1", "3;2"), "line 6:")


def test_text_with_other_delimiters_in_it(tmp_path):
    table = read(tmp_path, column(["x;y", "u|v", "w;z"]))
    assert prepare(table).preparation.feature_names[0] == "a = u|v"


def test_decimal_commas_do_not_pass_for_delimiters(tmp_path):
    rows = "".join(f"{i},5;{i % 3},25;{i % 2}\n" for i in range(N_ROWS))
    table = read(tmp_path, "a;b;y\n" + rows)
    assert numbers(table) == [i + 0.5 for i in range(N_ROWS)]
    headless = read(tmp_path, rows, label=3)
    assert numbers(headless, "column 2")[:3] == [0.25, 1.25, 2.25]


def test_without_a_header(tmp_path):
    table = read(tmp_path, HEADLESS, label=3)
    assert table.n_rows == N_ROWS and table.label == "column 3"
    assert said(table.notes, "column 1", "--header")
    assert read(tmp_path, HEADLESS, label="-1").label == "column 3"
    refused(tmp_path, HEADLESS, "no header line", "--header")
    # the number of the label column may be a value of the first row
    table = read(tmp_path, "3,3,1\n" + HEADLESS, label="3")
    assert table.n_rows == N_ROWS + 1 and table.label == "column 3"
    years = TABLE.replace("a,b,y", "2019,2020,2021")
    assert read(tmp_path, years, label="2021").n_rows == N_ROWS


def test_a_header_that_is_given_or_taken_away(tmp_path):
    headless = "5,6,1\n" + HEADLESS
    assert read(tmp_path, headless, label=3, header=True).n_rows == N_ROWS
    words = "x,y\n" * 9 + "u,v\n" * 9
    assert read(tmp_path, words, label=2).n_rows == 18  # "x" comes again
    assert read(tmp_path, words, label=2, header=True).n_rows == 17
    names = "p,q\n" + words
    assert read(tmp_path, names, label=2).n_rows == 18
    assert read(tmp_path, names, label=2, header=False).n_rows == 19


@pytest.mark.parametrize(
    ("first", "label"),
    [("2019,2020,y", "y"), ("a,2020,y", 3), ("a,,y", 3), (",a,y", "y")],
)
def test_a_header_with_odd_names(first, label, tmp_path):
    table = read(tmp_path, TABLE.replace("a,b,y", first), label=label)
    assert table.n_rows == N_ROWS and table.label == "y"


def test_a_first_row_with_a_missing_value_is_no_header(tmp_path):
    assert read(tmp_path, "?,1,0\n" + HEADLESS, label=3).n_rows == N_ROWS + 1


# ------------------------------------------------------------- label column


@pytest.mark.parametrize("label", ["y", " y ", 3, "3", -1, "-1"])
def test_the_label_by_name_or_number(label, tmp_path):
    assert read(tmp_path, TABLE, label=label).label == "y"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Y", ['Did you mean "y"?']),
        ("z", ['"a", "b", "y"']),
        (4, ["3 columns", "4"]),
        (0, ["3 columns"]),
        ("-4", ["3 columns"]),
        ("", ["--label"]),
        (None, ["--label"]),
        (True, ["--label"]),
        ("y\nz", ["--label"]),
        ("9" * 5000, ["--label"]),
    ],
)
def test_a_label_column_that_is_not_there(label, words, tmp_path):
    refused(tmp_path, TABLE, *words, label=label)


def test_a_name_that_is_a_number_comes_first(tmp_path):
    text = TABLE.replace("a,b,y", "a,3,1")
    assert read(tmp_path, text, label="1").label == "1"
    assert read(tmp_path, text, label=1).label == "a"


def test_two_columns_of_one_name(tmp_path):
    twice = TABLE.replace("a,b,y", "b, b ,y")
    refused(tmp_path, twice, "line 1", "columns 1 and 2", "--ignore 2")
    assert read(tmp_path, twice, ignore=[2]).n_rows == N_ROWS
    labels = TABLE.replace("a,b,y", "y,b,y")
    refused(tmp_path, labels, "1 and 3")
    refused(tmp_path, labels, "columns 1 and 3", label=3)
    assert read(tmp_path, labels, label=3, ignore="1").n_rows == N_ROWS


def test_a_column_that_numbers_the_rows_is_pointed_out(tmp_path):
    assert said(read(tmp_path, TABLE).notes, "numbers the rows", "--ignore a")
    other = read(tmp_path, TABLE.replace("7,0,1", "8,0,1"))
    assert not said(other.notes, "numbers the rows")


def test_columns_that_are_left_out(tmp_path):
    dates = column(["2024-01-31", "2024-02-01"])
    assert prepare(
        read(tmp_path, dates, ignore="a")
    ).preparation.feature_names == ("b",)
    refused(tmp_path, TABLE, "--ignore", 'Did you mean "b"?', ignore=["B"])
    refused(tmp_path, TABLE, "label column", ignore=["a", 3])
    refused(tmp_path, TABLE, "no column is left", ignore=["a", "b"])


# ---------------------------------------------------------------- encodings

ACCENTS = TABLE.replace("a,b,y", "größe,€,y")


@pytest.mark.parametrize(
    ("encoding", "is_said"),
    [
        ("utf-8", False),
        ("utf-8-sig", False),
        ("utf-16", True),
        ("utf-32", True),
        ("cp1252", True),
    ],
)
def test_encodings_are_found(encoding, is_said, tmp_path):
    table = read(tmp_path, ACCENTS.encode(encoding))
    assert prepare(table).preparation.feature_names == ("größe", "€")
    assert said(table.notes, "was read as") == is_said
    assert read(tmp_path, ACCENTS.encode(encoding), encoding=encoding)


def test_latin_1_where_windows_has_no_letter(tmp_path):
    table = read(tmp_path, TABLE.encode() + b"1,2,\x81\n" * 30)
    assert said(table.notes, "line 22", "Latin-1") and "\x81" in table.classes


def test_a_last_letter_that_was_cut(tmp_path):
    rows = b"a,y\n" + b"1,u\n2,v\n" * 10 + b"3,\xc3"
    table = read(tmp_path, rows)
    assert said(table.notes, "not UTF-8 (line 22)") and "\xc3" in table.classes


def test_a_late_letter_decides(tmp_path):
    late = TABLE.encode() * 1 + b"1,2,1\n" * 200_000 + b"1,2,\xe9\n" * 9
    table = read(tmp_path, late.replace(b",1\n", b",x\n"))
    assert said(table.notes, "line 200022") and "é" in table.classes


@pytest.mark.parametrize("name", ["utf-16-le", "UTF_16", "utf8", "latin1"])
def test_an_encoding_that_is_given(name, tmp_path):
    content = TABLE.encode(name)
    assert read(tmp_path, content, encoding=name).label == "y"
    if "16" in name:  # with its mark, too
        content = TABLE.encode("utf-16")
        assert read(tmp_path, content, label="a", encoding=name).label == "a"


@pytest.mark.parametrize("name", ["utf-9", "", 5, "hex", "rot13", "a\0"])
def test_an_encoding_that_does_not_exist(name, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, TABLE, encoding=name)
    assert "--encoding" in assert_one_sentence(caught.value)


def test_a_text_that_cannot_be_decoded(tmp_path):
    refused(tmp_path, ACCENTS.encode("cp1252"), "UTF-8", encoding="utf-8")
    refused(tmp_path, TABLE.encode("utf-16")[:-1], "UTF-16")


# ------------------------------------------------------- files of other kinds


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b" \n\n", ["empty"]),
        (b"PK\x03\x04 sheet", ["Excel"]),
        (gzip.compress(TABLE.encode(), mtime=0), ["gzip"]),
        (b"PAR1....", ["Parquet"]),
        (b"<!DOCTYPE html>", ["web page"]),
        (b"version https://git-lfs.github.com/spec/v1\n", ["git-LFS"]),
        (TABLE.encode("utf-16-le"), ["byte-order mark", "--encoding"]),
        (b"a,b,y\n", ["no rows"]),
        (b"\xef\xbb\xbf", ["no rows"]),
        (b"sep=,\n", ["no rows"]),
        (b"a\n1\n2\n3\n", ["one column", "--delimiter"]),
        (b"a^y\n1^2\n2^3\n", ["one column", "--delimiter"]),
        (b"a,y\n1,0\n2,1\n", ["2 rows", "5 or more"]),
        (TABLE.encode() + b"1,2\n", ["line 22", "2 fields", "3"]),
        (TABLE.encode() + b"1;2;3\n", ["line 22", "semicolon"]),
        (TABLE.encode() + b"1,2,3,4\n", ["line 22", "4 fields", "quotes"]),
        (b"My table\n" + TABLE.encode(), ["first row", "1 field", "title"]),
        (TABLE.encode() + b'1,"2,3\n4,5\n', ["line 22", "not closed"]),
        (TABLE.encode() + b'1,"2"3,1\n', ["line 22", "quotes"]),
    ],
)
def test_what_is_not_a_table(content, words, tmp_path):
    refused(tmp_path, content, *words)


def test_paths_that_name_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "missing.csv", "", None, 3, "a\0b"):
        with pytest.raises(DataError) as caught:
            read_table(path, "y")
        assert_one_sentence(caught.value)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="device"):
        read_table(tmp_path / "pipe.csv", "y")


def test_line_breaks_and_quotes_in_fields(tmp_path):
    file = io.StringIO(newline="")
    rows = csv.writer(file)
    rows.writerow(["the\nname", "b", "y"])
    texts = ["one\r\ntwo", 'say "hi"', "three,\n\nfour"]
    rows.writerows([texts[i % 3], i, i % 2] for i in range(30))
    table = read(tmp_path, file.getvalue())
    names = prepare(table).preparation.feature_names
    assert names[:3] == tuple(f"the name = {t}" for t in sorted(texts))
    # the line where a row begins, not where it ends
    bad = file.getvalue() + '"one\r\ntwo",x,0\r\n'
    lines = file.getvalue().count("\n")
    refused(tmp_path, bad, f"line {lines + 1},", '"b"', '"x"')


def test_a_field_that_is_too_long(tmp_path):
    content = TABLE + f"1,{'x' * 200_000},0\n"
    refused(tmp_path, content, "line 22", "131,072 characters")


def test_empty_lines_are_left_out(tmp_path):
    table = read(tmp_path, TABLE.replace("\n", "\n\n  \n"))
    assert table.n_rows == N_ROWS


def test_a_file_that_changes_meanwhile(tmp_path, monkeypatch):
    path = store(tmp_path, TABLE)
    for content in (
        TABLE + "1,2,1\n",
        TABLE[: TABLE.index("19,")],
        TABLE.replace("19,", "x,"),
    ):
        path.write_text(TABLE)

        def scan_and_change(*arguments, content=content, scan=tables.scan):
            found = scan(*arguments)
            path.write_text(content)
            return found

        with monkeypatch.context() as patched:
            patched.setattr(tables, "scan", scan_and_change)
            with pytest.raises(DataError, match="has changed"):
                read_table(path, "y")
