"""Model configuration, version 8: the whole epoch, compiled."""

import torch
from torch import nn, optim

from helpers.devices import find_device
from helpers.epochs import compiled
from helpers.metrics import accuracy
from helpers.networks import Network
from helpers.pipeline import Configuration, gives
from helpers.runs import open_writer
from helpers.step_functions import make_train_step_fn, make_val_step_fn


@gives(
    "device model loss_fn optimizer train_step_fn val_step_fn metric_step_fns "
    "epoch_fn writer"
)
def configure_model(
    lr=0.003, device=None, run_name="network", image_size=8, n_classes=10,
    kernel_size=3, make_model=None, make_optimizer=optim.Adam, loss_fn=None,
    metrics=None, seed=42, example=None,
):  # fmt: skip
    """As version 7; compiling takes seconds, once (chapter 17)."""
    device = find_device(device)
    torch.manual_seed(seed)
    if make_model is None:
        model = Network(image_size, kernel_size, n_classes).to(device)
        example = torch.zeros(16, 1, image_size, image_size)
    else:
        model = make_model().to(device)
    loss_fn = loss_fn or nn.CrossEntropyLoss()
    metrics = {"accuracy": accuracy} if metrics is None else metrics
    metric_step_fns = {n: make_val_step_fn(model, metrics[n]) for n in metrics}
    optimizer = make_optimizer(model.parameters(), lr=lr)
    writer = open_writer(run_name)
    if writer is not None and example is not None:
        writer.add_graph(model, torch.zeros_like(example, device=device))
    return Configuration(
        device=device,
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        metric_step_fns=metric_step_fns,
        epoch_fn=compiled.make_epoch_fn(model, loss_fn, optimizer, metrics),
        writer=writer,
    )
