"""Run a command as a terminal would, and show what it prints.

A page that starts a command with ``!`` goes on when the command has failed.
`terminal` raises, and what it prints is the same on every machine: lines of 80
columns, no colours, ``runs/`` wherever that folder is.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from helpers.errors import CourseError
from helpers.paths import ROOT, RUNS

COLUMNS = 80
LEFT_OUT = "..."


class CommandError(CourseError):
    """A command ended with another exit status than a page expects."""


def terminal(
    command: str,
    *,
    status: int = 0,
    kill_at: str | None = None,
    leave_out: str | None = None,
) -> None:
    """Run a command in a process of its own, and print its lines.

    Args:
        command: such as "python -m helpers train digits". ``python`` is the
            one that runs this page, and ``runs/`` the folder of the runs.
        status: the exit status that is expected; 0 if all goes well.
        kill_at: kill the process, without a warning, when it prints a line
            that begins like this.
        leave_out: lines that begin like this become a single ``...``.

    Raises:
        CommandError: the command ended with another status, or it ended
            before the line to kill it at.
    """
    print(f"$ {command}")
    process = subprocess.Popen(
        _words(command),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        cwd=ROOT,
        env=_environment(),
    )
    try:
        is_killed = _show(process, kill_at, leave_out)
        process.communicate()
    finally:
        process.kill()  # whatever happened here, nothing runs on
        process.wait()
    if is_killed:
        print("Killed.")
    elif kill_at is not None:
        raise CommandError(
            f"The command ended with status {process.returncode} before it "
            f"printed {kill_at!r}, the line to kill it at."
        )
    elif process.returncode != status:
        raise CommandError(
            f"The command ended with status {process.returncode}, and "
            f"{status} was expected. What it printed above says why."
        )
    elif status:
        print(f"(exit status {status})")


def _words(command: str) -> Sequence[str]:
    words = shlex.split(command)
    if words[0] == "python":
        words[0] = sys.executable
    return [
        str(RUNS / word.removeprefix("runs/"))
        if word.startswith("runs/")
        else word
        for word in words
    ]


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "COLUMNS": str(COLUMNS),
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        "TRAINING_LOOP_RUNS": str(RUNS),
    }


def _show(process, kill_at: str | None, leave_out: str | None) -> bool:
    """Print lines as they come; return whether the process was killed."""
    is_left_out = False
    for line in process.stdout:
        shown = line.rstrip().replace(str(RUNS), "runs")
        was_left_out = is_left_out
        is_left_out = leave_out is not None and shown.startswith(leave_out)
        if not is_left_out:
            print(shown, flush=True)
        elif not was_left_out:
            print(LEFT_OUT)
        if kill_at is not None and shown.startswith(kill_at):
            process.kill()
            return True
    return False
