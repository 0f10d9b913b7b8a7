"""One command line: every command is listed, runs, and refuses nonsense."""

import importlib
import re

import pytest

from helpers import __main__ as command_line
from tests.tools import ROOT

every_command = pytest.mark.parametrize("name", command_line.COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_commands_are_listed_with_a_line_each(arguments, capsys):
    assert command_line.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, (_, what) in command_line.COMMANDS.items():
        (line,) = (line for line in lines if line.split()[:1] == [name])
        assert line.endswith(what) and len(line) <= 80


def test_a_wrong_command_is_refused_and_the_near_one_named(capsys):
    assert command_line.main(["progres"]) == 2
    said = capsys.readouterr().err
    assert "Did you mean progress?" in said
    assert command_line.main(["\u2603"]) == 2


@every_command
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.main([name, "--help"])
    assert ended.value.code == 0
    assert f"python -m helpers {name}" in capsys.readouterr().out


@every_command
def test_every_command_refuses_what_it_does_not_know(name, capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.main([name, "--no-such-option"])
    assert ended.value.code == 2
    assert capsys.readouterr().err


# The program that the %tensorboard magic starts, what torchrun starts, and what
# runs the scripts of others.
PROGRAMS = {
    "__main__.py",
    "tensorboard_of_this_kernel.py",
    "killable.py",
    "watch.py",
    "throughput_worker.py",
}


def test_nothing_else_is_run_as_a_program():
    """Commands stand in the table, not at the end of modules."""
    for path in (ROOT / "helpers").rglob("*.py"):
        if path.name not in PROGRAMS and path.parent.name != "workers":
            text = path.read_text(encoding="utf-8")
            assert "__main__" not in text, path
    texts = [*(ROOT / "notebooks").rglob("*.ipynb"), *ROOT.glob("*.md")]
    for path in [*texts, ROOT / "Makefile"]:
        for word in re.findall(
            r"-m[ \\\",]+helpers[ \\\",]+([a-z-]+)", path.read_text("utf-8")
        ):
            assert word in command_line.COMMANDS, (path.name, word)
        assert not re.search(r"-m helpers\.", path.read_text("utf-8")), path


def test_commands_lead_to_modules_with_main():
    for module, _ in command_line.COMMANDS.values():
        assert callable(importlib.import_module(module).main)


def test_ctrl_c_ends_any_command_without_a_traceback(monkeypatch, capsys):
    """Also while torch is being imported, which takes seconds."""

    def stopped(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", stopped)
    assert command_line.main(["progress"]) == 130
    said = capsys.readouterr().err
    assert said == "Stopped by Ctrl-C.\n"
