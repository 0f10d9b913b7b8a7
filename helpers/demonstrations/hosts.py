"""Two hosts on this machine: an engine each, a disk each, and one run.

What a terminal on either host would type is started twice, and the two engines
find each other over the network, which here is the loopback interface. Nothing
is lost by that but the cable: processes, engines and folders are separate.
"""

import contextlib
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from helpers.paths import ROOT, RUNS
from helpers.processes.starting import (
    BEFORE_A_LINE,
    NOTE,
    WorkerError,
    end,
    environment,
)

ADDRESS = "127.0.0.1"


def two_hosts(
    command: str, *, leave_out: Sequence[str] = (), time_limit: float = 110
) -> None:
    """Run a command on two hosts, with a process each, and print their lines.

    The first host has the runs of the course. The second has a folder of its
    own, which is gone afterwards.

    Args:
        command: such as "-m helpers train digits".
        leave_out: lines that begin like one of these are not printed.
        time_limit: seconds for all of it.

    Raises:
        WorkerError: on a host something went wrong, and what it said; or
            they were not done in time.
    """
    options = ["--nnodes", "2", "--nproc-per-node", "1"]
    endpoint = f"{ADDRESS}:{_free_port()}"
    options += ["--rdzv-backend", "c10d", "--rdzv-endpoint", endpoint]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hosts = []
        for number in range(2):
            out, err = folder / f"out_{number}", folder / f"err_{number}"
            # the meeting place is on the first host
            local = ["--rdzv-conf", f"is_host={int(number == 0)}"]
            local += ["--local-addr", ADDRESS]
            runs = RUNS if number == 0 else folder / "runs"
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "torch.distributed.run"),
                    *(*options, *local, *shlex.split(command)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=stack.enter_context(open(out, "w")),
                stderr=stack.enter_context(open(err, "w")),
                cwd=ROOT,
                env={**environment(), "TRAINING_LOOP_RUNS": str(runs)},
                start_new_session=True,
            )
            stack.callback(end, process)
            hosts.append((process, out, err))
        for number, (process, out, err) in enumerate(hosts):
            _wait(process, number, time_limit)
            print(f"host {number}$ torchrun {' '.join(options)} {command}")
            for line in out.read_text("utf-8").splitlines():
                if not line.startswith(tuple(leave_out)):
                    print(line.replace(str(RUNS), "runs"))
            if process.returncode:
                raise WorkerError(
                    f"Host {number} ended with exit status "
                    f"{process.returncode}: {_what_it_said(err)}"
                )
        n_files = sum(path.is_file() for path in (folder / "runs").rglob("*"))
        print(f"files of the run on host 1: {n_files}")


def _wait(process: subprocess.Popen, number: int, time_limit: float) -> None:
    try:
        process.wait(time_limit)
    except subprocess.TimeoutExpired:
        raise WorkerError(
            f"Host {number} was not done after {time_limit:g} seconds, and was "
            "ended with everything it had started."
        ) from None


def _what_it_said(path: Path) -> str:
    """Return the first line that is not a note of torch itself."""
    lines = path.read_text("utf-8", errors="replace").splitlines()
    said = (BEFORE_A_LINE.sub("", line) for line in lines)
    return next((line for line in said if line and not NOTE.match(line)), "")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        return listener.getsockname()[1]
