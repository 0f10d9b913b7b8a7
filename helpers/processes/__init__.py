"""One training run in many processes, perhaps on many machines.

Here belongs what a process knows of the others: its rank, its share of each
global batch, sums over all of them, and who writes; and what starts processes
and hears what they say. What a command does in each of them belongs in
`helpers.launching`, and what a training run does in `helpers.model_training`.
"""

from helpers.processes.ending import ends_together
from helpers.processes.exchange import share_buffers, sums
from helpers.processes.group import (
    device_of_process,
    is_first,
    process_group,
    rank,
    share_bytes,
    world_size,
)
from helpers.processes.random_numbers import reseed
from helpers.processes.share import Share
from helpers.processes.shares import Shares

__all__ = [
    "Share",
    "Shares",
    "device_of_process",
    "ends_together",
    "is_first",
    "process_group",
    "rank",
    "reseed",
    "share_buffers",
    "share_bytes",
    "sums",
    "world_size",
]
