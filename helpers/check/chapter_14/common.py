"""Models that two exercises of chapter 14 are tried with."""

import torch
from torch import nn

from helpers.practice import Seen, judge
from helpers.practice.probes.noting import Notes
from helpers.practice.probes.states import fill

INPUT = {
    "other_shape": lambda s: (
        not isinstance(s.x, torch.Tensor) or s.x.shape[1:] != (1, 3, 3)
    ),
    "not_moved": lambda s: s.x.device.type != s.weight.device.type,
}


class Reader(nn.Module):
    """Reads images [n, 1, 3, 3] and gives logits [n, 3]; notes each call.

    Attributes:
        inputs: of each forward pass.
        modes: of each forward pass: was any layer in train mode?
        recorded: of each forward pass: did autograd record it?
    """

    def __init__(self, seed: int):
        super().__init__()
        self.inputs, self.modes, self.recorded = Notes(), Notes(), Notes()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Sequential(nn.BatchNorm1d(9), nn.Dropout(0.5)),
            nn.Linear(9, 3),
        )
        fill(self, seed)

    def forward(self, x):
        """Give logits [n, 3]; say so where the images are not as they were."""
        judge(INPUT, Seen(x=x, weight=self.layers[-1].weight))
        yhat = self.layers(x)  # [n, 3]
        self.inputs.append(x)
        self.modes.append(any(m.training for m in self.modules()))
        self.recorded.append(yhat.requires_grad)
        return yhat


class Net(nn.Module):
    """A nested model of three features, in the middle of its training.

    The names of its tensors are not in alphabetical order. One parameter is
    frozen, and one layer is in eval mode.
    """

    def __init__(self, n_classes: int, seed: int):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Sequential(nn.Linear(4, 4))
        )
        self.middle = nn.Linear(4, 5, bias=False)
        self.out = nn.Linear(5, n_classes)
        self.extra = nn.Linear(2, 3)
        self.register_buffer("scale", torch.tensor(0.5))
        fill(self, seed)
        for buffer in self.buffers():
            buffer += seed
        for parameter in self.parameters():
            parameter.grad = torch.ones_like(parameter)
        self.stem[0].bias.requires_grad_(False)
        self.stem[1].eval()

    def forward(self, x):
        """Give logits [n, n_classes] for features [n, 3]."""
        return self.out(self.middle(self.stem(x)) * self.scale)


def make_file(n_classes: int, without=(), more=()) -> dict:
    """Return the `state_dict` of another `Net`.

    Args:
        n_classes: of the other one.
        without: names that it does not have.
        more: names and tensors that it has besides, or in another shape.
    """
    state = Net(n_classes, seed=7).state_dict()
    for name in without:
        del state[name]
    state.update(more)
    return state
