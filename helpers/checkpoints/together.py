"""One checkpoint of many processes, and many processes from one checkpoint.

All of them call these functions at the same time; plainly started, they do
what `save_checkpoint` and `load_checkpoint` do. The file is the same whoever
wrote it: one process, four, or a model whose parameters are spread over all.
"""

import tempfile
from pathlib import Path

from helpers.checkpoints.file_format import checkpoint_file
from helpers.checkpoints.fits import Trained
from helpers.checkpoints.loading import load_checkpoint
from helpers.checkpoints.resuming import Checkpoint, LoadedInto
from helpers.checkpoints.saving import save_checkpoint
from helpers.errors import CheckpointError
from helpers.files import read_whole
from helpers.processes import (
    ends_together,
    is_first,
    share_bytes,
    sums,
    world_size,
)
from helpers.processes.sharding import is_sharded, load_whole, whole


@ends_together
def save_together(
    path: str | Path,
    configuration: Trained,
    losses: list[float],
    val_losses: list[float],
    metrics: dict[str, list[float]] | None = None,
) -> None:
    """Write one checkpoint, in the first process.

    Takes and raises what `save_checkpoint` does. The parts of a sharded model
    are brought together first, in the memory of the first process. Nobody
    goes on before the file is there.
    """
    if is_sharded(configuration.model):
        configuration = whole(configuration)
    if is_first():
        save_checkpoint(path, configuration, losses, val_losses, metrics)
    sums([])  # everybody has arrived here


@ends_together
def load_together(path: str | Path, configuration: Trained) -> Checkpoint:
    """Load the checkpoint that the first process sees, in every process.

    Takes, returns and raises what `load_checkpoint` does. The file has to be
    on the host of the first process only: the others get its bytes.
    """
    if world_size() == 1:
        return load_checkpoint(path, configuration)
    advice = "Train with checkpoint_path first, or check the name."
    content = None
    if is_first():
        content = read_whole(checkpoint_file(path), CheckpointError, advice)
    content = share_bytes(content)
    if is_first():
        return _load(path, configuration)
    with tempfile.TemporaryDirectory(prefix="tl_") as folder:
        copied = Path(folder, Path(path).name)
        copied.write_bytes(content)
        return _load(copied, configuration)


def _load(path: str | Path, configuration: Trained) -> Checkpoint:
    if not is_sharded(configuration.model):
        return load_checkpoint(path, configuration)
    # compared and loaded in whole, then handed out
    plain = whole(configuration)
    loaded = load_checkpoint(path, plain)
    load_whole(configuration, plain)
    return Checkpoint(
        loaded.epoch,
        loaded.losses,
        loaded.val_losses,
        loaded.metrics,
        LoadedInto(configuration.model),
    )
