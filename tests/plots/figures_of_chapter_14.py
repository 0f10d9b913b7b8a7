"""The figures of chapter 14: how a page calls each, and what its words say."""

import numpy as np
import torch

from helpers import plots

NUMBERS = torch.Generator().manual_seed(0)
IMAGE = torch.randint(17, [8, 8], generator=NUMBERS).float()
BATCH = torch.rand(16, 1, 8, 8, generator=NUMBERS)
DIGITS = "0123456789"
PICTURES = np.arange(8 * 16 * 16).reshape(8, 16, 16)
RISING = [0.5, 0.9, 0.96]

FIGURES = {
    "accuracies": (
        lambda: plots.accuracies(
            {"logits": RISING, "twice": [0.3, 0.4, 0.5]}, 0.95, "A title"
        ),
        [
            "3 epochs",
            "95 percent, reached in epoch 2 with logits",
            "not reached",
        ],
    ),
    "bars": (
        lambda: plots.bars(
            {
                "plain": {"CNN": 0.96, "MLP": 0.98},
                "mixed": {"CNN": 0.3, "MLP": 0.95},
            },
            *(0.1, "A title"),
        ),
        ["plain: CNN 96 and MLP 98", "mixed: CNN 30 and MLP 95"],
    ),
    "confusion": (
        lambda: plots.confusion(torch.eye(3).long() * 9 + 1, DIGITS[:3]),
        ["30 of 36 images", "and 6 beside it"],
    ),
    "convolution": (
        lambda: plots.convolution(IMAGE, torch.ones(3, 3)),
        [
            "3 x 3 fits 6 x 6 times into 8 x 8, in ",
            f"columns 0 to 2, sum {IMAGE[:3, :3].sum():.0f}.",
            f"columns 5 to 7, sum {IMAGE[5:, 5:].sum():.0f}.",
        ],
    ),
    "filters_and_maps": (
        lambda: plots.filters_and_maps(
            IMAGE, BATCH[:, 0, :3, :3], BATCH[:, 0, :6, :6]
        ),
        ["16 kernels of 3 x 3", "feature map of 6 x 6"],
    ),
    "image_and_batch": (
        lambda: plots.image_and_batch(IMAGE, BATCH, 2 * DIGITS[:8]),
        ["8 x 8 whole numbers", "batch of 16", "shows 0, 1, 2, 3, 4, 5, 6 and"],
    ),
    "layer_sizes": (
        lambda: plots.layer_sizes(
            [
                ("image", (1, 8, 8), 0),
                ("conv", (4, 6, 6), 40),
                ("flatten", (144,), 0),
                ("out", (10,), 1450),
            ]
        ),
        ["conv, 4 x 6 x 6; flatten, 144; out, 10", "1,490 parameters"],
    ),
    "losses_and_accuracy": (
        lambda: plots.losses_and_accuracy(
            *([2.0, 1.0, 0.1], [2.0, 1.0, 0.2], RISING, "A title")
        ),
        ["3 epochs", "falls from 2.0 to 0.10", "from 50 to 96 percent"],
    ),
    "mistakes": (
        lambda: plots.mistakes(
            *(BATCH[:2, 0], torch.tensor([3, 1]), torch.tensor([8, 7])),
            *(torch.tensor([0.9, 0.6]), DIGITS),
        ),
        ["2 mistakes", "right: 3 read as 8, 1 read as 7."],
    ),
    "placed_digits": (
        lambda: plots.placed_digits(PICTURES, PICTURES[:, ::-1], DIGITS[:8]),
        ["8 pictures of 16 x 16", "all in one way"],
    ),
}
