"""Networks that a chapter builds and later chapters import."""

import itertools

import torch
import torch.nn.functional as F
from torch import nn

from helpers.errors import DataError


class Network(nn.Module):
    """Two convolutions, max pooling, three linear layers (chapter 14).

    Args:
        image_size: height and width of the images, in pixels.
        kernel_size: height and width of both kernels.
        n_classes: how many logits it gives per image.

    Raises:
        DataError: such kernels leave nothing of such an image.
    """

    def __init__(
        self, image_size: int = 8, kernel_size: int = 3, n_classes: int = 10
    ):
        super().__init__()
        # each convolution takes kernel_size - 1 pixels, pooling halves the rest
        side = (image_size - 2 * (kernel_size - 1)) // 2
        if side < 1:
            raise DataError(
                f"Two kernels of {kernel_size} x {kernel_size} and max pooling "
                f"leave nothing of an image of {image_size} x {image_size}. "
                "Take a smaller kernel_size, or larger images."
            )
        self.conv1 = nn.Conv2d(1, 16, kernel_size)
        self.conv2 = nn.Conv2d(16, 32, kernel_size)
        self.fc1 = nn.Linear(32 * side * side, 64)
        self.fc2 = nn.Linear(64, 32)
        self.out = nn.Linear(32, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits [n, n_classes] of images [n, 1, height, width]."""
        x = F.relu(self.conv1(x))  # [n, 16, ., .]
        x = F.relu(self.conv2(x))  # [n, 32, ., .]
        x = F.max_pool2d(x, kernel_size=2)  # [n, 32, side, side]
        x = x.flatten(start_dim=1)  # [n, 32 * side * side]
        x = F.relu(self.fc1(x))  # [n, 64]
        x = F.relu(self.fc2(x))  # [n, 32]
        return self.out(x)  # [n, n_classes]


class MLP(nn.Module):
    """Linear layers with a ReLU between them: a multilayer perceptron.

    Args:
        n_features: how many numbers describe a row.
        n_outputs: how many numbers it gives per row, such as one per class.
        n_hidden: width of the hidden layers.
        n_layers: how many hidden layers there are; 0 leaves a linear model.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        n_hidden: int = 64,
        n_layers: int = 2,
    ):
        super().__init__()
        widths = [n_features, *[n_hidden] * n_layers]
        self.hidden = nn.ModuleList(
            nn.Linear(before, after)
            for before, after in itertools.pairwise(widths)
        )
        self.out = nn.Linear(widths[-1], n_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [n, n_outputs] for rows [n, n_features]."""
        for layer in self.hidden:
            x = F.relu(layer(x))  # [n, n_hidden]
        return self.out(x)  # [n, n_outputs]


class Network1d(nn.Module):
    """Three convolutions along a signal, then a linear layer.

    Args:
        length: how many values a signal has.
        n_classes: how many logits it gives per signal.
        n_channels: how many feature maps each convolution makes.
        kernel_size: width of the kernels; an odd number.
    """

    def __init__(
        self,
        length: int = 40,
        n_classes: int = 10,
        n_channels: int = 32,
        kernel_size: int = 5,
    ):
        super().__init__()
        padding = kernel_size // 2  # as many values after it as before
        channels = [1, n_channels, n_channels, n_channels]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel_size, padding=padding)
            for before, after in itertools.pairwise(channels)
        )
        # max pooling halves the length three times
        self.out = nn.Linear(n_channels * (length // 8), n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits [n, n_classes] of signals [n, length]."""
        x = x.unsqueeze(1)  # [n, 1, length]
        for convolution in self.convolutions:
            x = F.relu(convolution(x))  # [n, n_channels, .]
            x = F.max_pool1d(x, kernel_size=2)  # half as long
        return self.out(x.flatten(start_dim=1))  # [n, n_classes]
