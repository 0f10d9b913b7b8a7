"""Model training, version 1: the loop calls a training step."""

from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with


@trains_with(needs="train_step_fn", takes="x_train_tensor y_train_tensor")
def train(configuration, x_train_tensor, y_train_tensor, n_epochs=1000):
    """Train on all points at once and keep the losses (chapter 01).

    Args:
        configuration: train_step_fn.
        x_train_tensor: features [N, 1] on the device.
        y_train_tensor: labels [N, 1] on the device.
        n_epochs: how often the model sees all points.

    Returns:
        losses, one number per epoch, each before its update.

    Raises:
        PairingError, DivergenceError: see `helpers.pipeline.trains_with`.
    """
    losses = []
    for _epoch in progress(range(n_epochs)):
        loss = configuration.train_step_fn(x_train_tensor, y_train_tensor)
        losses.append(loss)
    return losses
