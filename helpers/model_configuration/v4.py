"""Model configuration, version 4: a classifier, with logits and momentum."""

import torch
from torch import nn, optim

from helpers.devices import find_device
from helpers.pipeline import Configuration, gives
from helpers.runs import open_writer
from helpers.step_functions import make_train_step_fn, make_val_step_fn

SEED = 42  # of the weights a model starts with
MOMENTUM = 0.9  # the share of the last step that the next one repeats
RUN_NAME = "logistic_classifier"


@gives("device model loss_fn optimizer train_step_fn val_step_fn writer")
def configure_model(
    lr=0.1, device=None, run_name=RUN_NAME, image_size=8, n_classes=10
):  # fmt: skip
    """Build a classifier, its steps and the log of its run (chapter 13).

    Takes, returns and raises what version 3 does, and also takes image_size,
    the height and width of an image in pixels, and n_classes, the number of
    logits that the model gives per image.
    """
    device = find_device(device)
    torch.manual_seed(SEED)
    layers = nn.Flatten(), nn.Linear(image_size * image_size, n_classes)
    model = nn.Sequential(*layers).to(device)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=MOMENTUM)
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
        writer=writer,
    )
