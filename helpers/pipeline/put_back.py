"""The way back: a run that went wrong leaves the model as it found it.

Here belongs the copy of what a run changes, and nothing that decides whether a
run went wrong.
"""

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.errors import (
    DataError,
    DeviceError,
    DivergenceError,
    FirstBatchError,
)
from helpers.pipeline.configuration import Configuration

# Not when saving failed: what was trained until then is still good.
WRONG = (DataError, DeviceError, DivergenceError, FirstBatchError)


@contextlib.contextmanager
def put_back_if_wrong(configuration: Configuration) -> Iterator[None]:
    """Put model, optimizer and schedule back when one of WRONG is raised.

    One copy of their state is made, on the CPU, so that it takes no memory of
    an accelerator. Gradients are cleared on the way back: the step that should
    have done so was never reached. Layers that take their shape from the first
    batch (``nn.LazyLinear``) are copied after it.
    """
    model = configuration.model
    modes = [(module, module.training) for module in model.modules()]
    tensors = [*model.parameters(), *model.buffers()]
    before: list[tuple[Any, Any]] = []

    def take(*_) -> None:
        if not before:
            before.extend(copies(configuration))

    handle = None
    if any(is_lazy(tensor) for tensor in tensors):
        handle = model.register_forward_hook(take)
    else:
        take()
    try:
        yield
    except WRONG:
        # an accelerator that stopped takes nothing back; the error says so
        with contextlib.suppress(torch.AcceleratorError):
            for part, state in before:
                part.load_state_dict(state)
        clear_gradients(model, configuration.optimizer)
        for module, training in modes:
            module.training = training
        raise
    finally:
        if handle is not None:
            handle.remove()


def copies(configuration: Configuration) -> list[tuple[Any, Any]]:
    """Return the parts that a run changes, each with a copy of its state."""
    parts: list[Any] = [
        configuration.model,
        configuration.optimizer,
        configuration.scheduler,
    ]
    return [
        (part, copy_to_cpu(part.state_dict()))
        for part in parts
        if hasattr(part, "state_dict")
    ]


def copy_to_cpu(state: Any) -> Any:
    """Copy a nested state, tensors to the CPU; tied tensors stay one."""
    return _copy_to_cpu(state, {})


def _copy_to_cpu(value: Any, seen: dict) -> Any:
    if isinstance(value, torch.Tensor):
        return _tensor_to_cpu(value, seen)
    if isinstance(value, dict):
        result = copy.copy(value)  # keeps the class and what it notes
        for key, entry in value.items():
            result[key] = _copy_to_cpu(entry, seen)
        return result
    if type(value) in (list, tuple):
        return type(value)(_copy_to_cpu(entry, seen) for entry in value)
    return copy.deepcopy(value)


def _tensor_to_cpu(tensor: torch.Tensor, seen: dict) -> torch.Tensor:
    tensor = tensor.detach()
    if tensor.is_meta or tensor.layout is not torch.strided:
        return tensor.clone()
    key = (tensor.device, tensor.data_ptr(), tensor.shape, tensor.stride())
    if not tensor.numel():
        return tensor.to("cpu", copy=True)
    if key not in seen:
        seen[key] = tensor.to("cpu", copy=True)
    return seen[key]


def clear_gradients(model: nn.Module, optimizer: Any) -> None:
    """Forget every gradient of a model and of what an optimizer holds."""
    groups = getattr(optimizer, "param_groups", [])
    held = [p for group in groups for p in group["params"]]
    for parameter in (*model.parameters(), *held):
        parameter.grad = None
