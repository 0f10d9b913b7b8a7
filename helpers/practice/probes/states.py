"""What a model or an optimizer holds: noted before a call, compared after."""

from collections.abc import Mapping

import torch
from torch import nn

from helpers.practice.signs import Seen, Signs, agree, judge

AS_BEFORE: Signs = {
    "mode_changed": lambda s: s.now.modes[0] != s.before.modes[0],
    "mode_changed.layers": lambda s: s.now.modes != s.before.modes,
    "model_changed": lambda s: not same_state(vars(s.now), vars(s.before)),
}


def note_model(model: nn.Module) -> Seen:
    """Note all that a call could change in a model.

    Returns:
        copies of its ``values`` (parameters and buffers), the ``gradients``,
        which parameters ``want`` any, and the ``modes`` of all its modules.
    """
    parameters = list(model.parameters())
    values = [*parameters, *model.buffers()]
    return Seen(
        values=[value.detach().clone() for value in values],
        gradients=[
            None if p.grad is None else p.grad.clone() for p in parameters
        ],
        want=[p.requires_grad for p in parameters],
        modes=[module.training for module in model.modules()],
    )


def expect_model_as_before(model: nn.Module, before: Seen) -> None:
    """Compare a model with what `note_model` noted.

    Raises:
        Wrong: its mode, a parameter, a buffer or a gradient has changed.
    """
    was, other = ("train", "eval") if before.modes[0] else ("eval", "train")
    seen = Seen(now=note_model(model), before=before, was=was, other=other)
    judge(AS_BEFORE, seen)


def make_nested(training) -> nn.Module:
    """Build layers in layers of a model of two features, with gradients.

    Args:
        training: the names of those in train mode, as ``named_modules`` has
            them: "" is the whole model, "1.0" a batch norm.
    """
    model = nn.Sequential(
        nn.Linear(2, 4),
        nn.Sequential(
            nn.BatchNorm1d(4), nn.Dropout(), nn.Sequential(nn.Dropout())
        ),
        nn.Linear(4, 1),
    )
    for name, layer in model.named_modules():
        layer.training = name in training
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model


def fill(model: nn.Module, seed: int = 3) -> None:
    """Give every parameter its own numbers, the same on every machine."""
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=numbers))


def same_state(one, other) -> bool:
    """Whether two values are equal, to the last bit and in their types."""
    if isinstance(one, torch.Tensor) or isinstance(other, torch.Tensor):
        return (
            isinstance(one, torch.Tensor)
            and isinstance(other, torch.Tensor)
            and one.dtype == other.dtype
            and torch.equal(one.detach(), other.detach())
        )
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            same_state(one[key], other[key]) for key in one
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_state, one, other))
    return bool(one == other)


def same_tensors(one: Mapping, other: Mapping) -> bool:
    """Whether two state dictionaries of models agree."""
    return one.keys() == other.keys() and all(
        agree(one[name], other[name]) for name in one
    )
