"""Faults that only one kind of loss knows.

Here belongs what is true of one loss, such as cross-entropy, and of no other.
A judge takes what was seen in one step (`helpers.pipeline.seen`) and returns a
sentence, or None if it has nothing to say; a new fault is one function, and its
name in JUDGES.
"""

import math
import warnings

import torch
from torch import nn
from torch.nn import functional as F

from helpers.pipeline.seen import Seen

# Losses that compare element by element and broadcast what does not match.
ELEMENTWISE = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)
ELEMENTWISE_FNS = (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss)
_ELEMENTWISE_FORWARDS = [kind.forward for kind in ELEMENTWISE]


def broadcast_labels(seen: Seen) -> str | None:
    """Name labels that a loss pairs with predictions of other points."""
    yhat, y = compared(seen)
    if yhat is None or y is None or yhat.shape == y.shape:
        return None
    # one number for all, or one per row beside several predictions, is meant
    is_meant = y.ndim == 0 or (
        y.ndim == yhat.ndim
        and all(n in (1, m) for n, m in zip(y.shape, yhat.shape, strict=True))
    )
    if is_meant or not _compares_elements(seen, yhat, y):
        return None
    return (
        f"The predictions have shape {list(yhat.shape)} and the labels "
        f"{list(y.shape)}: the loss would pair every label with every "
        "prediction, and the model would learn something wrong. Give both "
        "the same shape, often with y.reshape(-1, 1)."
    )


def _compares_elements(seen: Seen, yhat, y) -> bool:
    loss_fn = seen.loss_fn
    if isinstance(loss_fn, nn.Module):
        # a class of one's own may squeeze before it compares
        return type(loss_fn).forward in _ELEMENTWISE_FORWARDS
    if loss_fn not in ELEMENTWISE_FNS or seen.loss is None:
        return False
    # nobody saw what the function was given: is this the loss that it gives
    # when it compares these two?
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = loss_fn(yhat.detach(), y).item()
        except RuntimeError:
            return False
    return math.isclose(float(seen.loss), expected, rel_tol=1e-4)


def one_output_of_classes(seen: Seen) -> str | None:
    """Name a cross-entropy over a single class, which is always 0."""
    yhat, y = _classes(seen)
    if yhat is None or y is None or y.is_floating_point() or yhat.shape[1] != 1:
        return None
    return (
        "Cross-entropy compares classes, but the model has one output, so "
        "the loss is 0 whatever it predicts. Give the model one output per "
        "class, or use nn.BCEWithLogitsLoss."
    )


def softmax_before_cross_entropy(seen: Seen) -> str | None:
    """Name probabilities given to a loss that expects logits."""
    yhat, y = _classes(seen)
    if yhat is None or y is None or y.is_floating_point() or yhat.shape[1] == 1:
        return None
    sums = yhat.detach().sum(dim=1)
    if (yhat < 0).any() or not torch.allclose(sums, torch.ones_like(sums)):
        return None
    return (
        "The predictions are probabilities already: is there a softmax at "
        "the end of the model? nn.CrossEntropyLoss takes logits and applies "
        "a softmax of its own, and a second one weakens the gradients. Leave "
        "the softmax out of the model."
    )


JUDGES = [broadcast_labels, one_output_of_classes, softmax_before_cross_entropy]


Pair = tuple[torch.Tensor, torch.Tensor] | tuple[None, None]


def _classes(seen: Seen) -> Pair:
    """Return logits and labels, if the loss is a cross-entropy."""
    kind = seen.loss_fn
    if isinstance(kind, nn.CrossEntropyLoss) or kind is F.cross_entropy:
        yhat, y = compared(seen)
        if yhat is not None and y is not None and yhat.ndim >= 2:
            return yhat, y
    return None, None


def compared(seen: Seen) -> Pair:
    """Return what the loss compares, where that can be known."""
    if seen.compared is not None:
        return seen.compared
    tensors = isinstance(seen.yhat, torch.Tensor) and isinstance(
        seen.y, torch.Tensor
    )
    known = (*ELEMENTWISE_FNS, F.cross_entropy)
    if tensors and seen.loss_fn in known:
        return seen.yhat, seen.y
    return None, None
