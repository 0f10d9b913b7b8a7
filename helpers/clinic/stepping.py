"""What a close look sees of gradients and of the updates they lead to.

Everything here runs while a step is looked at, and changes nothing.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch.linalg import vector_norm

from helpers.clinic import looking
from helpers.clinic.hooks import quietly
from helpers.clinic.numbers import norms
from helpers.clinic.plan import DENSE
from helpers.clinic.seen import MOST_LOOKS, Seen, StepLook

MOST_NUMBERS = 1_000_000  # of one parameter are compared


def _some_of(parameter: torch.Tensor) -> torch.Tensor:
    """Return the numbers of a parameter that are looked at, in any shape."""
    if parameter.numel() <= MOST_NUMBERS:
        return parameter.detach()  # a row of them would cost two operations
    return parameter.detach().reshape(-1)[:MOST_NUMBERS]


class Stepping:
    """Gradients as they arrive, and weights before and after an update.

    Args:
        seen: what is collected.
    """

    def __init__(self, seen: Seen):
        self.seen = seen
        self._arrived: dict[str, list] = {}
        self._states: dict[str, list[bool]] = {}
        self._before: dict[int, tuple[StepLook, dict[str, torch.Tensor]]] = {}
        self._probe: dict[int, tuple[Any, torch.Tensor]] = {}
        self.scale = 1.0  # of the loss, where half precision needs one

    def clear(self) -> None:
        """Forget what arrived since the last update."""
        self._arrived.clear()
        self._states.clear()
        self._before.clear()

    def clear_of(self, optimizer: Any) -> None:
        """Forget what arrived for the parameters of one optimizer."""
        for name, _ in self._own(optimizer):
            self._arrived.pop(name, None)
            self._states.pop(name, None)

    @quietly
    def at_gradient(self, name: str, parameter: Any, gradient: Any) -> None:
        """See what a backward pass brings, before it is added."""
        state = parameter.grad
        is_clear = state is None or (
            not state.is_sparse and not bool(state.any())
        )
        self._states.setdefault(name, []).append(is_clear)
        if gradient.is_sparse:
            gradient = gradient.coalesce().values()
        norm = float(vector_norm(gradient))
        self._arrived.setdefault(name, []).append(norm)
        self.seen.reached.add(name)

    @quietly
    def before_step(self, i: int, optimizer: Any, n_backward: int) -> None:
        """Keep rates, weights and gradients as an update finds them."""
        seen = self.seen
        look = StepLook(seen.n_updates[i], i, n_backward=n_backward)
        look.scale = self.scale
        look.rates = [float(group["lr"]) for group in optimizer.param_groups]
        if not look.step:
            looking.alike_at_first(seen, optimizer)
        own = list(self._own(optimizer))
        before = {name: _some_of(one).clone() for name, one in own}
        sizes = norms(list(before.values()))
        look.weights.update(zip(before, sizes, strict=True))
        probe = self._probe.get(i)
        if probe is not None:
            looking.was_reset(seen, *probe)
        self._before[i] = look, before
        self._see_gradients(optimizer, look)

    def _own(self, optimizer: Any) -> Iterator[tuple[str, Any]]:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                name = self.seen.names.get(id(parameter))
                if name is not None:
                    yield name, parameter

    def _see_gradients(self, optimizer: Any, look: StepLook) -> None:
        gradients = {}
        for name, parameter in self._own(optimizer):
            gradient = parameter.grad
            if gradient is not None:
                if gradient.is_sparse:
                    gradient = gradient.coalesce().values()
                gradients[name] = gradient
        sizes = norms(list(gradients.values()))
        look.gradients.update(zip(gradients, sizes, strict=True))

    @quietly
    def after_step(
        self, i: int, optimizer: Any, args: Any, kwargs: Any, n_backward: int
    ) -> None:
        """See what an update has changed."""
        look, before = self._before.pop(i, (None, {}))
        if look is None:
            return
        # the first of the arguments is the optimizer itself
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        if callable(closure):  # it ran within the step
            look.n_backward = n_backward
            look.gradients.clear()
            self._see_gradients(optimizer, look)
        seen = self.seen
        if seen.losses.last is not None and look.n_backward:
            look.loss = float(seen.losses.last)
        own = [pair for pair in self._own(optimizer) if pair[0] in before]
        changes = norms([_some_of(one) - before[name] for name, one in own])
        for (name, parameter), moved in zip(own, changes, strict=True):
            if moved:
                seen.moved.add(name)
            look.ratios[name] = moved / (look.weights[name] + 1e-12)
            brought = self._arrived.get(name, [])
            if brought:
                look.arrived[name] = sum(brought)
            states = self._states.get(name, [])
            # a closure may look at a loss as often as it likes
            if (
                len(brought) > 1
                and not callable(closure)
                and all(brought)
                and look.gradients.get(name) == brought[-1]
            ):
                look.dropped.add(name)
            if states and not any(states[callable(closure) :] or states):
                look.uncleared.add(name)
            if i not in self._probe and before[name].numel() > 1 and moved:
                self._probe[i] = parameter, before[name].reshape(-1)[:1000]
        looking.silent_rows(seen, optimizer)
        if len(seen.steps) >= MOST_LOOKS:
            del seen.steps[DENSE + 5]
        seen.steps.append(look)
