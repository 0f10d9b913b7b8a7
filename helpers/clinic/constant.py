"""What one answer for all rows of a batch can reach: the loss to beat.

Here belongs the question whether a loss has such an answer. Any loss function
is tried with predictions made up for it; no random number is drawn.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

FREE = 1e-4  # predictions that are right cost no more than this
TINY = 1e-9  # in place of a share of 0, which has no logarithm
SURE = 30.0  # a logit whose sigmoid is 1


@torch.no_grad()
def constant_loss(loss_fn: Callable, yhat: Any, y: Any) -> float | None:
    """Return the loss of the best answer that is the same for all rows.

    It is known where predictions that are right cost nothing: for a squared or
    absolute error, for a cross-entropy, and for what behaves like these.

    Args:
        loss_fn: takes predictions and labels; copied if it is a module.
        yhat: predictions [N, ...], of which only shape and type are used.
        y: the labels [N, ...].

    Returns:
        The loss, or None if it is not known for such a loss or such labels.
    """
    if not _is_usable(yhat) or not _is_usable(y):
        return None
    if isinstance(loss_fn, nn.Module):
        loss_fn = copy.deepcopy(loss_fn)
    losses = []
    for right, labels, answers in _kinds_of_answers(loss_fn, yhat, y):
        try:
            if abs(float(loss_fn(right, labels))) < FREE:
                losses += [float(loss_fn(answer, y)) for answer in answers]
        except Exception:  # a loss may refuse what was made up for it
            continue
    return min((loss for loss in losses if loss >= 0), default=None)


def _is_usable(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.ndim > 0
        and value.numel() > 0
        and not value.is_complex()
    )


def _kinds_of_answers(loss_fn, yhat, y) -> Iterator[tuple]:
    """Yield right predictions, their labels, and answers of the same kind."""
    of_classes = [] if y.is_floating_point() else list(_classes(yhat, y))
    if of_classes:
        yield from of_classes
        return
    numbers = y.float()
    if y.shape != yhat.shape:  # they may broadcast: right if all are 1
        right, labels = torch.ones_like(yhat), torch.ones_like(y)
        values = [numbers.mean(), numbers.median()]
    elif _takes_logits(loss_fn):
        right, labels = SURE * (2 * numbers - 1), y
        values = [numbers.mean(0).logit(TINY)]
    else:
        right, labels = numbers, y
        values = [numbers.mean(0), numbers.median(0).values]
    yield right.to(yhat), labels, [_for_all(value, yhat) for value in values]


def _takes_logits(loss_fn) -> bool:
    return (
        isinstance(loss_fn, nn.BCEWithLogitsLoss)
        or loss_fn is F.binary_cross_entropy_with_logits
    )


def _classes(yhat, y) -> Iterator[tuple]:
    """Yield logarithms of shares, along dimension 1 and along the last one."""
    known = y[y >= 0].long()
    for dim in sorted({1, yhat.ndim - 1} & set(range(1, yhat.ndim))):
        n = yhat.shape[dim]
        others = [*yhat.shape[:dim], *yhat.shape[dim + 1 :]]
        if others != list(y.shape) or not len(known) or known.max() >= n:
            continue
        right = F.one_hot(y.long().clamp_min(0), n).movedim(-1, dim).float()
        share = known.bincount(minlength=n) / len(known)
        share = share.reshape([-1, *[1] * (yhat.ndim - dim - 1)])
        yield _log(right).to(yhat), y, [_for_all(_log(share), yhat)]


def _log(shares):
    return shares.clamp_min(TINY).log()


def _for_all(answer, yhat):
    """Give every row the same answer, in memory of its own."""
    return answer.to(yhat).expand_as(yhat).clone()
