"""Run a program, one process of which is killed at an exact moment.

    killable.py FOLDER LINE -m helpers train digits ...

The first process stops after it has printed a line that begins with LINE, and
goes on when FOLDER holds a file named ``killed``: so that nobody comes further
than that line before whoever started the program has killed a process.
"""

import os
import runpy
import sys
import time
from pathlib import Path
from typing import Any

MOST = 60.0  # seconds to wait for a kill
TURN = 0.01  # seconds from one look to the next


class Halting:
    """An output that stops the process after a certain line."""

    def __init__(self, stream: Any, line: str, sign: Path):
        self.stream = stream
        self.line = line
        self.sign = sign
        self.written = ""

    def write(self, text: str) -> int:
        """Write a text; if it ends the line that is meant, wait."""
        n_written = self.stream.write(text)
        *lines, self.written = (self.written + text).split("\n")
        if any(line.startswith(self.line) for line in lines):
            self.stream.flush()
            until = time.monotonic() + MOST
            while not self.sign.exists() and time.monotonic() < until:
                time.sleep(TURN)
        return n_written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def main() -> None:
    """Run the program that the command line names, as if nothing were."""
    folder, line, *words = sys.argv[1:]
    if os.environ.get("RANK") == "0":
        sign = Path(folder, "killed")
        sys.stdout = Halting(sys.stdout, line, sign)  # type: ignore[assignment]
    if words[0] == "-m":
        sys.argv = words[1:]
        sys.path[0] = os.getcwd()
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        sys.path[0] = str(Path(words[0]).parent)
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()
