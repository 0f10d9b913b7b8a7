"""Losses that are plain functions, led past a watch while it looks.

A function cannot have a hook, and a loop may have taken it long before, as in
``criterion = F.cross_entropy``. So it stays the same object and gets another
code for as long as somebody listens: one that calls a copy with torch's code,
and tells what came of it. Between looks it is torch's own again, as fast as
ever.
"""

import types
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

LOSSES = (
    "cross_entropy",
    "nll_loss",
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
)


class Diversion:
    """One loss of torch, and who listens to it.

    Args:
        name: as in torch.nn.functional.
    """

    def __init__(self, name: str):
        self.name = name
        self._listeners: list[Callable] = []
        self._function = getattr(F, name)
        self._take()

    def _take(self) -> None:
        """Take the function as it is now."""
        self._code = self._function.__code__
        self._original = _copy(self._function)
        self._diverted = _leading_to(self.name, self._code)

    def add(self, listener: Callable) -> None:
        """Tell a listener of every call: name, arguments, keywords, value."""
        if not self._listeners:
            if self._function.__code__ is not self._code:
                self._take()  # somebody has changed it since
            _calls()[self.name] = self._called
            self._function.__code__ = self._diverted
        self._listeners.append(listener)

    def remove(self, listener: Callable) -> None:
        """Tell it no longer."""
        self._listeners.remove(listener)
        if not self._listeners:
            self._function.__code__ = self._code
            del _calls()[self.name]
            if not _calls():
                del F.__dict__["_diverted_losses"]

    def _called(self, *args: Any, **kwargs: Any) -> Any:
        value = self._original(*args, **kwargs)
        if not torch.compiler.is_compiling():
            for listener in reversed(self._listeners):
                listener(self.name, args, kwargs, value)
        return value


def _copy(function: Any) -> types.FunctionType:
    copy = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _calls() -> dict[str, Callable]:
    """Return what the functions of torch call, found among their globals."""
    return F.__dict__.setdefault("_diverted_losses", {})


def _template(*args, **kwargs):
    return _diverted_losses["NAME"](*args, **kwargs)  # noqa: F821 # pyright: ignore


def _leading_to(name: str, code: types.CodeType) -> types.CodeType:
    """Return the code of a function that calls what `_calls` has of a name."""
    template = _template.__code__
    return template.replace(
        co_consts=tuple(
            name if one == "NAME" else one for one in template.co_consts
        ),
        # who reads the source of the function finds it
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
        co_name=code.co_name,
    )


_DIVERSIONS = [Diversion(name) for name in LOSSES]


class LossSwitch:
    """Leads the losses past a listener while that is wanted.

    Args:
        listener: gets the name of a loss, its arguments, keywords and value.
            It raises nothing.
    """

    def __init__(self, listener: Callable):
        self._listener = listener
        self.is_on = False

    def turn(self, is_on: bool) -> None:
        """Begin to listen, or end."""
        if is_on is self.is_on:
            return
        self.is_on = is_on
        for diversion in _DIVERSIONS:
            if is_on:
                diversion.add(self._listener)
            else:
                diversion.remove(self._listener)
