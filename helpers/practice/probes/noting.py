"""A model that notes what it was given, and a loader that notes what it gave.

Unlike the diary of `helpers.practice.probes.steps`, they also work on the
device "meta", which every machine has: it holds shapes and no numbers.
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.practice.probes.states import fill


class Notes(list):
    """A list that a copy of the model shares with it."""

    def __deepcopy__(self, _memo):
        """Return the list itself: to call a copy is to call the model."""
        return self


class NotingModel(nn.Module):
    """A model that notes what it was given.

    Attributes:
        given: the inputs of each forward pass, a tuple each.
    """

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(width, 4), nn.BatchNorm1d(4), nn.ReLU()),
            *(nn.Dropout(0.5), nn.Linear(4, 1)),
        )
        fill(self)
        self.given = Notes()

    def forward(self, *inputs):
        """Predict [n, 1] from features [n, width]."""
        self.given.append(inputs)
        if len(inputs) != 1:
            raise TypeError(
                f"forward() takes one input, the features, not {len(inputs)}"
            )
        return self.layers(inputs[0])


class NotingLoader(DataLoader):
    """A loader that notes the batches it gave.

    Attributes:
        gave: batches [features, labels], of all passes.
    """

    def __iter__(self):
        """Give batches [features, labels]."""
        gave = self.__dict__.setdefault("gave", [])
        for batch in super().__iter__():
            gave.append(batch)
            yield batch


NotingLoader.__name__ = "DataLoader"  # as messages of Python call it


def make_noting_loader(
    width: int, n: int, batch_size: int, **named
) -> NotingLoader:
    """Build a loader of features [n, width] and labels [n, 1]."""
    numbers = torch.Generator().manual_seed(4)
    data = TensorDataset(
        torch.rand(n, width, generator=numbers),
        torch.rand(n, 1, generator=numbers),
    )
    return NotingLoader(data, batch_size=batch_size, **named)
