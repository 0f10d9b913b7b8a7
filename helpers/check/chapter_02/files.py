"""Exercise 02.3: a file for each point."""

import os
import tempfile
from pathlib import Path

from helpers.check.chapter_02.common import (
    PAIR,
    ask,
    check_contract,
    expect_item,
    expect_length,
    expect_two,
    matches,
    show,
)
from helpers.practice.exercises import call, exercise
from helpers.practice.verdict import wrong

ON_DEMAND = "chapter 02, the section *Reading on demand*"


POINTS = ((0.25, 31.5), (-3.0, 12.0), (40.0, -7.25), (8.5, 0.125))


NAMES = ("point_c.txt", "point_d.txt", "point_a.txt", "point_b.txt")


@exercise(
    "02.3",
    "A file for each point",
    minutes=10,
    level="medium",
    look=ON_DEMAND,
)
def files(FileDataset):
    """Check ``FileDataset(paths)``, which reads a file when it is asked to."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = [Path(folder) / name for name in NAMES]
        for path, point in zip(paths[:3], POINTS, strict=False):
            _write(path, *point)
        data = _build_before_files(FileDataset, paths)
        expect_length(data, 4)
        _write(paths[3], *POINTS[3])
        expect_item(_read(data, 0), PAIR)
        _check_late(data, paths)
        for index in (*range(4), -1, -4):
            _compare_file(_read(data, index), index)
        check_contract(data, 4, PAIR)
        _check_one_file(data, paths)
        _check_two(FileDataset, paths)
    return "It keeps four paths, and reads a file when its point is wanted."


def _write(path: Path, x: float, y: float) -> None:
    """Write a point into a new file, which takes the place of the old."""
    new = path.with_suffix(".new")
    new.write_text(f"{x},{y}\n", encoding="utf-8")
    try:
        os.replace(new, path)
    except PermissionError:  # Windows, where an open file cannot be replaced
        wrong(
            "kept_open",
            expected="A file is open only while it is read.",
            found="It was still open afterwards.",
            cause="`with open(path) as file:` closes the file at the end.",
        )


def _build_before_files(FileDataset, paths: list[Path]):
    try:
        return call(FileDataset, list(paths), shown="FileDataset(paths)")
    except OSError as error:
        wrong(
            "reads_at_once",
            expected="Building the data set opens no file: the last one was "
            "not written yet.",
            found=f"`{type(error).__name__}`, while it was built.",
            cause="`__init__` looks at the files. It should only keep the "
            "paths; `__getitem__` opens the one file it needs.",
        )


def _read(data, index: int):
    try:
        return ask(data, index)
    except OSError as error:  # its message names a path, which varies
        wrong(
            "cannot_read",
            expected=f"`data[{index}]` reads its file.",
            found=f"`{type(error).__name__}`: the file could not be opened.",
            cause="`paths[index]` is the whole path. Open it as it is, "
            "without adding a folder or an ending.",
        )


def _check_late(data, paths: list[Path]) -> None:
    """Change a file before it is asked for, and once more afterwards."""
    _write(paths[1], 17.0, 18.0)
    if matches(_read(data, 1), [-3.0], [12.0]):
        wrong(
            "reads_too_early",
            expected="The file of item 1 was changed before it was asked for: "
            "[17] and [18].",
            found="[-3] and [12], what stood there when the data set was "
            "built.",
            cause="The numbers were read in `__init__`, or with another item, "
            "and kept. Only the paths should be.",
        )
    _write(paths[1], *POINTS[1])
    if matches(_read(data, 1), [17.0], [18.0]):
        wrong(
            "keeps_what_it_read",
            expected="A file that was changed is read anew: [-3] and [12].",
            found="[17] and [18], what it held the first time.",
            cause="What was read, or the open file, is kept for the next "
            "time. In this way the memory fills with all points, one by one.",
        )


def _compare_file(item, index: int) -> None:
    x, y = POINTS[index]
    if matches(item, [x], [y]):
        return
    shown = f"`data[{index}]`"
    expect_item(item, PAIR, shown)
    asked = f"{shown} gives [{x:g}] and [{y:g}], the numbers of its file."
    if matches(item, [y], [x]):
        wrong(
            "swapped",
            expected=asked,
            found=f"{show(item)}: the label first.",
            cause="The feature stands before the comma, the label behind it.",
        )
    values = tuple(part.item() for part in item)
    if values in POINTS:
        wrong(
            "other_file",
            expected=asked,
            found=f"{show(item)}, the numbers of another file.",
            cause="The paths were sorted or turned round, or the index was "
            "shifted. Item `index` lies in `paths[index]`.",
        )
    if values == (int(x), int(y)):
        wrong(
            "cut_off",
            expected=asked,
            found=f"{show(item)}, without the decimals.",
            cause="`int` cuts them off. `float` reads them.",
        )
    wrong(
        "other_values",
        expected=asked,
        found=f"{show(item)}.",
        cause="The file holds two numbers with a comma between them: "
        "`text.split(',')` gives both, `float` makes numbers of them. They "
        "are to be used as they are, not rounded.",
    )


def _check_one_file(data, paths: list[Path]) -> None:
    """Damage another file; item 0 must not mind."""
    paths[3].write_text("damaged", encoding="utf-8")
    paths[2].unlink()
    try:
        item = data[0]
    except Exception as error:
        wrong(
            "reads_all_each_time",
            expected="`data[0]` opens one file. Here others were damaged or "
            "removed.",
            found=f"`{type(error).__name__}`.",
            cause="All files are read to give one item. Take `paths[index]` "
            "first, then read.",
        )
    _compare_file(item, 0)
    _write(paths[2], *POINTS[2])
    _write(paths[3], *POINTS[3])


def _check_two(FileDataset, paths: list[Path]) -> None:
    one = FileDataset(list(paths))
    before = _read(one, 0)
    other = FileDataset(list(paths[1:3]))
    expect_two(one, before)
    expect_length(one, 4)
    expect_length(other, 2)
    _compare_file(_read(other, 0), 1)
