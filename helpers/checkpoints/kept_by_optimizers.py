"""What an optimizer keeps for every parameter, found by letting it step."""

import collections
import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checkpoints.comparing import describe


def state_after_a_step(
    optimizer: Any, model: nn.Module, saved_model: dict[str, Any]
) -> dict[int, dict[str, str] | None]:
    """Say what state the optimizer keeps for every parameter.

    A copy of it makes one step without slope, with tensors that have shapes
    and no values where that is possible.

    Args:
        optimizer: it stays as it is.
        model: of its parameters; those without a shape so far (`LazyLinear`)
            get the one they have in the file.
        saved_model: the model's part of a checkpoint.

    Returns:
        by the number of a parameter: descriptions by the name of an entry;
        None where nobody can say (an optimizer that calls the model itself,
        such as LBFGS).
    """
    parameters = [p for g in optimizer.param_groups for p in g["params"]]
    shapes = {
        id(parameter): saved_model[name].shape
        for name, parameter in model.named_parameters()
        if is_lazy(parameter) and name in saved_model
    }
    for device, slope in (
        ("meta", torch.zeros_like),
        ("cpu", torch.zeros_like),  # some look at the values
        ("cpu", _no_rows),  # SparseAdam
    ):
        try:
            # an optimizer that draws noise must not move the random state
            with torch.random.fork_rng(devices=[]):
                return _kept(optimizer, parameters, shapes, device, slope)
        except Exception:  # an optimizer may be anybody's
            continue
    return dict.fromkeys(range(len(parameters)))


def _kept(
    optimizer: Any,
    parameters: list[nn.Parameter],
    shapes: dict[int, torch.Size],
    device: str,
    slope: Callable[[torch.Tensor], torch.Tensor],
) -> dict[int, dict[str, str] | None]:
    """Let a copy of an optimizer, with parameters of its own, make a step."""
    memo: dict[int, Any] = {id(optimizer.state): collections.defaultdict(dict)}
    for parameter in parameters:
        shape = shapes.get(id(parameter))
        values = torch.zeros(
            parameter.shape if shape is None else shape,
            dtype=parameter.dtype,
            device=device,
        )
        own = nn.Parameter(values, requires_grad=values.is_floating_point())
        own.grad = slope(values)
        memo[id(parameter)] = own
    probe = copy.deepcopy(optimizer, memo)
    probe.step()
    return {
        index: {
            name: describe(value)
            for name, value in probe.state.get(memo[id(parameter)], {}).items()
            if value is not None
        }
        for index, parameter in enumerate(parameters)
    }


def _no_rows(values: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(values).to_sparse()
