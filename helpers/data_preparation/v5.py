"""Data preparation, version 5: each process has its share of every batch."""

import torch
from torch.utils.data import (
    DataLoader,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
    random_split,
)

from helpers.datasets.images import check_images
from helpers.pipeline import gives
from helpers.pipeline.input_checks import check_features_and_labels, label_dtype
from helpers.processes import Shares, world_size

BATCH_SIZE = 32
SEED = 13  # of the split and of the shuffling
FRACTIONS = [0.8, 0.2]  # training, validation


@gives("train_loader val_loader")
def prepare_data(
    x, y, batch_size=BATCH_SIZE, highest=None, global_batch_size=None
):
    """Split all points, and each batch among the processes (chapter 18).

    Takes and returns what version 4 does. A process takes at most batch_size
    rows through the model at once; global_batch_size rows of all processes
    together make one update (None: batch_size).
    """
    check_features_and_labels(x, y)
    x_tensor = torch.as_tensor(x, dtype=torch.float32)  # [N, ...]
    if highest is not None:
        check_images(x, highest)
        x_tensor = x_tensor.unsqueeze(1) / highest  # [N, 1, H, W]
    y_tensor = torch.as_tensor(y, dtype=label_dtype(y))  # [N] or [N, 1]
    dataset = TensorDataset(x_tensor, y_tensor)
    generator = torch.Generator().manual_seed(SEED)
    train_data, val_data = random_split(dataset, FRACTIONS, generator)
    order = RandomSampler(train_data, generator=generator)
    shares = Shares(order, batch_size, global_batch_size)
    train_loader = DataLoader(
        train_data, batch_sampler=shares, generator=generator
    )
    order = SequentialSampler(val_data)
    val_shares = Shares(order, batch_size, batch_size * world_size())
    val_loader = DataLoader(val_data, batch_sampler=val_shares)
    return train_loader, val_loader
