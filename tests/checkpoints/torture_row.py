"""A line of the table of `torture.py`, and the model that it saves."""

from dataclasses import dataclass

import torch
from torch import nn, optim

from helpers.pipeline import Configuration

SIZE = 512  # 512 x 512 weights, momentum not counted: 4 MB with optimizer


@dataclass
class Row:
    """One line of the table; ``is_good`` decides the exit status."""

    figure: str
    tries: int
    result: str
    plain: str
    is_good: bool


def make_configuration(size=SIZE, fill=None):
    """Return a model of ``size`` x ``size`` weights that had one step."""
    model = nn.Sequential(nn.Linear(size, size))
    if fill is not None:
        nn.init.constant_(model[0].weight, fill)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(1, size)).mean().backward()
    optimizer.step()
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=nn.MSELoss(),
        optimizer=optimizer,
    )


def same(a, b) -> bool:
    """Compare nested states."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b
