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


class Holders:
    """Which rank holds which piece of memory, as long as it lives.

    No callback tells when one dies: that could come at any moment, in the
    middle of an error too. Whoever asks looks for what still lives.
    """

    def __init__(self):
        # id of a storage -> the storage, if it lives, its rank and numbers
        self._notes: dict[int, tuple[weakref.ref, int, int]] = {}

    def of(self, tensor: torch.Tensor) -> int | None:
        """Return the rank that holds a tensor; None where none does."""
        storage = tensor.untyped_storage()
        note = self._notes.get(id(storage))
        # an id is used again when its first owner is gone
        return note[1] if note and note[0]() is storage else None

    def note(self, tensor: torch.Tensor, rank: int) -> None:
        """Note that a rank holds a tensor."""
        storage = tensor.untyped_storage()
        n_numbers = storage.nbytes() // tensor.element_size()
        self._notes[id(storage)] = (weakref.ref(storage), rank, n_numbers)

    def numbers_of(self, rank: int) -> int:
        """Return how many numbers a rank holds now."""
        self._notes = {
            key: note
            for key, note in self._notes.items()
            if note[0]() is not None
        }
        return sum(n for _, owner, n in self._notes.values() if owner == rank)


class Memory(TorchDispatchMode):
    """Notes every tensor that is made while it is entered, as long as it lives.

    Each thread enters one of its own. Tensors that nobody holds, such as a
    table outside of the function, can be read by every rank; who writes into
    one holds it.

    Args:
        number: of the rank.
        holders: which rank holds what; one for all ranks together.

    Attributes:
        most: how many numbers lived at a time, at most.
    """

    def __init__(self, number: int, holders: "Holders"):
        super().__init__()
        self.number, self._holders = number, holders
        self.most = 0
        self._paused = False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Look at what an operation takes and gives."""
        kwargs = kwargs or {}
        if self._paused:
            return func(*args, **kwargs)
        given = [*tensors_in((args, kwargs))]
        self.check(given)
        result = func(*args, **kwargs)
        # a part of a table that nobody holds is still nobody's
        known = {id(tensor.untyped_storage()) for tensor in given}
        self.own(
            tensor
            for tensor in tensors_in(result)
            if id(tensor.untyped_storage()) not in known
        )
        self.own(_written(func, args, kwargs))
        return result

    def check(self, things: Any) -> None:
        """Refuse what another rank holds.

        Raises:
            TrespassError: there is such a tensor.
        """
        for tensor in tensors_in(things):
            owner = self._holders.of(tensor)
            if owner not in (None, self.number):
                raise TrespassError(self.number, owner)

    def own(self, things: Any) -> None:
        """Note tensors as held, until the last name for them is gone."""
        for tensor in tensors_in(things):
            if self._holders.of(tensor) is None:
                self._holders.note(tensor, self.number)
                held = self._holders.numbers_of(self.number)
                self.most = max(self.most, held)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Look away: what is done inside does not count."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before


def _written(func, args, kwargs) -> Iterator[Any]:
    """Find what an operation writes into, among its arguments."""
    for place, argument in enumerate(func._schema.arguments):
        alias = argument.alias_info
        if alias is not None and alias.is_write:
            by_place = args[place : place + 1]
            yield by_place[0] if by_place else kwargs.get(argument.name)


def tensors_in(things: Any) -> Iterator[torch.Tensor]:
    """Find tensors in lists, tuples and dictionaries."""
    if isinstance(things, torch.Tensor):
        yield things
    elif isinstance(things, (list, tuple, Iterator)):
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
