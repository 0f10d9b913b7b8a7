"""Ranks on paper: run one function as many ranks, and count what it takes.

    def to_the_right(rank, mine):
        right = (rank.number + 1) % rank.world_size
        left = (rank.number - 1) % rank.world_size
        rank.send(mine, to=right)
        return rank.receive(source=left)

    outcome = simulate(to_the_right, [torch.zeros(3), torch.ones(3)])
    outcome.returned   # what each rank returned
    outcome.exchanges  # 1

No process is started, and nothing is timed. The ranks take turns in one fixed
order, each until it has to wait, so that every run counts the same. A rank has
nothing but its own arguments and what it receives: an operation on a tensor of
another rank is refused. A program in which everybody waits ends in a sentence
that says who waits for whom.

What is counted:

- an *exchange*: each rank sends at most one tensor and receives at most one;
- numbers that a rank sends;
- numbers in all tensors that a rank holds at a time, at most;
- collectives (`all_reduce`, `all_gather`), and the numbers given to them.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from helpers.errors import CourseError
from helpers.processes.simulated_memory import Holders, Memory, copied
from helpers.processes.turns import NobodyCanGoOn, Player, take_turns


class DeadlockError(CourseError):
    """Every rank waits, and nobody is left who could send.

    Attributes:
        who: in words, which rank waits for what, and which have ended.
    """

    def __init__(self, who: str):
        super().__init__(
            f"Nobody can go on: {who}. Some rank has to send before it "
            "receives, and every call of a collective needs all ranks."
        )
        self.who = who


class ExchangeError(CourseError):
    """Something cannot be sent, received or combined."""


@dataclass(frozen=True)
class Message:
    """A tensor that one rank sent and another received.

    Attributes:
        exchange: in which it arrived, counted from 1.
        source: the rank that sent it.
        to: the rank that received it.
        n_numbers: how many it carried.
    """

    exchange: int
    source: int
    to: int
    n_numbers: int


@dataclass(frozen=True)
class Outcome:
    """What the ranks returned, and what it took.

    Attributes:
        returned: by each rank.
        sent: numbers that each rank sent to others.
        held: numbers that each rank held at a time, at most.
        messages: all that were received, in the order of their exchanges.
        collectives: name, and how many numbers each rank gave, such as
            ("all_reduce", [2, 2, 2]).
        unread: (source, to) of each message that nobody received.
    """

    returned: list[Any]
    sent: list[int]
    held: list[int]
    messages: list[Message]
    collectives: list[tuple[str, list[int]]]
    unread: list[tuple[int, int]]

    @property
    def exchanges(self) -> int:
        """How many; in each, a rank sends and receives one tensor at most."""
        return max((message.exchange for message in self.messages), default=0)

    def __str__(self) -> str:
        n = self.exchanges
        lines = [f"{name}: {_each(given)}" for name, given in self.collectives]
        if self.messages or not lines:
            lines += [f"exchanges: {n}", f"numbers sent: {_each(self.sent)}"]
        return "\n".join([*lines, f"numbers held: {_each(self.held)}"])

    __repr__ = __str__


def simulate(
    function: Callable, *columns: Sequence[Any], backwards: bool = False
) -> Outcome:
    """Run a function once per rank.

    Args:
        function: takes a `Rank` and one entry of each column.
        columns: what the ranks are given, one entry per rank. Tensors, and
            lists, tuples and dictionaries of them, are copied first.
        backwards: whether the last rank has the first turn. A function that
            keeps to its own rank gives the same either way.

    Raises:
        DeadlockError: every rank waits.
        TrespassError: a rank used a tensor that another one holds.
        ExchangeError: something cannot be sent, received or combined.
    """
    lengths = [len(column) for column in columns]
    if not lengths or set(lengths) != {lengths[0]} or not lengths[0]:
        raise ExchangeError(
            "Each list that the ranks are given needs an entry for every rank; "
            f"the lists have {lengths} entries."
        )
    network = Network(lengths[0])
    for rank, *entries in zip(network.ranks, *columns, strict=True):
        rank.begin(function, copied(entries))
    order = network.ranks[::-1] if backwards else network.ranks
    try:
        take_turns([rank.player for rank in order])
    except NobodyCanGoOn as stuck:
        numbers = [rank.number for rank in order]
        pairs = sorted(zip(numbers, stuck.waits_for, strict=True))
        raise DeadlockError(_who_waits(pairs)) from None
    return network.outcome()


class Rank:
    """One rank, as the function sees it.

    Attributes:
        number: which, counted from 0.
        world_size: how many there are.
    """

    player: Player

    def __init__(self, number: int, network: "Network"):
        self.number, self.world_size = number, network.n
        self._network = network
        self.memory = Memory(number, network.holders)
        self.n_sent = 0
        # in which exchange it last sent, last received, and last learned
        self._sent_at = self._received_at = self._knows = 0
        self._n_met = 0

    def __repr__(self) -> str:
        return f"rank {self.number} of {self.world_size}"

    def send(self, tensor: torch.Tensor, to: int) -> None:
        """Send a copy of a tensor as it is now; do not wait for anybody.

        Args:
            tensor: what to send.
            to: the number of another rank.
        """
        self._check_other(to, "send to")
        parcel = self._packed(tensor, "send")
        # a rank can send only what it knows, and one tensor at a time
        self._sent_at = max(self._sent_at, self._knows) + 1
        self.n_sent += parcel.numel()
        self._network.mail[self.number, to].append((self._sent_at, parcel))

    def receive(self, source: int) -> torch.Tensor:
        """Wait for the next tensor from a rank, and return it.

        Args:
            source: the number of another rank. Its tensors arrive in the order
                in which it sent them.
        """
        self._check_other(source, "receive from")
        mail = self._network.mail[source, self.number]
        self.player.wait(f"for rank {source}", lambda: bool(mail))
        sent_at, parcel = mail.popleft()
        self._received_at = max(sent_at, self._received_at + 1)
        self._knows = max(self._knows, self._received_at)
        self._network.messages.append(
            Message(self._received_at, source, self.number, parcel.numel())
        )
        return self._unpacked(parcel)

    def all_reduce(self, tensor: torch.Tensor) -> None:
        """Put the sum over all ranks into the tensor of each, in place.

        Args:
            tensor: of the same shape on every rank. As with
                `torch.distributed.all_reduce`, nothing is returned.
        """
        parcels = self._meet("all_reduce", tensor)
        shapes = [list(parcel.shape) for parcel in parcels]
        if any(shape != shapes[0] for shape in shapes):
            raise ExchangeError(
                "all_reduce adds tensors of one shape, but the ranks gave it "
                f"{_listed(shapes)}."
            )
        with self.memory.paused(), torch.no_grad():
            tensor.copy_(sum(parcels[1:], start=parcels[0]))

    def all_gather(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the tensors of all ranks, joined in the order of the ranks.

        Args:
            tensor: of the same shape on every rank, except for the number of
                rows: it is along the first dimension that they are joined.
        """
        parcels = self._meet("all_gather", tensor)
        shapes = [list(parcel.shape) for parcel in parcels]
        if any(not s or s[1:] != shapes[0][1:] for s in shapes):
            raise ExchangeError(
                "all_gather joins rows of one shape, but the ranks gave it "
                f"{_listed(shapes)}."
            )
        with self.memory.paused():
            joined = torch.cat(parcels)
        return self._unpacked(joined)

    # --------------------------------------------------- what runs a function

    def begin(self, function: Callable, entries: list[Any]) -> None:
        """Make it a player, who waits for the first turn."""

        def work() -> Any:
            try:
                with self.memory:
                    returned = function(self, *entries)
                    self.memory.check(returned)
                    return returned
            except Exception as error:
                error.add_note(f"(on rank {self.number})")
                raise

        self.memory.own(entries)
        self.player = Player(work)

    def _meet(self, name: str, tensor: torch.Tensor) -> list[torch.Tensor]:
        """Wait until all ranks are here; return what each has brought."""
        parcel = self._packed(tensor, name)
        meeting = self._network.meetings[self._n_met]
        self._n_met += 1
        others = {other for other, _ in meeting.values()} - {name}
        if others:
            raise ExchangeError(
                f"Rank {self.number} calls {name} where another rank calls "
                f"{others.pop()}. A collective is called by all ranks, in the "
                "same order."
            )
        meeting[self.number] = (name, parcel)
        everybody = self.world_size
        self.player.wait(
            f"in {name} for the others", lambda: len(meeting) == everybody
        )
        ranks = self._network.ranks
        # whatever is sent from now on may rest on what any of them knew
        self._knows = max(rank._knows for rank in ranks)
        return [meeting[rank.number][1] for rank in ranks]

    def _check_other(self, other: int, verb: str) -> None:
        is_one = isinstance(other, int) and 0 <= other < self.world_size
        if not is_one or other == self.number:
            raise ExchangeError(
                f"Rank {self.number} cannot {verb} {other!r}: the others are "
                f"among 0 to {self.world_size - 1}, without itself."
            )

    def _packed(self, tensor: torch.Tensor, name: str) -> torch.Tensor:
        """Copy a tensor for its way; nobody holds the copy."""
        if not isinstance(tensor, torch.Tensor):
            raise ExchangeError(
                f"{name} takes a tensor, not {type(tensor).__name__}: "
                "`torch.tensor([value])` makes one of a number."
            )
        self.memory.check(tensor)
        with self.memory.paused():
            return tensor.detach().clone()

    def _unpacked(self, parcel: torch.Tensor) -> torch.Tensor:
        """Copy what arrived into the memory of this rank."""
        with self.memory.paused():
            tensor = parcel.clone()
        self.memory.own(tensor)
        return tensor


class Network:
    """What lies between ranks: letters under way, meetings, and the counts.

    Args:
        n: how many ranks.

    Attributes:
        mail: (source, to) -> what was sent and not received, the first first.
        meetings: which collective, counted from 0 -> rank -> (name, tensor).
    """

    def __init__(self, n: int):
        self.n = n
        self.holders = Holders()
        self.mail: dict[tuple[int, int], deque] = defaultdict(deque)
        self.meetings: dict[int, dict] = defaultdict(dict)
        self.messages: list[Message] = []
        self.ranks = [Rank(number, self) for number in range(n)]

    def outcome(self) -> Outcome:
        """Return what was counted."""
        order = sorted(self.messages, key=lambda m: (m.exchange, m.to))
        collectives = []
        for meeting in self.meetings.values():
            given = [meeting[number][1].numel() for number in range(self.n)]
            collectives.append((meeting[0][0], given))
        return Outcome(
            [rank.player.returned for rank in self.ranks],
            [rank.n_sent for rank in self.ranks],
            [rank.memory.most for rank in self.ranks],
            order,
            collectives,
            sorted(pair for pair, mail in self.mail.items() for _ in mail),
        )


def _who_waits(pairs: Sequence[tuple[int, str]]) -> str:
    """Say of each rank what it waits for, or that it has ended."""
    alike: dict[str, list[int]] = {}
    for number, words in pairs:
        alike.setdefault(words, []).append(number)
    return "; ".join(
        f"rank {numbers[0]} {f'waits {words}' if words else 'has ended'}"
        if len(numbers) == 1
        else f"ranks {_listed(numbers)} "
        f"{f'wait {words}' if words else 'have ended'}"
        for words, numbers in alike.items()
    )


def _listed(things: Sequence[Any]) -> str:
    """Join as English does: "1, 2 and 3"."""
    words = [str(thing) for thing in things]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _each(numbers: Sequence[int]) -> str:
    """Write one number per rank: "6 per rank" where all are alike."""
    if len(set(numbers)) == 1:
        return f"{numbers[0]:,} per rank"
    return _listed([f"{number:,}" for number in numbers])
