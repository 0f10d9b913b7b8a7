"""What the checkers of this chapter count: operations, and waits."""

import torch
from torch.overrides import TorchFunctionMode

# whatever turns a tensor into numbers of Python or NumPy
WAITS = {
    "item", "tolist", "numpy",
    "__array__", "__bool__", "__float__", "__format__", "__index__", "__int__",
}  # fmt: skip


class Counting(TorchFunctionMode):
    """Counts what is called in its block.

    Attributes:
        n_operations: functions of torch, and methods of tensors.
        n_given: tensors that these were given, those in lists among them.
        n_waits: those of them that turn a tensor into numbers.
    """

    def __init__(self):
        super().__init__()
        self.n_operations = self.n_given = self.n_waits = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Count a function, and call it."""
        self.n_operations += 1
        self.n_given += sum(map(_n_tensors, args))
        self.n_waits += getattr(func, "__name__", "") in WAITS
        return func(*args, **(kwargs or {}))


def _n_tensors(argument) -> int:
    if isinstance(argument, (list, tuple)):
        return sum(isinstance(part, torch.Tensor) for part in argument)
    return int(isinstance(argument, torch.Tensor))
