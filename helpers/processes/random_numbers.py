"""What is random in the epoch of one of several processes."""

from torch.utils.data import DataLoader

from helpers import randomness
from helpers.processes.group import rank
from helpers.randomness import epoch_seed


def reseed(seed: int, epoch: int, *data_loaders: DataLoader) -> None:
    """Do what `helpers.randomness.reseed` does, in each process of a run.

    All processes draw the same order of rows. What else they draw, such as the
    masks of dropout, differs from process to process: their rows do, too.

    Args:
        seed: the seed of the whole training, 0 or more.
        epoch: the epoch about to start, counted from 0.
        data_loaders: as there.
    """
    randomness.reseed(seed, epoch, *data_loaders)
    if rank():
        randomness.reseed(epoch_seed(seed, epoch), rank())
