"""How far a training run had come, and what it may go on with."""

import weakref
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import nn

from helpers.checkpoints.fits import Trained
from helpers.errors import CheckpointError
from helpers.processes.sharding import part_here

AGAIN = (
    "Load the checkpoint again, in the same cell as train: "
    "resume_from=load_checkpoint(path, configuration)."
)


class LoadedInto:
    """The model that a checkpoint was loaded into, as it was then."""

    def __init__(self, model: nn.Module):
        # not the model itself: a reader's old model may leave the memory
        self._model = weakref.ref(model)
        self._weights = _checksum(model)

    def is_gone(self) -> bool:
        """Tell whether nothing uses the model any longer."""
        return self._model() is None

    def is_in(self, configuration: Trained) -> bool:
        """Tell whether a configuration has this very model."""
        return self._model() is configuration.model

    def has_changed(self) -> bool:
        """Tell whether the weights are no longer those of the file."""
        model = self._model()
        return model is None or _checksum(model) != self._weights


def _checksum(model: nn.Module) -> int:
    checksum = 0
    for tensor in model.state_dict().values():
        if isinstance(tensor, torch.Tensor) and not tensor.is_meta:
            tensor = part_here(tensor)
            values = tensor.detach().cpu().contiguous().flatten()
            content = values.view(torch.uint8).numpy().data
            checksum = zlib.crc32(content, checksum)
    return checksum


@dataclass(frozen=True)
class Checkpoint:
    """How far a training run had come: epochs done, losses and metrics."""

    epoch: int
    losses: list[float]
    val_losses: list[float]
    metrics: dict[str, list[float]] = field(default_factory=dict)
    loaded_into: LoadedInto | None = field(
        default=None, repr=False, compare=False
    )

    def check_resumes(self, configuration: Trained) -> None:
        """Check that this was loaded into a configuration; see below.

        `helpers.pipeline.trains_with` calls it before anything is trained.
        """
        check_resumes(self, configuration)


def losses_so_far(
    resume_from: Checkpoint | None,
) -> tuple[list[float], list[float]]:
    """Return copies of the losses of a checkpoint; empty lists without one.

    Raises:
        CheckpointError: the model that it was loaded into was trained since
            then, or no longer exists.
    """
    if resume_from is None:
        return [], []
    loaded_into = resume_from.loaded_into
    if loaded_into is not None and loaded_into.has_changed():
        what = "has been trained since then"
        if loaded_into.is_gone():
            what = "no longer exists: configure_model was called again"
        raise CheckpointError(
            f"The model into which this checkpoint of epoch "
            f"{resume_from.epoch} was loaded {what}. {AGAIN}"
        )
    return list(resume_from.losses), list(resume_from.val_losses)


def metrics_so_far(
    resume_from: Checkpoint | None, names: Iterable[str]
) -> dict[str, list[float]]:
    """Return copies of the metrics of a checkpoint; empty lists without one.

    Args:
        resume_from: what ``load_checkpoint`` returned, or None.
        names: of the metrics that the run goes on with.

    Raises:
        CheckpointError: the run that was saved kept other metrics, so that
            their curves could not go on.
    """
    names = list(names)
    if resume_from is None:
        return {name: [] for name in names}
    kept = resume_from.metrics
    if set(kept) != set(names):
        raise CheckpointError(
            f"This checkpoint holds {_listed(kept)}, and this run keeps "
            f"{_listed(names)}. Go on with the configuration, and the version "
            "of train, that the run was saved with."
        )
    return {name: list(kept[name]) for name in names}


def _listed(names: Iterable[str]) -> str:
    return " and ".join(sorted(names)) or "no metrics"


def check_resumes(
    resume_from: Checkpoint | None, configuration: Trained
) -> None:
    """Check that a checkpoint was loaded into this very configuration.

    Args:
        resume_from: what ``load_checkpoint`` returned, or None.
        configuration: what is about to be trained.

    Raises:
        CheckpointError: it was loaded into another model, so that the weights
            here are not those of its epoch.
    """
    loaded_into = getattr(resume_from, "loaded_into", None)
    if loaded_into is not None and not loaded_into.is_in(configuration):
        raise CheckpointError(
            "This checkpoint was loaded into another configuration, so "
            "the weights here are not those of its epoch. Was configure_model "
            f"called again since then? {AGAIN}"
        )
