"""Every process has a rank, and an all-reduce gives all of them one sum."""

import torch
import torch.distributed as dist


def main():
    """Print what this process holds, before and after an all-reduce."""
    dist.init_process_group("gloo")
    rank, n_processes = dist.get_rank(), dist.get_world_size()
    numbers = torch.tensor([1.0, 10.0]) * (rank + 1)
    print(f"rank {rank} of {n_processes} holds  {numbers.tolist()}")
    dist.all_reduce(numbers)
    print(f"rank {rank} of {n_processes} now has {numbers.tolist()}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
