"""What the processes of a run compute together: exact sums, equal buffers."""

import math
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import nn

from helpers.processes.group import world_size


def sums(values: Iterable[float]) -> list[float]:
    """Return the sum of each value over all processes, the same in each.

    The values of all are gathered and added up exactly, so that the result
    does not depend on who adds first.

    Args:
        values: of this process; every process gives as many.
    """
    mine = torch.tensor(list(values), dtype=torch.float64)
    if world_size() == 1:
        return mine.tolist()
    gathered = [torch.empty_like(mine) for _ in range(world_size())]
    dist.all_gather(gathered, mine)
    columns = zip(*(part.tolist() for part in gathered), strict=True)
    return [_sum(column) for column in columns]


def _sum(values: Iterable[float]) -> float:
    values = list(values)
    # fsum refuses inf and -inf together; sum says nan
    return math.fsum(values) if all(map(math.isfinite, values)) else sum(values)


def share_buffers(model: nn.Module) -> None:
    """Give every process the buffers of the first, such as running means.

    Batch norm keeps those of the rows that it has seen, and each process has
    seen rows of its own. Afterwards all validate the model that the first one
    saves.

    Args:
        model: with its own buffers, not those of a wrapper.
    """
    if world_size() == 1:
        return
    for buffer in model.buffers():
        dist.broadcast(buffer, src=0)
