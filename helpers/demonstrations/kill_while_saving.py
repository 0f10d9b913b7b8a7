"""Kill processes while they save, and count the files that are lost.

    python -m helpers kill-saves runs/trial.pt 30

prints one line of JSON: how many of 30 files each way of saving lost
(chapter 08). Every kill is a real one, of a process of its own.
"""

import argparse
import json
import random
import time
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from helpers.demonstrations.new_processes import quick_context
from helpers.files import write_whole

N_NUMBERS = 1_000_000  # float32: a file of 4 MB


def save_plainly(state: dict, path: Path) -> None:
    """Save over the file that is there."""
    torch.save(state, path)


def save_aside(state: dict, path: Path) -> None:
    """Save as `helpers.checkpoints.save_checkpoint` does."""
    buffer = BytesIO()
    torch.save(state, buffer)
    write_whole(path, buffer.getvalue())


Way = Callable[[dict, Path], None]
WAYS: dict[str, Way] = {
    "torch.save": save_plainly,
    "aside, then os.replace": save_aside,
}


def count_lost(way: Way, path: Path, n_kills: int) -> int:
    """Save over one file again and again, each time killed on the way.

    Args:
        way: saves a dictionary to a path.
        path: the file, which is whole before each save.
        n_kills: how many processes to start and to kill.

    Returns:
        after how many kills there was no file that torch could load.
    """
    state = {"weight": torch.zeros(N_NUMBERS)}
    context = quick_context()
    way(state, path)
    start = time.perf_counter()
    way(state, path)
    duration = time.perf_counter() - start  # seconds, of one save
    n_lost = 0
    for _ in range(n_kills):
        ours, theirs = context.Pipe()
        process = context.Process(target=_save, args=(way, path, theirs))
        process.start()
        ours.recv()  # it begins to save now
        time.sleep(random.uniform(0, duration))
        process.kill()  # SIGKILL: no process can do anything about it
        process.join()
        if not is_whole(path):
            n_lost += 1
            way(state, path)
    return n_lost


def _save(way: Way, path: Path, started: Connection) -> None:
    state = {"weight": torch.ones(N_NUMBERS)}
    started.send("now")
    way(state, path)
    time.sleep(60)  # saved before the kill came: wait for it


def is_whole(path: Path) -> bool:
    """Tell whether torch can load a file, and its checksums agree."""
    try:
        torch.load(path, weights_only=True)
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # half a file raises almost anything
        return False


def compare(path: Path, n_kills: int) -> dict[str, int]:
    """Count the files that each way of saving loses.

    On a machine so busy that no process came as far as writing, plain
    ``torch.save`` loses nothing; its round is then played again.

    Args:
        path: a file to save to and lose.
        n_kills: how many processes to kill, for each way.

    Returns:
        by the name of a way: how many of ``n_kills`` files it lost.
    """
    counts = {}
    for name, way in WAYS.items():
        for _round in range(5 if way is save_plainly else 1):
            counts[name] = count_lost(way, path, n_kills)
            if counts[name]:
                break
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every way of saving, print the counts as JSON; return 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers kill-saves",
        description="Kill processes while they save, and count lost files.",
    )
    parser.add_argument("path", type=Path, help="a file to save to and lose")
    parser.add_argument("n_kills", type=int, help="of each way of saving")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(json.dumps(compare(options.path, options.n_kills)))
    return 0
