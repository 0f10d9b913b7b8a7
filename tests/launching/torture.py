"""Kill processes of a run at random moments: `make torture`.

Each time torchrun starts all of them again, or the same command does; the run
has to end as one that nobody disturbed, to the last bit. Prints one table;
`--quick` tries less often.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a program

from helpers.checkpoints import read_checkpoint
from helpers.processes.starting import worker_of
from helpers.runs import read_scalars, run_folder
from tests.launching.engine import torchrun
from tests.tools import identical

WORDS = ("digits", "--batch-size", 64, "--n-epochs", 10, "--print-every", 0)
LONGEST = 4.0  # seconds from the start of the processes to a kill


def run_once(folder: Path, name: str, options=()):
    """Start one torchrun for a run, for a block."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--nproc-per-node", "2", *options]
    return torchrun(folder, *WORDS, "--run-name", name, options=options)


def finish(folder: Path, name: str) -> int:
    """Run the command to its end; return the exit status."""
    with run_once(folder, name) as started:
        return started.process.wait(timeout=100)


def kill_one(process, draw: random.Random) -> bool:
    """Kill a process of a run at a random moment; tell whether one died."""
    rank = draw.randrange(2)
    until = time.monotonic() + 60
    worker = None
    while worker is None and process.poll() is None:
        worker = worker_of(process, rank)
        assert time.monotonic() < until
        time.sleep(0.01)
    if worker is None:
        return False
    time.sleep(draw.uniform(0, LONGEST))
    try:
        worker.kill()
        return True
    except psutil.Error:
        return False  # it had finished


def disturbed(folder: Path, name: str, draw: random.Random, restarts: bool):
    """Kill a process at a random moment, and let the run go on.

    Returns:
        the exit status in the end, and whether a process was killed.
    """
    options = ["--max-restarts", "2"] if restarts else []
    with run_once(folder, name, options) as started:
        is_killed = kill_one(started.process, draw)
        status = started.process.wait(timeout=100)
    if status and not restarts:
        status = finish(folder, name)
    return status, is_killed


def is_same(name: str, other: str) -> bool:
    """Tell whether two runs have the same checkpoint and the same curves."""
    states = [
        read_checkpoint(run_folder(run) / "checkpoint.pt")
        for run in (name, other)
    ]
    return identical(*states) and read_scalars(name) == read_scalars(other)


def kills(n_kills: int, restarts: bool, folder: Path, seed: int = 18) -> dict:
    """Kill so many times, each in a run of its own; count what came of it."""
    draw = random.Random(f"{seed} {restarts}")
    straight = f"torture/straight-{os.getpid()}"
    if not (run_folder(straight) / "checkpoint.pt").exists():
        assert finish(folder, straight) == 0
    found = {"tries": 0, "killed": 0, "finished": 0, "same": 0}
    while found["killed"] < n_kills:
        name = f"torture/run-{os.getpid()}-{restarts}-{found['tries']}"
        status, is_killed = disturbed(folder, name, draw, restarts)
        found["tries"] += 1
        found["killed"] += is_killed
        found["finished"] += status == 0
        found["same"] += status == 0 and is_same(name, straight)
        shutil.rmtree(run_folder(name), ignore_errors=True)
        assert found["tries"] < 3 * n_kills + 3, found
    return found


def main() -> int:
    """Print one row per way to go on; return 1 if a run was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    n_kills = 2 if parser.parse_args().quick else 20
    is_fine = True
    with tempfile.TemporaryDirectory() as folder:
        for restarts, way in (
            (False, "the same command"),
            (True, "automatic restart"),
        ):
            found = kills(n_kills, restarts, Path(folder))
            is_fine &= found["same"] == found["tries"]
            print(
                f"a process of two killed, then {way}: {found['killed']} "
                f"kills in {found['tries']} runs, {found['finished']} "
                f"finished, {found['same']} as undisturbed",
                flush=True,
            )
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
