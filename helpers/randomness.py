"""Everything random in an epoch follows from two numbers: seed and epoch."""

import numpy as np
import torch
from torch.utils.data import DataLoader


def epoch_seed(seed: int, epoch: int) -> int:
    """Mix a seed and an epoch into one 32-bit seed.

    A plain ``seed + epoch`` would make epoch 1 of seed 13 repeat epoch 0 of
    seed 14. `numpy.random.SeedSequence` mixes the two numbers well.
    """
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def reseed(seed: int, epoch: int, *data_loaders: DataLoader) -> None:
    """Reseed torch and the generators of the loaders for one epoch.

    Afterwards the order of the batches, dropout and all else that torch draws
    in this epoch depend on ``seed`` and ``epoch`` only: not on what was drawn
    before, so that a resumed training repeats an undisturbed one.

    Args:
        seed: the seed of the whole training, 0 or more.
        epoch: the epoch about to start, counted from 0.
        data_loaders: loaders whose own generator is reseeded, if they have one.
    """
    number = epoch_seed(seed, epoch)
    _seed_torch(number)
    for data_loader in data_loaders:
        if data_loader.generator is not None:
            data_loader.generator.manual_seed(number)


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
