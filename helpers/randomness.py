"""Everything random in an epoch follows from two numbers: seed and epoch."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader


def epoch_seed(seed: int, epoch: int) -> int:
    """Mix a seed and an epoch into one 32-bit seed.

    A plain ``seed + epoch`` would make epoch 1 of seed 13 repeat epoch 0 of
    seed 14. `numpy.random.SeedSequence` mixes the two numbers well.
    """
    entropy = [seed, epoch]
    if seed < 2**32 > epoch:  # a list of any numbers takes twice as long
        entropy = np.array(entropy, dtype=np.uint32)
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def reseed(seed: int, epoch: int, *data_loaders: DataLoader) -> None:
    """Reseed torch, NumPy, Python and the loaders for one epoch.

    Afterwards the order of the batches, dropout and everything else that draws
    random numbers in this epoch depend on ``seed`` and ``epoch`` only: not on
    what was drawn before, so that a resumed run repeats an undisturbed one.
    Workers that would live on (``persistent_workers=True``) are started anew,
    as they carry random states of their own. A generator that a dataset keeps
    for itself (``numpy.random.default_rng``) cannot be found here.

    Args:
        seed: the seed of the whole training, 0 or more.
        epoch: the epoch about to start, counted from 0.
        data_loaders: loaders whose own generators are reseeded, if they have
            any: of the loader, its sampler and its batch sampler.
    """
    number = epoch_seed(seed, epoch)
    _seed_torch(number)
    np.random.seed(number)
    random.seed(number)
    for data_loader in data_loaders:
        _reseed_loader(data_loader, number)


def _reseed_loader(data_loader: DataLoader, number: int) -> None:
    for generator in _generators(data_loader):
        generator.manual_seed(number)
    if getattr(data_loader, "persistent_workers", False):
        # the workers of the last epoch end with the iterator they serve
        data_loader._iterator = None


def _generators(data_loader: Any) -> Iterator[torch.Generator]:
    """Yield each generator of a loader and of the samplers below it, once."""
    below: list[Any] = [data_loader]
    found = {id(None)}
    for part in below:  # grows on the way
        if id(part) in found:
            continue
        found.add(id(part))
        if hasattr(part, "manual_seed"):
            yield part
            continue
        below += (
            getattr(part, "sampler", None),
            getattr(part, "batch_sampler", None),
            getattr(part, "generator", None),
        )


def _seed_torch(number: int) -> None:
    """Do what ``torch.manual_seed`` does, quickly where there is only a CPU.

    torch.manual_seed also leaves a note, with a whole stack trace, for each
    kind of accelerator that is not in use. Once an epoch, that adds a third
    to the time our small model needs.
    """
    if torch.accelerator.current_accelerator(check_available=True) is None:
        torch.default_generator.manual_seed(number)
    else:
        torch.manual_seed(number)
