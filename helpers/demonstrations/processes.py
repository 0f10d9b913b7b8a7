"""Run a program in several processes, and print what each of them says.

A page calls `torchrun` as a terminal would type it. Lines come in an order
that does not depend on which process was quicker, and a failure is raised.
"""

import re
import shlex
from collections.abc import Sequence
from itertools import zip_longest

from helpers.paths import ROOT, RUNS
from helpers.processes.starting import Heard, Kill, WorkerError, run_processes

WORKERS = "helpers/demonstrations/workers"
LEFT_OUT = "..."
# What gloo and NCCL say when the other side is gone.
LOST = re.compile(
    r"Connection (closed|reset)|remote worker|NCCL.*(abort|remote)"
)


def torchrun(
    command: str,
    n_processes: int = 2,
    *,
    in_turn: bool = False,
    kill: int | None = None,
    kill_at: str | None = None,
    max_restarts: int = 0,
    fails: bool = False,
    leave_out: str | None = None,
    time_limit: float = 110,
) -> None:
    """Run a program in processes of their own, and print their lines.

    Each process has one thread. Lines come as the program prints them, so
    that a program in which several processes print says whose a line is.

    Args:
        command: a script such as "ranks.py", found among the workers of the
            course; a path; or "-m helpers train digits". Arguments follow.
        n_processes: how many there are.
        in_turn: print the first line of every process, then the second, and
            so on, instead of all lines of one process after another.
        kill: the process to kill, without a warning; None kills none.
        kill_at: when to kill it: just after the first process has printed a
            line that begins like this.
        max_restarts: how often all are started again when one has failed.
        fails: whether they are meant to fail.
        leave_out: lines that begin like this become a single ``...``.
        time_limit: seconds for all of it.

    Raises:
        WorkerError: a process failed, and its last line; or all went well
            and were meant to fail; or they were not done in time.
    """
    more = f" --max-restarts {max_restarts}" if max_restarts else ""
    words = _words(command)
    print(f"$ torchrun --nproc-per-node {n_processes}{more} {_typed(words)}")
    printer = _Printer(leave_out, in_turn)
    heard = run_processes(
        words,
        n_processes,
        max_restarts=max_restarts,
        kill=None if kill is None else Kill(kill, kill_at or ""),
        on_line=printer.take,
        time_limit=time_limit,
    )
    printer.print_rest(heard)
    if heard.is_killed:
        print(f"(process {kill} was killed)")
    elif kill is not None:
        raise WorkerError(
            f"Process {kill} was not killed: the first process printed no line "
            f"that begins with {kill_at!r} while it was there."
        )
    is_success = heard.status == 0
    expected = not fails and (kill is None or max_restarts > 0)
    if is_success and fails:
        raise WorkerError(
            "The processes were expected to fail, and all of them went well."
        )
    if not is_success and expected:
        raise WorkerError(_failure(heard, n_processes))
    if not is_success:
        print(f"(exit status {heard.status})")


def _words(command: str) -> Sequence[str]:
    """Return what torchrun is called with, paths from the course's folder."""
    first, *others = shlex.split(command)
    if first.endswith(".py") and "/" not in first:
        first = f"{WORKERS}/{first}"
    return [
        str(RUNS / word.removeprefix("runs/"))
        if word.startswith("runs/")
        else word
        for word in (first, *others)
    ]


def _typed(words: Sequence[str]) -> str:
    return _shown(shlex.join(words))


def _shown(line: str) -> str:
    return line.replace(str(RUNS), "runs")


def _failure(heard: Heard, n_processes: int) -> str:
    if heard.failed is None:
        return f"torchrun did not start the processes: {heard.why()}"
    why = _shown(heard.why()) or "without a word"
    return (
        f"Process {heard.failed} of {n_processes} (counted from 0) failed "
        f"first, with exit status {heard.exit_status}: {why}"
    )


class _Printer:
    """Prints lines by process, or in turn; those of process 0 at once.

    Of a traceback it prints the places in the files of the course, and the
    error; and of processes that others took with them, nothing.
    """

    def __init__(self, leave_out: str | None, in_turn: bool):
        self.leave_out = leave_out
        self.in_turn = in_turn
        self.is_left_out = False
        self.of_first = Shortened()

    def take(self, rank: int, line: str, is_error: bool) -> None:
        """Print a line of the first process, unless others come between."""
        if rank == 0 and not self.in_turn:
            self.print_lines(self.of_first.of([line]) if is_error else [line])

    def print_rest(self, heard: Heard) -> None:
        """Print all that was not printed as it came."""
        ranks = sorted({*heard.lines, *heard.errors})
        if self.in_turn:
            rows = zip_longest(*(heard.lines.get(rank, []) for rank in ranks))
            for row in rows:
                self.print_lines([line for line in row if line is not None])
        for rank in ranks:
            if rank > 0 and not self.in_turn:
                self.print_lines(heard.lines.get(rank, []))
            if rank > 0 or self.in_turn:
                self.print_lines(Shortened().of(heard.errors.get(rank, [])))

    def print_lines(self, lines: Sequence[str]) -> None:
        """Print lines, and three points for those that are left out."""
        for line in map(_shown, lines):
            was_left_out = self.is_left_out
            self.is_left_out = self.leave_out is not None and line.startswith(
                self.leave_out
            )
            if not self.is_left_out:
                print(line, flush=True)
            elif not was_left_out:
                print(LEFT_OUT)


class Shortened:
    """Leaves out what a traceback says of files elsewhere.

    What is kept does not differ from machine to machine. A traceback that
    ends in a lost connection is left out as a whole: it follows from the
    failure of another process, which says its own.
    """

    def __init__(self):
        self.places: list[str] | None = None  # of a traceback that goes on

    def of(self, lines: Sequence[str]) -> list[str]:
        """Return what is kept of lines that follow those before."""
        kept = []
        for line in lines:
            if line.startswith("Traceback (most"):
                self.places = []
            elif line.startswith(" ") and self.places is not None:
                if str(ROOT) in line and "site-packages" not in line:
                    self.places.append(line.replace(f"{ROOT}/", ""))
            elif not LOST.search(line):
                kept += [*(self.places or []), line]
                self.places = None
            else:
                self.places = None
        return kept
