"""Go on with a training run in a process of its own, from its checkpoint alone.

    python -m helpers resume simple_linear_regression 200

The new process knows the name of the run and nothing else: it prepares the
data, configures the model, and loads the rest (chapter 08).
"""

import argparse
import sys
from collections.abc import Sequence

import torch

from helpers.checkpoints import load_checkpoint, read_checkpoint
from helpers.data_preparation import v2 as data_preparation
from helpers.datasets.line import generate_data
from helpers.errors import CourseError
from helpers.model_configuration import v3 as model_configuration
from helpers.model_training import v6 as model_training
from helpers.runs import checkpoint_path


def resume(run_name: str, n_epochs: int) -> tuple[int, int]:
    """Train a run from its checkpoint up to ``n_epochs``, and save it again.

    Args:
        run_name: a run that training v6 saved, below ``runs/``.
        n_epochs: epochs in all, those of the checkpoint counted in.

    Returns:
        the epochs that were done before, and those that are done now.

    Raises:
        RunNameError: the name would lead out of ``runs/``.
        CheckpointError: there is no checkpoint, or it does not fit.
    """
    path = checkpoint_path(run_name)
    train_loader, val_loader = data_preparation.prepare_data(*generate_data())
    read_checkpoint(path)  # no file, no log: a wrong name makes no folder
    configuration = model_configuration.configure_model(run_name=run_name)
    checkpoint = load_checkpoint(path, configuration)
    losses, _ = model_training.train(
        configuration,
        train_loader,
        val_loader,
        n_epochs=n_epochs,
        checkpoint_path=path,
        resume_from=checkpoint,
    )
    return checkpoint.epoch, len(losses)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, resume, say what was done; return 0 or 1."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers resume",
        description="Go on with a training run, from its checkpoint alone.",
    )
    parser.add_argument("run_name", help="a run below runs/")
    parser.add_argument("n_epochs", type=int, help="epochs in all")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        before, now = resume(options.run_name, options.n_epochs)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"a new process went on from epoch {before} to epoch {now}")
    return 0
