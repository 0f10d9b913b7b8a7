"""What the checkers of this chapter count: operations, and waits."""

import contextlib
from collections.abc import Iterator

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Count(TorchDispatchMode):
    """Counts what runs in its block.

    Attributes:
        n_operations: operations of torch.
        n_waits: how often tensors became Python numbers.
    """

    def __init__(self):
        super().__init__()
        self.n_operations = self.n_waits = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Count an operation, and run it."""
        self.n_operations += 1
        self.n_waits += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def counting() -> Iterator[Count]:
    """Count in a block; ``tolist`` and ``numpy`` are waits as well."""
    count = Count()
    kept = {name: getattr(torch.Tensor, name) for name in ("tolist", "numpy")}

    def counted(name: str):
        def method(tensor, *args, **kwargs):
            before = count.n_waits
            result = kept[name](tensor, *args, **kwargs)
            count.n_waits = before + 1  # whatever it is made of
            return result

        return method

    for name in kept:
        setattr(torch.Tensor, name, counted(name))
    try:
        with count:
            yield count
    finally:
        for name, method in kept.items():
            setattr(torch.Tensor, name, method)
