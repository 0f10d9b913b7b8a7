"""What every verdict has in common, whatever the exercise."""

import functools

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from helpers.practice import call, last_cell, progress_file, wrong
from helpers.practice.checkers import CHECKERS, register
from helpers.practice.exercises import Exercise, Help, all_exercises
from helpers.practice.signs import Wrong
from helpers.practice.words import Section


@pytest.fixture
def check(monkeypatch):
    """A checker: ``plus(a, b)`` adds twice the second to the first."""
    monkeypatch.setattr(progress_file, "note", lambda entry, verdict: verdict)
    aid = Help(("Add.", "Twice."), "def plus(): ...", "So.")
    look = Section("01", "Quiz")
    entry = Exercise(
        "99.9", "Plus", 1, "easy", look, None, call="plus(a, b)", help=aid
    )

    def look_at(answer):
        if call(answer, 1, 10) != 21:
            wrong("signature", message="21 is wanted")

    yield register(entry, look_at)
    del CHECKERS["99.9"]


def add(a, b, times=...):
    return a + b * (2 if times is ... else times)


def test_what_looks_like_a_stub_and_is_right_is_solved(check):
    assert check(functools.partial(add, times=2)).solved
    assert check(functools.partial(add, times=...)).solved
    assert check(add).solved


def two_nones(a, b):
    return None, None


def loop_of_dots(a, b):
    total = a
    for _ in range(2):
        ...
    return total


def branch_of_dots(a, b):
    if a:
        ...
    return a


def value_of_dots(a, b):
    total = ...
    return total


@pytest.mark.parametrize(
    "stub", [two_nones, loop_of_dots, branch_of_dots, value_of_dots, None, ...]
)
def test_stubs_are_not_started(check, stub):
    assert check(stub).state == "not started"


def test_a_loop_that_passes_on_purpose_is_an_answer(check):
    def answer(a, b):
        for _ in range(3):
            pass
        return a

    assert check(answer).state == "not yet"


def test_arguments_in_another_order_are_the_likely_cause(check):
    verdict = check(lambda b, a: a + 2 * b)
    assert verdict.diagnosis == "parameters_in_other_order"
    assert "`plus(a, b)`, by position" in str(verdict)
    # in any order that works, and with other names, it is only wrong or right
    assert check(lambda b, a: b + 2 * a).solved
    assert check(lambda x, y: y + 2 * x).diagnosis == "signature"


@pytest.mark.parametrize("entry", all_exercises(), ids=lambda e: e.number)
def test_statements_say_how_the_answer_is_called(entry):
    name, _, arguments = entry.call.partition("(")
    assert name.isidentifier() and arguments.endswith(")")


# ------------------------------------------------- after a cell that failed


@pytest.fixture
def shell():
    shell = InteractiveShell()
    shell.events.register("post_run_cell", last_cell._note)
    yield shell
    last_cell._error = ""


def test_after_a_failed_cell_nothing_is_judged(check, shell):
    shell.run_cell("def plus(a, b):\n    return a + 2 * b\n")
    plus = shell.user_ns["plus"]
    assert check(plus).solved
    shell.run_cell("def plus(a, b) return a")
    verdict = check(plus)
    assert verdict.diagnosis == "cell_failed"
    assert "SyntaxError" in str(verdict) and "Nothing was judged" in str(
        verdict
    )
    shell.run_cell("1 / 0")
    assert "ZeroDivisionError" in str(check(plus))
    shell.run_cell("x = 1")
    assert check(plus).solved


def test_a_reloaded_module_watches_once(shell, monkeypatch):
    monkeypatch.setattr(last_cell, "get_ipython", lambda: shell)
    for _ in range(3):
        last_cell.watch()
    callbacks = shell.events.callbacks["post_run_cell"]
    ours = [c for c in callbacks if c.__module__ == last_cell.__name__]
    assert len(ours) == 1


# -------------------------------------------------------------- what it shows


def test_hints_leave_when_it_is_solved_and_the_solution_stays(check):
    unsolved, solved = check(lambda a, b: 0), check(add)
    assert "Hint 1" in unsolved._repr_html_()
    assert "A solution" in unsolved._repr_html_()
    assert "Hint 1" not in solved._repr_html_()
    assert "A solution" in solved._repr_html_()
    assert "✓" in solved._repr_html_() and "✓" not in unsolved._repr_html_()
    assert "Hint" not in str(unsolved)


def test_a_solved_exercise_says_how_far_the_chapter_is(monkeypatch, tmp_path):
    monkeypatch.setattr(progress_file, "RUNS", tmp_path)
    monkeypatch.setattr(progress_file, "_now", set())
    monkeypatch.setenv("TRAINING_LOOP_PROGRESS", "on")
    entries = [e for e in all_exercises() if e.page == "01"]
    said = []
    for entry in entries:
        progress_file.note_solved(entry.number)
        said.append(progress_file._how_far(entry))
    assert said[0].startswith("1 of 3 in this chapter. Next: 01.2 · ")
    assert said[-1] == "That was all of this chapter: 3 of 3."
    task = next(e for e in all_exercises() if e.page == "C1")
    assert "0 of 9 in this challenge. Next: C1.2 · " in progress_file._how_far(
        task
    )


ones = torch.ones(3)


class WithOnes:
    def __init__(self):
        self.torch, self.ones = 0, 0

    def __call__(self, a, b):
        return a + b * len(ones)


def reads_ones(a, b):
    return a + b * ones.numel()


def calls_what_reads_ones(a, b):
    return reads_ones(a, b)


@pytest.mark.parametrize(
    ("answer", "reads"),
    [
        (reads_ones, True),
        (calls_what_reads_ones, True),
        (WithOnes(), True),
        (lambda a, b: (lambda: len(ones))(), True),
        (lambda a, b: [a] and torch.ones(b).ones, False),
        (lambda a, b, ones=ones: a + len(ones), False),
        (lambda a, b: a - b, False),
    ],
)
def test_data_of_the_page_that_a_wrong_answer_uses_is_named(
    check, answer, reads
):
    verdict = check(answer)
    assert verdict.state == "not yet"
    cause = dict(verdict.parts)["Likely cause"]
    assert ("uses `ones` of the page" in cause) == reads


def test_a_class_whose_init_is_misspelt_is_told_so():
    class Plus:
        def __int__(self, a, b):
            pass

    with pytest.raises(Wrong) as caught:
        call(Plus, 1, 10, shown="plus(a, b)")
    assert caught.value.sign == "signature.call.init"
