"""Exercise 03.1: a loader of tens."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.check.chapter_03.common import (
    ARGUMENTS,
    expect_loader,
    join_words,
    read_pass,
)
from helpers.practice.exercises import call, exercise
from helpers.practice.verdict import wrong

LOADER = "chapter 03, the section *A loader*"


BATCH_SIZE, SEED = 10, 13


@exercise("03.1", "A loader of tens", minutes=4, level="easy", look=LOADER)
def loader(make_loader):
    """Check ``make_loader(dataset)``, which returns a `DataLoader`.

    Batches of ten, a new order each pass, from a generator of its own with
    seed 13; a last batch that is not full is kept.
    """
    dataset = _points(34)
    start = torch.get_rng_state()
    made = call(make_loader, dataset, shown="make_loader(dataset)")
    expect_loader(made, dataset)
    _check_building(made, start)
    start = torch.get_rng_state()
    orders = []
    for _ in range(3):
        rows, sizes = read_pass(made, 34, _is_point)
        _check_sizes(sizes, 34)
        _check_rows(rows, 34)
        orders.append(rows)
    _check_shuffled(orders)
    if not torch.equal(torch.get_rng_state(), start):
        wrong(
            "no_generator",
            expected="A pass leaves torch's global random state alone.",
            found="It moved.",
            cause="The loader has no generator of its own, so it draws from "
            "the global one, and whatever else draws there changes the order "
            "of the batches. `generator=` belongs to the loader, also where a "
            "sampler has one.",
        )
    _check_again(make_loader, made, dataset, orders)
    _check_seed(made, dataset, orders)
    for n in (20, 7):
        rows, sizes = read_pass(make_loader(_points(n)), n, _is_point)
        _check_sizes(sizes, n)
        _check_rows(rows, n)
    return (
        "Its order comes from its own generator: the same when the page runs "
        "again, another one every epoch."
    )


def _points(n: int) -> TensorDataset:
    """Make features [n, 2] that tell the row, and labels [n, 1]."""
    row = torch.arange(float(n)).reshape(-1, 1)
    return TensorDataset(torch.cat([row, row + 100], dim=1), row + 1000)


def _is_point(row: int, x: list, y) -> bool:
    return x == [row, row + 100.0] and y == [row + 1000.0]


def _check_building(made, start) -> None:
    """Look at the global random state after the loader was built."""
    is_global = any(g is torch.default_generator for g in _generators(made))
    if is_global:
        wrong(
            "global_generator",
            expected="A generator that belongs to the loader alone.",
            found="The loader holds torch's global one.",
            cause="`torch.manual_seed(13)` seeds the global generator and "
            "returns it. `torch.Generator().manual_seed(13)` makes a new one.",
        )
    if not torch.equal(torch.get_rng_state(), start):
        wrong(
            "global_seed",
            expected="Building a loader leaves torch's global random state "
            "alone.",
            found="It was moved or set.",
            cause="`torch.manual_seed` sets the state for all that draws, and "
            "a number drawn while building moves it. Seed a generator of the "
            "loader's own: `torch.Generator().manual_seed(13)`.",
        )


def _generators(made) -> list[torch.Generator]:
    """Return the generators that a loader and its samplers hold."""
    batches = made.batch_sampler
    holders = [made.sampler, batches, getattr(batches, "sampler", None)]
    found = [made.generator]
    for holder in holders:
        found += getattr(holder, "__dict__", {}).values()
    return [g for g in found if isinstance(g, torch.Generator)]


def _check_sizes(sizes: list[int], n: int) -> None:
    full, rest = divmod(n, BATCH_SIZE)
    asked = [BATCH_SIZE] * full + [rest] * (rest > 0)
    if sizes == asked:
        return
    expected = f"{n} points come in batches of {_listed(asked)}."
    if sizes == asked[:full]:
        wrong(
            "drops_last",
            expected=expected,
            found=f"Batches of {_listed(sizes)}."
            if sizes
            else "No batch at all.",
            cause="`drop_last=True` leaves out the batch that is not full.",
            look=ARGUMENTS,
        )
    if not sizes:
        wrong(
            "empty_pass",
            expected=expected,
            found="A pass without a batch.",
            cause="Something in the loader can be run through only once, such "
            "as an iterator as sampler.",
        )
    wrong(
        "batch_size",
        expected=expected,
        found=f"Batches of {_listed(sizes)}.",
        cause="`batch_size=10` is missing, or another number. Without it, a "
        "batch has a single point."
        if sum(sizes) == n
        else "Not every point comes once. Does the loader get the whole data "
        "set, and no sampler that takes more or fewer?",
    )


def _listed(sizes: list[int]) -> str:
    if len(sizes) > 6:
        return ", ".join(map(str, sizes[:6])) + " and so on"
    return join_words([str(size) for size in sizes])


def _check_rows(rows: list[int], n: int) -> None:
    if sorted(rows) == list(range(n)):
        return
    wrong(
        "not_every_point",
        expected=f"Each of the {n} points comes once in a pass.",
        found=f"{len(set(rows))} of them came, some more than once.",
        cause="The points are drawn *with replacement*, or from a part of the "
        "data set. `shuffle=True` draws each point once.",
    )


def _check_shuffled(orders: list[list[int]]) -> None:
    if orders[0] == sorted(orders[0]):
        wrong(
            "not_shuffled",
            expected="The points come in a shuffled order.",
            found="They come as they lie: 0, 1, 2 and so on.",
            cause="`shuffle=True` is missing. The default is `False`.",
        )
    if orders[0] == orders[1] or orders[1] == orders[2]:
        wrong(
            "same_order",
            expected="Each pass has a new order.",
            found="Two passes had the same.",
            cause="The points were shuffled once, before the loader got them, "
            "or the generator is seeded again for each pass. "
            "`shuffle=True` deals anew each time.",
        )


def _check_again(make_loader, made, dataset, orders) -> None:
    """Build a second loader; it has to begin where the first began."""
    torch.manual_seed(99)  # what others draw must not matter
    again = make_loader(dataset)
    expect_loader(again, dataset)
    second = [read_pass(again, 34, _is_point)[0] for _ in range(3)]
    if second == orders:
        return
    known = {id(generator) for generator in _generators(made)}
    if again is made or any(id(g) in known for g in _generators(again)):
        wrong(
            "shared_generator",
            expected="A second call of `make_loader` gives a loader that "
            "begins anew, with the same first order.",
            found="It goes on where the first loader stopped.",
            cause="Both have one and the same generator, made outside of the "
            "function. Make it inside, one for each loader.",
        )
    wrong(
        "not_seeded",
        expected="A second call of `make_loader` gives a loader with the same "
        "orders.",
        found="Its orders are others.",
        cause="The generator is not seeded with a number, or something else "
        "in the order comes from the global random state.",
    )


def _check_seed(made, dataset, orders) -> None:
    if any(g.initial_seed() == SEED for g in _generators(made)):
        return
    reference = DataLoader(
        dataset,
        BATCH_SIZE,
        shuffle=True,
        generator=torch.Generator().manual_seed(SEED),
    )
    if [read_pass(reference, 34, _is_point)[0] for _ in range(3)] == orders:
        return
    seeds = [g.initial_seed() for g in _generators(made)]
    known = [seed for seed in seeds if seed < 10**6]
    wrong(
        "other_seed",
        expected="The loader's generator is seeded with 13.",
        found=f"Its seed is {known[0]}." if known else "It is not.",
        cause="Another number was given."
        if known
        else "`torch.Generator()` alone has a seed of its own. "
        "`torch.Generator().manual_seed(13)` returns the seeded generator.",
    )
