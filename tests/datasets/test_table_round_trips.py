"""Random tables, written in many dialects, are read as what they were."""

import csv
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from helpers.datasets.tables import read_table
from helpers.datasets.tables.features import Preparation
from helpers.errors import DataError
from tests.tools import ROOT, assert_one_sentence

N_TABLES = 60
TEXTS = ["red", "dark blue", 'a "b"', "c,d", "e;f", "two\nlines", "ü", "x|y"]
QUOTING = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)


def grouped(value: float, mark: str) -> str:
    """Write a number with its thousands parted, as spreadsheets do."""
    text = f"{value:,.2f}"
    if mark == ",":
        text = text.replace(",", " ").replace(".", ",").replace(" ", ".")
    return text


def plain(value: float, mark: str) -> str:
    return repr(float(value)).replace(".", mark)


def draw(generator):
    """Draw the columns of a table, as what they mean, and their labels."""
    n = int(generator.integers(60, 200))
    columns = {}
    for number in range(int(generator.integers(1, 6))):
        kind = generator.choice(["amount", "count", "text", "truth"])
        if kind == "amount":
            values = generator.normal(0, 10.0 ** generator.integers(0, 6), n)
            values = values.round(2)
        elif kind == "count":
            values = generator.integers(-500, 500, n).astype(float)
        elif kind == "text":
            values = generator.choice(TEXTS, n)
        else:
            values = generator.integers(0, 2, n).astype(float)
        is_missing = generator.random(n) < generator.choice([0, 0.1])
        columns[f"{kind} {number}"] = values, is_missing
    return n, columns


def as_text(kind, value, is_missing, style, mark):
    if is_missing:
        return style["missing"]
    if kind == "amount":
        return style["amount"](value, mark)
    if kind == "count":
        return str(int(value))
    if kind == "truth":
        return style["truth"][int(value)]
    return str(value)


@pytest.mark.parametrize("seed", range(N_TABLES))
def test_a_random_table(seed, tmp_path):
    generator = np.random.default_rng(seed)
    n, columns = draw(generator)
    mark = str(generator.choice([".", ","]))
    style = {
        "missing": str(generator.choice(["", "NA", "?", "null"])),
        "amount": [grouped, plain][generator.integers(2)],
        "truth": [("no", "yes"), ("False", "True")][generator.integers(2)],
    }
    labels = [f"class {i % 3}" for i in range(n)]
    path = tmp_path / "random.csv"
    encoding = str(generator.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    with open(path, "w", newline="", encoding=encoding) as file:
        writer = csv.writer(
            file,
            delimiter=str(generator.choice([",", ";", "\t", "|"])),
            quoting=QUOTING[generator.integers(3)],
            lineterminator=str(generator.choice(["\n", "\r\n"])),
        )
        writer.writerow([*columns, "label"])
        for i in range(n):
            row = [
                as_text(name.split()[0], values[i], missing[i], style, mark)
                for name, (values, missing) in columns.items()
            ]
            writer.writerow([*row, labels[i]])
    table = read_table(path, "label")
    assert table.n_rows == n and table.classes == (
        "class 0",
        "class 1",
        "class 2",
    )
    found = {values.name: values for values in table._features}
    for name, (values, is_missing) in columns.items():
        kind = name.split()[0]
        column = found[name]
        if kind == "text":
            texts = np.array([*column.texts, None], dtype=object)
            expected = np.where(is_missing, None, values.astype(object))
            assert texts[column.numbers].tolist() == expected.tolist()
        else:
            expected = np.where(is_missing, np.nan, values)
            assert np.array_equal(column.numbers, expected, equal_nan=True)
    prepared = table.prepare(range(n // 2))
    x, _ = prepared.preparation.read(path)
    assert np.array_equal(x, prepared.x) and np.isfinite(x).all()


# ------------------------------------------------------------------- damage

PIECES = [
    *(b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b" ", b"\0", b"\xff"),
    *(b"1", b"-", b".", b"1,234", b"1.234.567", b"1e400", b"9" * 400),
    *(b"inf", b"nan", b"?", b"true", b"2024-01-01", b"x" * 200),
]


def damaged(content, generator):
    """Insert, overwrite, delete or cut at random places."""
    content = bytearray(content)
    for _ in range(int(generator.integers(1, 4))):
        place = int(generator.integers(len(content) + 1))
        piece = PIECES[generator.integers(len(PIECES))]
        length = int(generator.integers(1, 40))
        kind = generator.integers(20)
        if kind < 8:
            content[place:place] = piece
        elif kind < 14:
            content[place : place + len(piece)] = piece
        elif kind < 19:
            del content[place : place + length]
        else:
            del content[max(place, 10) :]
    return bytes(content)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_table_is_read_or_refused_in_a_sentence(seed, tmp_path):
    generator = np.random.default_rng(seed)
    rows = (
        f"{i},5;{i % 7};{'uvw'[i % 3]};{i % 2 == 0};{i % 3}\n"
        for i in range(50)
    )
    whole = ("a;b;c;d;y\n" + "".join(rows)).encode()
    path = tmp_path / "damaged.csv"
    n_read = 0
    for _ in range(80):
        path.write_bytes(damaged(whole, generator))
        try:
            table = read_table(path, "y")
            prepared = table.prepare(range(table.n_rows // 2))
        except DataError as error:
            assert "damaged.csv" in assert_one_sentence(error)
            continue
        n_read += 1
        assert np.isfinite(prepared.x).all() and np.isfinite(prepared.y).all()
        assert len(prepared.x) == len(prepared.y) == table.n_rows
        plain = json.loads(json.dumps(prepared.preparation.to_plain()))
        x, _ = Preparation.from_plain(plain).read(path)
        assert len(x) >= table.n_rows
    assert 5 < n_read < 75


# ------------------------------------------------------------------- memory


def write_long(path, n_rows):
    """Write a table of four columns, about 40 bytes per row."""
    with open(path, "w", encoding="ascii") as file:
        file.write("a,b,town,y\n")
        file.writelines(
            f"{i * 0.37:.6f},{'' if i % 50 == 0 else i},town number {i % 20},"
            f"{i % 3}\n"
            for i in range(n_rows)
        )


def test_a_long_table_in_little_memory(tmp_path):
    """200,000 rows are read where 48 MB may be had on top.

    The features take 18 MB; the text alone, as Python holds it, takes 60.
    """
    pytest.importorskip("resource")
    write_long(tmp_path / "long.csv", 200_000)
    program = f"""
        import resource
        from helpers.datasets.tables import read_table

        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
        most = pages * resource.getpagesize() + 48 * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        table = read_table({str(tmp_path / "long.csv")!r}, "y")
        print(table.prepare(range(1000)).x.shape)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "(200000, 22)", done.stderr
