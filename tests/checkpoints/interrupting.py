"""Interrupt training at one line, as Ctrl-C would, and go on from its file."""

import sys
from pathlib import Path

import resuming
import torch

import helpers
from helpers.checkpoints import load_checkpoint

CASE, SAVED_AT, N_EPOCHS = "all at once", 2, 3
HERE = Path(helpers.__file__).parent
OPTIMIZERS = Path(torch.optim.__file__).parent
# Where a line is counted: in every file of the course, in those of the
# optimizer and of the schedule; or, in short, in those of a step.
EVERYWHERE = (str(HERE), str(OPTIMIZERS))
STEP = (str(HERE / "step_functions.py"), str(HERE / "mini_batch"))


class Interrupt:
    """While it is open, the line of some number raises KeyboardInterrupt."""

    def __init__(self, at, places):
        self.at, self.places, self.n_lines = at, places, 0

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self.call)
        return self

    def __exit__(self, *error):
        sys.settrace(self.before)

    def call(self, frame, event, argument):
        if frame.f_code.co_filename.startswith(self.places):
            return self.line
        return None

    def line(self, frame, event, argument):
        if event == "line":
            self.n_lines += 1
            if self.n_lines == self.at:
                raise KeyboardInterrupt
        return self.line


def train(configuration, path):
    """Go on from a file to the last epoch."""
    checkpoint = load_checkpoint(path, configuration)
    losses = resuming.model_training.train(
        configuration,
        *resuming.loaders(CASE),
        n_epochs=N_EPOCHS,
        seed=11,
        resume_from=checkpoint,
    )
    return resuming.outcome(configuration, losses)


def train_interrupted(path, at=None, places=EVERYWHERE):
    """Train, interrupted at a line; then go on in the same process.

    Args:
        path: a checkpoint of this case.
        at: the number of the line; None interrupts nothing.
        places: beginnings of the names of files whose lines are counted.

    Returns:
        what came of it in the end, and how many lines were counted; the first
        is None if training was not interrupted.
    """
    configuration = resuming.configure(CASE)
    with Interrupt(at, places) as interrupt:
        try:
            outcome = train(configuration, path)
        except KeyboardInterrupt:
            outcome = None
    if at is None:
        return outcome, interrupt.n_lines
    if outcome is not None:
        return None, interrupt.n_lines
    return train(configuration, path), interrupt.n_lines


def save(folder):
    """Train for the first epochs, and save; return the file."""
    path = folder / "interrupted.pt"
    resuming.train(
        CASE, SAVED_AT, checkpoint_path=path, checkpoint_every=SAVED_AT
    )
    return path
