"""A compiled function, called on the shortest way.

What `torch.compile` returns looks at every call for a program that fits: it
sets up the compiler, checks the guards (what the program takes for granted) and
cleans up. For the smallest models that takes longer than a whole epoch. Here a
program that has run once is kept with its guards, and the next call checks them
and runs it. Where they fail, `torch.compile` decides as always.
"""

import re
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch.autograd import profiler

try:  # the programs that belong to some code; no promise of torch
    from torch._C._dynamo.eval_frame import (
        _debug_get_cache_entry_list as entries_of,
    )
except ImportError:
    entries_of: Any = None


# as torch names what the code of others takes from modules
FIXED = ("__import_torch_", "__import_helpers_dot_epochs_", "__builtins_")


class _Kept(NamedTuple):
    """A program that has run.

    Attributes:
        guards: tell whether it fits, given all arguments by name.
        run: the program, which does not ask.
    """

    guards: Any
    run: Callable


class Program:
    """A method that is compiled when it is first called.

    Args:
        method: takes positional arguments only. It is compiled as a whole,
            for these very shapes.
        device: where its tensors are.
        options: of `torch.compile`.
    """

    def __init__(
        self, method: Any, device: torch.device, options: dict[str, Any]
    ):
        own = _of_its_own(method)
        self.method, self.owner = own.__func__, own.__self__
        code = self.method.__code__
        self.names = code.co_varnames[: code.co_argcount]
        self.compiled = torch.compile(
            own,
            fullgraph=True,
            dynamic=False,  # the program depends on nothing compiled before it
            options={**options, "guard_filter_fn": self._needed},
        )
        # CUDA graphs have to be told when a call of torch.compile begins
        self.goes_straight = device.type == "cpu" and entries_of is not None
        self.kept: list[_Kept] = []

    def __call__(self, *given: Any) -> Any:
        """Run the program that fits these arguments; compile it if need be."""
        given = (self.owner, *given)
        named = dict(zip(self.names, given, strict=True))
        for guards, run in self.kept:
            # torch lets go of an entry when something it needs is gone
            if guards.cache_entry is not None and guards.check(named):
                if getattr(profiler, "_is_profiler_enabled", False):
                    # as torch.compile marks it in the profile
                    with profiler.record_function("Torch-Compiled Region"):
                        return run(*given)
                return run(*given)
        result = self.compiled(*given[1:])
        if self.goes_straight:
            self.kept = self._all_so_far()
        return result

    def _needed(self, entries: Sequence[Any]) -> list[bool]:
        """Tell which guards to check, of those that torch proposes.

        Most of them ask whether a function of torch, of Python or of this
        folder is still the same, at every call. Those are left out. What a
        model uses of its own file is asked.
        """
        return [not e.is_global or self._may_change(e.name) for e in entries]

    def _may_change(self, name: str) -> bool:
        own = self.method.__globals__
        return not all(
            found.startswith(FIXED)
            or (found in own and not found.startswith("__"))
            for found in re.findall(r"G\['(\w+)'\]", name)
        )

    def _all_so_far(self) -> list[_Kept]:
        """Return what torch keeps for this code; nothing if it looks new."""
        function = self.method
        try:
            return [
                _Kept(
                    entry.guard_manager,
                    types.FunctionType(
                        entry.code,
                        function.__globals__,
                        function.__name__,
                        function.__defaults__,
                        function.__closure__,
                    ),
                )
                for entry in entries_of(function.__code__)
                if hasattr(entry.guard_manager, "cache_entry")
            ]
        except (AttributeError, TypeError):  # another release of torch
            self.goes_straight = False
            return []


def _of_its_own(method: Any) -> Any:
    """Return a method with a copy of its code.

    torch keeps programs with the code they came from. Two models that shared
    it would share the limit on their number, too.
    """
    function = method.__func__
    copied = types.FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    return copied.__get__(method.__self__)
