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
from torch.optim import optimizer as of_torch  # type: ignore[attr-defined]
from torch.optim.adam import adam
from torch.optim.sgd import sgd


class Group:
    """A group of parameters, with what their update needs.

    Args:
        kind: the class of the optimizer.
        group: one of its ``param_groups``.
        state: of the optimizer.

    Attributes:
        parameters: those that are trained.
        state: by name, a tensor per parameter, which an update changes too.
        lacking: which parameters have no state, though the update needs one:
            until now, the loss has not depended on them.
        settings: the group itself, for every number but the learning rate.
    """

    def __init__(self, kind: type, group: dict[str, Any], state: Any):
        self.kind, self.settings = kind, group
        self.parameters = [p for p in group["params"] if p.requires_grad]
        self.lacking: list[int] = []
        self.state: dict[str, list[Any]] = {}
        if kind is torch.optim.SGD and group["momentum"] == 0:
            return
        kept = [state.get(p) or {} for p in self.parameters]
        self.lacking = [i for i, entry in enumerate(kept) if not entry]
        example: dict = next(filter(None, kept), {})
        for name, value in example.items():
            if value is not None:
                self.state[name] = [entry.get(name) for entry in kept]

    def update(self, gradients: Sequence[Any], lr: Any) -> None:
        """Change the parameters as the optimizer would.

        Args:
            gradients: one per parameter; None for one that the loss does not
                depend on, which stays as it is.
            lr: the learning rate. A program takes it as a tensor: a number
                would be compiled into it.

        Raises:
            LookupError: a parameter that lacks its state has a gradient.
        """
        if any(gradients[i] is not None for i in self.lacking):
            raise LookupError("The optimizer has no state of a parameter yet.")
        used = [i for i, g in enumerate(gradients) if g is not None]
        if not used:
            return
        state = {n: [kept[i] for i in used] for n, kept in self.state.items()}
        UPDATES[self.kind](
            [self.parameters[i] for i in used],
            [gradients[i] for i in used],
            state,
            self.settings,
            lr,
        )


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
        # in a program the number of the step stays a tensor
        capturable=torch.compiler.is_compiling() or settings["capturable"],
        foreach=False,
        fused=bool(settings["fused"]) and not torch.compiler.is_compiling(),
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
        None if it has no such function here, or if somebody has hooked into it
        or changed it.
    """
    kind = type(optimizer)
    if (
        kind not in UPDATES
        or _has_another_step(optimizer)
        or any(hooks_of(optimizer))
    ):
        return None
    groups = []
    for group in optimizer.param_groups:
        if group["differentiable"] or isinstance(group["lr"], torch.Tensor):
            return None
        groups.append(Group(kind, group, optimizer.state))
    return groups


def _has_another_step(optimizer: Any) -> bool:
    """Tell whether somebody has exchanged the step; a scheduler may."""
    step = vars(optimizer).get("step")
    return step is not None and not hasattr(step, "_wrapped_by_lr_sched")


def adds_decay_to_gradients(optimizer: Any) -> bool:
    """Tell whether an update adds the decay of the weights to a gradient."""
    return any(
        group.get("weight_decay") and not group.get("decoupled_weight_decay")
        for group in optimizer.param_groups
    )


def hooks_of(optimizer: Any) -> list[Any]:
    """Return the hooks around the step of an optimizer, by place."""
    return [
        getattr(optimizer, "_optimizer_step_pre_hooks", None),
        getattr(optimizer, "_optimizer_step_post_hooks", None),
        of_torch._global_optimizer_pre_hooks,
        of_torch._global_optimizer_post_hooks,
    ]
