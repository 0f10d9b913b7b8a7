"""Start processes by torch's own engine, and hear what each of them says.

A notebook cannot be one of the processes: what torch starts from a kernel
loses its output, or fails. So `run_processes` starts ``torchrun`` as a
terminal would, in a process of its own, has every worker write to files of its
own, and ends all of them, whatever happens here.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from helpers.errors import CourseError
from helpers.paths import ROOT, RUNS

LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
TURN = 0.02  # seconds from one look at the output to the next
KILLABLE = Path(__file__).with_name("killable.py")
GRACE = 5.0  # seconds that workers have to end when they are told to
# Notes of torch itself, such as "[W1129 06:50:16.496 socket.cpp:200] ...".
NOTE = re.compile(r"\[?[WIEF]\d{4} \d\d:\d\d|terminate called without")
BEFORE_A_LINE = re.compile(r"^\[rank\d+\]:\s?")
ROOT_CAUSE = re.compile(
    r"Root Cause.*?\brank +: (\d+).*?\bexitcode +: (-?\d+)", re.DOTALL
)

OnLine = Callable[[int, str, bool], None]


class WorkerError(CourseError):
    """Processes that were started together did not end as they should."""


@dataclass(frozen=True)
class Kill:
    """Which process to kill, and when.

    Attributes:
        rank: of the process.
        line: how the line begins that the first process has just printed; it
            goes on when the process is dead.
    """

    rank: int
    line: str


@dataclass
class Heard:
    """How processes ended, and what they said.

    Attributes:
        status: the exit status of the engine; 0 if all went well.
        lines: by rank, what each printed, over all attempts.
        errors: by rank, what each wrote to its error output.
        failed: the process that failed first; None if none did.
        exit_status: of that process; a negative number is a signal.
        is_killed: whether the process to kill was killed.
    """

    status: int = 0
    lines: dict[int, list[str]] = field(default_factory=dict)
    errors: dict[int, list[str]] = field(default_factory=dict)
    failed: int | None = None
    exit_status: int = 0
    is_killed: bool = False

    def why(self) -> str:
        """Return the last line that the failing process had to say."""
        said = self.errors.get(self.failed if self.failed is not None else 0)
        return said[-1] if said else ""


def run_processes(
    words: Sequence[str],
    n_processes: int = 2,
    *,
    n_threads: int = 1,
    max_restarts: int = 0,
    kill: Kill | None = None,
    on_line: OnLine | None = None,
    time_limit: float = 110,
) -> Heard:
    """Run a program in several processes on this machine, and wait for them.

    Args:
        words: a script and its arguments, or ``-m``, a module, its arguments.
        n_processes: how many there are.
        n_threads: of the processor, for each of them.
        max_restarts: how often all are started again when one has failed.
        kill: kill one of them on the way, without a warning.
        on_line: called with rank, line and whether it is one of the error
            output, for each line as it comes.
        time_limit: seconds for all of it.

    Returns:
        what was heard, also when they have failed.

    Raises:
        WorkerError: they took longer than the time limit.
    """
    with tempfile.TemporaryDirectory(prefix="tl_") as folder:
        run = _Run(Path(folder), kill, on_line)
        options = {
            "--nproc-per-node": n_processes,
            "--max-restarts": max_restarts,
            "--redirects": 3,  # both outputs, into files
            "--log-dir": folder,
        }
        typed = [str(part) for pair in options.items() for part in pair]
        if kill is not None:
            words = [str(KILLABLE), folder, kill.line, *words]
        engine = [sys.executable, "-m", "torch.distributed.run"]
        with (
            open(run.said_by_engine, "w") as log,
            _started(
                [*engine, "--standalone", *typed, *words],
                env=environment(n_threads),
                log=log,
            ) as process,
        ):
            run.watch(process, time_limit)
        return run.result(process.returncode)


def environment(n_threads: int = 1) -> dict[str, str]:
    """Return the environment in which workers say the same everywhere."""
    return {
        **os.environ,
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "PYTHONPATH": str(ROOT),
        "TRAINING_LOOP_RUNS": str(RUNS),
        "OMP_NUM_THREADS": str(n_threads),
        "GLOO_SOCKET_IFNAME": LOOPBACK,
    }


# ------------------------------------------------------- started, and ended


@contextlib.contextmanager
def _started(
    command: Sequence[str], env: dict[str, str], log
) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=env,
        # Ctrl-C comes to this process alone, which then ends the others
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen) -> None:
    """End the engine and all that it has started; nothing if that is done."""
    workers = []
    with contextlib.suppress(psutil.Error):
        workers = psutil.Process(process.pid).children(recursive=True)
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    for worker in workers:
        with contextlib.suppress(psutil.Error):
            worker.kill()  # psutil knows a number that was given anew
    process.kill()
    process.wait()


def worker_of(process: subprocess.Popen, rank: int) -> psutil.Process | None:
    """Return the process of a rank, or None if it is not there."""
    with contextlib.suppress(psutil.Error):
        for worker in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.Error):
                if worker.environ().get("RANK") == str(rank):
                    return worker
    return None


# ------------------------------------------------------------ what they say


class _File:
    """A file that grows, read line by line."""

    def __init__(self, path: Path):
        self.path = path
        self.place = 0
        self.rest = b""

    def new_lines(self, is_last: bool = False) -> list[str]:
        with open(self.path, "rb") as file:
            file.seek(self.place)
            content = file.read()
        self.place += len(content)
        *lines, self.rest = (self.rest + content).split(b"\n")
        if is_last and self.rest:
            lines, self.rest = [*lines, self.rest], b""
        return [line.decode(errors="replace").rstrip() for line in lines]


def _place(path: Path) -> tuple[int, int, bool]:
    attempt, rank = path.parts[-3:-1]
    number = int(attempt.removeprefix("attempt_"))
    return number, int(rank), path.stem == "stderr"


class _Run:
    """Processes while they run: their files are read, one may be killed."""

    def __init__(self, folder: Path, kill: Kill | None, on_line: OnLine | None):
        self.folder = folder
        self.said_by_engine = folder / "engine.log"
        self.kill = kill
        self.on_line = on_line
        self.files: dict[Path, _File] = {}
        self.heard = Heard()

    def watch(self, process: subprocess.Popen, time_limit: float) -> None:
        until = time.monotonic() + time_limit
        while process.poll() is None:
            self.read(process)
            if time.monotonic() > until:
                raise WorkerError(
                    f"The processes were not done after {time_limit:g} seconds "
                    "and were ended: one of them may wait for an exchange in "
                    "which another does not take part."
                )
            time.sleep(TURN)
        self.read(process, is_last=True)

    def read(self, process: subprocess.Popen, is_last: bool = False) -> None:
        # attempts come one after another, ranks in their order
        paths = self.folder.glob("*/attempt_*/*/std*.log")
        for path in sorted(paths, key=_place):
            file = self.files.setdefault(path, _File(path))
            rank = int(path.parent.name)
            is_error = path.stem == "stderr"
            kept = self.heard.errors if is_error else self.heard.lines
            for line in file.new_lines(is_last):
                line = BEFORE_A_LINE.sub("", line)
                if is_error and (NOTE.match(line) or not line):
                    continue
                kept.setdefault(rank, []).append(line)
                if self.on_line is not None:
                    self.on_line(rank, line, is_error)
                if rank == 0 and not is_error:
                    self.kill_after(process, line)

    def kill_after(self, process: subprocess.Popen, line: str) -> None:
        kill = self.kill
        if kill is None or self.heard.is_killed:
            return
        if line.startswith(kill.line):
            worker = worker_of(process, kill.rank)
            if worker is not None:
                worker.kill()
                with contextlib.suppress(psutil.Error):
                    worker.wait(GRACE)
                self.heard.is_killed = True
            (self.folder / "killed").touch()

    def result(self, status: int) -> Heard:
        self.heard.status = status
        if status:
            said = self.said_by_engine.read_text(errors="replace")
            found = ROOT_CAUSE.search(said)
            if found is not None:
                self.heard.failed = int(found[1])
                self.heard.exit_status = int(found[2])
            elif not self.heard.errors:
                # the engine itself did not start
                self.heard.errors[0] = said.splitlines()[-1:]
        return self.heard
