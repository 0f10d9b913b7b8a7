"""The memory of a simulated rank: whose a tensor is, and how much there is."""

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from helpers.errors import CourseError


class TrespassError(CourseError):
    """A rank used a tensor that another rank holds.

    Attributes:
        rank: which used it.
        owner: which holds it.
    """

    def __init__(self, rank: int, owner: int):
        super().__init__(
            f"Rank {rank} used a tensor that rank {owner} holds. Ranks share "
            "no memory: a variable outside the function is not a way from one "
            "to the other. Send the tensor, and receive it."
        )
        self.rank, self.owner = rank, owner


class Memory(TorchDispatchMode):
    """Notes every tensor that is made while it is entered, as long as it lives.

    Each thread enters one of its own. Tensors that nobody holds, such as a
    table outside of the function, can be read by every rank; who writes into
    one holds it.

    Args:
        number: of the rank.
        owner_of: the rank that holds a piece of memory, by its id; one for all
            ranks together.

    Attributes:
        held: numbers in all tensors that live now.
        most: the highest that `held` has been.
    """

    def __init__(self, number: int, owner_of: dict[int, int]):
        super().__init__()
        self.number, self._owner_of = number, owner_of
        self.held = self.most = 0
        self._paused = False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Look at what an operation takes and gives."""
        kwargs = kwargs or {}
        if self._paused:
            return func(*args, **kwargs)
        self.check((args, kwargs))
        result = func(*args, **kwargs)
        self.own(result)
        for given, argument in zip(args, func._schema.arguments, strict=False):
            if argument.alias_info is not None and argument.alias_info.is_write:
                self.own(given)
        return result

    def check(self, things: Any) -> None:
        """Refuse what another rank holds.

        Raises:
            TrespassError: there is such a tensor.
        """
        for tensor in tensors_in(things):
            storage = id(tensor.untyped_storage())
            owner = self._owner_of.get(storage, self.number)
            if owner != self.number:
                raise TrespassError(self.number, owner)

    def own(self, things: Any) -> None:
        """Note tensors as held, until the last name for them is gone."""
        for tensor in tensors_in(things):
            storage = tensor.untyped_storage()
            if id(storage) in self._owner_of:
                continue
            n_numbers = storage.nbytes() // tensor.element_size()
            self._owner_of[id(storage)] = self.number
            self.held += n_numbers
            self.most = max(self.most, self.held)
            end = weakref.finalize(storage, self._gone, id(storage), n_numbers)
            end.atexit = False

    def _gone(self, storage: int, n_numbers: int) -> None:
        del self._owner_of[storage]
        self.held -= n_numbers

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Look away: what is done inside does not count."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before


def tensors_in(things: Any) -> Iterator[torch.Tensor]:
    """Find tensors in lists, tuples and dictionaries."""
    if isinstance(things, torch.Tensor):
        yield things
    elif isinstance(things, (list, tuple)):
        for thing in things:
            yield from tensors_in(thing)
    elif isinstance(things, dict):
        yield from tensors_in(list(things.values()))


def copied(things: Any) -> Any:
    """Copy tensors, and lists, tuples and dictionaries of them."""
    if isinstance(things, torch.Tensor):
        return things.detach().clone()
    if isinstance(things, list):
        return [copied(thing) for thing in things]
    if type(things) is tuple:
        return tuple(copied(thing) for thing in things)
    if isinstance(things, dict):
        return {name: copied(thing) for name, thing in things.items()}
    return things
