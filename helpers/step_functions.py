"""Functions that build the steps of a training loop."""

from collections.abc import Callable

import torch
from torch import nn

StepFn = Callable[[torch.Tensor, torch.Tensor], float]


def make_train_step_fn(
    model: nn.Module,
    loss_fn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
) -> StepFn:
    """Build a function that does one training step (chapter 01).

    Args:
        model: predicts from features [n, n_features]; it is remembered and
            changed by every call of the function returned.
        loss_fn: takes predictions and labels, returns a loss of shape [].
        optimizer: holds the parameters of this very model.

    Returns:
        perform_train_step_fn(x, y), which takes features [n, n_features] and
        labels [n, 1] and returns the loss before the update, a float.
    """

    def perform_train_step_fn(x: torch.Tensor, y: torch.Tensor) -> float:
        model.train()
        yhat = model(x)  # [n, 1]
        loss = loss_fn(yhat, y)  # []
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return perform_train_step_fn


def make_val_step_fn(
    model: nn.Module,
    loss_fn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> StepFn:
    """Build a function that computes a loss and changes nothing (chapter 05).

    Args:
        model: predicts from features [n, n_features]; put into eval mode.
        loss_fn: takes predictions and labels, returns a loss of shape [].

    Returns:
        perform_val_step_fn(x, y), which takes features [n, n_features] and
        labels [n, 1] and returns the loss, a float. It does not switch
        gradients off: its caller does, with ``torch.no_grad()``.
    """

    def perform_val_step_fn(x: torch.Tensor, y: torch.Tensor) -> float:
        model.eval()
        yhat = model(x)  # [n, 1]
        loss = loss_fn(yhat, y)  # []
        return loss.item()

    return perform_val_step_fn
