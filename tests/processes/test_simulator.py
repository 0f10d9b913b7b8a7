"""Simulated ranks: what is counted, and what is refused."""

import contextlib
import ctypes
import io
import threading
import time

import pytest
import torch

from helpers.processes.simulated_memory import TrespassError
from helpers.processes.simulator import (
    DeadlockError,
    ExchangeError,
    simulate,
)


def tensors(n: int, n_numbers: int = 10) -> list[torch.Tensor]:
    return [torch.arange(float(n_numbers)) + 100 * rank for rank in range(n)]


def ring(rank, mine):
    """Add up around a ring, in parts, then hand the sums around."""
    n, number = rank.world_size, rank.number
    right, left = (number + 1) % n, (number - 1) % n
    parts = mine.tensor_split(n)
    for step in range(n - 1):
        rank.send(parts[(number - step) % n], to=right)
        parts[(number - step - 1) % n].add_(rank.receive(source=left))
    for step in range(n - 1):
        rank.send(parts[(number - step + 1) % n], to=right)
        parts[(number - step) % n].copy_(rank.receive(source=left))
    return mine


def everything_to_the_first(rank, mine):
    others = range(1, rank.world_size)
    if rank.number:
        rank.send(mine, to=0)
        return rank.receive(source=0)
    for other in others:
        mine += rank.receive(source=other)
    for other in others:
        rank.send(mine, to=other)
    return mine


def whole_around(rank, mine):
    right = (rank.number + 1) % rank.world_size
    left = (rank.number - 1) % rank.world_size
    total, under_way = mine, mine
    for _ in range(rank.world_size - 1):
        rank.send(under_way, to=right)
        under_way = rank.receive(source=left)
        total = total + under_way
    return total


# ------------------------------------------------------------- what is counted


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_ring_sends_less_than_twice_what_it_holds(n, backwards):
    given = tensors(n)
    outcome = simulate(ring, given, backwards=backwards)
    for sums in outcome.returned:
        assert torch.equal(sums, sum(given))
    assert outcome.exchanges == 2 * (n - 1)
    # each rank sends every part but one, twice
    parts = [len(part) for part in torch.arange(10).tensor_split(n)]
    assert outcome.sent == [
        20 - parts[(r + 1) % n] - parts[(r + 2) % n] for r in range(n)
    ]
    largest = max(parts)
    assert outcome.held == [10 + largest] * n
    assert outcome.unread == []
    assert len(outcome.messages) == 2 * n * (n - 1)
    assert torch.equal(given[0], tensors(1)[0])  # they got copies


def test_one_rank_for_all_is_busy_for_all():
    """As many exchanges as a ring, which sends far fewer numbers."""
    outcome = simulate(everything_to_the_first, tensors(4))
    assert outcome.exchanges == 6
    assert outcome.sent == [30, 10, 10, 10]
    assert outcome.held == [20, 20, 20, 20]


def test_whole_tensors_around_the_ring():
    outcome = simulate(whole_around, tensors(4))
    assert outcome.exchanges == 3
    assert outcome.sent == [30] * 4


def test_one_tensor_arrives_per_exchange():
    def all_at_once(rank, mine):
        others = [r for r in range(rank.world_size) if r != rank.number]
        for other in others:
            rank.send(mine, to=other)
        return [rank.receive(source=other) for other in others]

    # all begin with rank 0, so that one of them arrives there last
    outcome = simulate(all_at_once, tensors(4))
    arrivals = [m.exchange for m in outcome.messages if m.to == 0]
    assert arrivals == [1, 2, 3]
    assert outcome.exchanges > 3

    def in_different_orders(rank, mine):
        n = rank.world_size
        for k in range(1, n):
            rank.send(mine, to=(rank.number + k) % n)
        return [rank.receive(source=(rank.number - k) % n) for k in range(1, n)]

    assert simulate(in_different_orders, tensors(4)).exchanges == 3


def test_what_is_sent_on_takes_one_more_exchange():
    def relay(rank, mine):
        if rank.number:
            mine = rank.receive(source=rank.number - 1)
        if rank.number < rank.world_size - 1:
            rank.send(mine, to=rank.number + 1)
        return mine.tolist()

    outcome = simulate(relay, tensors(5, 1))
    assert [message.exchange for message in outcome.messages] == [1, 2, 3, 4]
    assert outcome.returned == [[0.0]] * 5


def test_tensors_count_as_long_as_they_live():
    def lives_briefly(rank, mine):
        for _ in range(3):
            doubled = mine * 2  # the one before lives until it is replaced
        return doubled.sum().item()

    def lives_on(rank, mine):
        return [mine * 2 for _ in range(3)]

    def views(rank, mine):
        return [mine[:3], mine[3:], mine.reshape(2, 5)]

    assert simulate(lives_briefly, tensors(1)).held == [30]
    assert simulate(lives_on, tensors(1)).held == [40]
    assert simulate(views, tensors(1)).held == [10]


def test_collectives_of_all():
    def both(rank, mine):
        joined = rank.all_gather(mine[: rank.number])
        total = torch.tensor([1.0 * rank.number])
        assert rank.all_reduce(total) is None
        return joined.tolist(), total.tolist()

    outcome = simulate(both, tensors(3, 2))
    assert outcome.returned == [([100.0, 200.0, 201.0], [3.0])] * 3
    assert outcome.collectives == [
        ("all_gather", [0, 1, 2]),
        ("all_reduce", [1, 1, 1]),
    ]
    assert outcome.exchanges == 0


def test_the_outcome_in_words():
    assert str(simulate(whole_around, tensors(3))) == (
        "exchanges: 2\nnumbers sent: 20 per rank\nnumbers held: 40 per rank"
    )

    def gathers(rank, mine):
        return rank.all_gather(mine[: 1 + rank.number])

    assert str(simulate(gathers, tensors(2))) == (
        "all_gather: 1 and 2\nnumbers held: 13 per rank"
    )


def test_what_is_given_is_copied_with_what_is_inside():
    def changes(rank, things):
        things["parts"][0][0].add_(1)
        return things["n"]

    inside = torch.zeros(2)
    outcome = simulate(changes, [{"parts": [(inside,)], "n": 4}] * 2)
    assert outcome.returned == [4, 4]
    assert inside.tolist() == [0, 0]


# ------------------------------------------------------------- what is refused


def test_a_deadlock_says_who_waits_for_whom():
    def all_receive(rank, mine):
        if rank.number == 2:
            return None
        return rank.receive(source=(rank.number + 1) % 3)

    for backwards in (False, True):
        with pytest.raises(DeadlockError) as caught:
            simulate(all_receive, tensors(3), backwards=backwards)
        assert caught.value.who == (
            "rank 0 waits for rank 1; rank 1 waits for rank 2; rank 2 has ended"
        )


def test_a_collective_that_one_rank_leaves_out():
    def not_all(rank, mine):
        if len(mine):
            rank.all_reduce(mine)

    sizes = [2, 0, 2, 2, 0]
    with pytest.raises(DeadlockError) as caught:
        simulate(not_all, [torch.ones(size) for size in sizes])
    assert caught.value.who == (
        "ranks 0, 2 and 3 wait in all_reduce for the others; "
        "ranks 1 and 4 have ended"
    )


def test_ranks_share_no_memory():
    shelf = []

    def leaves_it(rank, mine):
        shelf.append(mine)
        return shelf[0] + 1

    def returns_it(rank, mine):
        shelf.append(mine)
        return shelf[0]

    def sends_it(rank, mine):
        shelf.append(mine)
        rank.send(shelf[0], to=1 - rank.number)

    def writes_outside(rank, mine):
        outside.add_(mine)
        return outside.clone()

    def writes_into_a_part(rank, mine):
        outside[2:4] = mine[:2]
        return outside[2:4].clone()

    def writes_out(rank, mine):
        return torch.add(mine, 1, out=outside)

    for function in (
        *(leaves_it, returns_it, sends_it),
        *(writes_outside, writes_into_a_part, writes_out),
    ):
        shelf.clear()
        outside = torch.zeros(10)
        with pytest.raises(TrespassError) as caught:
            simulate(function, tensors(2))
        assert (caught.value.rank, caught.value.owner) == (1, 0), function


def test_what_nobody_holds_can_be_read_by_all():
    table = torch.arange(10.0)

    def looks_up(rank, mine):
        return (mine - table).sum() + table[2:3].sum() + table.view(2, 5)[0, 0]

    outcome = simulate(looks_up, tensors(2))
    assert [value.item() for value in outcome.returned] == [2.0, 1002.0]
    assert outcome.held[0] < 40  # their own tensors, not the table


def test_what_was_sent_does_not_change_on_its_way():
    def changes_later(rank, mine):
        rank.send(mine, to=1 - rank.number)
        mine.zero_()
        return rank.receive(source=1 - rank.number)

    outcome = simulate(changes_later, tensors(2))
    assert torch.equal(outcome.returned[0], tensors(2)[1])


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda rank, mine: rank.send(mine, to=rank.number), "without itself"),
        (lambda rank, mine: rank.receive(source=7), "receive from 7"),
        (lambda rank, mine: rank.send(mine, to=1.0), "send to 1.0"),
        (lambda rank, mine: rank.all_reduce(3.0), "not float"),
        (
            lambda rank, mine: rank.all_reduce(mine[rank.number :]),
            r"\[10\] and \[9\]",
        ),
        (lambda rank, mine: rank.all_gather(mine.sum()), r"\[\] and \[\]"),
        (
            lambda rank, mine: (
                rank.all_gather(mine) if rank.number else rank.all_reduce(mine)
            ),
            "calls all_gather where another rank calls all_reduce",
        ),
    ],
)
def test_what_cannot_be_exchanged(function, words):
    with pytest.raises(ExchangeError, match=words):
        simulate(function, tensors(2))


def test_lists_need_an_entry_for_every_rank():
    for columns in ([], [[]], [[1, 2], [1]]):
        with pytest.raises(ExchangeError, match="entry for every rank"):
            simulate(lambda rank, *given: None, *columns)


def test_an_error_of_one_rank_ends_all():
    def fails(rank, mine):
        if rank.number == 1:
            raise KeyError("missing")
        return rank.receive(source=1)

    before = threading.active_count()
    with pytest.raises(KeyError) as caught:
        simulate(fails, tensors(3))
    assert caught.value.__notes__ == ["(on rank 1)"]
    assert threading.active_count() == before


def test_messages_that_nobody_received_are_named():
    outcome = simulate(
        lambda rank, mine: rank.send(mine, to=1) if rank.number == 0 else None,
        tensors(2),
    )
    assert outcome.unread == [(0, 1)]


def test_an_endless_rank_can_be_interrupted():
    """As a page does, and as the time limit of an exercise does."""

    def endless(rank, mine):
        if rank.number == 0:
            rank.receive(source=1)
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0)

    before = threading.active_count()
    errors = []

    def run():
        try:
            simulate(endless, tensors(2))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(0.2)
    interrupt(thread)
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(errors[0], KeyboardInterrupt)
    assert threading.active_count() == before


def interrupt(thread: threading.Thread) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
    )


def test_what_ranks_print_comes_in_their_order():
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        simulate(lambda rank, mine: print(rank), tensors(3))
    assert said.getvalue().splitlines() == [
        "rank 0 of 3",
        "rank 1 of 3",
        "rank 2 of 3",
    ]
