"""Saving the state of a training run."""

from pathlib import Path
from typing import Any

from helpers.checkpoints.file_format import (
    FORMAT,
    checkpoint_file,
    one_sentence,
    to_bytes,
)
from helpers.checkpoints.finite import check_all_finite, check_model_finite
from helpers.checkpoints.fits import Trained, wrong_state
from helpers.checkpoints.plain_values import plain
from helpers.errors import CheckpointError
from helpers.files import write_whole
from helpers.paths import display_path


def save_checkpoint(
    path: str | Path,
    configuration: Trained,
    losses: list[float],
    val_losses: list[float],
    metrics: dict[str, list[float]] | None = None,
) -> None:
    """Write the state of a training run, whole or not at all.

    Args:
        path: the file; its folder has to exist or be creatable.
        configuration: model, optimizer and perhaps a scheduler.
        losses: training losses, one for every epoch done so far.
        val_losses: validation losses, likewise.
        metrics: by name, likewise; None and {} keep no metrics.

    Raises:
        CheckpointError: a value cannot be saved, a weight is not finite, or
            the disk refuses. An older file at ``path`` is then untouched.
    """
    file = checkpoint_file(path)
    with one_sentence(file, "was not saved, as a value cannot be"):
        state = plain(_state_of(configuration, losses, val_losses, metrics))
        _check_it_would_load(state, configuration, file)
        content = to_bytes(state, file)
    write_whole(file, content, CheckpointError)


def _state_of(
    configuration: Trained,
    losses: list[float],
    val_losses: list[float],
    metrics: dict[str, list[float]] | None,
) -> dict[str, Any]:
    state = {
        "format": FORMAT,
        "epoch": len(losses),
        "model_state_dict": configuration.model.state_dict(),
        "optimizer": type(configuration.optimizer).__name__,
        "optimizer_state_dict": configuration.optimizer.state_dict(),
        "loss": losses,
        "val_loss": val_losses,
    }
    if metrics:
        state["metrics"] = metrics
    scheduler = configuration.scheduler
    if scheduler is not None:
        state["scheduler"] = type(scheduler).__name__
        state["scheduler_state_dict"] = scheduler.state_dict()
    return state


def _check_it_would_load(
    state: dict[str, Any], configuration: Trained, path: Path
) -> None:
    """Refuse what `load_checkpoint` would: it must not replace a good file."""
    saved, model = state["model_state_dict"], configuration.model
    check_model_finite(saved, model, path, "nothing was saved")
    optimizer_state = state["optimizer_state_dict"]
    check_all_finite(optimizer_state, path, "nothing was saved")
    wrong = wrong_state(state, configuration)
    if wrong:
        raise CheckpointError(
            f"{display_path(path)} was not saved, as it could not be checked "
            f"when it is loaded: after a step without slope, {wrong}. An "
            f"optimizer such as {state['optimizer']} cannot be resumed; save "
            "its model alone, with torch.save(model.state_dict(), path)."
        )
