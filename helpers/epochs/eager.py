"""A whole epoch as one function, eager: what can be done once, is done once.

A training step of chapter 01 sets the mode, clears gradients and waits for its
loss in every batch. Here the mode is set once an epoch, and the losses are
fetched once, at the end: `item` makes Python wait for an accelerator, and until
then it may run ahead. On a CPU there is nothing to wait for, and a million
numbers need less memory than a million tensors.
"""

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn

from helpers.datasets.whole_batches import WholeBatches
from helpers.epochs.shortcuts import (
    make_backward,
    quick_loss,
    quick_model,
    quick_step,
    quick_zero_grad,
    set_mode,
)
from helpers.errors import DataError
from helpers.pipeline.input_checks import NO_BATCH

# takes predictions and labels, returns a number of shape []
LossFn = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
# loss, validation loss, metrics of validation
EpochResult = tuple[float, float, dict[str, float]]


def make_epoch_fn(
    model: nn.Module,
    loss_fn: LossFn,
    optimizer: torch.optim.Optimizer,
    metrics: Mapping[str, LossFn] | None = None,
) -> Callable[[Iterable, Iterable], EpochResult]:
    """Build a function that trains for one epoch and validates (chapter 17).

    Args:
        model: predicts from a batch of features [n, ...]; it is remembered
            and changed by every call of the function returned.
        loss_fn: takes predictions and labels, returns a mean over rows, [].
        optimizer: holds the parameters of this very model.
        metrics: by name, functions like ``loss_fn``.

    Returns:
        perform_epoch_fn(train_loader, val_loader), which returns loss,
        validation loss and metrics, each a mean over all rows.
    """
    train = make_train_epoch_fn(model, loss_fn, optimizer)
    validate = make_val_epoch_fn(model, loss_fn, metrics)

    def perform_epoch_fn(train_loader, val_loader) -> EpochResult:
        loss = train(train_loader)
        val_loss, values = validate(val_loader)
        return loss, val_loss, values

    return perform_epoch_fn


def make_train_epoch_fn(model, loss_fn, optimizer):
    """Build a function that takes a training step on every batch of a loader.

    Takes what `make_epoch_fn` takes, and returns perform_train_epoch_fn(
    train_loader), which returns the mean loss over all rows.
    """
    device = device_of(model)

    def perform_train_epoch_fn(train_loader) -> float:
        set_mode(model, True)
        return weighted_mean(
            *take_steps(model, loss_fn, optimizer, train_loader, device)
        )

    return perform_train_epoch_fn


def take_steps(model, loss_fn, optimizer, batches, device):
    """Take a training step on each batch; the mode is already set.

    Returns:
        the losses before each update, numbers on a CPU and elsewhere tensors
        of shape [], and the number of rows that each batch had.
    """
    # looked up once an epoch: somebody may add a hook between two
    predict, loss_fn = quick_model(model), quick_loss(loss_fn)
    step, zero_grad = quick_step(optimizer), quick_zero_grad(optimizer)
    losses, sizes, backward, keep = [], [], None, keeper(device)
    for x_batch, y_batch in batches:
        x_batch, y_batch = x_batch.to(device), y_batch.to(device)
        loss = loss_fn(predict(x_batch), y_batch)  # []
        backward = backward or make_backward(loss)
        backward(loss)
        step()
        zero_grad()
        losses.append(keep(loss))
        sizes.append(x_batch.shape[0])
    return losses, sizes


def make_val_epoch_fn(model, loss_fn, metrics=None):
    """Build a function that computes loss and metrics on a whole loader.

    Takes what `make_epoch_fn` takes, and returns perform_val_epoch_fn(
    val_loader), which returns the mean loss over all rows, and by name the
    mean of each metric. The model predicts once per batch for all of them.
    """
    device = device_of(model)
    metrics = dict(metrics or {})
    loss_fn, keep = quick_loss(loss_fn), keeper(device)
    inference_mode = torch.inference_mode()

    def perform_val_epoch_fn(val_loader) -> tuple[float, dict[str, float]]:
        set_mode(model, False)
        predict = quick_model(model)
        losses, sizes = [], []
        values: dict[str, list[Any]] = {name: [] for name in metrics}
        # like no_grad, and with less bookkeeping
        with inference_mode:
            for x_batch, y_batch in kept_batches(val_loader):
                x_batch, y_batch = x_batch.to(device), y_batch.to(device)
                yhat = predict(x_batch)
                losses.append(keep(loss_fn(yhat, y_batch)))
                for name, metric in metrics.items():
                    values[name].append(keep(metric(yhat, y_batch)))
                sizes.append(x_batch.shape[0])
            means = {n: weighted_mean(values[n], sizes) for n in values}
            return weighted_mean(losses, sizes), means

    return perform_val_epoch_fn


def device_of(model: nn.Module) -> torch.device:
    """Return where the parameters of a model are; the CPU if it has none."""
    return next((p.device for p in model.parameters()), torch.device("cpu"))


@functools.lru_cache(maxsize=16)
def keeper(device: torch.device) -> Callable[[torch.Tensor], Any]:
    """Return what turns a loss of shape [] into what is kept of it."""
    return torch.Tensor.item if device.type == "cpu" else torch.Tensor.detach


def kept_batches(loader: Iterable) -> Iterable:
    """Return what to read batches from: from epoch to epoch, if possible."""
    # a class made of this one may give other batches
    return loader.kept() if type(loader) is WholeBatches else loader


def weighted_mean(values: list[Any], sizes: list[int]) -> float:
    """Return the mean of batch means, each weighted by its rows.

    Args:
        values: one per batch, numbers or tensors of shape []; those are
            fetched together.
        sizes: how many rows each batch had.

    Raises:
        DataError: there was no batch.
    """
    if not values:
        raise DataError(NO_BATCH)
    if isinstance(values[0], torch.Tensor):
        values = torch.stack(values).tolist()
    return sum(map(operator.mul, values, sizes)) / sum(sizes)
