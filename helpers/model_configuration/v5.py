"""Model configuration, version 5: a convolutional network, and metrics."""

import torch
from torch import nn, optim

from helpers.devices import find_device
from helpers.metrics import accuracy
from helpers.networks import Network
from helpers.pipeline import Configuration, gives
from helpers.runs import open_writer
from helpers.step_functions import make_train_step_fn, make_val_step_fn

SEED = 42  # of the weights a model starts with
RUN_NAME = "network"


@gives(
    "device model loss_fn optimizer train_step_fn val_step_fn metric_step_fns "
    "writer"
)
def configure_model(
    lr=0.003, device=None, run_name=RUN_NAME, image_size=8, n_classes=10,
    kernel_size=3,
):  # fmt: skip
    """Build a network, its steps, its metrics and its log (chapter 14).

    As in version 4; kernel_size is that of both convolutions. A metric is a
    loss that nobody differentiates: metric_step_fns has a step for each.
    """
    device = find_device(device)
    torch.manual_seed(SEED)
    model = Network(image_size, kernel_size, n_classes).to(device)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=lr)
    train_step_fn = make_train_step_fn(model, loss_fn, optimizer)
    val_step_fn = make_val_step_fn(model, loss_fn)
    writer = open_writer(run_name)
    if writer is not None:
        shape = (16, 1, image_size, image_size)
        writer.add_graph(model, torch.zeros(shape, device=device))
    return Configuration(
        device=device,
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=train_step_fn,
        val_step_fn=val_step_fn,
        metric_step_fns={"accuracy": make_val_step_fn(model, accuracy)},
        writer=writer,
    )
