"""Watch what torch keeps in memory for a backward pass."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch.autograd.graph import saved_tensors_hooks


class _Kept:
    """A tensor kept for a backward pass; the graph holds this object."""

    def __init__(self, tensor: torch.Tensor):
        # the same memory without a graph, or the graph would hold itself
        self.tensor = tensor.detach()


@contextmanager
def watch_saved_tensors() -> Iterator[Callable[[], float]]:
    """Count what the forward passes in a block keep for their backward.

    Yields:
        megabytes(), which returns how much of it is alive at the moment, in
        units of 10^6 bytes; memory that is kept twice counts once.

    Source: https://docs.pytorch.org/docs/stable/autograd.html
        (torch.autograd.graph.saved_tensors_hooks)
    """
    alive = weakref.WeakSet()  # forgets what no graph holds any more

    def pack(tensor: torch.Tensor) -> _Kept:
        kept = _Kept(tensor)
        alive.add(kept)
        return kept

    def unpack(kept: _Kept) -> torch.Tensor:
        return kept.tensor

    def megabytes() -> float:
        memory = [kept.tensor.untyped_storage() for kept in alive]
        return sum({m.data_ptr(): m.nbytes() for m in memory}.values()) / 1e6

    with saved_tensors_hooks(pack, unpack):
        yield megabytes
