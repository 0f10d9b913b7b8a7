"""Everything random in an epoch follows from the seed and the epoch."""

import random

import numpy as np
import pytest
import torch
from torch import nn, optim
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from helpers.checkpoints import load_checkpoint
from helpers.model_training import v6 as model_training
from helpers.pipeline import Configuration
from helpers.randomness import epoch_seed, reseed
from helpers.step_functions import make_train_step_fn, make_val_step_fn

N = 24
X = torch.linspace(0, 1, N).reshape(N, 1)
Y = 1 + 2 * X


class Noisy(Dataset):
    """Draws noise with each item, from torch, NumPy or Python."""

    def __init__(self, draw):
        self.draw = draw

    def __len__(self):
        return N

    def __getitem__(self, index):
        return X[index] + self.draw(), Y[index]


def generator(seed=5):
    return torch.Generator().manual_seed(seed)


def weighted(seed=5):
    weights = [1.0 + i % 3 for i in range(N)]
    return WeightedRandomSampler(weights, N, generator=generator(seed))


def from_torch():
    return torch.rand(1)


def from_numpy():
    return np.random.rand()


def from_python():
    return random.random()


DATA = TensorDataset(X, Y)
LOADERS = {
    "the loader's generator": lambda: DataLoader(
        DATA, 8, shuffle=True, generator=generator()
    ),
    "no generator": lambda: DataLoader(DATA, 8, shuffle=True),
    "a sampler's generator": lambda: DataLoader(DATA, 8, sampler=weighted()),
    "two generators": lambda: DataLoader(
        DATA, 8, sampler=weighted(6), generator=generator()
    ),
    "a batch sampler's inner sampler": lambda: DataLoader(
        DATA, batch_sampler=BatchSampler(weighted(), 8, False)
    ),
    "batches as a sampler": lambda: DataLoader(
        DATA,
        batch_size=None,
        sampler=BatchSampler(
            RandomSampler(DATA, generator=generator()), 8, False
        ),
    ),
    "torch in the items": lambda: DataLoader(Noisy(from_torch), 8),
    "NumPy in the items": lambda: DataLoader(Noisy(from_numpy), 8),
    "Python in the items": lambda: DataLoader(Noisy(from_python), 8),
    "workers": lambda: DataLoader(
        Noisy(from_numpy), 8, shuffle=True, num_workers=1
    ),
    "workers that stay": lambda: DataLoader(
        Noisy(from_torch),
        8,
        shuffle=True,
        num_workers=1,
        persistent_workers=True,
        generator=generator(),
    ),
}


def configure():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(1, 4), nn.Dropout(0.2), nn.Linear(4, 1))
    loss_fn = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        writer=None,
    )


@pytest.mark.parametrize("name", LOADERS)
def test_a_resumed_run_repeats_an_undisturbed_one(name, tmp_path):
    make, path = LOADERS[name], tmp_path / "checkpoint.pt"
    straight = model_training.train(configure(), make(), make(), n_epochs=4)
    options = {"checkpoint_path": path, "checkpoint_every": 2}
    model_training.train(configure(), make(), make(), n_epochs=2, **options)

    # as in a process that has done other things before
    torch.manual_seed(77)
    np.random.seed(77)
    random.seed(77)
    later = configure()
    done = load_checkpoint(path, later)
    loaders = make(), make()
    if "workers" not in name:
        next(iter(loaders[0]))
    resumed = model_training.train(
        later, *loaders, n_epochs=4, resume_from=done
    )
    assert resumed == straight


def batches_of(loader):
    return [[tensor.tolist() for tensor in batch] for batch in loader]


@pytest.mark.parametrize("name", [n for n in LOADERS if "workers" not in n])
def test_an_epoch_depends_on_seed_and_epoch_alone(name):
    loader = LOADERS[name]()
    seen = {}
    for seed, epoch in [(13, 0), (13, 1), (14, 0), (13, 0), (14, 0), (13, 1)]:
        reseed(seed, epoch, loader)
        found = batches_of(loader)
        assert seen.setdefault((seed, epoch), found) == found
    assert len({str(found) for found in seen.values()}) == 3


def test_numbers_of_torch_are_those_of_its_own_seed():
    """Seeding NumPy and Python too changes nothing that torch draws."""
    loader = LOADERS["the loader's generator"]()
    reseed(13, 2, loader)
    order = torch.cat([x for x, _ in loader])
    drawn = torch.rand(3)
    torch.manual_seed(epoch_seed(13, 2))
    again = DataLoader(
        DATA, 8, shuffle=True, generator=generator(epoch_seed(13, 2))
    )
    assert torch.equal(order, torch.cat([x for x, _ in again]))
    assert torch.equal(drawn, torch.rand(3))
