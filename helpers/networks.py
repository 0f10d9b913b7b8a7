"""Networks that a chapter builds and later chapters import."""

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
