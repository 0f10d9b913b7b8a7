"""Metrics: what a classifier got right, for readers rather than optimizers."""

from collections.abc import Iterable

import torch
from torch import nn


def accuracy(yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the share of the rows whose largest logit is that of their class.

    It takes what a loss takes, and is a mean over rows as a loss is, so that
    ``make_val_step_fn(model, accuracy)`` makes a step of it, and ``mini_batch``
    weights the batches.

    Args:
        yhat: logits or probabilities [n, n_classes].
        y: classes [n], int64.

    Returns:
        a number from 0 to 1, of shape [].
    """
    return (yhat.argmax(dim=1) == y).float().mean()


def number_correct(yhat: torch.Tensor, y: torch.Tensor) -> int:
    """Return how many rows have their largest logit at their class.

    Args:
        yhat: logits or probabilities [n, n_classes].
        y: classes [n], int64.
    """
    return int((yhat.argmax(dim=1) == y).sum())


def predict_all(
    model: nn.Module,
    data_loader: Iterable,
    device: torch.device | str = "cpu",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Predict for every batch of a loader, without gradients.

    The model predicts in eval mode; afterwards each of its parts has the mode
    that it had before.

    Args:
        model: on ``device``.
        data_loader: gives features and labels; it should not shuffle, if the
            rows are to be found again.
        device: where the model is.

    Returns:
        predictions [N, ...] and labels [N, ...] of all rows, on the CPU.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            pairs = [
                (model(x_batch.to(device)).cpu(), y_batch.cpu())
                for x_batch, y_batch in data_loader
            ]
    finally:
        for module, was_training in modes:
            module.training = was_training
    predictions, labels = zip(*pairs, strict=True)
    return torch.cat(predictions), torch.cat(labels)


def confusion_matrix(
    predicted: torch.Tensor, labels: torch.Tensor, n_classes: int
) -> torch.Tensor:
    """Count how often each class was taken for each other one.

    Args:
        predicted: predicted classes [N], int64.
        labels: true classes [N], int64.
        n_classes: how many classes there are, found here or not.

    Returns:
        counts [n_classes, n_classes], int64: a row per true class, a column
        per predicted one.
    """
    pairs = labels * n_classes + predicted  # each pair as one number
    counts = torch.bincount(pairs, minlength=n_classes * n_classes)
    return counts.reshape(n_classes, n_classes)
