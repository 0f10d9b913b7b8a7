"""Kill a training run again and again, and let it go on from its checkpoint.

    python -m helpers kill-training simple_linear_regression 200 15

prints one line of JSON: the epochs from which training went on (chapter 08).
Every kill is a SIGKILL, at a random moment.
"""

import argparse
import json
import os
import random
import signal
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch
from torch import optim

from helpers.checkpoints import load_checkpoint, read_checkpoint
from helpers.data_preparation import v2 as data_preparation
from helpers.datasets.line import generate_data
from helpers.demonstrations.new_processes import quick_context
from helpers.model_configuration import v3 as model_configuration
from helpers.model_training import v6 as model_training
from helpers.runs import checkpoint_path

SAVE_EVERY = 5  # epochs
PATIENCE = 0.01  # seconds: a kill comes at most so long after a new checkpoint


def train_on(
    run_name: str, n_epochs: int, every: int = SAVE_EVERY
) -> tuple[list[float], list[float]]:
    """Train a run, from its checkpoint if it has one.

    Args:
        run_name: a run below ``runs/``.
        n_epochs: epochs in all.
        every: save after every so many epochs.

    Returns:
        losses and val_losses of all epochs.
    """
    path = checkpoint_path(run_name)
    configuration = model_configuration.configure_model(run_name=run_name)
    has_checkpoint = path.exists()
    return model_training.train(
        configuration,
        *data_preparation.prepare_data(*generate_data()),
        n_epochs=n_epochs,
        checkpoint_path=path,
        checkpoint_every=every,
        resume_from=(
            load_checkpoint(path, configuration) if has_checkpoint else None
        ),
    )


def train_and_kill(run_name: str, n_epochs: int, n_kills: int) -> list[int]:
    """Train a run in processes of their own, and kill so many of them.

    Args:
        run_name: a run below ``runs/``.
        n_epochs: epochs in all; the last process is left alone to finish.
        n_kills: how many processes to kill before.

    Returns:
        the epoch of the checkpoint after each kill, 0 where there was none.
    """
    context = quick_context()
    # The first optimizer of a process is slow: make it before the fork.
    optim.SGD([torch.zeros(1, requires_grad=True)])
    path = checkpoint_path(run_name)
    found = []
    while True:
        process = context.Process(target=_train, args=(run_name, n_epochs))
        process.start()
        is_last = len(found) == n_kills
        if not is_last:
            _wait_for_news(process, path)
            process.join(random.uniform(0, PATIENCE))
            process.kill()  # nothing happens to one that has ended
        process.join()
        killed = process.exitcode == -getattr(signal, "SIGKILL", 9)
        if is_last or not killed:
            return found
        found.append(read_checkpoint(path)["epoch"] if path.exists() else 0)


def _train(run_name: str, n_epochs: int) -> None:
    """Train, quietly, and let the one who kills go first on a busy machine.

    Otherwise training might end before its killer gets a turn.
    """
    # a progress bar in a page is a message, which a forked kernel cannot send
    os.environ["TQDM_DISABLE"] = "1"
    if hasattr(os, "nice"):
        os.nice(10)
    train_on(run_name, n_epochs)


def _wait_for_news(process: BaseProcess, path: Path) -> None:
    """Wait until a process has saved a checkpoint, so that each gets on."""

    def saved_at() -> int | None:
        return path.stat().st_mtime_ns if path.exists() else None

    before = saved_at()
    while process.is_alive() and saved_at() == before:
        time.sleep(0.001)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, train and kill, print the epochs; return 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers kill-training",
        description="Kill a training run again and again, and let it go on.",
    )
    parser.add_argument("run_name", help="a run below runs/")
    parser.add_argument("n_epochs", type=int, help="epochs in all")
    parser.add_argument("n_kills", type=int, help="processes to kill")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(
        json.dumps(
            train_and_kill(options.run_name, options.n_epochs, options.n_kills)
        )
    )
    return 0
