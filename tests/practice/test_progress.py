"""The progress file: kept, never in the way, and set aside when damaged."""

import json
import os
import re
import subprocess
import sys

import pytest

from helpers import __main__ as command_line
from helpers.check import chapter_01 as check
from helpers.course import reading_order
from helpers.practice import progress_file, progress_table
from helpers.practice.exercises import all_exercises
from tests.answers.chapter_01 import line_by_def, line_swapped
from tests.tools import NOTEBOOKS


@pytest.fixture(autouse=True)
def own_file(monkeypatch, tmp_path):
    """A folder of its own for every test, and nothing solved yet."""
    monkeypatch.setattr(progress_file, "RUNS", tmp_path)
    monkeypatch.setattr(progress_file, "_now", set())
    monkeypatch.setenv("TRAINING_LOOP_PROGRESS", "on")
    return tmp_path / "progress.jsonl"


def restart(monkeypatch):
    """Forget what this process knows, as a restarted kernel does."""
    monkeypatch.setattr(progress_file, "_now", set())


def test_a_solved_exercise_survives_a_restart(own_file, monkeypatch):
    assert progress_file.solved() == (set(), "")
    assert check.line(line_by_def).solved
    restart(monkeypatch)
    assert progress_file.solved() == ({"01.1"}, "")
    (entry,) = own_file.read_text().splitlines()
    assert json.loads(entry)["solved"] == "01.1"


def test_only_solved_ones_are_noted_and_only_once(own_file, monkeypatch):
    check.line(line_swapped)
    check.line(...)
    assert not own_file.exists()
    for _ in range(3):
        check.line(line_by_def)
        restart(monkeypatch)
    assert len(own_file.read_text().splitlines()) == 1


def test_two_pages_at_once_lose_nothing(own_file):
    """Processes that append at the same time do not overwrite each other."""
    program = (
        "import sys\n"
        "from helpers.practice import progress_file\n"
        "for n in range(20):\n"
        "    progress_file.note_solved(f'{sys.argv[1]}/{n}')\n"
    )
    environment = {
        **os.environ,
        "TRAINING_LOOP_RUNS": str(own_file.parent),
        "TRAINING_LOOP_PROGRESS": "on",
    }
    pages = [
        subprocess.Popen([sys.executable, "-c", program, name], env=environment)
        for name in ("a", "b")
    ]
    assert [page.wait(60) for page in pages] == [0, 0]
    solved, trouble = progress_file.solved()
    assert not trouble
    assert solved == {f"{name}/{n}" for name in "ab" for n in range(20)}


DAMAGED = {
    "half a line": b'{"solved": "01.1", "on": "2026-01-01"}\n{"solved": "01',
    "no JSON": b'{"solved": "01.1"}\nhello\n',
    "bytes": b'{"solved": "01.1"}\n\xff\xfe\x00\n',
    "a list": b'{"solved": "01.1"}\n[1, 2]\n',
    "a number": b'{"solved": "01.1"}\n{"solved": 3}\n',
    "nested": b'{"solved": "01.1"}\n' + b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_set_aside_with_a_sentence(name, own_file):
    own_file.write_bytes(DAMAGED[name])
    solved, trouble = progress_file.solved()
    assert solved == {"01.1"}
    assert "damaged" in trouble and "progress_damaged_1.jsonl" in trouble
    aside = own_file.with_name("progress_damaged_1.jsonl")
    assert aside.read_bytes() == DAMAGED[name], "nothing is lost"
    assert progress_file.solved() == ({"01.1"}, ""), "and only once"


def test_a_second_damage_does_not_overwrite_the_first(own_file):
    for number in (1, 2):
        own_file.write_text(f"damage {number}\n")
        progress_file.solved()
        aside = own_file.with_name(f"progress_damaged_{number}.jsonl")
        assert aside.read_text() == f"damage {number}\n"


def test_a_folder_in_the_place_of_the_file_is_told_not_raised(own_file):
    own_file.mkdir()
    verdict = check.line(line_by_def)
    assert verdict.solved
    assert "could not be written" in str(verdict)
    solved, trouble = progress_file.solved()
    assert solved == {"01.1"} and "cannot be read" in trouble


def test_tests_write_nothing(own_file, monkeypatch):
    monkeypatch.setenv("TRAINING_LOOP_PROGRESS", "off")
    assert check.line(line_by_def).solved
    assert not own_file.exists()
    assert "01.1" in progress_file.solved()[0], (
        "this kernel knows it all the same"
    )


def test_a_solution_does_not_count(own_file, monkeypatch):
    monkeypatch.setattr(progress_file, "_is_on", True)
    progress_file.switch_off()
    assert check.line(line_by_def).solved
    assert not own_file.exists()


# ------------------------------------------------------------- the table


def test_the_table_counts(own_file, capsys):
    assert command_line.main(["progress"]) == 0
    before = capsys.readouterr().out
    assert "Next: Exercise 01.1" in before
    check.line(line_by_def)
    progress_file.note_solved("quiz 01/order")
    progress_file.note_solved("no exercise of this name")
    assert command_line.main(["progress"]) == 0
    rows = capsys.readouterr().out.splitlines()
    n = sum(e.number.startswith("01.") for e in all_exercises())
    (row,) = (row for row in rows if row.startswith("01 "))
    assert f"1 of {n}" in row and "1 of 4" in row
    assert any("Next: Exercise 01.2" in row for row in rows)
    assert max(map(len, rows)) <= 80


def test_the_table_says_when_all_is_done(own_file):
    for entry in all_exercises():
        progress_file.note_solved(entry.number)
    assert "Every exercise is solved." in str(progress_table.show_progress())


def test_on_the_start_page_the_table_leads_to_every_page():
    shown = progress_table.show_progress()._repr_html_()
    *targets, following = re.findall(r'<a href="([^"]+)"', shown)
    assert targets == [page.file for page in reading_order()]
    for target in targets:
        assert (NOTEBOOKS / target).exists(), target
    assert following.startswith("01_higher_order_functions.ipynb#Exercise-01.1")
    assert "](" not in str(progress_table.show_progress())


def test_the_table_has_minutes_and_a_bar_for_each_page(own_file):
    check.line(line_by_def)
    rows = {row[0]: row for row in progress_table.show_progress().rows}
    for page in reading_order():
        assert rows[page.name][1] == str(page.minutes) != "0"
    assert rows["01 Higher-order functions"][-1] == "■□□□□□□□"
    assert rows["02 Dataset"][-1] == "□" * 8
    assert rows["00 Start here"][-1] == ""
    # a terminal may know no squares
    assert "#......." in str(progress_table.show_progress())
    assert "■" not in str(progress_table.show_progress())


def test_a_bar_is_full_only_at_the_end():
    things = {str(n) for n in range(12)}
    drawn = [
        progress_table.bar(things, {str(n) for n in range(k)})
        for k in range(13)
    ]
    lengths = [bar.count("■") for bar in drawn]
    assert lengths[0] == 0 and lengths[1] == 1
    assert lengths == sorted(lengths)
    assert [k for k in range(13) if lengths[k] == 8] == [12]
    assert {len(bar) for bar in drawn} == {8}
