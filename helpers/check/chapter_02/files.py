"""Exercise 02.3: a file for each point."""

import io
import os
import tempfile
from pathlib import Path

from helpers.check.chapter_02.common import (
    PAIR,
    check_contract,
    expect_item,
    expect_length,
    expect_two,
    item_of,
    matches,
)
from helpers.practice import Seen, call, exercise, judge, wrong
from helpers.practice.signs import Wrong

POINTS = ((0.25, 31.5), (-3.0, 12.0), (40.0, -7.25), (8.5, 0.125))
NAMES = ("point_c.txt", "point_d.txt", "point_a.txt", "point_b.txt")
VALUES = {
    "swapped.values": lambda s: s.values == (s.y, s.x),
    "other_file": lambda s: s.values in POINTS,
    "cut_off": lambda s: s.values == (int(s.x), int(s.y)),
}
CHANGED = {"changes_paths": lambda s: s.n != len(NAMES)}


@exercise
def files(answer):
    """Check ``FileDataset(paths)``, which reads a file when it is asked to."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = [Path(folder) / name for name in NAMES]
        for path, point in zip(paths, POINTS, strict=True):
            _write(path, *point)
        n_left = _build_without_files(answer, paths)
        paths[3].unlink()
        data = _build_before_files(answer, paths)
        expect_length(data, 4)
        _write(paths[3], *POINTS[3])
        expect_item(_read(data, 0, paths), PAIR)
        _judge_late(data, paths)
        for index in (*range(4), -1, -4):
            _judge_item(_read(data, index, paths), index, f"data[{index}]")
        check_contract(data, 4, PAIR)
        _judge_one_file(data, paths)
        _judge_two(answer, paths)
        judge(CHANGED, Seen(n=n_left))


def _write(path: Path, x: float, y: float) -> None:
    """Write a point into a new file, which takes the place of the old."""
    new = path.with_suffix(".new")
    new.write_text(f"{x},{y}\n", encoding="utf-8")
    try:
        os.replace(new, path)
    except PermissionError:  # Windows, where an open file cannot be replaced
        wrong("kept_open")


def _texts(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths if path.exists()]


def _build_without_files(answer, paths: list[Path]) -> int:
    """Build it before any file is written; return how many paths are left."""
    given = [path.with_suffix(".later") for path in paths]
    try:
        call(answer, given, shown="FileDataset(paths)")
    except Wrong:
        raise
    except Exception as error:
        if not isinstance(error, OSError):
            answer(list(paths))  # raises as well if that is not the reason
        wrong("reads_at_once", error=type(error).__name__)
    return len(given)


def _build_before_files(answer, paths: list[Path]):
    before = _texts(paths)
    try:
        return call(answer, list(paths), shown="FileDataset(paths)")
    except OSError as error:
        wrong("reads_at_once", error=type(error).__name__)
    finally:
        if _texts(paths) != before:
            wrong("overwrites")


def _read(data, index: int, paths: list[Path]):
    before = _texts(paths)
    try:
        return item_of(data, index)
    except io.UnsupportedOperation as error:
        wrong("cannot_read.mode", index=index, error=type(error).__name__)
    except OSError as error:  # its message names a path, which varies
        wrong("cannot_read", index=index, error=type(error).__name__)
    finally:
        if _texts(paths) != before:  # whatever came of it
            wrong("overwrites")


def _judge_late(data, paths: list[Path]) -> None:
    """Change a file before it is read, and once more afterwards."""
    _write(paths[1], 17.0, 18.0)
    if matches(_read(data, 1, paths), [-3.0], [12.0]):
        wrong("reads_too_early")
    _write(paths[1], *POINTS[1])
    if matches(_read(data, 1, paths), [17.0], [18.0]):
        wrong("keeps_what_it_read")


def _judge_item(item, number: int, shown: str) -> None:
    x, y = POINTS[number]
    if matches(item, [x], [y]):
        return
    expect_item(item, PAIR, shown)
    seen = Seen(shown=shown, x=x, y=y, features=item[0], label=item[1])
    seen.values = tuple(part.item() for part in item)
    judge(VALUES, seen)
    wrong("other_values", seen)


def _judge_one_file(data, paths: list[Path]) -> None:
    """Damage other files; item 0 must not mind."""
    paths[3].write_text("damaged", encoding="utf-8")
    paths[2].unlink()
    try:
        item = data[0]
    except Exception as error:
        wrong("reads_all_each_time", error=type(error).__name__)
    _judge_item(item, 0, "data[0]")
    _write(paths[2], *POINTS[2])
    _write(paths[3], *POINTS[3])


def _judge_two(answer, paths: list[Path]) -> None:
    one = answer(list(paths))
    before = _read(one, 0, paths)
    other = answer(list(paths[1:3]))
    expect_two(one, before)
    expect_length(one, 4)
    expect_length(other, 2)
    _judge_item(_read(other, 0, paths), 1, "data[0]")
