"""A dataset of two tensors that lie in memory.

Source: https://docs.pytorch.org/docs/stable/data.html#map-style-datasets
"""

import torch
from torch.utils.data import Dataset

from helpers.errors import DataError

# features and label of one point; of several, for a slice
Item = tuple[torch.Tensor, torch.Tensor]


class CustomDataset(Dataset):
    """A dataset of two tensors that lie in memory (chapter 02).

    `torch.utils.data.TensorDataset` gives the same items.

    Args:
        x_tensor: features [N, n_features], best kept on the CPU.
        y_tensor: labels [N, 1]. Both tensors are kept as they are, no copy.

    Raises:
        DataError: the tensors have different lengths.
    """

    def __init__(self, x_tensor: torch.Tensor, y_tensor: torch.Tensor):
        if len(x_tensor) != len(y_tensor):
            raise DataError(
                f"There are {len(x_tensor)} features and {len(y_tensor)} "
                "labels, and each point needs one of both. Was one of them "
                "cut or filtered alone?"
            )
        self.x = x_tensor
        self.y = y_tensor

    def __getitem__(self, index: int | slice) -> Item:
        """Return one point, or the points of a slice.

        Args:
            index: from -N to N - 1, or a slice.

        Returns:
            features [n_features] and label [1]; for a slice of n points
            features [n, n_features] and labels [n, 1]. Both are views:
            writing into them changes the dataset.

        Raises:
            IndexError: there is no such point.
        """
        return self.x[index], self.y[index]

    def __len__(self) -> int:
        return len(self.x)
