"""The box that the model configuration fills and the training empties.

Here belongs what a part is and what is said when one is missing. What a
training run does with the parts belongs in `helpers.model_training`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from helpers.errors import PairingError
from helpers.pipeline.versions import first_version_with
from helpers.processes import Share

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

_ABSENT: Any = object()


def _absent() -> Any:
    # a factory leaves no value in the class, so that __getattr__ gets to
    # speak when a part is missing
    return _ABSENT


@dataclass(kw_only=True, repr=False, eq=False)
class Configuration:
    """What a model configuration returns: the parts that a training run uses.

    A part that was not given is missing, and asking for it raises an error
    that names the version which has it. Whoever needs a part that is not
    listed here attaches it: ``configuration.ema = ema``.

    Attributes:
        device: where the model is.
        model: what is trained.
        loss_fn: takes predictions and labels, returns a loss of shape [].
        optimizer: holds the parameters of ``model``.
        train_step_fn: takes a batch, updates the model, returns the loss.
        val_step_fn: takes a batch, returns the loss.
        metric_step_fns: by name, functions like ``val_step_fn`` that return a
            metric in place of the loss.
        epoch_fn: takes a loader to train on and one to validate on, performs
            an epoch, returns loss, validation loss and metrics.
        writer: logs the run; None logs nothing.
        share: what this process has of a batch that several share.
        scheduler: changes the learning rate; its state is then saved in
            checkpoints too.
        first_look: whether the first batches are looked at. False goes on in
            spite of an alarm (`helpers.pipeline.first_batches`).
        put_back: whether model and optimizer are copied before a run, to be
            put back if it goes wrong (`helpers.pipeline.put_back`).

    Raises:
        PairingError: a part is asked for that this configuration lacks.
    """

    device: torch.device = field(default_factory=_absent)
    model: nn.Module = field(default_factory=_absent)
    loss_fn: Callable[..., torch.Tensor] = field(default_factory=_absent)
    optimizer: torch.optim.Optimizer = field(default_factory=_absent)
    train_step_fn: Callable[..., Any] = field(default_factory=_absent)
    val_step_fn: Callable[..., Any] = field(default_factory=_absent)
    metric_step_fns: dict[str, Callable[..., Any]] = field(
        default_factory=_absent
    )
    epoch_fn: Callable[..., Any] = field(default_factory=_absent)
    writer: SummaryWriter | None = field(default_factory=_absent)
    share: Share = field(default_factory=_absent)
    scheduler: LRScheduler | None = None
    first_look: bool = True
    put_back: bool = True
    version: str | None = field(default=None, init=False)

    def __post_init__(self):
        for name, value in list(vars(self).items()):
            if value is _ABSENT:
                delattr(self, name)

    def __getattr__(self, name: str) -> Any:
        # Python comes here only when the part is missing. Names with an
        # underscore are those that Python and IPython try.
        known = not name.startswith("_") and first_version_with(
            "model_configuration", [name]
        )
        if known:
            raise PairingError(lacks(self, [name]))
        raise AttributeError(f"A configuration has no {name!r}.")

    if TYPE_CHECKING:  # anything may be attached

        def __setattr__(self, name: str, value: Any) -> None: ...

    def __repr__(self) -> str:
        return f"Configuration({', '.join(self.parts())})"

    def parts(self) -> list[str]:
        """Return the names of the parts that it has."""
        settings = {"first_look", "put_back", "version"}
        absent = {"scheduler"} if self.scheduler is None else set()
        return [n for n in vars(self) if n not in settings | absent]

    def note_version(self, version: str) -> None:
        """Note which version of the stage has made it, such as "v2"."""
        self.version = version


def lacks(configuration: Configuration, needs: Iterable[str]) -> str | None:
    """Say which parts are missing, and which version has them.

    Args:
        configuration: the configuration at hand.
        needs: the names of the parts that are needed.

    Returns:
        a sentence; None if nothing is missing.
    """
    needs = list(needs)
    missing = [name for name in needs if name not in vars(configuration)]
    if not missing:
        return None
    came_from = configuration.version
    origin = (
        "it was filled in by hand"
        if came_from is None
        else f"it comes from model_configuration {came_from}"
    )
    said = f"The configuration has no {' and no '.join(missing)}: {origin}."
    stage = "model_configuration"
    version = first_version_with(stage, needs)
    version = version or first_version_with(stage, missing)
    if version is None:
        return f"{said} No version provides it; attach it before you train."
    which = "it" if len(missing) == 1 else "them"
    return (
        f"{said} The first version with {which} is {version}: "
        f"from helpers.{stage} import {version} as {stage}"
    )
