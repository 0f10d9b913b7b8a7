"""Model configuration, version 6: nothing is hard-coded."""

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
    lr=0.003, device=None, run_name=RUN_NAME, make_model=Network,
    make_optimizer=optim.Adam, loss_fn=None, metrics=None, seed=SEED,
    example=None,
):  # fmt: skip
    """Build any model, its steps, its metrics and its log (chapter 15).

    As in version 5, whose constants are arguments now. make_model() builds the
    model after torch was seeded, make_optimizer(parameters, lr=lr) the
    optimizer. metrics are functions by name. A batch like example, of zeros,
    draws the graph; without one there is no graph.
    """
    device = find_device(device)
    torch.manual_seed(seed)
    model = make_model().to(device)
    loss_fn = nn.CrossEntropyLoss() if loss_fn is None else loss_fn
    metrics = {"accuracy": accuracy} if metrics is None else metrics
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
        metric_step_fns={
            name: make_val_step_fn(model, metric)
            for name, metric in metrics.items()
        },
        writer=writer,
    )
