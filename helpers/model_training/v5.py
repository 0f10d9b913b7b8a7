"""Model training, version 5: the losses go to TensorBoard."""

import torch

from helpers.mini_batch.v1 import mini_batch
from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with


@trains_with(
    needs="train_step_fn val_step_fn writer", takes="train_loader val_loader"
)
def train(configuration, train_loader, val_loader, n_epochs=200):
    """Train, validate and log in every epoch (chapter 07).

    Args:
        configuration: device, train_step_fn, val_step_fn, writer.
        train_loader: gives features [n, 1] and labels [n, 1] on the CPU.
        val_loader: the same, of points the model is not trained on.
        n_epochs: how often the model sees all training points.

    Returns:
        losses and val_losses, one number per epoch each: means over all rows.

    Raises:
        PairingError, DataError, DivergenceError: see
            `helpers.pipeline.trains_with`.
    """
    device, writer = configuration.device, configuration.writer
    losses, val_losses = [], []
    for epoch in progress(range(n_epochs)):
        loss = mini_batch(device, train_loader, configuration.train_step_fn)
        losses.append(loss)
        with torch.no_grad():
            val_loss = mini_batch(device, val_loader, configuration.val_step_fn)
            val_losses.append(val_loss)
        if writer is not None:
            both = {"training": loss, "validation": val_loss}
            writer.add_scalars("loss", both, epoch)
    if writer is not None:
        writer.close()
    return losses, val_losses
