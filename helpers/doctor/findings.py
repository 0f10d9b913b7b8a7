"""What a check found, and what to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from helpers.paths import ROOT

SET_UP_AGAIN = (
    "Run `make clean` and then `make lab`; without make, "
    "`pip install -r requirements.txt`."
)
TIME_LIMIT = 180  # seconds for a question to a new process


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        subject: what was looked at, in a word or two.
        found: what is there, in a few words.
        advice: what to do, whole sentences; "" where all is well.
        must: whether the course does not work until it is done. Otherwise the
            advice is good to know.
    """

    subject: str
    found: str
    advice: str = ""
    must: bool = True

    @property
    def state(self) -> str:
        """Return "ok", "note" or "to do"."""
        if not self.advice:
            return "ok"
        return "to do" if self.must else "note"


class NoAnswerError(Exception):
    """A new process did not answer; the message says why, in a few words."""


def ask_new_process(source: str) -> dict:
    """Run a program with this Python, and return the JSON it prints.

    A package that is broken may end its process, so it is not imported here.

    Args:
        source: a program whose last line of output is a JSON object.

    Raises:
        NoAnswerError: it failed, ended, or took too long.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", source],
            cwd=str(ROOT),
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"no answer within {TIME_LIMIT} seconds") from None
    if done.returncode < 0:
        raise NoAnswerError(f"its process ended with signal {-done.returncode}")
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    if done.returncode or not lines:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoAnswerError(said[-1] if said else "it printed nothing")
    try:
        return json.loads(lines[-1])
    except ValueError:
        raise NoAnswerError(f"it printed {lines[-1][:60]!r}") from None
