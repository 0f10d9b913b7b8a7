"""What SGD and Adam compute, written down, for the usual settings.

torch keeps a function for it, too (`helpers.epochs.updates`). It knows every
setting, and asks for each of them in every step. What is left here is the
arithmetic: the same operations in the same order, so the same bits.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch

from helpers.epochs.updates import Group

UNUSUAL = (
    *("weight_decay", "maximize", "nesterov", "dampening"),
    *("amsgrad", "capturable", "fused"),
)


def update_of(group: Group) -> Callable[[], None]:
    """Return what updates a group by the gradients that its parameters have.

    Args:
        group: its optimizer has made the state. What is set later in its
            settings is heeded for the learning rate only.
    """
    make = FORMULAS.get(group.kind)
    if make is not None and _is_usual(group):
        return make(group)

    def update() -> None:
        gradients = [p.grad for p in group.parameters]
        group.update(gradients, group.settings["lr"])

    return update


def _is_usual(group: Group) -> bool:
    """Tell whether the formulas below hold: no other setting, one type."""
    settings, parameters = group.settings, group.parameters
    for name in UNUSUAL:
        if settings.get(name):
            return False
    dtype = parameters[0].dtype if parameters else torch.complex64
    for parameter in parameters:
        if parameter.dtype != dtype:
            return False
    return not dtype.is_complex


def _sgd(group: Group) -> Callable[[], None]:
    parameters, settings = group.parameters, group.settings
    momentum = settings["momentum"]
    if momentum:
        return _sgd_with_momentum(group)

    def update() -> None:
        lr = settings["lr"]
        for parameter in parameters:
            gradient = parameter.grad
            if gradient is not None:
                parameter.add_(gradient, alpha=-lr)

    return update


def _sgd_with_momentum(group: Group) -> Callable[[], None]:
    settings, parameters = group.settings, group.parameters
    (momentum,) = _numbers(settings["momentum"], parameters[0].dtype)
    velocities = group.state["momentum_buffer"]
    rows = list(zip(parameters, velocities, strict=True))

    def update() -> None:
        lr = settings["lr"]
        for parameter, velocity in rows:
            gradient = parameter.grad
            if gradient is not None:
                velocity.mul_(momentum).add_(gradient)
                parameter.add_(velocity, alpha=-lr)

    return update


def _adam(group: Group) -> Callable[[], None]:
    settings, state = group.settings, group.state
    (beta1, beta2), dtype = settings["betas"], group.parameters[0].dtype
    to_mean, to_square = 1 - beta1, 1 - beta2
    one, fade, eps = _numbers(1.0, beta2, settings["eps"], dtype)
    small = torch.empty((), dtype=dtype)  # of each run its own
    averages = state["exp_avg"], state["exp_avg_sq"]
    rows = [*zip(group.parameters, *averages, state["step"], strict=True)]

    def update() -> None:
        lr, n_before, step_size = settings["lr"], None, 0.0
        for parameter, mean, square, count in rows:
            gradient = parameter.grad
            if gradient is None:
                continue
            count.add_(one)
            n = count.item()
            if n != n_before:
                # both means start at 0, which makes them too small at first
                n_before, step_size = n, lr / (1 - beta1**n)
                small.fill_((1 - beta2**n) ** 0.5)
            mean.lerp_(gradient, to_mean)
            square.mul_(fade).addcmul_(gradient, gradient, value=to_square)
            root = square.sqrt().div_(small).add_(eps)
            parameter.addcdiv_(mean, root, value=-step_size)

    return update


@functools.lru_cache(maxsize=64)
def _numbers(*values: Any) -> list[torch.Tensor]:
    """Return numbers as tensors [], to be read only; the last is their type.

    Torch makes one of every number that it multiplies by or adds, each time:
    for two parameters, that takes as long as all the arithmetic.
    """
    *numbers, dtype = values
    return [torch.tensor(number, dtype=dtype) for number in numbers]


FORMULAS: dict[type, Callable[[Group], Callable[[], None]]] = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
}
