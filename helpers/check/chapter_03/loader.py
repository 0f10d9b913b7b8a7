"""Exercise 03.1: a loader of tens."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.check.chapter_03.common import expect_loader, read_pass
from helpers.practice import Seen, call, exercise, judge

BATCH_SIZE, SEED = 10, 13
SHOWN = "make_loader(dataset)"

BUILT = {
    "global_generator": lambda s: torch.default_generator in s.generators,
    "global_seed": lambda s: s.moved,
}
SIZES = {
    "drops_last": lambda s: s.sizes == s.full != s.right and s.drops,
    "empty_pass": lambda s: not s.sizes,
    "batch_size.points": lambda s: sum(s.sizes) != s.n,
    "batch_size.sizes": lambda s: s.sizes != s.right,
}
ROWS = {"not_every_point": lambda s: sorted(s.rows) != list(range(s.n))}
ORDERS = {
    "not_shuffled": lambda s: s.orders[0] == sorted(s.orders[0]),
    "same_order": lambda s: (
        s.orders[0] == s.orders[1] or s.orders[1] == s.orders[2]
    ),
    "no_generator": lambda s: s.moved,
}
AGAIN = {
    "shared_generator.reseeded": lambda s: s.is_shared and s.is_same,
    "shared_generator": lambda s: s.is_shared,
    "not_seeded": lambda s: not s.is_same,
}
SEEDS = {
    "other_seed.number": lambda s: s.seed is not None,
    "other_seed": lambda s: True,
}


@exercise
def loader(answer):
    """Check ``make_loader(dataset)``, which returns a `DataLoader`.

    Batches of ten, a new order each pass, from a generator of its own with
    seed 13; a last batch that is not full is kept.
    """
    dataset = _points(34)
    start = torch.get_rng_state()
    made = call(answer, dataset, shown=SHOWN)
    expect_loader(made, SHOWN, dataset)
    judge(BUILT, Seen(generators=_generators(made), moved=_has_moved(start)))
    start = torch.get_rng_state()
    orders = _orders_of(made)
    judge(ORDERS, Seen(orders=orders, moved=_has_moved(start)))
    _judge_again(answer, made, dataset, orders)
    _judge_seed(made, dataset, orders)
    for n in (20, 7):
        _read(call(answer, _points(n), shown=SHOWN), n)


def _points(n: int) -> TensorDataset:
    """Make features [n, 2] that tell the row, and labels [n, 1]."""
    row = torch.arange(float(n)).reshape(-1, 1)
    return TensorDataset(torch.cat([row, row + 100], dim=1), row + 1000)


def _is_point(row: int, x: list, y) -> bool:
    return x == [row, row + 100.0] and y == [row + 1000.0]


def _has_moved(start: torch.Tensor) -> bool:
    """Whether torch's global random state is no longer that of the start."""
    return not torch.equal(torch.get_rng_state(), start)


def _generators(made) -> list[torch.Generator]:
    """Return the generators that a loader and its samplers hold."""
    batches = made.batch_sampler
    holders = [made.sampler, batches, getattr(batches, "sampler", None)]
    found = [made.generator]
    for holder in holders:
        found += getattr(holder, "__dict__", {}).values()
    return [g for g in found if isinstance(g, torch.Generator)]


def _orders_of(made) -> list[list[int]]:
    return [_read(made, 34) for _ in range(3)]


def _read(made, n: int) -> list[int]:
    """Run through a loader of n points; return the rows, as they came."""
    rows, sizes = read_pass(made, n, _is_point)
    n_full, rest = divmod(n, BATCH_SIZE)
    full = [BATCH_SIZE] * n_full
    right = full + [rest] * (rest > 0)
    drops = getattr(made.batch_sampler, "drop_last", False)
    judge(SIZES, Seen(n=n, sizes=sizes, full=full, right=right, drops=drops))
    judge(ROWS, Seen(n=n, rows=rows, n_different=len(set(rows))))
    return rows


def _judge_again(answer, made, dataset, orders) -> None:
    """Build a second loader; it has to begin where the first began."""
    torch.manual_seed(99)  # what others draw must not matter
    again = call(answer, dataset, shown=SHOWN)
    expect_loader(again, SHOWN, dataset)
    is_shared = again is made or any(
        generator in _generators(made) for generator in _generators(again)
    )
    is_same = _orders_of(again) == orders
    judge(AGAIN, Seen(is_shared=is_shared, is_same=is_same))


def _judge_seed(made, dataset, orders) -> None:
    seeds = [generator.initial_seed() for generator in _generators(made)]
    if SEED in seeds:
        return
    generator = torch.Generator().manual_seed(SEED)
    right = DataLoader(dataset, BATCH_SIZE, shuffle=True, generator=generator)
    if _orders_of(right) != orders:
        chosen = (seed for seed in seeds if seed < 10**6)  # not by torch
        judge(SEEDS, Seen(seed=next(chosen, None)))
