"""The state of a wrapped model has names that no other model has."""

import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def main():
    """Print the names of both states, and try to load one of them."""
    dist.init_process_group("gloo")
    net = nn.Linear(1, 1)
    model = DistributedDataParallel(net)
    if dist.get_rank() == 0:
        print("wrapped:  ", *model.state_dict())
        print("unwrapped:", *model.module.state_dict())
        try:
            nn.Linear(1, 1).load_state_dict(model.state_dict())
        except RuntimeError as error:
            print(error)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
