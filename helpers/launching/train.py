"""Train from a terminal.

    python -m helpers train digits --lr 0.01 --run-name faster
    torchrun --nproc-per-node 2 -m helpers train digits

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

from helpers.errors import (
    CourseError,
    DeviceError,
    DivergenceError,
    RunNameError,
)
from helpers.launching.command_line import (
    device_typed,
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
from helpers.launching.together import (
    check_first_has_most,
    check_same_options,
    comes_from_another,
    end_with_torchrun,
    from_first,
    is_alone,
    is_lost,
    is_on_first_host,
    is_on_many_hosts,
    only_first_prints,
    say_why,
)
from helpers.launching.training import in_words, train_run, where_it_stands
from helpers.paths import RUNS, display_path
from helpers.processes import (
    device_of_process,
    ends_together,
    is_first,
    process_group,
    world_size,
)
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
    end_with_torchrun()
    with warnings.catch_warnings(), interruptible() as arrived:
        run = Run(words, arrived)
        # what torch plans for its next release is not for who trains
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.showwarning = _on_one_line
        try:
            with process_group(device_typed(words)):
                return _train(run)
        except SystemExit:
            raise
        except BaseException as error:
            return _end(error, run)


def _train(run: "Run") -> int:
    """Train, and say why it ends before the other processes notice."""
    try:
        with only_first_prints():
            ends_together(run.read)()
            ends_together(run.train)()
        return 0
    except BaseException as error:
        return _end(error, run)


def _end(error: BaseException, run: "Run") -> int:
    status, said = _outcome(error, run)
    if said is None:
        raise error
    follows = run.arrived.stopped is not None or comes_from_another(error)
    say_why(said, follows=follows)
    if status == 2:  # as argparse does, and tyro
        raise SystemExit(2) from None
    return status


class Run:
    """A run of the command: options, then data, then training.

    Attributes:
        words: the command line.
        arrived: the signals that ask for its end.
        folder: of the run; None before the options are read.
        n_epochs: how far it should go.
    """

    def __init__(self, words: Sequence[str], arrived: Interruptions):
        self.words = words
        self.arrived = arrived
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
            self.device = device_of_process(settings.device)
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
        check_same_options(self.options)
        done = from_first(
            lambda: where_it_stands(self.options, folder, self.name)
        )
        check_first_has_most(done, folder, self.name)
        if done == self.n_epochs:
            print(
                f"The run {self.name!r} is finished: all of its {done} epochs "
                "are done, and nothing was changed. A larger --n-epochs goes "
                "on with it, another --run-name starts anew."
            )
            return
        prepared = prepare(self.options)
        keep_others_out = contextlib.nullcontext()
        if is_first():
            keep_others_out = only_one(folder, self.name)
        with keep_others_out:
            _say_start(self.options, prepared, self.device, folder, done)
            so_far = train_run(
                self.options,
                prepared,
                self.device,
                folder,
                self.name,
                self.arrived,
            )
        _say_end(self.options, folder, self.name, in_words(so_far))

    def again(self) -> str:
        """Return how to go on with it: the same command."""
        typed = f"-m helpers train {shlex.join(self.words)}"
        if is_alone():
            return f"  python {typed}"
        if is_on_many_hosts():
            return f"  torchrun ... {typed}"
        n_processes = world_size()
        return f"  torchrun --nproc-per-node {n_processes} {typed}"


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


def _outcome(error: BaseException, run: Run) -> tuple[int, str | None]:
    """Return the exit status, and a sentence; None to let the error out."""
    stopped = run.arrived.stopped
    if stopped is not None:
        return stopped.status, _how_to_go_on(stopped.reason, run)
    if is_lost(error):
        return 1, _how_to_go_on("the end of another process", run)
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


def _how_to_go_on(reason: str, run: Run) -> str:
    if not is_on_first_host():
        return (
            f"Stopped by {reason}. The first process has saved every epoch "
            f"that was done. Go on with the same command:\n{run.again()}"
        )
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
    if is_first():
        print(f"Warning: {message}", file=sys.stderr)
