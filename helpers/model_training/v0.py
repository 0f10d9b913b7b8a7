"""Model training, version 0: the five steps, written into the loop."""

from helpers.page.progress_bar import progress
from helpers.pipeline import trains_with


@trains_with(
    needs="model loss_fn optimizer", takes="x_train_tensor y_train_tensor"
)
def train(configuration, x_train_tensor, y_train_tensor, n_epochs=1000):
    """Train on all points at once (chapter 00).

    Args:
        configuration: device, model, loss_fn, optimizer.
        x_train_tensor: features [N, 1] on the device.
        y_train_tensor: labels [N, 1] on the device.
        n_epochs: how often the model sees all points.

    Returns:
        the loss of the last epoch, before its update.

    Raises:
        PairingError, DivergenceError: see `helpers.pipeline.trains_with`.
    """
    model = configuration.model
    loss_fn = configuration.loss_fn
    optimizer = configuration.optimizer
    for _epoch in progress(range(n_epochs)):
        model.train()
        # Step 1: predict
        yhat = model(x_train_tensor)  # [N, 1]
        # Step 2: how wrong are the predictions?
        loss = loss_fn(yhat, y_train_tensor)  # []
        # Step 3: gradients of the loss
        loss.backward()
        # Step 4: update the parameters
        optimizer.step()
        # Step 5: forget the gradients, or the next ones would add up
        optimizer.zero_grad()
    return loss.item()
