"""One batch, learnt by heart: the first test of any model and loss.

Here belongs the experiment on copies. It runs steps of its own, so the watch
never does it by itself.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from helpers.clinic.constant import constant_loss
from helpers.clinic.looking import tensors_in

LEARNT = 0.1  # of the first loss, and of that of a constant answer, or less
NOTHING = 1e-6  # a loss that is as good as none


@dataclass(frozen=True)
class Overfit:
    """Whether a model can learn one batch by heart.

    Attributes:
        fits: whether the loss fell to a tenth of the first one, or less, and
            of ``constant``.
        first: the loss before the first step.
        last: the lowest loss, after at most ``n_steps``.
        n_steps: how many steps were run.
        reasons: what stands in the way, the most likely first.
        constant: the loss of the best answer that is the same for all rows;
            None if it is not known for this loss.
    """

    fits: bool
    first: float
    last: float
    n_steps: int
    reasons: list[str] = field(default_factory=list)
    constant: float | None = None

    def __bool__(self) -> bool:
        return self.fits

    def __str__(self) -> str:
        answer = "Yes" if self.fits else "No"
        said = (
            f"{answer}: the loss of this batch went from {self.first:.4g} to "
            f"{self.last:.4g} in {self.n_steps} steps."
        )
        return "\n".join([said, *(f"- {reason}" for reason in self.reasons)])


def can_overfit(
    model: nn.Module,
    loss_fn: Callable,
    batch: Any,
    n_steps: int = 200,
    lr: float = 1e-2,
) -> Overfit:
    """Try to learn one batch by heart, on copies.

    Args:
        model: is copied with its weights; nothing of it is changed.
        loss_fn: takes predictions and labels; copied if it is a module.
        batch: a pair of features and labels. Features in a dictionary are
            given to the model by name, those in a tuple one by one.
        n_steps: at most so many steps of Adam.
        lr: its learning rate.

    Returns:
        Whether it fits, how far the loss fell and what stands in the way. The
        random state is as before.
    """
    x, y = batch
    devices = {
        t.device.index or 0
        for t in tensors_in(x, y, list(model.parameters()))
        if t.is_cuda
    }
    with torch.random.fork_rng(devices=sorted(devices)), torch.enable_grad():
        return _try(model, loss_fn, x, y, n_steps, lr)


def _try(model, loss_fn, x, y, n_steps: int, lr: float) -> Overfit:
    patient = copy.deepcopy(model).train()
    if isinstance(loss_fn, nn.Module):
        loss_fn = copy.deepcopy(loss_fn)
    x, y = copy.deepcopy((x, y))
    parameters = [p for p in patient.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.grad = None
    if not parameters:
        loss = float(loss_fn(_answer(patient, x), y))
        return Overfit(False, loss, loss, 0, ["Every parameter is frozen."])
    optimizer = torch.optim.Adam(parameters, lr=lr)
    losses: list[float] = []
    reached: set[str] = set()
    moved: set[str] = set()
    constant = None
    for step in range(n_steps):
        optimizer.zero_grad()
        yhat = _answer(patient, x)
        loss = loss_fn(yhat, y)
        if step == 0:
            constant = constant_loss(loss_fn, yhat, y)
        losses.append(float(loss.detach()))
        goal = _goal(losses[0], constant)
        if not loss.requires_grad:
            why = (
                "The loss does not depend on the model: something on the way "
                "to it was detached, or computed without gradients."
            )
            return Overfit(False, losses[0], losses[-1], 0, [why])
        if not math.isfinite(losses[-1]) or losses[-1] < 1e-3 * goal:
            break
        loss.backward()
        for name, parameter in patient.named_parameters():
            if parameter.grad is not None:
                reached.add(name)
                if bool(parameter.grad.any()):
                    moved.add(name)
        optimizer.step()
    first = losses[0]
    finite = [value for value in losses if math.isfinite(value)]
    last = min(finite, default=math.nan)
    goal = max(_goal(first, constant), NOTHING)
    fits = last <= goal and math.isfinite(losses[-1])
    reasons = [] if fits else _reasons(patient, x, y, losses, constant)
    reasons = [*_gradients(patient, reached, moved), *reasons]
    return Overfit(fits, first, last, len(losses), reasons, constant)


def _goal(first: float, constant: float | None) -> float:
    """Return the loss below which the batch counts as learnt."""
    if constant is None or constant <= NOTHING:  # labels that are all alike
        return LEARNT * first
    return LEARNT * min(first, constant)


def _answer(model: nn.Module, x: Any) -> Any:
    if isinstance(x, dict):
        return model(**x)
    return model(*x) if isinstance(x, (tuple, list)) else model(x)


def _gradients(model, reached: set[str], moved: set[str]) -> list[str]:
    names = [n for n, p in model.named_parameters() if p.requires_grad]
    missing = [n for n in names if n not in reached]
    if names and not moved:
        return ["No parameter ever gets a gradient other than zero."]
    reasons = []
    if missing:
        reasons.append(
            f"No gradient reaches {', '.join(missing[:3])}: a layer that is "
            "not used, or something detached after it."
        )
    still = [n for n in names if n in reached and n not in moved]
    matrices = [n for n in still if model.get_parameter(n).ndim > 1]
    if matrices:
        reasons.append(
            f"The gradient of {', '.join(matrices[:3])} is exactly zero: dead "
            "or saturated units after it, or weights that are all the same."
        )
    return reasons


def _reasons(
    model, x, y, losses: list[float], constant: float | None
) -> list[str]:
    reasons = []
    if not math.isfinite(losses[-1]):
        reasons.append(
            f"The loss became {losses[-1]} at step {len(losses)}: look "
            "for nan or inf in the batch, or try a smaller learning rate."
        )
    n = _contradictions(x, y)
    if n:
        reasons.append(
            f"{n} rows have the same features as a row with another label, "
            "so that no model can tell them apart."
        )
    for name, module in model.named_modules():
        if isinstance(module, _DropoutNd) and module.p > 0:
            reasons.append(
                f"Dropout of {module.p:g} in {name!r} hides a different part "
                "of the batch at each step. Set it to 0 for this test."
            )
            break
    rows = next((len(t) for t in tensors_in(x) if t.ndim), 0)
    if any(isinstance(m, _BatchNorm) for m in model.modules()) and rows < 4:
        reasons.append(
            f"Batch norm over {rows} rows leaves little that tells them apart."
        )
    if not reasons and constant and min(losses) <= LEARNT * losses[0]:
        reasons.append(
            f"The same answer for all rows would reach {constant:.4g}, and a "
            "tenth of that is the goal: try more steps, and look whether the "
            "features get to the predictions."
        )
    if not reasons and losses[-1] > losses[0]:
        reasons.append("The loss rises: try a smaller learning rate.")
    if not reasons:
        reasons.append(
            "The loss falls too little: more steps, another learning rate, or "
            "a larger model; and look whether predictions and labels have the "
            "shape and range that the loss expects."
        )
    return reasons


def _contradictions(x: Any, y: Any) -> int:
    """Count rows whose features occur with a different label."""
    parts = [t for t in tensors_in(x) if t.ndim]
    labels = next(tensors_in(y), None)
    if not parts or labels is None or not labels.ndim:
        return 0
    n = len(labels)
    if any(len(t) != n for t in parts):
        return 0
    seen: dict[bytes, set[bytes]] = {}
    keys = []
    for i in range(n):
        key = b"".join(_bytes(t[i]) for t in parts)
        keys.append(key)
        seen.setdefault(key, set()).add(_bytes(labels[i]))
    return sum(len(seen[key]) > 1 for key in keys)


def _bytes(row: torch.Tensor) -> bytes:
    return row.detach().cpu().contiguous().double().numpy().tobytes()
