"""A training run from the command line: begun, gone on with, or finished.

Version 9 trains one epoch at a time. As everything random in an epoch follows
from the seed and its number, that is the same run, to the last bit; and after
each epoch there is a moment to log, to save and to print.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import torch

from helpers.checkpoints import (
    Checkpoint,
    load_together,
    losses_so_far,
    metrics_so_far,
    save_together,
)
from helpers.launching.interruptions import Interruptions
from helpers.launching.options import TASKS, OptionError, Options
from helpers.launching.run_files import (
    CHECKPOINT,
    FORMAT,
    RunError,
    check_free,
    check_same,
    described_options,
    epochs_done,
    read_about,
    write_about,
)
from helpers.launching.tasks import Prepared, configure, loaders_for
from helpers.launching.together import from_first
from helpers.model_training import v9 as model_training
from helpers.page.progress_bar import progress
from helpers.processes import is_first
from helpers.runs import (
    close_log,
    log_hparams,
    log_losses,
    log_metrics,
    start_curves,
)


def where_it_stands(options: Options, folder: Path, run_name: str) -> int:
    """Return how many epochs of a run are done; 0 if it begins.

    Raises:
        OptionError: the folder has a run with other options, or one that is
            further than it should go.
        RunError, CheckpointError: one of its files is damaged.
    """
    about = read_about(folder)
    if about is None:
        check_free(folder, run_name)
        return 0
    done = epochs_done(folder)
    if not done:
        return 0  # nothing was learned, so that nothing is lost
    check_same(about, described_options(options), run_name)
    n_epochs = options.hyperparameters.n_epochs
    if n_epochs < done:
        raise OptionError(
            f"--n-epochs {n_epochs} is less than the run {run_name!r} has "
            f"done, {done}. Take more epochs, or give a new run a name of its "
            "own: --run-name."
        )
    return done


def train_run(
    options: Options,
    prepared: Prepared,
    device: torch.device,
    folder: Path,
    run_name: str,
    arrived: Interruptions,
) -> Checkpoint:
    """Train a run up to the epochs that the options ask for, saving each.

    Args:
        options: of this run.
        prepared: its data.
        device: where to compute.
        folder: of the run.
        run_name: its name.
        arrived: the signals that ask for its end, looked at after each epoch.

    Returns:
        losses and metrics of every epoch.

    Raises:
        CourseError: something is wrong with options, data or disk; what was
            saved before stays.
    """
    done = from_first(lambda: where_it_stands(options, folder, run_name))
    if is_first():
        _describe(options, prepared, folder, done)
    loaders = loaders_for(options, prepared)
    configuration = configure(options, prepared, device, run_name)
    path = folder / CHECKPOINT
    resume_from = load_together(path, configuration) if done else None
    losses, val_losses = losses_so_far(resume_from)
    metrics = metrics_so_far(resume_from, configuration.metric_step_fns)
    so_far = Checkpoint(len(losses), losses, val_losses, metrics)

    # the log stays open from epoch to epoch: version 9 would close it
    writer, configuration.writer = configuration.writer, None
    log_hparams(writer, hparams_of(options), LOGGED)
    start_curves(writer, done)
    n_epochs = options.hyperparameters.n_epochs
    epochs = progress(range(done, n_epochs))
    report = Report(epochs, n_epochs, options.settings.print_every)
    try:
        for epoch in epochs:
            losses, val_losses, metrics = model_training.train(
                configuration,
                *loaders,
                n_epochs=epoch + 1,
                seed=options.settings.seed,
                resume_from=so_far if epoch else None,
            )
            so_far = Checkpoint(epoch + 1, losses, val_losses, metrics)
            log_losses(writer, epoch, losses[-1], val_losses[-1])
            log_metrics(writer, epoch, metrics)
            save_together(path, configuration, losses, val_losses, metrics)
            report(so_far)
            arrived.end_if_asked()
            configuration.first_look = False  # one look per run is enough
    finally:
        report.close()
        close_log(writer)
    return so_far


def _describe(
    options: Options, prepared: Prepared, folder: Path, done: int
) -> None:
    """Write beside the model what it is; nothing if that is there already.

    Raises:
        RunError: the disk refuses, or the model of this run was another one.
    """
    about = {"format": FORMAT, **described_options(options), **prepared.about()}
    about = json.loads(json.dumps(about))  # no tuples, as in the file
    before = read_about(folder)
    if before == about:
        return
    for name in prepared.about():
        if done and before is not None and before[name] != about[name]:
            raise RunError(
                f"The {name} of this run have changed since it was started, "
                "although its options have not: the course or its data must "
                "have. Give a new run a name of its own: --run-name."
            )
    write_about(folder, about)


# ------------------------------------------------------------- what is told

# What TensorBoard's table of hyperparameters shows beside them.
LOGGED = ("loss/validation", "accuracy/validation")


def hparams_of(options: Options) -> dict[str, bool | str | float]:
    """Return hyperparameters and seed, under the same names for every task.

    TensorBoard shows the names of the first run that it reads, and no others.
    What a task does not have is 0, or "-" where it would be a word.
    """
    values: dict[str, bool | str | float] = {}
    for kind in TASKS.values():
        (group,) = (
            field.type
            for field in dataclasses.fields(kind)
            if field.name == "hyperparameters"
        )
        for field in dataclasses.fields(group):  # type: ignore[arg-type]
            values[field.name] = "-" if isinstance(field.default, str) else 0
    own = dataclasses.asdict(options.hyperparameters)
    return {
        "data": options.NAME,
        **values,
        **own,
        "global_batch_size": options.hyperparameters.update_size,
        "seed": options.settings.seed,
    }


def in_words(so_far: Checkpoint) -> str:
    """Return the losses and metrics of the last epoch."""
    values = {
        "loss": so_far.losses[-1],
        "val_loss": so_far.val_losses[-1],
        **{name: curve[-1] for name, curve in so_far.metrics.items()},
    }
    return "   ".join(f"{name} {value:#.4g}" for name, value in values.items())


class Report:
    """Tells each epoch: beside the bar on a terminal, elsewhere on a line.

    Args:
        epochs: what `progress` returned, perhaps a bar.
        n_epochs: in all.
        every: epochs from one line to the next; 0 prints none.
    """

    def __init__(self, epochs: Any, n_epochs: int, every: int):
        # no bar for a single epoch; elsewhere than on a terminal it is off
        self.bar = None if getattr(epochs, "disable", True) else epochs
        is_shown = self.bar is not None and sys.stdout.isatty()
        self.prints = 0 if is_shown else every
        self.n_epochs = n_epochs

    def __call__(self, so_far: Checkpoint) -> None:
        """Tell the last epoch of a run."""
        if self.bar is not None:
            curves = {"val_loss": so_far.val_losses, **so_far.metrics}
            self.bar.set_postfix(
                {name: f"{curve[-1]:.3g}" for name, curve in curves.items()},
                refresh=False,
            )
        is_due = self.prints and (
            so_far.epoch % self.prints == 0 or so_far.epoch == self.n_epochs
        )
        if is_due:
            print(
                f"epoch {so_far.epoch} of {self.n_epochs}   {in_words(so_far)}",
                flush=True,
            )

    def close(self) -> None:
        """Take the bar away, so that a sentence can follow."""
        if self.bar is not None:
            self.bar.close()
