"""How long compiling takes: cold, and from the cache in a new process.

Compiled code is kept in a folder on disk (TORCHINDUCTOR_CACHE_DIR). Each
measurement is a process of its own. It trains for a few epochs, which compiles,
and for as many again: compiling took the difference.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable

import torch

from helpers.errors import CourseError
from helpers.measuring.contenders import contenders_for
from helpers.measuring.jobs import JOBS, Job, job_called

N_EPOCHS = 3  # the first batches of a run are looked at, and not compiled
PROGRAM = f"from {__name__} import compile_one; compile_one()"
TIME_LIMIT = 600  # seconds for one process


def measure_compile_times(
    jobs: Iterable[Job] = JOBS,
) -> dict[str, dict[str, float]]:
    """Start the compiled version of each job twice, in new processes.

    Returns:
        by job: "cold" with an empty cache, and "cached" with what the first
        process left there: the seconds that compiling took.

    Raises:
        CourseError: a process failed.
    """
    found = {}
    for job in jobs:
        with tempfile.TemporaryDirectory() as folder:
            found[job.name] = {
                kind: _in_a_process(job.name, folder)
                for kind in ("cold", "cached")
            }
    return found


def format_compile_times(times: dict[str, dict[str, float]]) -> str:
    """Return a table: a line per job."""
    lines = [f"{'compiling (s)':29} {'cold':>6} {'cached':>6}"]
    for name, seconds in times.items():
        title = job_called(name).title
        lines.append(
            f"{title:29} {seconds['cold']:6.1f} {seconds['cached']:6.1f}"
        )
    return "\n".join(lines)


def _in_a_process(name: str, cache: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name],
        env={**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
    )
    if done.returncode != 0:
        raise CourseError(
            f"The process that compiles {name} failed: "
            f"{(done.stderr.strip().splitlines() or ['no message'])[-1]}"
        )
    return float(done.stdout.splitlines()[-1])


def compile_one() -> None:
    """Train the job that the command line names; print what compiling took."""
    torch.set_num_threads(1)
    job = job_called(sys.argv[1])
    contender = contenders_for(job, ["compiled"])["compiled"]
    times = []
    for _ in range(2):
        start = time.perf_counter()
        contender.run(N_EPOCHS)
        times.append(time.perf_counter() - start)
    print(times[0] - times[1])
