"""Model configuration, version 1: it makes the training step too."""

import torch
from torch import nn, optim

from helpers.devices import find_device
from helpers.pipeline import Configuration, gives
from helpers.step_functions import make_train_step_fn

SEED = 42  # of the weights a model starts with


@gives("device model loss_fn optimizer train_step_fn")
def configure_model(lr=0.1, device=None):
    """Build the model and its training step (chapter 01).

    Args:
        lr: learning rate of the optimizer.
        device: name of a device; None takes the best there is.

    Returns:
        a Configuration with the parts named above.

    Raises:
        DeviceError: this machine has no such device.
    """
    device = find_device(device)
    torch.manual_seed(SEED)
    model = nn.Sequential(nn.Linear(1, 1)).to(device)
    loss_fn = nn.MSELoss(reduction="mean")
    optimizer = optim.SGD(model.parameters(), lr=lr)
    train_step_fn = make_train_step_fn(model, loss_fn, optimizer)
    return Configuration(
        device=device,
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=train_step_fn,
    )
