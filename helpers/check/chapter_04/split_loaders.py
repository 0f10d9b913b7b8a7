"""Exercise 04.3: two loaders from any dataset."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from helpers.practice import Seen, call, exercise, judge
from helpers.practice.describe import one_line
from helpers.practice.probes.loaders import (
    PlainDataset,
    numbered_dataset,
    read_rows,
)

BATCH_SIZE, SEED, FRACTION = 16, 13, 0.8
NAMES = "training", "validation"
SHOWN = "make_loaders(dataset)"
LENGTHS = "um of input lengths"  # how torch says that they do not add up


RAISED = {
    "hard_coded": lambda s: LENGTHS in s.message and s.n == 50,
    "lengths_do_not_add_up": lambda s: LENGTHS in s.message,
    "one_kind_only": lambda s: "PlainDataset" in s.message,
}
PAIR = {
    "returns_nothing": lambda s: s.loaders is None,
    "no_pair": lambda s: not isinstance(s.loaders, (tuple, list)),
    "no_pair.length": lambda s: len(s.loaders) != 2,
    "no_loaders.data": lambda s: s.odd and isinstance(s.odd[0], Dataset),
    "no_loaders": lambda s: s.odd,
    "global_seed": lambda s: s.moved,
}
ROWS = {
    "whole_data_twice": lambda s: len(s.twice) == s.n,
    "overlap.whole": lambda s: s.twice and s.n in (s.n_train, s.n_val),
    "overlap": lambda s: s.twice,
    "drop_last": lambda s: s.missing and s.dropping,
    "rows_missing": lambda s: s.missing,
    "order_swapped": lambda s: s.off >= 1 and abs(s.n_val - s.wanted) < 1,
    "fraction_off": lambda s: s.n_train - s.wanted == 1,
    "sizes": lambda s: s.off >= 1,
}
SIZES = {"batch_size": lambda s: s.sizes != s.right}
SPLIT = {
    "not_random": lambda s: len(set(np.diff(s.split[1]))) == 1,
    "unseeded": lambda s: s.split != s.again,
}
SEEDS = {"other_seed": lambda s: s.train not in s.right}
ORDERS = {
    "train_not_shuffled": lambda s: (
        s.train[0] == s.train[1]
        or s.train[1] == s.train[2]
        or sorted(s.train[0][:10]) == sorted(s.train[1][:10])
    ),
    "val_shuffled": lambda s: s.val[0] != s.val[1],
}


@exercise
def split_loaders(answer):
    """Check ``make_loaders(dataset)``, which returns two loaders.

    80 % of the rows are for training and shuffled, the rest for validation
    and not; batches of 16; `random_split` with its own generator, seed 13.
    """
    check_loaders(answer)


def check_loaders(make_loaders, n_features: int = 1) -> None:
    """Judge a function that splits any dataset and returns two loaders.

    Args:
        make_loaders: takes a dataset, returns train_loader, val_loader.
        n_features: how many features the datasets to try it on have.

    Raises:
        Wrong: by the tables above.
    """
    datasets = {n: numbered_dataset(n, n_features) for n in (100, 50, 83, 40)}
    splits = {
        n: _judge_split(make_loaders, datasets[n], datasets[n])
        for n in (100, 50, 83)
    }
    for n in (100, 50):  # both are divided without rounding
        generator = torch.Generator().manual_seed(SEED)
        order = torch.randperm(n, generator=generator).tolist()
        n_train = round(FRACTION * n)  # the larger part may come last
        right = [sorted(order[:n_train]), sorted(order[-n_train:])]
        judge(SEEDS, Seen(train=splits[n][0], right=right))
    orders = [
        [read_rows(loader)[0] for _ in range(3)]
        for loader in make_loaders(datasets[100])
    ]
    judge(ORDERS, Seen(train=orders[0], val=orders[1]))
    _judge_split(make_loaders, PlainDataset(40, n_features), datasets[40])


def _judge_split(make_loaders, dataset, rows) -> list[list[int]]:
    """Return which rows went into training and into validation, sorted."""
    loaders = _build(make_loaders, dataset)
    (train, *sizes), (val, *val_sizes) = (
        read_rows(loader, rows) for loader in loaders
    )
    _judge_rows(train, val, loaders, len(rows))
    for name, found in zip(NAMES, (*sizes, *val_sizes), strict=True):
        n_full, rest = divmod(sum(found), BATCH_SIZE)
        right = [BATCH_SIZE] * n_full + [rest] * (rest > 0)
        judge(SIZES, Seen(name=name, sizes=found, right=right))
    split = [sorted(train), sorted(val)]
    again = [sorted(read_rows(one)[0]) for one in make_loaders(dataset)]
    first, second, *_ = split[1]
    judge(SPLIT, Seen(split=split, again=again), first=first, second=second)
    return split


def _build(make_loaders, dataset):
    torch.manual_seed(2024)  # as on a page where something was drawn before
    before = torch.get_rng_state()
    try:
        loaders = call(make_loaders, dataset, shown=SHOWN)
    except (ValueError, AttributeError, TypeError) as error:
        judge(RAISED, Seen(message=one_line(str(error)), n=len(dataset)))
        raise
    both = loaders if isinstance(loaders, (tuple, list)) else ()
    odd = [one for one in both if not isinstance(one, DataLoader)]
    seen = Seen(loaders=loaders, odd=odd, n_loaders=len(both), shown=SHOWN)
    seen.moved = not torch.equal(torch.get_rng_state(), before)
    what, first = "two `DataLoader`s, in a tuple", odd[0] if odd else None
    judge(PAIR, seen, what=what, first=first)
    return loaders


def _judge_rows(train, val, loaders, n: int) -> None:
    """See how many rows each part has, and whether each row came once."""
    rows, seen = train + val, Seen(n=n, n_train=len(train), n_val=len(val))
    seen.n_rows, seen.n_different = len(rows), len(set(rows))
    seen.twice = set(train) & set(val)
    seen.missing = sorted(rows) != list(range(n))
    seen.dropping = [
        name
        for name, loader in zip(NAMES, loaders, strict=True)
        if getattr(loader.batch_sampler, "drop_last", False)
    ]
    seen.wanted = FRACTION * n
    seen.off = abs(len(train) - seen.wanted)
    judge(ROWS, seen, name=" and the ".join(seen.dropping))
