"""Figures that move, with data of the course's own loop."""

import functools

import numpy as np
import torch
from torch import nn

from helpers import plots
from helpers.data_preparation import v1 as data_preparation
from helpers.datasets.line import generate_data, split_data
from helpers.mini_batch.v0 import mini_batch
from helpers.model_configuration import v1 as model_configuration

X, Y = generate_data()
X_TRAIN, Y_TRAIN, X_VAL, Y_VAL = split_data(X, Y)
COLUMNS = np.hstack([np.ones_like(X_TRAIN), X_TRAIN])
BEST = np.linalg.lstsq(COLUMNS, Y_TRAIN.ravel())[0]
PER_EPOCH = {"full batch": 1, "mini-batch": 5, "single points": 80}
RATES, SIZES = (0.1, 1.0), (80, 16)


@functools.cache
def run(lr: float, batch_size: int, n_epochs: int):
    """Train the line; return a loss per epoch and a line per update."""
    loader = data_preparation.prepare_data(X_TRAIN, Y_TRAIN, batch_size)
    configuration = model_configuration.configure_model(lr=lr)
    layer, device = configuration.model[0], configuration.device
    path = [(layer.bias.item(), layer.weight.item())]

    def step(x_batch, y_batch):
        loss = configuration.train_step_fn(x_batch, y_batch)
        path.append((layer.bias.item(), layer.weight.item()))
        return loss

    losses = [mini_batch(device, loader, step) for _ in range(n_epochs)]
    return losses, np.array(path)


@functools.cache
def paths():
    sizes = {"full batch": 80, "mini-batch": 16, "single points": 1}
    epochs = {80: 200, 16: 20, 1: 3}
    return {name: run(0.1, n, epochs[n])[1] for name, n in sizes.items()}


@functools.cache
def runs():
    """Return losses and lines after each epoch, for rates and sizes."""
    found = {}
    for size in SIZES:
        for lr in RATES:
            losses, path = run(lr, size, 20)
            found[lr, size] = losses, path[:: 80 // size]
    return found


@functools.cache
def fits():
    """Return curves and both losses of degrees 1 to 9."""
    few_x, few_y = X_TRAIN[:10].ravel(), Y_TRAIN[:10].ravel()
    grid = np.linspace(few_x.min(), few_x.max(), 150)
    curves, losses, val_losses = [], [], []
    for degree in range(1, 10):
        fit = np.polynomial.Polynomial.fit(few_x, few_y, degree)
        curves.append((grid, fit(grid)))
        losses.append(np.mean((fit(few_x) - few_y) ** 2))
        val_losses.append(np.mean((fit(X_VAL) - Y_VAL) ** 2))
    return curves, losses, val_losses


@functools.cache
def calls():
    """Return what a dropout layer gives in eight calls, and in eval mode."""
    torch.manual_seed(42)
    layer, ones = nn.Dropout(p=0.5), torch.ones(8)
    outputs = [layer(ones) for _ in range(8)]
    return ones, outputs, layer.eval()(ones)


FIGURES = {
    "degrees": (
        lambda: plots.degrees(
            X_TRAIN[:10].ravel(), Y_TRAIN[:10].ravel(), X_VAL, Y_VAL, *fits()
        ),
        ["10 training points", "practically 0", "0.053 at degree 9"],
    ),
    "descents": (
        lambda: plots.descents(X_TRAIN, Y_TRAIN, paths(), BEST, PER_EPOCH),
        ["b = 1.02, w = 1.97", "full batch (after 200 updates) 0.047"],
    ),
    "dropout": (
        lambda: plots.dropout(*calls()),
        ["8 values of 1 in 8 calls", "sums of 10, 10, 10, 14,", "eval mode"],
    ),
    "rates": (
        lambda: plots.rates(X_TRAIN, Y_TRAIN, runs(), 0.008),
        ["80 points by 4 training runs", "lr 1 about 1e6 (diverged)"],
    ),
}
