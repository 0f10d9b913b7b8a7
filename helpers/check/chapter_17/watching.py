"""What the checkers of this chapter count: operations, and waits."""

import contextlib
from collections.abc import Iterator

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# whatever turns a tensor into numbers of Python or NumPy
WAITS = ("item", "tolist", "numpy", "__float__", "__int__", "__array__")


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
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def counting() -> Iterator[Count]:
    """Count in a block."""
    count = Count()
    own = {n: vars(torch.Tensor)[n] for n in WAITS if n in vars(torch.Tensor)}
    for name in WAITS:
        counted = _counted(getattr(torch.Tensor, name), count)
        setattr(torch.Tensor, name, counted)
    try:
        with count:
            yield count
    finally:
        for name in WAITS:
            if name in own:
                setattr(torch.Tensor, name, own[name])
            else:
                delattr(torch.Tensor, name)


def _counted(method, count: Count):
    def counted(tensor, *args, **kwargs):
        before = count.n_waits
        result = method(tensor, *args, **kwargs)
        count.n_waits = before + 1  # whatever it is made of
        return result

    return counted
