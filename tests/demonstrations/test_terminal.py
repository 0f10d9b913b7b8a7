"""A command is shown as in a terminal, and no failure is passed over."""

import time

import pytest

from helpers.demonstrations.terminal import CommandError, terminal
from helpers.paths import RUNS

WAITS = "python -c 'import time; print(1); print(2); print(3); time.sleep(60)'"


def test_command_and_lines_are_printed(capsys):
    terminal("python -c 'print(1); print(2)'")
    assert capsys.readouterr().out.splitlines()[1:] == ["1", "2"]


def test_words_are_in_eighty_columns_without_colours(capsys):
    code = "import os; print(os.environ['COLUMNS'], os.environ['NO_COLOR'])"
    terminal(f'python -c "{code}"')
    assert capsys.readouterr().out.splitlines()[-1] == "80 1"


def test_errors_come_in_their_place(capsys):
    code = "import sys; print(1); print(2, file=sys.stderr); print(3)"
    terminal(f"python -c '{code}'")
    captured = capsys.readouterr()
    assert captured.out.splitlines()[1:] == ["1", "2", "3"]
    assert not captured.err


def test_a_failure_is_raised():
    with pytest.raises(CommandError, match=r"status 3, and\s+0 was expected"):
        terminal("python -c 'raise SystemExit(3)'")


def test_a_status_that_was_expected(capsys):
    terminal("python -c 'raise SystemExit(2)'", status=2)
    assert capsys.readouterr().out.endswith("(exit status 2)\n")
    with pytest.raises(CommandError, match="status 0, and 2"):
        terminal("python -c 'pass'", status=2)


def test_the_folder_of_runs_goes_in_and_comes_out(capsys):
    code = "import sys; print(sys.argv[1] + '/file')"
    terminal(f'python -c "{code}" runs/ch15')
    assert capsys.readouterr().out.splitlines()[-1] == "runs/ch15/file"
    code = "import sys; print(len(sys.argv[1]))"
    terminal(f'python -c "{code}" runs/x')
    assert capsys.readouterr().out.split()[-1] == str(len(str(RUNS)) + 2)


def test_killed_at_a_line(capsys):
    start = time.monotonic()
    terminal(WAITS, kill_at="2")
    assert time.monotonic() - start < 30
    assert capsys.readouterr().out.splitlines()[1:] == ["1", "2", "Killed."]


def test_nothing_to_kill_is_a_failure():
    with pytest.raises(CommandError, match="before it printed '4'"):
        terminal("python -c 'print(1)'", kill_at="4")


def test_lines_left_out_become_three_points(capsys):
    code = "print(1); print(2); print(21); print(3)"
    terminal(f"python -c '{code}'", leave_out="2")
    assert capsys.readouterr().out.splitlines()[1:] == ["1", "...", "3"]
