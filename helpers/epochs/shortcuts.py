"""The Python around a step that a training loop can do without.

``loss.backward()``, ``optimizer.step()`` and ``optimizer.zero_grad()`` each
run Python code before and after the work: checks, profiler marks, hooks. For a
model of two parameters that takes longer than the work itself. What is used
here does the same work without them, and only where nobody would notice:
whoever has registered a hook gets the full call.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from helpers.epochs.formulas import update_of
from helpers.epochs.updates import Group, groups_of, hooks_of

try:  # what loss.backward() calls after its checks; no promise of torch
    from torch.autograd.variable import Variable

    run_backward = Variable._execution_engine.run_backward
except (ImportError, AttributeError):
    run_backward = None

try:  # hooks of all modules; no promise of torch either
    from torch.nn.modules.module import (
        _has_any_global_hook as has_any_global_hook,
    )
except ImportError:

    def has_any_global_hook() -> Any:
        """Suppose that there is one, since nobody can tell."""
        return True


MEAN = 1  # the number by which torch calls the reduction "mean"


def set_mode(model: nn.Module, is_training: bool) -> None:
    """Do what ``model.train()`` or ``model.eval()`` does.

    nn.Module looks at everything that is assigned to it, in case it is a
    parameter. A mode is none.
    """
    has_own_eval = type(model).eval is not nn.Module.eval
    if not is_training and (has_own_eval or "eval" in vars(model)):
        model.eval()
    else:
        _train(model, is_training)


def _train(module: nn.Module, mode: bool) -> None:
    own = vars(module)
    if "train" in own or not _trains_as_usual(type(module)):
        module.train(mode)
        return
    own["training"] = mode
    for child in own["_modules"].values():
        if child is not None:
            _train(child, mode)


@functools.lru_cache(maxsize=64)
def _trains_as_usual(kind: type) -> bool:
    """Tell whether a class sets the mode as nn.Module does."""
    return (
        kind.train is nn.Module.train  # type: ignore[attr-defined]
        and kind.__setattr__ is nn.Module.__setattr__
    )


def make_backward(loss: torch.Tensor) -> Callable[[torch.Tensor], None]:
    """Return a function that does what ``loss.backward()`` does.

    Args:
        loss: one of the losses it will be called with, shape [].

    Returns:
        a function of a loss with the type and device of this one.
    """
    if run_backward is None or loss.ndim or not loss.requires_grad:
        return torch.Tensor.backward  # which says what is wrong
    run, one = run_backward, (torch.ones_like(loss),)
    if type(loss) is torch.Tensor:
        one = _one(loss.dtype, loss.device)

    def backward(loss: torch.Tensor) -> None:
        # keep no graph, make none; for all leaves, of which any may be out of
        # reach: add to their gradients
        run((loss,), one, False, False, (), True, True)

    return backward


@functools.lru_cache(maxsize=64)
def _one(dtype: torch.dtype, device: torch.device) -> tuple[torch.Tensor]:
    """Return the gradient of a loss with respect to itself."""
    return (torch.ones((), dtype=dtype, device=device),)


def quick_loss(loss_fn: Callable) -> Callable:
    """Return a loss function without the checks that nn.MSELoss makes.

    It asks at every call to which shape predictions and labels can be
    expanded. Where the two have one shape already, there is nothing to expand.
    """
    mse_loss = getattr(torch._C._nn, "mse_loss", None)  # type: ignore[attr-defined]
    is_usual = type(loss_fn) is nn.MSELoss and loss_fn.reduction == "mean"
    if not is_usual or mse_loss is None or loss_fn._forward_hooks:
        return loss_fn

    def quick(yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if yhat.shape == y.shape:
            return mse_loss(yhat, y, MEAN)
        return loss_fn(yhat, y)

    return quick


def quick_model(model: nn.Module) -> Callable[[torch.Tensor], Any]:
    """Return what predicts, without the way through nn.Sequential.

    Its layers are called one after another, unless somebody has hooked into
    the whole: that is asked in every batch.
    """
    is_changed = model._compiled_call_impl or "forward" in vars(model)
    if type(model) is not nn.Sequential or is_changed:
        return model
    hooks = [
        *(model._forward_pre_hooks, model._forward_hooks),
        *(model._backward_pre_hooks, model._backward_hooks),
    ]

    def predict(x: torch.Tensor) -> Any:
        if any(hooks) or has_any_global_hook():
            return model(x)
        for layer in model._modules.values():
            x = layer(x)
        return x

    return predict


def quick_step(optimizer: Any) -> Callable[[], Any]:
    """Return the update of an optimizer, without profiler marks and hooks.

    If somebody has hooked into it or exchanged it, it is ``optimizer.step``.
    """
    step, has_own = type(optimizer).step, "step" in vars(optimizer)
    is_of_torch = getattr(step, "hooked", False) and not has_own
    groups = groups_of(optimizer) if is_of_torch else None
    if groups is None or not all(map(_is_simple, groups)):
        if not is_of_torch or any(hooks_of(optimizer)):
            return optimizer.step
        return step.__wrapped__.__get__(optimizer)
    updates = [update_of(group) for group in groups]
    no_grad = torch.no_grad()

    def update() -> None:
        with no_grad:
            for update_group in updates:
                update_group()

    return update


def _is_simple(group: Group) -> bool:
    """Tell whether parameter after parameter is the fastest way."""
    if group.lacking or group.settings["foreach"]:
        return False
    return all([p.is_cpu for p in group.parameters])


def quick_zero_grad(optimizer: Any) -> Callable[[], Any]:
    """Return what clears the gradients of an optimizer's parameters."""
    zero_grad = getattr(type(optimizer), "zero_grad", None)
    is_usual = zero_grad is torch.optim.Optimizer.zero_grad
    if not is_usual or "zero_grad" in vars(optimizer):
        return optimizer.zero_grad
    parameters = [p for g in optimizer.param_groups for p in g["params"]]

    def clear() -> None:
        for parameter in parameters:
            parameter.grad = None

    return clear
