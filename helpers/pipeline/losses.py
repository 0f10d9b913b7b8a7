"""Which loss is it, and what does it compare?

Here belongs recognising a loss of torch, as a module, as a function, with
settings filled in by ``functools.partial``, or by its value. What is wrong with
what it compares is for the judges.
"""

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from helpers.pipeline.seen import Seen

CROSS_ENTROPY, NLL = "cross-entropy", "nll"
BCE, BCE_WITH_LOGITS = "bce", "bce with logits"

_MODULES = {
    CROSS_ENTROPY: nn.CrossEntropyLoss,
    NLL: nn.NLLLoss,
    BCE: nn.BCELoss,
    BCE_WITH_LOGITS: nn.BCEWithLogitsLoss,
}
_FUNCTIONS = {
    CROSS_ENTROPY: F.cross_entropy,
    NLL: F.nll_loss,
    BCE: F.binary_cross_entropy,
    BCE_WITH_LOGITS: F.binary_cross_entropy_with_logits,
}
# by what they do: a subclass may squeeze before it compares
_FORWARDS = {kind.forward: name for name, kind in _MODULES.items()}
_NAMES = {function: name for name, function in _FUNCTIONS.items()}

# Losses that compare element by element and broadcast what does not match.
ELEMENTWISE = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)
ELEMENTWISE_FNS = (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss)
_ELEMENTWISE_FORWARDS = [kind.forward for kind in ELEMENTWISE]


@dataclass(frozen=True)
class Loss:
    """A loss of torch that was recognised.

    Attributes:
        kind: CROSS_ENTROPY, NLL, BCE or BCE_WITH_LOGITS.
        is_module: whether hooks saw what it compares.
        ignore_index: the label of rows that are left out.
    """

    kind: str
    is_module: bool
    ignore_index: int = -100


Pair = tuple[torch.Tensor, torch.Tensor] | tuple[None, None]


def known_loss(loss_fn: Any) -> Loss | None:
    """Return which loss of torch this is; None if it is none of them."""
    if isinstance(loss_fn, nn.Module):
        kind = _FORWARDS.get(type(loss_fn).forward)
        index = getattr(loss_fn, "ignore_index", -100)
        return None if kind is None else Loss(kind, True, index)
    settings = {}
    while isinstance(loss_fn, functools.partial) and not loss_fn.args:
        settings = {**loss_fn.keywords, **settings}
        loss_fn = loss_fn.func
    try:
        kind = _NAMES.get(loss_fn)
    except TypeError:  # cannot be looked up
        return None
    if kind is None:
        return None
    return Loss(kind, False, settings.get("ignore_index", -100))


def compares_elements(seen: Seen) -> bool:
    """Tell whether the loss pairs elements, as the squared error does."""
    loss_fn = seen.comparing
    if isinstance(loss_fn, nn.Module):
        # a class of one's own may squeeze before it compares
        return type(loss_fn).forward in _ELEMENTWISE_FORWARDS
    # nobody saw what the function was given: is this the loss that it gives
    # when it compares these two?
    return loss_fn in ELEMENTWISE_FNS and gives_this_loss(seen, loss_fn)


def compared(seen: Seen) -> Pair:
    """Return what the loss compares, where that can be known."""
    if seen.compared is not None:
        return seen.compared  # type: ignore[return-value]
    yhat, y = seen.yhat, seen.y
    if not isinstance(yhat, torch.Tensor) or not isinstance(y, torch.Tensor):
        return None, None
    loss = known_loss(seen.comparing)
    is_function = loss is not None and not loss.is_module
    if is_function or seen.loss_fn in ELEMENTWISE_FNS:
        return yhat, y
    return None, None


def compared_by(seen: Seen, *kinds: str) -> Pair:
    """Return what a loss of one of these kinds compares; else None twice."""
    loss = known_loss(seen.comparing)
    return compared(seen) if loss and loss.kind in kinds else (None, None)


def classes_by_value(seen: Seen, kind: str) -> Pair:
    """Return logits and classes, if the loss has the value of this kind.

    A function of one's own may call cross-entropy or pick the logits itself:
    the number that the step returned tells. Asked only after the step.

    Args:
        seen: of a step that has run.
        kind: CROSS_ENTROPY or NLL.
    """
    if not may_be_classes(seen):
        return None, None
    yhat, y = seen.yhat, seen.y
    # an accelerator would not survive a class out of range
    is_in_range = bool(((y >= 0) & (y < yhat.shape[1])).all())
    if is_in_range and gives_this_loss(seen, _FUNCTIONS[kind]):
        return yhat, y
    return None, None


def may_be_classes(seen: Seen) -> bool:
    """Tell whether a loss of one's own may compare classes, by their shapes."""
    yhat, y = seen.yhat, seen.y
    return (
        seen.loss is not None
        and seen.compared is None
        and isinstance(yhat, torch.Tensor)
        and isinstance(y, torch.Tensor)
        and yhat.ndim == 2
        and y.dtype is torch.int64
        and y.shape == yhat.shape[:1]
    )


def gives_this_loss(seen: Seen, loss_fn: Callable) -> bool:
    """Tell whether a loss, computed again, is what the step returned."""
    try:
        found = float(seen.loss)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = loss_fn(seen.yhat.detach(), seen.y).item()
    except (RuntimeError, ValueError, TypeError, IndexError):
        return False
    return math.isclose(found, expected, rel_tol=1e-4)
