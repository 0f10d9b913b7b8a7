"""Hooks that can do no harm to the loop they are in.

Here belongs how a hook is put in place, switched off and taken out again, and
what becomes of a mistake of the watch: it is noted, and the loop goes on.
"""

import contextlib
import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from helpers.clinic.seen import Seen


def quietly(function: Callable) -> Callable:
    """Let a function record no graph.

    As ``torch.no_grad()`` does, whose beginning and end a watch looks at: what
    it does itself must not seem to be the loop's.
    """

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        if not torch.is_grad_enabled():
            return function(*args)
        torch.set_grad_enabled(False)
        try:
            return function(*args)
        finally:
            torch.set_grad_enabled(True)

    return call


class GradientHook:
    """A hook that gets the gradient of a parameter, until it is removed.

    Args:
        parameter: a leaf that records a graph.
        hook: gets the gradient.
    """

    def __init__(self, parameter: torch.Tensor, hook: Callable):
        self._parameter = parameter
        self._handle = parameter.register_hook(hook)

    def remove(self) -> None:
        """Take the hook out, and what torch would leave of it.

        A parameter that once had a hook keeps an empty dictionary, into which
        every backward pass would look.
        """
        self._handle.remove()
        if self._parameter._backward_hooks == OrderedDict():
            self._parameter._backward_hooks = None


class Hook:
    """A function of the watch, called by torch.

    An error in it is noted and goes no further. A copy of a module, and a
    module that is saved as a whole, get a hook that does nothing: the watch is
    not copied with them, and what was saved can be loaded without it.

    Args:
        seen: where an error is noted.
        function: what is called; what it returns is dropped.
        first: arguments before those of torch.
    """

    def __init__(self, seen: Seen, function: Callable, *first: Any):
        self._seen, self._function, self._first = seen, function, first

    def __call__(self, *args: Any) -> None:
        """Call the function, whatever comes of it."""
        try:
            self._function(*self._first, *args)
        except Exception as error:  # the loop is more important
            self._seen.failed(self._function.__name__, error)

    def __deepcopy__(self, _memo: Any) -> Callable:
        return contextlib.nullcontext().__exit__

    def __reduce__(self) -> Any:
        # a function that takes anything, does nothing and can be loaded
        # wherever there is Python
        return getattr, (contextlib.nullcontext(), "__exit__")


class Switch:
    """Forward hooks that are in place only while they are wanted.

    A module without hooks is called faster, so between looks they are out.
    """

    def __init__(self) -> None:
        self._places: list[tuple[dict, Any, Any]] = []
        self.is_on = False

    def add(self, module: nn.Module, hook: Hook, is_before: bool) -> None:
        """Take in a hook before or after a module's forward pass.

        Args:
            module: is called with arguments and keywords.
            hook: gets the module, the arguments and, before the pass, the
                keywords, or else the result.
            is_before: whether it is called before the pass.
        """
        if is_before:
            handle = module.register_forward_pre_hook(hook, with_kwargs=True)
            places = [
                (module._forward_pre_hooks, hook),
                (module._forward_pre_hooks_with_kwargs, True),
            ]
        else:
            handle = module.register_forward_hook(hook)
            places = [(module._forward_hooks, hook)]
        for hooks, value in places:
            self._places.append((hooks, handle.id, value))
            if not self.is_on:
                hooks.pop(handle.id, None)

    def turn(self, is_on: bool) -> None:
        """Put the hooks in place, or take them out."""
        if is_on is self.is_on:
            return
        self.is_on = is_on
        for hooks, key, value in self._places:
            if is_on:
                hooks[key] = value
            else:
                hooks.pop(key, None)
