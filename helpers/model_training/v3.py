"""Model training, version 3: the inner loop is a function."""

from helpers.mini_batch.v0 import mini_batch
from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with


@trains_with(needs="train_step_fn", takes="train_loader")
def train(configuration, train_loader, n_epochs=200):
    """Train on mini-batches, the inner loop written elsewhere (chapter 04).

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
    device = configuration.device
    losses = []
    for _epoch in progress(range(n_epochs)):
        loss = mini_batch(device, train_loader, configuration.train_step_fn)
        losses.append(loss)
    return losses
