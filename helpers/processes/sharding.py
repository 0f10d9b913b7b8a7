"""A model whose parameters are spread over processes, and its plain form.

``fully_shard`` leaves each process a part of every parameter, a ``DTensor``.
A checkpoint holds whole tensors: here belongs the way there and back.
"""

import copy
import weakref
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor, distribute_tensor

_plain: weakref.WeakKeyDictionary[nn.Module, nn.Module] = (
    weakref.WeakKeyDictionary()
)


@dataclass
class Whole:
    """What a checkpoint needs of a configuration, in plain tensors."""

    model: Any
    optimizer: Any
    scheduler: Any


def remember_plain(model: nn.Module) -> None:
    """Keep the structure of a model, without values, before it is spread."""
    _plain[model] = copy.deepcopy(model).to("meta")


def is_sharded(model: nn.Module) -> bool:
    """Tell whether a process holds parts of the parameters only."""
    return any(isinstance(p, DTensor) for p in model.parameters())


def put_apart(model: nn.Module | None) -> None:
    """Give up the whole parameters that a forward pass has left in place.

    After validation no backward pass follows that would do so. Nothing happens
    to a model that is not sharded.
    """
    for module in model.modules() if model is not None else ():
        if isinstance(module, FSDPModule):
            module.reshard()


def part_here(tensor: torch.Tensor) -> torch.Tensor:
    """Return what this process holds of a tensor: all of it, if it is plain."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def gathered(state: Any) -> Any:
    """Return a nested state with whole tensors on the CPU.

    Every process calls it, with the same names in the same order.

    Args:
        state: such as a ``state_dict()``.
    """
    if isinstance(state, DTensor):
        return state.full_tensor().detach().cpu()
    if isinstance(state, torch.Tensor):
        return state.detach().cpu()
    if isinstance(state, dict):
        return {key: gathered(value) for key, value in state.items()}
    if type(state) in (list, tuple):
        return type(state)(gathered(value) for value in state)
    return copy.deepcopy(state)


def whole(configuration: Any) -> Whole:
    """Return model, optimizer and scheduler in whole, on the CPU.

    Every process calls it, and needs the memory for it.

    Args:
        configuration: with a sharded model that `Share.spread` has spread.
    """
    model = copy.deepcopy(_plain[configuration.model]).to_empty(device="cpu")
    model.load_state_dict(gathered(configuration.model.state_dict()))
    sharded = configuration.optimizer
    own = zip(configuration.model.parameters(), model.parameters(), strict=True)
    twins = {id(part): twin for part, twin in own}
    groups = [
        {**group, "params": [twins[id(part)] for part in group["params"]]}
        for group in sharded.param_groups
    ]
    optimizer = type(sharded)(groups)
    optimizer.load_state_dict(gathered(sharded.state_dict()))
    return Whole(model, optimizer, configuration.scheduler)


def load_whole(configuration: Any, plain: Any) -> None:
    """Hand out what `whole` returned, after it was changed.

    Args:
        configuration: with the sharded model; it is filled.
        plain: model and optimizer in whole, equal in every process.
    """
    model, optimizer = configuration.model, configuration.optimizer
    own = model.state_dict()
    model.load_state_dict(
        {
            name: _like(own[name], value)
            for name, value in plain.model.state_dict().items()
        }
    )
    state = plain.optimizer.state_dict()
    held = [p for group in optimizer.param_groups for p in group["params"]]
    for index, kept in state["state"].items():
        for name, value in kept.items():
            is_tensor = isinstance(value, torch.Tensor)
            if is_tensor and value.shape == held[index].shape:
                kept[name] = _like(held[index], value)
    optimizer.load_state_dict(state)


def _like(mine: Any, value: torch.Tensor) -> torch.Tensor:
    """Return the part of a whole tensor that a process holds."""
    if not isinstance(mine, DTensor):
        return value
    return distribute_tensor(
        value.detach().to(mine.device), mine.device_mesh, mine.placements
    )
