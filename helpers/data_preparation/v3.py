"""Data preparation, version 3: images, scaled, with a channel axis."""

import torch
from torch.utils.data import DataLoader, TensorDataset, random_split

from helpers.datasets.images import check_images
from helpers.pipeline import gives
from helpers.pipeline.input_checks import check_features_and_labels, label_dtype

BATCH_SIZE = 32
SEED = 13  # of the split and of the shuffling
FRACTIONS = [0.8, 0.2]  # training, validation


@gives("train_loader val_loader")
def prepare_data(x, y, batch_size=BATCH_SIZE, highest=255):
    """Scale images, split them, and put each part into a loader (chapter 13).

    Args:
        x: images [N, H, W] of one channel, array or tensor, unscaled.
        y: classes [N], whole numbers from 0 on.
        batch_size: how many images make a mini-batch.
        highest: the brightest value a pixel can have.

    Returns:
        train_loader (80 % of the images, a new order every epoch) and
        val_loader (20 %, always in one order); both give images [n, 1, H, W],
        float32 from 0 to 1, and classes [n], int64.

    Raises:
        DataError: x and y do not belong together, or x are no such images.
    """
    check_features_and_labels(x, y)
    check_images(x, highest)
    x_tensor = torch.as_tensor(x, dtype=torch.float32) / highest  # [N, H, W]
    x_tensor = x_tensor.unsqueeze(1)  # [N, 1, H, W]
    y_tensor = torch.as_tensor(y, dtype=label_dtype(y))  # [N]
    dataset = TensorDataset(x_tensor, y_tensor)
    generator = torch.Generator().manual_seed(SEED)
    train_data, val_data = random_split(dataset, FRACTIONS, generator)
    train_loader = DataLoader(
        train_data, batch_size=batch_size, shuffle=True, generator=generator
    )
    val_loader = DataLoader(val_data, batch_size=batch_size)
    return train_loader, val_loader
