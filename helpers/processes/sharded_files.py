"""Sharded checkpoints: every process writes the parts that it holds.

No process needs the memory for the whole model, and any number of processes
can load what another number has saved. The format is that of torch
(``torch.distributed.checkpoint``), a folder with a file per process.

Loading unpickles ``.metadata`` in that folder, which can run any code: load
only what you wrote yourself. The checkpoints of `helpers.checkpoints` run none.

Source: https://docs.pytorch.org/docs/stable/distributed.checkpoint.html
"""

# pyright: reportPrivateImportUsage=false

import os
import warnings
from pathlib import Path
from typing import Any

import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import (
    get_state_dict,
    set_state_dict,
)

from helpers.errors import CheckpointError
from helpers.paths import display_path
from helpers.processes.group import world_size


def save_sharded(folder: str | Path, configuration: Any) -> None:
    """Write model and optimizer, each process what it holds.

    Every process calls it. The folder should be new, on a disk that all of
    them see: unlike `save_checkpoint`, this may leave half a checkpoint.

    Args:
        folder: is made.
        configuration: model (not its wrapper) and optimizer.

    Raises:
        CheckpointError: there is a checkpoint in the folder already.
    """
    folder = Path(folder)
    if (folder / ".metadata").exists():
        raise CheckpointError(
            f"{display_path(folder)} holds a checkpoint already. Give each "
            "sharded checkpoint a folder of its own."
        )
    dcp.save(
        _state_of(configuration),
        storage_writer=dcp.FileSystemWriter(os.fspath(folder)),
        no_dist=world_size() == 1,
    )


def load_sharded(folder: str | Path, configuration: Any) -> None:
    """Fill model and optimizer, each process with what it holds.

    Args:
        folder: from `save_sharded`, with any number of processes, and written
            by you: loading may run code that is in it.
        configuration: configured as it was for the run that was saved.

    Raises:
        CheckpointError: there is no such checkpoint, or it is of another
            model. Model and optimizer then stay as they were.
    """
    folder = Path(folder)
    if not (folder / ".metadata").exists():
        raise CheckpointError(
            f"There is no sharded checkpoint in {display_path(folder)}: it "
            "should hold a file .metadata, which save_sharded writes last."
        )
    state = _state_of(configuration)
    try:
        with warnings.catch_warnings():
            # torch remarks that one process is meant, as it is
            warnings.filterwarnings("ignore", "torch.distributed is disabled")
            dcp.load(
                state,
                storage_reader=dcp.FileSystemReader(os.fspath(folder)),
                no_dist=world_size() == 1,
            )
    except (Exception, CheckpointException) as error:
        raise CheckpointError(
            f"{display_path(folder)} could not be loaded: it is damaged, or "
            f"of another model ({_last_line(error)})."
        ) from error
    set_state_dict(
        configuration.model,
        configuration.optimizer,
        model_state_dict=state["model"],
        optim_state_dict=state["optimizer"],
    )


def _last_line(error: BaseException) -> str:
    """Return what is wrong; torch puts the tracebacks of all before it."""
    return str(error).strip().rpartition("\n")[2][:300]


def _state_of(configuration: Any) -> dict[str, Any]:
    """Return states with a name per parameter, in parts where it is spread."""
    model, optimizer = get_state_dict(
        configuration.model, configuration.optimizer
    )
    return {"model": model, "optimizer": optimizer}
