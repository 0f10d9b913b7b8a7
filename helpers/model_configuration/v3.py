"""Model configuration, version 3: it opens the log of the run too."""

import torch
from torch import nn, optim

from helpers.devices import find_device
from helpers.pipeline import Configuration, gives
from helpers.runs import open_writer
from helpers.step_functions import make_train_step_fn, make_val_step_fn

SEED = 42  # of the weights a model starts with
RUN_NAME = "simple_linear_regression"


@gives("device model loss_fn optimizer train_step_fn val_step_fn writer")
def configure_model(lr=0.1, device=None, run_name=RUN_NAME):
    """Build the model, its steps and the log of its run (chapter 07).

    Args:
        lr: learning rate of the optimizer.
        device: name of a device; None takes the best there is.
        run_name: the folder below runs/ to log to; None logs nothing.

    Returns:
        a Configuration with the parts named above.

    Raises:
        DeviceError: this machine has no such device.
        RunNameError: the name would leave runs/.
    """
    device = find_device(device)
    torch.manual_seed(SEED)
    model = nn.Sequential(nn.Linear(1, 1)).to(device)
    loss_fn = nn.MSELoss(reduction="mean")
    optimizer = optim.SGD(model.parameters(), lr=lr)
    train_step_fn = make_train_step_fn(model, loss_fn, optimizer)
    val_step_fn = make_val_step_fn(model, loss_fn)
    writer = open_writer(run_name)
    if writer is not None:
        # the graph is the same for every batch, so that zeros will do
        writer.add_graph(model, torch.zeros(16, 1, device=device))
    return Configuration(
        device=device,
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=train_step_fn,
        val_step_fn=val_step_fn,
        writer=writer,
    )
