"""A sampler that pads counts some rows twice, and validation is wrong."""

import torch
import torch.distributed as dist
from torch.utils.data import DistributedSampler, TensorDataset

LOSSES = torch.tensor([9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])  # one per row


def mean_over_all(losses):
    """Return the mean of what all processes hold, however much that is."""
    sums = torch.tensor([losses.sum(), len(losses)])
    dist.all_reduce(sums)
    return (sums[0] / sums[1]).item()


def main():
    """Print which rows this process has, and the mean over all of them."""
    dist.init_process_group("gloo")
    rank, n_processes = dist.get_rank(), dist.get_world_size()
    dataset = TensorDataset(LOSSES)
    padded = list(DistributedSampler(dataset, shuffle=False))
    shared = list(range(len(dataset)))[rank::n_processes]
    for name, rows in (("padded", padded), ("shared", shared)):
        mean = mean_over_all(LOSSES[rows])
        print(f"rank {rank}, {name}: rows {rows}, mean of all {mean:.4f}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
