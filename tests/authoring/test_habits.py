"""The list of habits: it finds each one, in every kind of file."""

import json

import pytest

from helpers.authoring import habits

SLIPS = {
    "Four trainings ended.": "training runs",
    "The data set is small.": "dataset, one word",
    "It belongs into the loop.": "belongs in",
    "The two arguments changed places.": "were swapped, swap",
    "It is no function.": "is not a",
    "Its orders are others.": "have changed, differ",
    "x (no unit)": "leave it out",
    "And all else stays.": "everything else",
    "One number a point.": "one ... per ...",
    "A file an exercise.": "one ... per ...",
    "Brackets may be missing.": "parentheses",
    "Pass it without brackets.": "without parentheses",
    "That model was never asked.": "was never called",
    "Saving is the business of the loop.": "say who does it",
}
GOOD = [
    "There is no such file, and it is no longer here.",
    "It is no more than a list; `data set` in code is left alone.",
    "One file holds a point; each row has one number per point.",
    "This training run uses the training loss. Put it in parentheses.",
    "```python\ntrainings = [1]\n```",
]


def write(folder, kind, text):
    path = folder / f"text.{kind}"
    if kind == "ipynb":
        cell = {"cell_type": "markdown", "source": [text]}
        text = json.dumps({"cells": [cell]})
    if kind == "py":
        text = f'"""{text}"""\n'
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["md", "toml", "ipynb", "py"])
@pytest.mark.parametrize("text", SLIPS)
def test_each_habit_is_found_in_every_kind_of_file(tmp_path, kind, text):
    found = [
        better for _, better in habits.slips_in(write(tmp_path, kind, text))
    ]
    assert found == [SLIPS[text]]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_right_is_left_alone(tmp_path, text):
    assert not list(habits.slips_in(write(tmp_path, "md", text)))


def test_comments_are_read_too(tmp_path):
    path = tmp_path / "code.py"
    path.write_text("x = 1\n# It belongs into the loop.\n", encoding="utf-8")
    assert list(habits.slips_in(path))


def test_no_slip_is_left(capsys):
    assert habits.main([]) == 0, capsys.readouterr().out
    names = {path.suffix for path in habits.texts()}
    assert names == {".md", ".toml", ".ipynb", ".py"}


def test_every_habit_of_the_list_is_tried():
    assert set(SLIPS.values()) == set(habits.HABITS.values())
