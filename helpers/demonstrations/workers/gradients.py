"""Gradients meet in backward: they are equal before any step is taken."""

# a parameter has a gradient after backward
# pyright: reportOptionalMemberAccess=false

import torch
import torch.distributed as dist
from torch import nn, optim
from torch.nn.parallel import DistributedDataParallel

from helpers.datasets.line import generate_data


def main():
    """Take one training step, and print the slope's gradient on the way."""
    dist.init_process_group("gloo")
    rank, n_processes = dist.get_rank(), dist.get_world_size()
    x, y = (torch.as_tensor(part).float() for part in generate_data())
    x, y = x[rank:16:n_processes], y[rank:16:n_processes]  # its own rows
    torch.manual_seed(42)
    net = nn.Linear(1, 1)
    loss_fn = nn.MSELoss()
    (own, _) = torch.autograd.grad(loss_fn(net(x), y), list(net.parameters()))
    model = DistributedDataParallel(net)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    loss_fn(model(x), y).backward()
    print(f"rank {rank}: its own rows give {own.item():.4f}")
    print(f"rank {rank}: after backward    {net.weight.grad.item():.4f}")
    optimizer.step()
    print(f"rank {rank}: after step, w is  {net.weight.item():.4f}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
