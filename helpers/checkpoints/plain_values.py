"""Plain values: all that a checkpoint holds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from helpers.errors import CheckpointError, one_line


def plain(value: Any, where: str = "") -> Any:
    """Copy a value with NumPy scalars as numbers and tensors on the CPU.

    Args:
        value: a state: nested dictionaries and lists.
        where: its place in the whole, for the message.

    Raises:
        CheckpointError: something in it is neither a number, a string, a
            list, a dictionary nor a dense tensor.
    """
    if isinstance(value, torch.Tensor):
        return _plain_tensor(value, where)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {
            plain(key, where): plain(item, f"{where}.{key}".lstrip("."))
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
        return tuple(items) if type(value) is tuple else items
    return _plain_scalar(value, where)


def _plain_tensor(tensor: torch.Tensor, where: str) -> torch.Tensor:
    if is_lazy(tensor):
        raise CheckpointError(
            f"{one_line(where)} has no shape yet. Call the model once, with a "
            "batch; then it can be saved. Nothing was saved."
        )
    tensor = tensor.detach()  # of a parameter: a plain tensor
    if not is_dense(tensor):
        raise CheckpointError(_cannot_save(where, "not a dense tensor"))
    # clone: a view would drag the whole tensor it looks at into the file
    return tensor.cpu().clone().contiguous()


def _plain_scalar(value: Any, where: str) -> Any:
    """Return a number or a string as one of Python's own."""
    if value is None or isinstance(value, bool):
        return value
    # The value of a subclass, an enum for instance: its class stays behind.
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    raise CheckpointError(_cannot_save(where, f"a {type(value).__name__}"))


def is_dense(tensor: torch.Tensor) -> bool:
    """Tell a plain tensor from one that is sparse, quantized or hollow."""
    return (
        type(tensor) is torch.Tensor
        and tensor.layout is torch.strided
        and tensor.device.type != "meta"
        and not tensor.is_quantized
        and not tensor.requires_grad
    )


def _cannot_save(where: str, what: str) -> str:
    return (
        f"{one_line(where) if where else 'The state'} is {what}, and a "
        "checkpoint holds numbers, strings, lists, dictionaries and dense "
        "tensors only. Nothing was saved; leave it out or turn it into one of "
        "these."
    )


def tensors_in(value: Any, where: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Give every tensor in nested dictionaries and lists, with its place.

    Each list is looked at once, even if it can be reached in many ways: forty
    lists, each of which holds the next one twice, have 2**40 ways.
    """
    seen = set()
    waiting = [(where, value)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, torch.Tensor):
            yield where, value
        elif isinstance(value, (dict, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, dict):
                inner = [
                    (f"{where}.{key}".lstrip("."), item)
                    for key, item in value.items()
                ]
            else:
                inner = [(f"{where}[{i}]", v) for i, v in enumerate(value)]
            waiting.extend(reversed(inner))
