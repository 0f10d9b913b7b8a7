"""Data preparation, version 2: tensors first, then the split, two loaders."""

import torch
from torch.utils.data import DataLoader, TensorDataset, random_split

from helpers.pipeline import gives
from helpers.pipeline.input_checks import check_features_and_labels, label_dtype

BATCH_SIZE = 16
SEED = 13  # of the split and of the shuffling
FRACTIONS = [0.8, 0.2]  # training, validation


@gives("train_loader val_loader")
def prepare_data(x, y, batch_size=BATCH_SIZE):
    """Split all points and put each part into a loader (chapter 04).

    Args:
        x: features [N, 1] or [N, ...], array or tensor: all points, unsplit.
        y: labels [N, 1]; classes are whole numbers [N].
        batch_size: how many points make a mini-batch.

    Returns:
        train_loader (80 % of the points, a new order every epoch) and
        val_loader (20 %, always in one order); both give features [n, 1] and
        labels [n, 1], float32 (classes int64).

    Raises:
        DataError: x and y do not belong together.
    """
    check_features_and_labels(x, y)
    x_tensor = torch.as_tensor(x, dtype=torch.float32)  # [N, 1]
    y_tensor = torch.as_tensor(y, dtype=label_dtype(y))  # [N, 1]
    dataset = TensorDataset(x_tensor, y_tensor)
    generator = torch.Generator().manual_seed(SEED)
    train_data, val_data = random_split(dataset, FRACTIONS, generator)
    train_loader = DataLoader(
        train_data, batch_size=batch_size, shuffle=True, generator=generator
    )
    val_loader = DataLoader(val_data, batch_size=batch_size)
    return train_loader, val_loader
