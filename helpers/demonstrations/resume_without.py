"""Resume a training run with one item of its state left out (chapter 08).

The model has what a resume can get wrong: dropout, which draws random
numbers, and momentum, which remembers the steps before. All runs on the CPU,
since a GPU has a random state of its own.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn, optim

from helpers.data_preparation import v2 as data_preparation
from helpers.datasets.line import generate_data
from helpers.mini_batch.v1 import mini_batch
from helpers.randomness import reseed
from helpers.step_functions import make_train_step_fn

# A DataLoader with a generator of its own, which in general it may lack.
SeededLoader: TypeAlias = Any

SAVED_AT = 20  # epochs
N_EPOCHS = 40


def build() -> tuple[nn.Module, optim.Optimizer, SeededLoader]:
    """Return model, optimizer and train_loader, the same at every call."""
    torch.manual_seed(42)
    model = nn.Sequential(
        nn.Linear(1, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1)
    )
    optimizer = optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    train_loader, _ = data_preparation.prepare_data(*generate_data())
    return model, optimizer, train_loader


def train_on(
    model: nn.Module,
    optimizer: optim.Optimizer,
    train_loader: SeededLoader,
    epochs: Iterable[int],
    seed: int | None = None,
) -> list[float]:
    """Train for some epochs and return their losses.

    Args:
        model: see `build`.
        optimizer: of this model.
        train_loader: batches of features [n, 1] and labels [n, 1].
        epochs: their numbers.
        seed: reseed every epoch from it; None leaves the random state alone.
    """
    train_step_fn = make_train_step_fn(model, nn.MSELoss(), optimizer)
    losses = []
    for epoch in epochs:
        if seed is not None:
            reseed(seed, epoch, train_loader)
        losses.append(mini_batch("cpu", train_loader, train_step_fn))
    return losses


def state_of(
    model: nn.Module,
    optimizer: optim.Optimizer,
    train_loader: SeededLoader,
    epoch: int,
) -> dict:
    """Return the whole state of a training run, random states included."""
    return {
        "epoch": epoch,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "random_state": torch.get_rng_state(),
        "generator_state": train_loader.generator.get_state(),
    }


def resume_without(
    item: str, path: Path, seed: int | None = None
) -> tuple[nn.Module, list[float]]:
    """Build anew, put back all items of the file but one, and train on."""
    state = torch.load(path, weights_only=True)
    state.pop(item, None)
    model, optimizer, train_loader = build()
    put_back = {
        "model_state_dict": model.load_state_dict,
        "optimizer_state_dict": optimizer.load_state_dict,
        "random_state": torch.set_rng_state,
        "generator_state": train_loader.generator.set_state,
    }
    for name in put_back.keys() & state.keys():
        put_back[name](state[name])
    epochs = range(state.get("epoch", 0), N_EPOCHS)
    return model, train_on(model, optimizer, train_loader, epochs, seed)


def compare_resumes(
    path: Path, seed: int | None = None
) -> dict[str, np.ndarray]:
    """Resume without each item in turn, and print what stays the same.

    Args:
        path: where the state goes, after 20 of 40 epochs.
        seed: see `train_on`.

    Returns:
        absolute differences of the losses of epochs 20 to 39 to those of an
        undisturbed run, [20], by the name of the item left out.
    """
    parts = build()
    train_on(*parts, range(SAVED_AT), seed)
    state = state_of(*parts, epoch=SAVED_AT)
    torch.save(state, path)
    undisturbed = train_on(*parts, range(SAVED_AT, N_EPOCHS), seed)
    differences = {}
    print("left out               same losses   same model")
    for item in ["nothing", *state]:
        model, losses = resume_without(item, path, seed)
        first = losses[: N_EPOCHS - SAVED_AT]
        pairs = zip(model.parameters(), parts[0].parameters(), strict=True)
        same_model = all(torch.equal(a, b) for a, b in pairs)
        print(f"{item:21}  {first == undisturbed!s:12}  {same_model}")
        differences[item] = np.abs(np.subtract(first, undisturbed))
    return differences
