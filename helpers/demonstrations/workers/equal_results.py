"""One training run in six ways, plainly or in several processes.

The first process keeps the weights in a file, to be compared.
"""

# version files carry no types, and pyright takes those of their defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

import sys
from pathlib import Path

import torch
from torch import nn, optim
from torch.nn.utils import parameters_to_vector

from helpers.data_preparation import v5 as data_preparation
from helpers.datasets.digits import load_digits
from helpers.model_configuration import v9 as model_configuration
from helpers.model_training import v9 as model_training
from helpers.processes import is_first, process_group

WAYS = {  # numbers of 64 or 32 bits, optimizer, layer after the first one
    "SGD": (torch.float64, optim.SGD, nn.Identity),
    "momentum": (torch.float64, optim.SGD, nn.Identity),
    "Adam": (torch.float64, optim.Adam, nn.Identity),
    "Adam, float32": (torch.float32, optim.Adam, nn.Identity),
    "SGD, batch norm": (torch.float64, optim.SGD, nn.BatchNorm1d),
}


class Convert(nn.Module):
    """Gives its input in another type of number."""

    def __init__(self, dtype: torch.dtype):
        super().__init__()
        self.dtype = dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x in the other type."""
        return x.to(self.dtype)


def final_weights(way: str, batch_size: int = 16) -> torch.Tensor:
    """Train, and return all weights, in one row.

    Args:
        way: one of `WAYS`.
        batch_size: the most rows that a process takes at once; 16 make an
            update.
    """
    dtype, make_optimizer, layer = WAYS[way]
    options = {"momentum": 0.9} if way == "momentum" else {}

    def make_model():
        hidden = [nn.Flatten(), nn.Linear(64, 32), layer(32), nn.ReLU()]
        model = nn.Sequential(Convert(dtype), *hidden, nn.Linear(32, 10))
        return model.to(dtype)

    digits = load_digits()
    n = 513  # 411 for training: the last of 26 batches has 11 rows
    train_loader, val_loader = data_preparation.prepare_data(
        digits.images[:n], digits.labels[:n], batch_size, digits.highest, 16
    )
    configuration = model_configuration.configure_model(
        lr=0.01, device="cpu", run_name=None, make_model=make_model,
        make_optimizer=lambda parameters, lr: make_optimizer(
            parameters, lr=lr, **options
        ),
    )  # fmt: skip
    model_training.train(configuration, train_loader, val_loader, n_epochs=2)
    return parameters_to_vector(configuration.model.parameters()).detach()


def main() -> None:
    """Train in every way, and save what came out."""
    with process_group():
        weights = {way: final_weights(way) for way in WAYS}
        if is_first():
            path = Path(sys.argv[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(weights, path)


if __name__ == "__main__":
    main()
