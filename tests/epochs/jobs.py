"""Models, optimizers and loaders for the tests of whole epochs.

    python tests/epochs/jobs.py FOLDER VERSION NAME

goes on with a job from FOLDER/NAME.pt in a process of its own, and writes
what came of it to FOLDER/NAME.result.pt.
"""

import copy
import sys
from pathlib import Path

import torch
from torch import nn, optim

from helpers.checkpoints import load_checkpoint
from helpers.datasets.whole_batches import WholeBatches
from helpers.metrics import accuracy
from helpers.model_configuration import v6, v7, v8
from helpers.model_training import v7 as train_v7
from helpers.model_training import v8 as train_v8
from helpers.networks import Network

CONFIGURE = {6: v6, 7: v7, 8: v8}


def line():
    return nn.Sequential(nn.Linear(1, 1))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), head())


def head():
    return nn.Linear(8, 10)


def batch_norm():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU(), head()
    )


def dropout():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 8), nn.Dropout(0.4), head()
    )


class Tied(nn.Module):
    """One layer used twice."""

    def __init__(self):
        super().__init__()
        self.first, self.again = nn.Linear(64, 8), nn.Linear(8, 8)
        self.head = head()

    def forward(self, x):
        x = self.again(torch.tanh(self.first(x.flatten(1))))
        return self.head(self.again(torch.tanh(x)))


class Partly(nn.Module):
    """One part that is not used, and one that is not trained."""

    def __init__(self):
        super().__init__()
        self.unused, self.first = nn.Linear(3, 3), nn.Linear(64, 8)
        self.first.requires_grad_(False)
        self.head = head()

    def forward(self, x):
        return self.head(self.first(x.flatten(1)).relu())


MODELS = {
    "line": line,
    "mlp": mlp,
    "network": Network,
    "batch norm": batch_norm,
    "dropout": dropout,
    "tied": Tied,
    "partly": Partly,
}


def in_two_groups(kind, **options):
    """Return what builds an optimizer with weights and biases apart."""

    def make(parameters, lr):
        parameters = list(parameters)
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "lr": lr},
            {"params": [p for p in parameters if p.ndim == 1], "lr": lr / 3},
        ]
        return kind(groups, **options)

    return make


def points(name, n=24, seed=2):
    """Return features and labels [n, ...] for a model."""
    generator = torch.Generator().manual_seed(seed)
    if name == "line":
        x = torch.rand(n, 1, generator=generator)
        return x, 1 + 2 * x
    x = torch.rand(n, 1, 8, 8, generator=generator)
    return x, torch.randint(10, (n,), generator=generator)


def loaders(name="mlp", n=24, n_val=20, batch_size=16):
    return (
        WholeBatches(*points(name, n), batch_size, torch.Generator()),
        WholeBatches(*points(name, n_val, 3), batch_size),
    )


def configure(number, name="mlp", make_optimizer=optim.Adam, make_model=None):
    is_line = name == "line"
    return CONFIGURE[number].configure_model(
        lr=0.01,
        run_name=None,
        make_model=make_model or MODELS[name],
        make_optimizer=make_optimizer,
        loss_fn=nn.MSELoss() if is_line else None,
        metrics={} if is_line else {"accuracy": accuracy},
    )


def train(configuration, data, n_epochs=3, **options):
    """Train with version 8 if the configuration can, else with version 7."""
    version = train_v8 if "epoch_fn" in vars(configuration) else train_v7
    return version.train(configuration, *data, n_epochs=n_epochs, **options)


def states(configuration):
    """Copy all that a training changes."""
    model, optimizer = configuration.model, configuration.optimizer
    return copy.deepcopy([model.state_dict(), optimizer.state_dict()["state"]])


def go_on(folder, number, name, n_epochs=6):
    configuration = configure(number, name)
    checkpoint = load_checkpoint(folder / f"{name}.pt", configuration)
    result = train(
        configuration, loaders(name), n_epochs, resume_from=checkpoint
    )
    torch.save([result, states(configuration)], folder / f"{name}.result.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)  # as the tests: programs depend on it
    go_on(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
