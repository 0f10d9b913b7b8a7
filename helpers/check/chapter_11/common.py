"""What the exercises on tensors share; their words are in ``common.toml``."""

import numpy as np
import torch

from helpers.practice import Seen, Signs, judge

RESULT: Signs = {
    "returns_nothing": lambda s: s.found is None,
    "no_tensor.array": lambda s: isinstance(s.found, np.ndarray),
    "no_tensor.list": lambda s: isinstance(s.found, (list, tuple)),
    "no_tensor.generator": lambda s: hasattr(s.found, "__next__"),
    "no_tensor.method": lambda s: callable(s.found),
    "no_tensor": lambda s: not isinstance(s.found, torch.Tensor),
}
DTYPE: Signs = {
    "dtype.bool": lambda s: s.found.dtype == torch.bool,
    "dtype.whole": lambda s: not s.found.dtype.is_floating_point,
    "dtype.double": lambda s: s.found.dtype == torch.float64,
    "dtype": lambda s: s.found.dtype != torch.float32,
}


def expect_tensor(
    found, shown: str, shape: list[int], shapes: Signs, **more
) -> None:
    """Judge what was returned: a tensor of this shape, of float32.

    Args:
        found: what was returned.
        shown: the call, as a reader would write it.
        shape: that the tensor should have.
        shapes: signs of mistakes that a wrong shape gives away, in order;
            these see ``found``, its shape as the list ``has``, and ``more``.
        more: what else those signs and their words may speak of.

    Raises:
        Wrong: it is something else.
    """
    seen = Seen(found=found, shown=shown, shape=shape, **more)
    judge(RESULT, seen)
    seen.has = list(found.shape)
    if seen.has != shape:
        judge({**shapes, "other_shape": lambda s: True}, seen)
    judge(DTYPE, seen)
