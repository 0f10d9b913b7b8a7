"""Checkpoints: written whole or not at all, checked before they are loaded.

Here belongs what turns the state of a training run into a file and back:

* `saving`, `loading`, `resuming`: what a chapter calls; `together`: the same
  in many processes;
* `file_format` and `archive`: the bytes; `plain_values`: what may be in them;
* `fits`: whether a state goes into a model, an optimizer and a schedule, with
  `comparing`, `finite`, `kept_by_optimizers` and `schedules` to find that out.

Writing any file whole is `helpers.files`; when to save is up to
`helpers.model_training`; exported models are in `helpers.deployment`.
"""

from helpers.checkpoints.file_format import FORMAT, read_checkpoint
from helpers.checkpoints.loading import load_checkpoint, load_model
from helpers.checkpoints.resuming import (
    Checkpoint,
    check_resumes,
    losses_so_far,
    metrics_so_far,
)
from helpers.checkpoints.saving import save_checkpoint
from helpers.checkpoints.together import load_together, save_together
from helpers.errors import CheckpointError

__all__ = [
    "FORMAT",
    "Checkpoint",
    "CheckpointError",
    "check_resumes",
    "load_checkpoint",
    "load_model",
    "load_together",
    "losses_so_far",
    "metrics_so_far",
    "read_checkpoint",
    "save_checkpoint",
    "save_together",
]
