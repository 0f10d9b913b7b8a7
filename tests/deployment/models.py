"""Models and features that several test modules use."""

import torch
from torch import nn

from helpers.deployment.prediction import Feature

PERCENT = Feature("x_percent", "percent", 0, 100, scale=100)
IMAGE = Feature("image", "grey value", 0, 16, scale=16, shape=(1, 8, 8))
DIGITS = ["zero", "one", "two"]


def make_net() -> nn.Module:
    """Return a net whose answers depend on its mode."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)
    )
    net(torch.rand(8, 1))  # moves the running statistics
    return net


def make_image_net() -> nn.Module:
    """Return a small convolutional network with three classes."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(36, 3),
    )
