"""Runs of the commands, in this process, in a fork of it, or in a new one."""

import itertools
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch

from helpers.checkpoints import read_checkpoint
from helpers.demonstrations.new_processes import quick_context
from helpers.launching import predict, train
from helpers.runs import run_folder

_numbers = itertools.count()


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def new_name(what: str = "run") -> str:
    """Return the name of a run that no other test has."""
    return f"launching/{what}-{os.getpid()}-{next(_numbers)}"


def run(capsys, main, *words: Any) -> Ended:
    """Run a command in this process."""
    capsys.readouterr()
    try:
        status = main([str(word) for word in words])
    except SystemExit as ended:
        status = ended.code
    return Ended(status, *capsys.readouterr())


def trained(capsys, *words: Any) -> Ended:
    return run(capsys, train.main, *words)


def predicted(capsys, *words: Any) -> Ended:
    return run(capsys, predict.main, *words)


def fork(*words: Any, log: str | Path = os.devnull, most_bytes: int = 0):
    """Start ``train`` in a process that has torch already; return it.

    Args:
        words: of the command line.
        log: the file to print to.
        most_bytes: that any file may have, as on a full disk; 0 sets no limit.
    """
    arguments = ([str(word) for word in words], str(log), most_bytes)
    process = quick_context().Process(target=_logged, args=arguments)
    process.start()
    return process


def _logged(words: list[str], log: str, most_bytes: int) -> None:
    sys.stdout = sys.stderr = open(log, "w", buffering=1)  # noqa: SIM115
    if most_bytes:
        limits = (most_bytes, most_bytes)
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    torch.set_num_threads(1)
    sys.exit(train.main(words))


def start(*words: Any, **options: Any) -> subprocess.Popen:
    """Start ``python -m helpers`` in a new process."""
    return subprocess.Popen(
        [sys.executable, "-m", "helpers", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def state(run_name: str) -> dict[str, Any]:
    return read_checkpoint(run_folder(run_name) / "checkpoint.pt")


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file: what any change would change."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def straight(capsys, task, n_epochs, *words):
    """Train without a break; return the name of the run."""
    name = new_name("straight")
    words = (task, "--run-name", name, "--n-epochs", n_epochs, *words)
    assert trained(capsys, *words).status == 0
    return name
