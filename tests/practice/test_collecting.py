"""Progress files of a class become a table."""

import csv
import io

import pytest

from helpers.practice import collecting, progress_file
from helpers.practice.collecting import main, read_progress

EXERCISES, QUESTIONS = collecting.all_keys()
ANNA = f"""\
{{"solved": "01.1", "on": "2026-02-01"}}
{{"solved": "01.2", "on": "2026-02-03"}}
{{"solved": "01.1", "on": "2026-02-09"}}
{{"solved": "{QUESTIONS[0]}", "on": "2026-02-02"}}
"""


@pytest.fixture
def files(tmp_path):
    anna = tmp_path / "anna.jsonl"
    anna.write_text(ANNA)
    bert = tmp_path / "bert" / "progress.jsonl"
    bert.parent.mkdir()
    bert.write_text('not JSON\n[1]\n{"solved": "01.1", "on": "2026-01-01"}\n\n')
    return [str(anna), str(bert)]


def test_every_student_has_a_row(files, capsys):
    assert main(files) == 0
    head, anna, bert, unread = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "exercises", "questions", "last", "on"]
    assert anna.split() == [
        *("anna", "2", "of", str(len(EXERCISES))),
        *("1", "of", str(len(QUESTIONS)), "2026-02-03"),
    ]
    assert bert.split()[:2] == ["bert", "1"]
    assert unread == "  2 of its lines cannot be read."


def test_a_column_for_each_exercise(files, capsys):
    assert main([*files, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == ["anna", "bert"]
    assert rows[0]["01.1"] == "2026-02-01", "the day it was solved first"
    assert rows[0][QUESTIONS[0]] == "2026-02-02"
    assert rows[1]["01.2"] == ""
    assert len(rows[0]) == 1 + len(EXERCISES) + len(QUESTIONS)


def test_a_file_that_is_missing_stops_nobody_else(files, capsys):
    assert main([*files, "carl.jsonl"]) == 1
    said = capsys.readouterr()
    assert "There is no carl.jsonl." in said.err
    assert "anna" in said.out
    assert main(["carl.jsonl"]) == 1


def test_what_the_course_writes_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(progress_file, "RUNS", tmp_path)
    monkeypatch.setenv("TRAINING_LOOP_PROGRESS", "on")
    monkeypatch.setattr(progress_file, "_now", set())
    assert progress_file.note_solved("01.3") == ""
    student = read_progress(tmp_path / "progress.jsonl")
    assert list(student.days) == ["01.3"] and student.n_unread == 0
    assert student.name == tmp_path.name
