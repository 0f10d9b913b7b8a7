"""Runs: their folders below ``runs/``, their curves, TensorBoard's server.

Here belongs what names, fills, reads and clears the folder of a run, and what
shows its curves. What a training run saves there to go on from is in
`helpers.checkpoints`.
"""

from helpers.runs.curves import (
    after_writing,
    close_log,
    log_hparams,
    log_losses,
    log_metrics,
    open_writer,
    read_scalars,
    start_curves,
)
from helpers.runs.folders import checkpoint_path, clear_run, run_folder

__all__ = [
    "after_writing",
    "checkpoint_path",
    "clear_run",
    "close_log",
    "log_hparams",
    "log_losses",
    "log_metrics",
    "open_writer",
    "read_scalars",
    "run_folder",
    "start_curves",
]
