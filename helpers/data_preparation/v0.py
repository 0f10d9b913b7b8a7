"""Data preparation, version 0: all points as two tensors on the device."""

import torch

from helpers.devices import find_device
from helpers.pipeline import gives
from helpers.pipeline.input_checks import check_features_and_labels, label_dtype


@gives("x_train_tensor y_train_tensor")
def prepare_data(x, y):
    """Turn the training points into tensors on the device (chapter 00).

    Args:
        x: features [N, 1] or [N, ...], array or tensor.
        y: labels [N, 1]; classes are whole numbers [N].

    Returns:
        x_train_tensor [N, 1] and y_train_tensor [N, 1], float32 (classes
        int64).

    Raises:
        DataError: x and y do not belong together.
    """
    check_features_and_labels(x, y)
    device = find_device()
    x_train_tensor = torch.as_tensor(x, dtype=torch.float32, device=device)
    y_train_tensor = torch.as_tensor(y, dtype=label_dtype(y), device=device)
    return x_train_tensor, y_train_tensor
