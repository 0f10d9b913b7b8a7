"""Train from a terminal.

    python -m helpers train digits --lr 0.01 --run-name faster

Exit status: 0 when the run is finished, 1 when something went wrong, 2 when
the options make no sense, and 128 + the number of a signal that ended it.
"""

import contextlib
import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from helpers.devices import find_device
from helpers.errors import (
    CourseError,
    DeviceError,
    DivergenceError,
    RunNameError,
)
from helpers.launching.command_line import (
    PROGRAM,
    read_options,
    show_any_letter,
)
from helpers.launching.interruptions import Interruptions, interruptible
from helpers.launching.options import OptionError, Options, Table, said_by
from helpers.launching.run_files import (
    ABOUT,
    CHECKPOINT,
    epochs_done,
    only_one,
    usual_run_name,
)
from helpers.launching.tasks import Prepared, prepare
from helpers.launching.training import in_words, train_run, where_it_stands
from helpers.paths import RUNS, display_path
from helpers.runs import run_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what the command line asks for; return the exit status.

    Args:
        arguments: the words of the command line.

    Raises:
        SystemExit: 0 after help, 2 after options that make no sense.
    """
    words = list(sys.argv[2:] if arguments is None else arguments)
    show_any_letter()
    run = Run(words)
    with warnings.catch_warnings(), interruptible() as arrived:
        # what torch plans for its next release is not for who trains
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.showwarning = _on_one_line
        try:
            run.read()
            run.train()
            return 0
        except BaseException as error:
            status, said = _outcome(error, arrived, run)
            if said is None:
                raise
            print(said, file=sys.stderr, flush=True)
            if status == 2:  # as argparse does, and tyro
                raise SystemExit(2) from None
            return status


class Run:
    """A run of the command: options, then data, then training.

    Attributes:
        words: the command line.
        folder: of the run; None before the options are read.
        n_epochs: how far it should go.
    """

    def __init__(self, words: Sequence[str]):
        self.words = words
        self.folder: Path | None = None
        self.n_epochs = 0

    def read(self) -> None:
        """Read the options, and find device and folder.

        Raises:
            OptionError: one of them makes no sense.
        """
        self.options = options = read_options(self.words)
        settings = options.settings
        torch.set_num_threads(settings.n_threads)
        # the same bits each time on a GPU as well
        torch.backends.cudnn.deterministic = True
        try:
            self.device = find_device(settings.device)
        except DeviceError as error:
            raise OptionError(f"--device: {error}") from None
        data = options.source.data if isinstance(options, Table) else None
        name = settings.run_name
        usual = usual_run_name(options.NAME, data)
        self.name = usual if name is None else name
        try:
            self.folder = run_folder(self.name)
        except RunNameError as error:
            raise OptionError(f"--run-name: {error}") from None
        self.n_epochs = options.hyperparameters.n_epochs

    def train(self) -> None:
        """Train, unless all is done.

        Raises:
            CourseError: see `helpers.launching.training.train_run`.
        """
        folder: Any = self.folder
        done = where_it_stands(self.options, folder, self.name)
        if done == self.n_epochs:
            print(
                f"The run {self.name!r} is finished: all of its {done} epochs "
                "are done, and nothing was changed. A larger --n-epochs goes "
                "on with it, another --run-name starts anew."
            )
            return
        prepared = prepare(self.options)
        with only_one(folder, self.name):
            _say_start(self.options, prepared, self.device, folder, done)
            so_far = train_run(
                self.options, prepared, self.device, folder, self.name
            )
        _say_end(self.options, folder, self.name, in_words(so_far))

    def again(self) -> str:
        """Return how to go on with it: the same command."""
        return f"  {PROGRAM} {shlex.join(self.words)}"


def _say_start(
    options: Options,
    prepared: Prepared,
    device: torch.device,
    folder: Path,
    done: int,
) -> None:
    n_train, n_val = prepared.n_rows
    for note in prepared.notes:
        print(note)
    print(
        f"Training on {options.NAME}, {n_train:,} rows, with {n_val:,} held "
        f"out, on {device}."
    )
    if done:
        print(f"Going on after epoch {done}, in {display_path(folder)}.")
    print(f"Curves: tensorboard --logdir {_as_typed(RUNS)}", flush=True)


def _say_end(
    options: Options, folder: Path, run_name: str, result: str
) -> None:
    shown = display_path(folder)
    print(f"Done: {result}")
    print(f"The model: {shown}/{CHECKPOINT} and {shown}/{ABOUT}")
    more = " --input FILE.csv" if isinstance(options, Table) else ""
    print(f"Predict:   python -m helpers predict {run_name}{more}", flush=True)


def _as_typed(folder: Path) -> str:
    """Return a folder as it can be typed here."""
    here = Path.cwd()
    if folder.is_relative_to(here):
        folder = folder.relative_to(here)
    return shlex.quote(str(folder))


def _outcome(
    error: BaseException, arrived: Interruptions, run: Run
) -> tuple[int, str | None]:
    """Return the exit status, and a sentence; None to let the error out."""
    if arrived.stopped is not None:
        return arrived.stopped.status, _how_to_go_on(arrived, run)
    if isinstance(error, (OptionError, RunNameError)):
        return 2, str(error)
    if isinstance(error, DivergenceError):
        return 1, f"{error} Give that run a name of its own: --run-name."
    if isinstance(error, CourseError):
        return 1, str(error)
    if isinstance(error, BrokenPipeError):
        # what is still to be written goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1, "Nothing reads the output any longer. What was saved is kept."
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return 1, "The memory is full: take a smaller --batch-size or model."
    if isinstance(error, Exception):
        return 1, f"{type(error).__name__}: {said_by(error)}"
    return 1, None


def _how_to_go_on(arrived: Interruptions, run: Run) -> str:
    reason = getattr(arrived.stopped, "reason", "")
    done = 0
    with contextlib.suppress(CourseError):  # a damaged file is no news here
        done = epochs_done(run.folder) if run.folder else 0
    if not done:
        return (
            f"Stopped by {reason} before the first epoch was done: there is "
            f"nothing to save. Start again with:\n{run.again()}"
        )
    return (
        f"Stopped by {reason}. {done} of {run.n_epochs} epochs are saved. Go "
        f"on with the same command:\n{run.again()}"
    )


def _on_one_line(message: Any, *_: Any, **__: Any) -> None:
    print(f"Warning: {message}", file=sys.stderr)
