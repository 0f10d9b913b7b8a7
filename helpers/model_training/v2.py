"""Model training, version 2: an inner loop over mini-batches."""

import numpy as np

from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with


@trains_with(needs="train_step_fn", takes="train_loader")
def train(configuration, train_loader, n_epochs=1000):
    """Train on one mini-batch after another (chapter 03).

    Args:
        configuration: device, train_step_fn.
        train_loader: gives features [n, 1] and labels [n, 1] on the CPU.
        n_epochs: how often the model sees all points.

    Returns:
        losses, one number per epoch: the mean of its batch losses.

    Raises:
        PairingError, DataError, DivergenceError: see
            `helpers.pipeline.trains_with`.
    """
    losses = []
    for _epoch in progress(range(n_epochs)):
        batch_losses = []
        for x_batch, y_batch in train_loader:
            x_batch = x_batch.to(configuration.device)  # [n, 1]
            y_batch = y_batch.to(configuration.device)  # [n, 1]
            loss = configuration.train_step_fn(x_batch, y_batch)
            batch_losses.append(loss)
        losses.append(float(np.mean(batch_losses)))
    return losses
