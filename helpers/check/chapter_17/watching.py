"""What the checkers of this chapter count: operations, and waits."""

from torch.overrides import TorchFunctionMode

# whatever turns a tensor into numbers of Python or NumPy
WAITS = {"item", "tolist", "numpy", "__float__", "__int__", "__array__"}


class Counting(TorchFunctionMode):
    """Counts what is called in its block.

    Attributes:
        n_operations: functions of torch, and methods of tensors.
        n_waits: those of them that turn a tensor into numbers.
    """

    def __init__(self):
        super().__init__()
        self.n_operations = self.n_waits = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Count a function, and call it."""
        self.n_operations += 1
        self.n_waits += getattr(func, "__name__", "") in WAITS
        return func(*args, **(kwargs or {}))
