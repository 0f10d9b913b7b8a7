"""Data preparation, version 1: a loader that gives mini-batches."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.pipeline import gives
from helpers.pipeline.input_checks import check_features_and_labels, label_dtype

BATCH_SIZE = 16
SEED = 13  # of the shuffling


@gives("train_loader")
def prepare_data(x, y, batch_size=BATCH_SIZE):
    """Put the training points into a loader, on the CPU (chapter 03).

    Args:
        x: features [N, 1] or [N, ...], array or tensor.
        y: labels [N, 1]; classes are whole numbers [N].
        batch_size: how many points make a mini-batch.

    Returns:
        train_loader, which gives features [n, 1] and labels [n, 1], float32
        (classes int64), in a new order every epoch.

    Raises:
        DataError: x and y do not belong together.
    """
    check_features_and_labels(x, y)
    x_train_tensor = torch.as_tensor(x, dtype=torch.float32)  # [N, 1]
    y_train_tensor = torch.as_tensor(y, dtype=label_dtype(y))  # [N, 1]
    train_data = TensorDataset(x_train_tensor, y_train_tensor)
    generator = torch.Generator().manual_seed(SEED)
    train_loader = DataLoader(
        train_data, batch_size=batch_size, shuffle=True, generator=generator
    )
    return train_loader
