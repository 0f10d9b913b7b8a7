"""Challenge 2: two loaders from row numbers."""

import torch

from helpers.practice import Seen, call, exercise, judge, wrong

CALL = "make_loaders(x, y, train_index, val_index, batch_size, seed)"
SIZE = 4
LOADERS = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "no_loaders": lambda s: not all(hasattr(r, "__iter__") for r in s.result),
    "no_loaders.once": lambda s: any(hasattr(r, "__next__") for r in s.result),
    "global_seed": lambda s: not torch.equal(s.state, torch.get_rng_state()),
}
ROWS = {
    "no_pairs": lambda s: any(
        not isinstance(b, (tuple, list)) or len(b) != 2 for b in s.batches
    ),
    "other_size": lambda s: max(map(_length, s.batches)) != SIZE,
    "swapped": lambda s: sorted(s.rows) == sorted(s.other),
    "all_rows": lambda s: len(s.rows) > len(s.index) + len(s.other),
    "row_numbers": lambda s: (
        sorted(s.rows) == [*range(len(s.index))] != sorted(s.index)
    ),
    "left_out": lambda s: len(s.rows) < len(s.index),
    "repeated": lambda s: len({*s.rows}) < len(s.rows),
    "other_rows": lambda s: sorted(s.rows) != sorted(s.index),
    "labels_apart": lambda s: [r % 7 for r in s.rows] != s.labels,
}
ORDER = {
    "val_shuffled": lambda s: s.val[0] != s.val[1] or s.val[0] != s.val_index,
    "not_shuffled": lambda s: s.train[0] == s.train[1] == s.train_index,
    "one_order": lambda s: s.train[0] == s.train[1],
}
SEEDS = {
    "not_seeded": lambda s: s.again != s.train,
    "seed_ignored": lambda s: s.other == s.train,
    "input_changed": lambda s: not all(map(torch.equal, s.given, s.before)),
}


@exercise
def loaders(answer):
    """Check ``make_loaders``, which returns a pair of loaders."""
    numbers = torch.Generator().manual_seed(2)
    rows = torch.randperm(40, generator=numbers)
    given = [_images(40), torch.arange(40) % 7, rows[:22], rows[22:32]]
    before = [tensor.clone() for tensor in given]
    seen = Seen(train_index=rows[:22].tolist(), val_index=rows[22:32].tolist())
    seen.train, seen.val = _passes(answer, given, seed=5, noise=1)
    judge(ORDER, seen)
    seen.again, _ = _passes(answer, given, seed=5, noise=2)
    seen.other, _ = _passes(answer, given, seed=6, noise=2)
    seen.given, seen.before = given, before
    judge(SEEDS, seen)


def _images(n: int) -> torch.Tensor:
    """Return images [n, 1, 2, 2], each full of its own number."""
    numbers = torch.arange(n, dtype=torch.float32)
    return numbers[:, None, None, None].repeat(1, 1, 2, 2)


def _passes(answer, given, seed: int, noise: int) -> tuple[list, list]:
    """Return the rows of two passes over both loaders, and judge them."""
    torch.manual_seed(noise)
    state = torch.get_rng_state()
    result = call(answer, *given, SIZE, seed, shown=CALL)
    seen = Seen(result=result, state=state)
    judge(LOADERS, seen, what="two loaders", shown=CALL)
    train_index, val_index = (part.tolist() for part in given[2:])
    train = [_one(result[0], train_index, val_index, "t") for _ in range(2)]
    val = [_one(result[1], val_index, train_index, "v") for _ in range(2)]
    return train, val


def _length(batch) -> int:
    return len(batch[0])


def _one(loader, index: list[int], other: list[int], which: str) -> list[int]:
    names = {"t": "training", "v": "validation"}
    seen = Seen(batches=list(loader), index=index, other=other)
    seen.which = names[which]
    if not seen.batches:
        wrong("empty", seen)
    judge({"no_pairs": ROWS["no_pairs"]}, seen)
    images = torch.cat([batch[0] for batch in seen.batches])
    seen.n = len(index)
    if images.shape[1:] != (1, 2, 2):
        wrong("other_images", seen, images=images)
    seen.rows = images[:, 0, 0, 0].int().tolist()
    seen.labels = torch.cat([batch[1] for batch in seen.batches]).tolist()
    seen.found = len(seen.rows)
    seen.size = max(map(_length, seen.batches))
    judge(ROWS, seen)
    return seen.rows
