"""The processes of one run, and the group in which they exchange numbers.

``torchrun`` starts them and says in the environment who is who. Without it
there is one process, the first, and nothing to exchange.
"""

# pyright: reportPrivateImportUsage=false

import contextlib
import os
import sys
import time
import uuid
from collections.abc import Iterator

import torch
import torch.distributed as dist

from helpers.devices import find_device

LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
PAUSE = 0.01  # seconds between two looks for processes that arrive

# Where the processes of this run met; None outside of process_group.
_store: dist.Store | None = None
_n_groups = 0  # that this process has joined, as often as the others


def rank() -> int:
    """Return the number of this process among all of its run, from 0 on."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank()
    return int(os.environ["RANK"]) if is_started_together() else 0


def world_size() -> int:
    """Return how many processes the run has, on all hosts."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_world_size()
    return int(os.environ["WORLD_SIZE"]) if is_started_together() else 1


def is_first() -> bool:
    """Tell whether this is the process that prints, logs and saves."""
    return rank() == 0


def is_started_together() -> bool:
    """Tell whether ``torchrun``, or something like it, started this process."""
    return all(
        name in os.environ
        for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    )


def device_of_process(
    name: str | torch.device | None = None,
) -> torch.device:
    """Return the device of this process: of several, each has a GPU of its own.

    Args:
        name: as for `helpers.devices.find_device`; "cuda" without a number is
            the GPU that has the number of this process on its host.

    Raises:
        DeviceError: this machine has no such device.
    """
    device = find_device(name)
    local = os.environ.get("LOCAL_RANK")
    if device.type != "cuda" or device.index is not None or local is None:
        return device
    device = find_device(f"cuda:{local}")
    torch.cuda.set_device(device)
    return device


@contextlib.contextmanager
def process_group(device: str | torch.device = "cpu") -> Iterator[None]:
    """Let the processes of a run exchange numbers in the block.

    Plainly started, or where a group is there already, nothing happens. On
    CPUs gloo carries the numbers, and between GPUs NCCL. On a single host
    gloo stays on the loopback interface.

    Args:
        device: where this process computes.
    """
    if not is_started_together() or dist.is_initialized():
        yield
        return
    if os.environ.get("GROUP_WORLD_SIZE", "1") == "1":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", LOOPBACK)
    global _store, _n_groups
    _n_groups += 1
    _store = dist.PrefixStore(f"group/{_n_groups}", _meeting_place())
    is_cuda = torch.device(device).type == "cuda"
    dist.init_process_group(
        # what is on the CPU, bytes of a file for instance, goes by gloo
        "cpu:gloo,cuda:nccl" if is_cuda else "gloo",
        store=_store,
        rank=rank(),
        world_size=world_size(),
    )
    try:
        yield
    finally:
        _store = None
        if dist.is_initialized():  # not closed because of an error
            dist.destroy_process_group()


def store() -> dist.Store | None:
    """Return where the processes leave words for each other, if anywhere."""
    return _store


def _meeting_place() -> dist.Store:
    """Return a store in which nothing lies from an attempt that failed.

    After a failure torchrun starts all processes again, with the store they
    had: the addresses of dead processes are still in it. The counter of
    restarts differs from host to host, so the processes agree on a word.
    """
    store, me, n_processes = next(dist.rendezvous("env://"))
    if os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0") == "0":
        return store
    word = _meet(store, me, n_processes)
    return dist.PrefixStore(f"attempt/{word}", store)


def _meet(store: dist.Store, me: int, n_processes: int) -> str:
    """Return one new word in all processes that are alive now.

    Each process but the first leaves a word of its own and waits until it is
    answered: only a first process that lives does that.
    """
    mine = uuid.uuid4().hex
    if me != 0:
        store.set(f"hello/{me}", mine)
        word = store.get(f"welcome/{mine}").decode()  # waits for it
        store.set(f"here/{word}/{me}", "")
        return word
    waiting = set(range(1, n_processes))
    while waiting:
        for other in sorted(waiting):
            if store.check([f"hello/{other}"]):
                theirs = store.get(f"hello/{other}").decode()
                store.set(f"welcome/{theirs}", mine)
            if store.check([f"here/{mine}/{other}"]):
                waiting.remove(other)
        time.sleep(PAUSE)
    return mine


def share_bytes(data: bytes | None) -> bytes:
    """Return the bytes of the first process, in every process.

    Args:
        data: what the first process shares; None in the others.
    """
    if world_size() == 1:
        return data or b""
    length = torch.tensor([len(data or b"") if is_first() else 0])
    dist.broadcast(length, src=0)
    content = torch.zeros(int(length), dtype=torch.uint8)
    if is_first() and data:
        content = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    if len(content):
        dist.broadcast(content, src=0)
    return content.numpy().tobytes()
