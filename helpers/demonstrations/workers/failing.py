"""An error in one process ends all of them."""

import torch
import torch.distributed as dist

from helpers.errors import DataError


def main():
    """Exchange numbers until one process finds something wrong."""
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    for batch in range(5):
        if rank == 1 and batch == 2:
            raise DataError(f"Rank {rank}: batch {batch} has a label of -1.")
        dist.all_reduce(torch.ones(1))
        print(f"rank {rank}: batch {batch}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
