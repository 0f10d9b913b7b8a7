"""Loading a checkpoint: everything is compared first, then put in place."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checkpoints.file_format import (
    MALFORMED,
    checkpoint_file,
    one_sentence,
    read_checkpoint,
)
from helpers.checkpoints.fits import (
    Trained,
    compare_model,
    compare_optimizer,
    compare_scheduler,
)
from helpers.checkpoints.resuming import Checkpoint, LoadedInto
from helpers.checkpoints.schedules import in_its_own_types
from helpers.errors import CheckpointError, one_line
from helpers.paths import display_path


def load_checkpoint(path: str | Path, configuration: Trained) -> Checkpoint:
    """Put model and optimizer where a saved training run left them, to go on.

    Everything is compared first: a refused file changes nothing. Gradients that
    an interrupted step left behind are cleared.

    Args:
        path: a file that `save_checkpoint` wrote.
        configuration: model and optimizer as they were configured for the
            run that was saved, and its scheduler if it had one.

    Returns:
        the epochs done, their losses and metrics, for
        ``train(resume_from=...)``. It resumes this configuration, as it is
        now, and no other.

    Raises:
        CheckpointError: the file is missing, damaged, foreign, or of another
            model or optimizer.
    """
    state = read_checkpoint(path)
    file = checkpoint_file(path)
    with one_sentence(file, MALFORMED):
        compare_model(state["model_state_dict"], configuration.model, file)
        compare_optimizer(state, configuration, file)
        compare_scheduler(state, configuration.scheduler, file)
    parts = [
        (configuration.model, state["model_state_dict"]),
        (configuration.optimizer, state["optimizer_state_dict"]),
    ]
    scheduler = configuration.scheduler
    if scheduler is not None:
        saved = in_its_own_types(scheduler, state["scheduler_state_dict"])
        parts.append((scheduler, saved))
    _load_all(parts, file)
    _clear_gradients(configuration.model.parameters())
    for group in configuration.optimizer.param_groups:
        _clear_gradients(group["params"])
    return Checkpoint(
        state["epoch"],
        state["loss"],
        state["val_loss"],
        state.get("metrics", {}),
        LoadedInto(configuration.model),
    )


def load_model(path: str | Path, model: nn.Module) -> nn.Module:
    """Put the saved parameters into a model, to predict with it.

    The model keeps its device and its mode: call ``model.eval()`` next.

    Args:
        path: a file that `save_checkpoint` wrote.
        model: built as it was for the run that was saved.

    Returns:
        the same model, without gradients of an earlier step.

    Raises:
        CheckpointError: see `load_checkpoint`; the model is then unchanged.
    """
    state = read_checkpoint(path)
    file = checkpoint_file(path)
    with one_sentence(file, MALFORMED):
        compare_model(state["model_state_dict"], model, file)
    _load_all([(model, state["model_state_dict"])], file)
    _clear_gradients(model.parameters())
    return model


def _clear_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Forget gradients: a step that clears them last would add to them."""
    for parameter in parameters:
        parameter.grad = None


def _load_all(parts: list[tuple[Any, dict[str, Any]]], path: Path) -> None:
    """Load every part, or put all of them back as they were."""
    before = [
        (part, copy.deepcopy(part.state_dict()))
        for part, _ in parts
        if not _has_lazy_layers(part)  # without values, so with none to lose
    ]
    try:
        for part, state in parts:
            part.load_state_dict(copy.deepcopy(state))
    except BaseException as error:  # Ctrl-C as well
        for part, state in before:
            part.load_state_dict(state)
        if not isinstance(error, Exception):
            raise
        raise CheckpointError(
            f"{display_path(path)} could not be loaded, and model and "
            f"optimizer are as they were: {one_line(str(error))}"
        ) from error


def _has_lazy_layers(part: Any) -> bool:
    return isinstance(part, nn.Module) and any(map(is_lazy, part.parameters()))
