"""Everything random in an epoch follows from two numbers: seed and epoch."""

import functools
import random
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

EPOCHS_AT_ONCE = 16  # whose seeds are mixed together


def epoch_seed(seed: int, epoch: int) -> int:
    """Mix a seed and an epoch into one 32-bit seed.

    A plain ``seed + epoch`` would make epoch 1 of seed 13 repeat epoch 0 of
    seed 14. `numpy.random.SeedSequence` mixes the two numbers well.
    """
    block, number = divmod(epoch, EPOCHS_AT_ONCE)
    return _seeds_of(seed, block)[number]


@functools.lru_cache(maxsize=4)
def _seeds_of(seed: int, block: int) -> list[int]:
    """Mix the seeds of several epochs at once.

    One at a time, between two epochs of a small model, costs a multiple: all
    that NumPy needs for it has left the cache of the processor by then.
    """
    first = block * EPOCHS_AT_ONCE
    pairs: Any = [[seed, first + number] for number in range(EPOCHS_AT_ONCE)]
    if 0 <= seed < 2**32 and 0 <= pairs[-1][1] < 2**32:
        pairs = np.array(pairs, dtype=np.uint32)  # twice as fast as lists
    states = [np.random.SeedSequence(pair).generate_state(1) for pair in pairs]
    return [int(state[0]) for state in states]


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


def _generators(data_loader: Any) -> list[torch.Generator]:
    """Return each generator of a loader and of the samplers below it, once."""
    parts: list[Any] = [data_loader]
    found: list[torch.Generator] = []
    for part in parts:  # grows on the way
        generator: Any = getattr(part, "generator", None)
        is_new = all(generator is not other for other in found)
        if is_new and hasattr(generator, "manual_seed"):
            found.append(generator)
        for name in ("sampler", "batch_sampler"):
            below = getattr(part, name, None)
            if below is not None and all(below is not p for p in parts):
                parts.append(below)
    return found


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
