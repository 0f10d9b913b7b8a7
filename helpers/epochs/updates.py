"""The updates of torch's optimizers as functions, to be compiled.

An optimizer object looks up its state, marks the profile and calls hooks at
every step, which no compiler can look through. What it computes is a function
of parameters, gradients and state, and torch.optim keeps that as a function of
its own: `torch.optim.sgd.sgd`, `torch.optim.adam.adam`. The state that they
change in place is the one of the optimizer, so that a checkpoint has it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from helpers.epochs.shortcuts import hooks_of


class Group:
    """A group of parameters, with what their update needs.

    Args:
        kind: the class of the optimizer.
        group: one of its ``param_groups``.
        state: of the optimizer.

    Attributes:
        parameters: those with a gradient, which the update changes.
        state: by name, a tensor per parameter, which it changes too.
        settings: the numbers of the group, apart from the learning rate.
    """

    def __init__(self, kind: type, group: dict[str, Any], state: Any):
        self.kind = kind
        self.settings = {
            name: value
            for name, value in group.items()
            if name not in ("params", "lr", "initial_lr")
        }
        self.parameters = [
            p for p in group["params"] if p.requires_grad and _is_used(p, state)
        ]
        kept = [state.get(p, {}) for p in self.parameters]
        names = kept[0] if kept else ()
        self.state = {
            name: [entry[name] for entry in kept]
            for name in names
            if kept[0][name] is not None
        }

    def update(self, gradients: Sequence[Any], lr: torch.Tensor) -> None:
        """Change the parameters as the optimizer would.

        Args:
            gradients: one per parameter; None for one that the loss does not
                depend on, which stays as it is.
            lr: the learning rate, a tensor: as a number it would be compiled
                into the program.
        """
        used = [i for i, g in enumerate(gradients) if g is not None]
        state = {n: [kept[i] for i in used] for n, kept in self.state.items()}
        UPDATES[self.kind](
            [self.parameters[i] for i in used],
            [gradients[i] for i in used],
            state,
            self.settings,
            lr,
        )


def _is_used(parameter: torch.Tensor, state: Any) -> bool:
    # without a state there is no telling, and no harm: see `compiled`
    return not state or parameter in state


def _sgd(parameters, gradients, state, settings, lr) -> None:
    sgd(
        parameters,
        gradients,
        state.get("momentum_buffer", [None] * len(parameters)),
        lr=lr,
        has_sparse_grad=False,
        foreach=False,
        **_chosen(
            settings, "weight_decay momentum dampening nesterov maximize"
        ),
    )


def _adam(parameters, gradients, state, settings, lr) -> None:
    beta1, beta2 = settings["betas"]
    adam(
        parameters,
        gradients,
        state["exp_avg"],
        state["exp_avg_sq"],
        state.get("max_exp_avg_sq", []),
        state["step"],
        beta1=beta1,
        beta2=beta2,
        lr=lr,
        capturable=True,  # the number of the step stays a tensor
        foreach=False,
        **_chosen(
            settings,
            "amsgrad weight_decay eps maximize decoupled_weight_decay",
        ),
    )


def _chosen(settings: dict[str, Any], names: str) -> dict[str, Any]:
    return {name: settings[name] for name in names.split()}


UPDATES = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
}


def groups_of(optimizer: Any) -> list[Group] | None:
    """Return the groups of an optimizer whose update is a function.

    Returns:
        None if it has no such function here, if somebody has hooked into it
        or changed it, or if its state is not there before the first step.
    """
    kind = type(optimizer)
    if kind not in UPDATES or any(hooks_of(optimizer)):
        return None
    groups = [Group(kind, g, optimizer.state) for g in optimizer.param_groups]
    for group in groups:
        settings = group.settings
        keeps = kind is not torch.optim.SGD or settings["momentum"] != 0
        has_it = all(p in optimizer.state for p in group.parameters)
        if settings["differentiable"] or (keeps and not has_it):
            return None
    if any(isinstance(g["lr"], torch.Tensor) for g in optimizer.param_groups):
        return None
    return groups if any(group.parameters for group in groups) else None
