"""Learning rates that change while a model trains, and how to choose them."""

import contextlib
import copy
import math
from collections.abc import Callable

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler

from helpers.errors import DataError, DivergenceError
from helpers.pipeline import Configuration
from helpers.pipeline.first_batches import Watch
from helpers.pipeline.input_checks import (
    NO_BATCH,
    check_loader,
    rows_of_last_batch,
)
from helpers.step_functions import StepFn, make_train_step_fn


def with_schedule(train_step_fn: StepFn, scheduler: LRScheduler) -> StepFn:
    """Build a training step that also moves the learning rate (chapter 10).

    Set ``configuration.scheduler`` to the scheduler as well, so that
    checkpoints save how far it has come.

    Args:
        train_step_fn: does one training step with the optimizer that the
            scheduler changes.
        scheduler: changes the learning rate after every mini-batch.

    Returns:
        scheduled_train_step_fn(x, y), which takes and returns what
        ``train_step_fn`` does.

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """

    def scheduled_train_step_fn(x: torch.Tensor, y: torch.Tensor) -> float:
        loss = train_step_fn(x, y)
        scheduler.step()
        return loss

    return scheduled_train_step_fn


def lr_range_test(
    configuration: Configuration,
    train_loader,
    *,
    start: float = 1e-3,
    end: float = 10.0,
    n_steps: int = 100,
    stop_at: float = 4.0,
    make_step_fn: Callable[..., StepFn] = make_train_step_fn,
) -> tuple[list[float], list[float]]:
    """Train a copy at a growing rate, and see how large a rate it tolerates.

    The learning rate grows by one factor from mini-batch to mini-batch. Model,
    optimizer, loss and the random state are afterwards as they were before.

    Args:
        configuration: device, model, loss_fn, optimizer. All parameter groups
            of the optimizer get the one learning rate that is tested.
        train_loader: gives features [n, ...] and the labels of the loss;
            begun anew as often as needed.
        start: learning rate of the first mini-batch.
        end: learning rate of the last mini-batch.
        n_steps: how many mini-batches, 2 or more.
        stop_at: the test ends early when a loss is not finite, or more than so
            many times the first one.
        make_step_fn: builds a training step from model, loss_fn, optimizer.

    Returns:
        lrs and losses, one number a mini-batch each: the learning rate of a
        step, and the loss before it. All are finite.

    Raises:
        DataError: an empty loader, learning rates that do not grow, or a
            batch with nan or inf.
        FirstBatchError: a fault that the first batches show.

    Source: L. N. Smith, Cyclical learning rates for training neural networks,
        https://arxiv.org/abs/1506.01186, section 3.3 (there the learning rate
        grows by one amount, not by one factor).
    """
    if not 0 < start < end < math.inf or n_steps < 2:
        raise DataError(
            "A range test needs 0 < start < end and at least 2 steps, and has "
            f"start={start:g}, end={end:g}, n_steps={n_steps}."
        )
    device = configuration.device
    check_loader(train_loader, device)
    # one call for all three, so that the optimizer's copy holds the parameters
    # of the model's copy
    model, loss_fn, optimizer = copy.deepcopy(
        (configuration.model, configuration.loss_fn, configuration.optimizer)
    )
    trial = Configuration(
        device=device, model=model, loss_fn=loss_fn, optimizer=optimizer
    )
    trial.first_look = configuration.first_look
    watch = Watch(
        trial,
        rows_of_last_batch=rows_of_last_batch(train_loader),
        loaders=[("train_loader", train_loader)],
    )
    step_fn = watch.train_step(make_step_fn(model, loss_fn, optimizer))
    lrs, losses = [], []
    with _same_random_state(device, train_loader):
        batches = _endless(train_loader)
        for lr in np.geomspace(start, end, n_steps).tolist():
            for group in optimizer.param_groups:
                group["lr"] = lr
            x_batch, y_batch = next(batches)
            try:
                loss = step_fn(x_batch.to(device), y_batch.to(device))
            except DivergenceError:
                break
            lrs.append(lr)
            losses.append(loss)
            if loss > stop_at * losses[0]:
                break
    return lrs, losses


def _endless(data_loader):
    """Give the batches of a loader, over and over."""
    while True:
        n_given = 0
        for batch in data_loader:
            n_given += 1
            yield batch
        if n_given == 0:
            raise DataError(NO_BATCH)


@contextlib.contextmanager
def _same_random_state(device: torch.device, data_loader):
    """Put the random state of torch and of a loader back afterwards."""
    devices = [device] if device.type == "cuda" else []
    generator = getattr(data_loader, "generator", None)
    before = None if generator is None else generator.get_state()
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            if generator is not None:
                generator.set_state(before)
