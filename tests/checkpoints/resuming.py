"""Train a few networks to an epoch; as a program, in a process of its own.

    python tests/checkpoints/resuming.py FOLDER

goes on from the checkpoints in FOLDER to the last epoch, and writes what
came of it to FOLDER/result.pt.
"""

import sys
from pathlib import Path

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.checkpoints import load_checkpoint
from helpers.model_training import v6 as model_training
from helpers.pipeline import Configuration
from helpers.step_functions import make_train_step_fn, make_val_step_fn

# name of a case: epochs before the interruption, and in all
CASES = {
    "as in the course": (100, 200),
    "all at once": (100, 200),
    "two workers": (2, 4),
}


def configure(case):
    """Build everything that carries a state from one epoch to the next."""
    torch.manual_seed(7)
    if case == "as in the course":
        model = nn.Sequential(nn.Linear(1, 1))
        optimizer = optim.SGD(model.parameters(), lr=0.1)
    else:
        model = nn.Sequential(
            nn.Linear(1, 12),
            nn.BatchNorm1d(12),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(12, 1),
        )
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loss_fn = nn.MSELoss()
    configuration = Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        writer=None,
    )
    if case != "as in the course":
        schedule_every_step(configuration)
    return configuration


def schedule_every_step(configuration):
    """Let the learning rate and the momentum cycle, a step at a time."""
    configuration.scheduler = optim.lr_scheduler.CyclicLR(
        configuration.optimizer, base_lr=0.01, max_lr=0.1, step_size_up=30
    )
    step_fn = configuration.train_step_fn

    def scheduled_step_fn(x, y):
        loss = step_fn(x, y)
        configuration.scheduler.step()
        return loss

    configuration.train_step_fn = scheduled_step_fn


def loaders(case):
    generator = torch.Generator().manual_seed(8)
    x = torch.rand(57, 1, generator=generator)  # a ragged last batch
    y = 1 + 2 * x + 0.1 * torch.randn(57, 1, generator=generator)
    n_workers = 2 if case == "two workers" else 0
    train_loader = DataLoader(
        TensorDataset(x[:41], y[:41]),
        batch_size=16,
        shuffle=True,
        num_workers=n_workers,
        # two cases shuffle by a generator of their own, one by torch's
        generator=None if case == "all at once" else generator,
    )
    return train_loader, DataLoader(TensorDataset(x[41:], y[41:]), 16)


def train(case, n_epochs, **options):
    """Train from the start; return the configuration and its losses."""
    configuration = configure(case)
    if "resume_from" in options:
        options["resume_from"] = load_checkpoint(
            options["resume_from"], configuration
        )
    losses = model_training.train(
        configuration, *loaders(case), n_epochs=n_epochs, seed=11, **options
    )
    return configuration, losses


def outcome(configuration, losses):
    """Gather all that has to agree, as plain values."""
    scheduler = configuration.scheduler
    return {
        "model": dict(configuration.model.state_dict()),
        "optimizer": configuration.optimizer.state_dict(),
        "losses": list(losses[0]),
        "val_losses": list(losses[1]),
        "rate": scheduler and scheduler.get_last_lr(),
    }


def main(folder):
    torch.set_num_threads(1)
    result = {
        case: outcome(
            *train(case, last, resume_from=Path(folder) / f"{case}.pt")
        )
        for case, (_, last) in CASES.items()
    }
    torch.save(result, Path(folder) / "result.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
