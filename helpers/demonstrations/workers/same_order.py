"""Without set_epoch, a DistributedSampler gives one order in all epochs."""

import torch
import torch.distributed as dist
from torch.utils.data import DistributedSampler, TensorDataset


def main():
    """Print the rows of this process in three epochs, in both ways."""
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    dataset = TensorDataset(torch.arange(8.0))
    for is_told in (False, True):
        sampler = DistributedSampler(dataset, seed=13)
        for epoch in range(3):
            if is_told:
                sampler.set_epoch(epoch)
            way = "set_epoch" if is_told else "forgotten"
            print(f"{way}, epoch {epoch}, rank {rank}: {list(sampler)}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
