"""Runs in which one of several processes fails, each in its own way."""

import os
import signal
import sys
import time
from pathlib import Path

import torch
from torch import nn

from helpers.checkpoints import load_together
from helpers.errors import CourseError
from helpers.model_training import v9 as model_training
from helpers.processes import process_group, rank
from tests.processes.program import configured, loaders
from tests.tools import identical, state_of

FAILING = 1  # the rank


class Failing(nn.MSELoss):
    """A loss that fails in one process, at its fifth batch."""

    def __init__(self, fail):
        super().__init__()
        self.fail = fail
        self.n_calls = 0

    def forward(self, yhat, y):
        self.n_calls += yhat.requires_grad
        if rank() == FAILING and self.n_calls == 5:
            return self.fail(super().forward(yhat, y))
        return super().forward(yhat, y)


def an_error(_loss):
    raise ZeroDivisionError("the fault of process 1")


def killed(_loss):
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def diverged(loss):
    return loss * float("nan")


def wrong_labels():
    """Labels of another shape, in one process: the first look says so."""
    train_loader, val_loader = loaders(num_workers=0)
    if rank() == FAILING:
        x, y = train_loader.dataset.tensors
        train_loader.dataset.tensors = (x, y.flatten())
    return train_loader, val_loader


def run(how: str) -> None:
    data, options = loaders(), {}
    if how == "loading":
        load_together("nowhere.pt", configured())
    if how == "look":
        loss_fn, data = nn.MSELoss(), wrong_labels()
    elif how == "saving":
        loss_fn = nn.MSELoss()  # a folder is no file to write
        options = {"checkpoint_path": Path("runs"), "checkpoint_every": 1}
    else:
        loss_fn = Failing(
            {"error": an_error, "kill": killed, "diverged": diverged}[how]
        )
    configuration = configured(loss_fn=loss_fn)
    before = state_of(configuration)
    try:
        model_training.train(configuration, *data, n_epochs=4, **options)
    finally:
        print("put back", identical(before, state_of(configuration)))


def main(*names: str) -> None:
    torch.set_num_threads(1)
    for how in names:
        print("case", how, flush=True)
        start = time.monotonic()
        with process_group():
            try:
                run(how)
            except CourseError as error:
                print(type(error).__name__, error)
            except ZeroDivisionError as error:
                print("own", error)
        took = time.monotonic() - start
        print("quick" if took < 10 else f"slow: {took:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
