"""Functions of torch that report to a watch while it lasts.

A backward pass cannot have a hook, nor can a scheduler or a DataLoader. While a
watch lasts, they lead through functions that call the same one with the same
arguments. Everything is put back at the end, in whatever way the block ends.
"""

import functools
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader


def patched(watch: Any) -> ExitStack:
    """Lead backward, loaders and schedulers past a watch.

    Args:
        watch: has the methods ``saw_backward``, ``saw_loader``,
            ``schedule``, ``saw_scaler``, ``saw_scaled``, ``enters_quiet`` and
            ``leaves_quiet``. An error in one of them is noted in its
            ``seen``, and goes no further.

    Returns:
        A stack that puts everything back when it is closed.
    """
    stack = ExitStack()
    _replace(stack, torch.autograd, "backward", _backward(watch))
    _replace(stack, DataLoader, "__iter__", _loader(watch))
    for cls in (lr_scheduler.LRScheduler, *_own_steps()):
        _replace(stack, cls, "step", _schedule(watch))
    _replace(stack, torch.amp.GradScaler, "step", _scaler(watch))
    _replace(stack, torch.amp.GradScaler, "scale", _scaled(watch))
    for cls in (torch.no_grad, torch.inference_mode, torch.set_grad_enabled):
        _replace(stack, cls, "__enter__", _enter(watch))
        _replace(stack, cls, "__exit__", _exit(watch))
    return stack


def _own_steps() -> list[type]:
    """Return the schedulers of torch that define a step of their own."""
    found = []
    for cls in vars(lr_scheduler).values():
        if (
            isinstance(cls, type)
            and issubclass(cls, lr_scheduler.LRScheduler)
            and cls is not lr_scheduler.LRScheduler
            and "step" in vars(cls)
        ):
            found.append(cls)
    return list(dict.fromkeys(found))


def _replace(stack: ExitStack, owner: Any, name: str, wrap: Callable) -> None:
    original = vars(owner)[name]
    wrapper = functools.wraps(original)(wrap(original))
    setattr(owner, name, wrapper)

    def put_back() -> None:
        setattr(owner, name, original)

    stack.callback(put_back)


def _tell(watch: Any, function: Callable, *args: Any) -> None:
    """Report to a watch; a mistake of its own stays its own."""
    try:
        function(*args)
    except Exception as error:
        watch.seen.failed(function.__name__, error)


def _backward(watch: Any) -> Callable:
    def wrap(original):
        def backward(
            tensors, grad_tensors=None, retain_graph=None, *args, **kwargs
        ):
            try:
                watch.saw_backward(tensors, bool(retain_graph))
            except Exception as error:  # a step is never lost to the watch
                watch.seen.failed("saw_backward", error)
            return original(
                tensors, grad_tensors, retain_graph, *args, **kwargs
            )

        return backward

    return wrap


def _loader(watch: Any) -> Callable:
    def wrap(original):
        def __iter__(self):
            _tell(watch, watch.saw_loader, self)
            return original(self)

        return __iter__

    return wrap


def _schedule(watch: Any) -> Callable:
    def wrap(original):
        def step(self, *args, **kwargs):
            with watch.schedule(self):  # a scheduler may step others
                return original(self, *args, **kwargs)

        return step

    return wrap


def _scaler(watch: Any) -> Callable:
    def wrap(original):
        def step(self, optimizer, *args, **kwargs):
            _tell(watch, watch.saw_scaler, self)
            return original(self, optimizer, *args, **kwargs)

        return step

    return wrap


def _scaled(watch: Any) -> Callable:
    def wrap(original):
        def scale(self, outputs):
            _tell(watch, watch.saw_scaled, outputs)
            return original(self, outputs)

        return scale

    return wrap


def _enter(watch: Any) -> Callable:
    def wrap(original):
        def __enter__(self):
            if not torch.compiler.is_compiling():
                _tell(watch, watch.enters_quiet)
            return original(self)

        return __enter__

    return wrap


def _exit(watch: Any) -> Callable:
    def wrap(original):
        def __exit__(self, *error):
            if not torch.compiler.is_compiling():
                _tell(watch, watch.leaves_quiet)
            return original(self, *error)

        return __exit__

    return wrap
