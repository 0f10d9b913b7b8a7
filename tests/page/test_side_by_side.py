"""Code beside code: what is left out, what is counted, what is shown."""

import linecache

import pytest

from helpers import step_functions
from helpers.errors import CourseError
from helpers.mini_batch import v1
from helpers.model_training import v4
from helpers.page.side_by_side import (
    count_lines,
    count_loop,
    plain_lines,
    show_side_by_side,
)
from tests.page.parsed_html import assert_safe

CELL = '''
def add(
    a: int,  # a number
    b: int = 2,
) -> int:
    """Add two numbers.

    Nothing else.
    """
    # a comment of its own
    total = 0

    for one in (a, b):  # a comment after code
        total += one
    return total


def apart(): return "# not a comment"


class Keeper(list):
    """Keep things."""

    limit: int = 3

    def keep(self, thing: str) -> None:
        """Keep one."""
        for _ in range(2):
            for _ in range(2):
                self.append(thing)
        print(thing)
'''
NAME = "<a cell of a page>"


@pytest.fixture
def cell():
    """Define things as a page does, where linecache knows the source."""
    lines = CELL.splitlines(keepends=True)
    linecache.cache[NAME] = (len(CELL), None, lines, NAME)
    names = {"__name__": "__main__"}
    exec(compile(CELL, NAME, "exec"), names)
    yield names
    del linecache.cache[NAME]


def test_only_what_does_the_work_is_left(cell):
    assert plain_lines(cell["add"]) == [
        "def add(a, b=2):",
        "    total = 0",
        "    for one in (a, b):",
        "        total += one",
        "    return total",
    ]
    assert plain_lines(cell["apart"]) == [
        'def apart(): return "# not a comment"'
    ]


def test_a_class_of_a_page_is_found_by_its_methods(cell):
    lines = plain_lines(cell["Keeper"])
    assert lines[0] == "class Keeper(list):"
    assert "    def keep(self, thing):" in lines
    assert not any('"""' in line for line in lines)
    assert count_lines(cell["Keeper"], cell["add"]) == len(lines) + 5


def test_the_lines_of_a_loop(cell):
    assert count_loop(cell["add"]) == 2
    assert count_loop(cell["Keeper"].keep) == 3
    assert count_loop(cell["apart"]) == 0


def test_a_version_behind_a_decorator_is_the_version_itself():
    lines = plain_lines(v4.train)
    assert lines[0].startswith("def train(configuration, train_loader,")
    assert not any("trains_with" in line for line in lines)
    assert count_loop(v4.train) == len(lines) - 4


def test_a_builder_shows_its_inner_function():
    lines = plain_lines(step_functions.make_train_step_fn)
    assert lines[:2] == [
        "def make_train_step_fn(model, loss_fn, optimizer):",
        "    def perform_train_step_fn(x, y):",
    ]


def test_what_has_no_source_is_refused_by_name():
    for thing in (len, int):
        with pytest.raises(CourseError, match=rf"{thing.__name__} has none"):
            plain_lines(thing)


def test_columns_with_jobs_in_colours():
    shown = show_side_by_side(
        {
            "one": (step_functions.make_val_step_fn,),
            "two": (v1.mini_batch, v4.train),
        },
        {"mode": r"eval\(\)|no_grad", "mean": "total"},
    )
    page = assert_safe(shown._repr_html_())
    one, two = repr(shown).split("\n\n\n")[0].split("\n\ntwo, ")
    assert one.startswith("one, 7 lines\ndef make_val_step_fn(")
    assert "model.eval()" in one and one.count("| mode") == 1
    assert two.startswith("22 lines") and two.count("| mean") == 3
    assert "mode" in page.text and "perform_val_step_fn" in page.text
    # the same colour marks a job in the key and in every column
    assert shown.html.count("4px solid #0072B2") == 2
    assert "12px solid #0072B2" in shown.html
