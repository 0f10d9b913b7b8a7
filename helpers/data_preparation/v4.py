"""Data preparation, version 4: whole batches out of memory."""

import torch
from torch.utils.data import TensorDataset, random_split

from helpers.datasets.images import check_images
from helpers.datasets.whole_batches import WholeBatches
from helpers.pipeline import gives
from helpers.pipeline.input_checks import check_features_and_labels, label_dtype

BATCH_SIZE = 32
SEED = 13  # of the split and of the shuffling
FRACTIONS = [0.8, 0.2]  # training, validation


@gives("train_loader val_loader")
def prepare_data(x, y, batch_size=BATCH_SIZE, highest=None, device="cpu"):
    """Split all points, and cut each part into batches (chapter 17).

    Args:
        x: features [N, ...], as they are; images [N, H, W] if highest is given.
        y: labels [N, 1]; classes are whole numbers [N].
        batch_size: how many points make a mini-batch.
        highest: the brightest value of a pixel, by which images are scaled.
        device: where all points are kept.

    Returns:
        train_loader and val_loader: the rows and the orders of version 2 (and
        of version 3, for images), each batch a view.

    Raises:
        DataError: x and y do not belong together, or x are no such images.
    """
    check_features_and_labels(x, y)
    x_tensor = torch.as_tensor(x, dtype=torch.float32)  # [N, ...]
    if highest is not None:
        check_images(x, highest)
        x_tensor = x_tensor.unsqueeze(1) / highest  # [N, 1, H, W]
    y_tensor = torch.as_tensor(y, dtype=label_dtype(y))  # [N] or [N, 1]
    dataset = TensorDataset(x_tensor.to(device), y_tensor.to(device))
    generator = torch.Generator().manual_seed(SEED)
    train_data, val_data = random_split(dataset, FRACTIONS, generator)
    train_loader = WholeBatches(
        *dataset[train_data.indices], batch_size=batch_size, generator=generator
    )
    val_loader = WholeBatches(*dataset[val_data.indices], batch_size=batch_size)
    return train_loader, val_loader
