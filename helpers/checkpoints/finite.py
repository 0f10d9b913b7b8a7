"""Looking for nan and inf in a state."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from helpers.checkpoints.plain_values import tensors_in
from helpers.errors import CheckpointError, one_line
from helpers.paths import display_path


def check_all_finite(tensors: Any, path: Path, consequence: str) -> None:
    """Look for nan and inf in all tensors of a nested state.

    Raises:
        CheckpointError: there are some.
    """
    for where, tensor in tensors_in(tensors, ""):
        if not torch.isfinite(_computable(tensor)).all():
            raise CheckpointError(
                f"The values {one_line(where)} hold nan or inf, so that "
                f"{consequence} ({display_path(path)}). Training had diverged: "
                "go back to an older checkpoint and try a smaller learning "
                "rate."
            )


def check_model_finite(
    saved: dict[str, Any], model: nn.Module, path: Path, consequence: str
) -> None:
    """Check parameters for nan and inf, buffers for nan only.

    A buffer that holds -inf is nothing odd: masks of attention do.

    Raises:
        CheckpointError: there are some.
    """
    learned = {
        name for name, _ in model.named_parameters(remove_duplicate=False)
    }
    for name, tensor in saved.items():
        if name not in learned and isinstance(tensor, torch.Tensor):
            tensor = _computable(tensor).nan_to_num(
                nan=torch.nan, posinf=0, neginf=0
            )
        check_all_finite({name: tensor}, path, consequence)


def _computable(tensor: torch.Tensor) -> torch.Tensor:
    """Return numbers that torch can compute with: of 8 bits it cannot."""
    is_tiny = tensor.is_floating_point() and tensor.element_size() == 1
    return tensor.float() if is_tiny else tensor
