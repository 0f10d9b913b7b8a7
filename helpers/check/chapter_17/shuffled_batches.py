"""Exercise 17.2: batches as views of a few shuffled rows at a time."""

import torch

from helpers.check.chapter_17.watching import Counting
from helpers.practice import Seen, agree, call, exercise, judge, wrong

# rows, rows per batch, batches at once
SIZES = ((22, 4, 2), (24, 4, 3), (5, 8, 2), (21, 3, 100), (60, 12, 2))
SEED = 5
MOVED = 1000  # more than any number in x or y
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_generator.list": lambda s: isinstance(s.result, (list, tuple, zip)),
    "no_generator": lambda s: not hasattr(s.result, "__next__"),
}
BATCHES = {
    "no_batches": lambda s: not s.batches,
    "no_pairs": lambda s: (
        not all(
            isinstance(b, (tuple, list))
            and len(b) == 2
            and all(torch.is_tensor(part) for part in b)
            for b in s.batches
        )
    ),
    "changed": lambda s: not agree((s.x, s.y), s.before),
}
ROWS = {
    "drops_last": lambda s: s.found == s.order[: s.n_full],
    "swapped": lambda s: s.batches[0][0].ndim < s.batches[0][1].ndim,
    "not_shuffled": lambda s: s.found == sorted(s.found) and s.n > 1,
    "repeated": lambda s: len(s.found) > s.n,
    "lost": lambda s: len(s.found) < s.n,
    "within_pieces": lambda s: _is_within_pieces(s),
    "own_order": lambda s: s.found != s.order,
}
PARTS = {
    "labels_apart": lambda s: s.labels != s.found,
    "sizes": lambda s: s.sizes != s.right_sizes,
}
MEMORY = {
    "all_at_once": lambda s: s.n_pieces > 1 and s.x_held.most > s.x_held.limit,
    "all_at_once.labels": lambda s: (
        s.n_pieces > 1 and s.y_held.most > s.y_held.limit
    ),
    "copies_each": lambda s: s.x_held.n > s.n_pieces,
    "copies_each.labels": lambda s: s.y_held.n > s.n_pieces,
    "not_fetched": lambda s: s.x_held.looks_into,
    # a loop over rows gives each row to some operation, and once more
    "row_by_row": lambda s: s.n_given >= 2 * s.n >= 100,
}


@exercise
def shuffled_batches(answer):
    """Check ``shuffled_batches(x, y, batch_size, n_at_once, generator)``."""
    for n, batch_size, n_at_once in SIZES:
        _judge(answer, n, batch_size, n_at_once)
    _judge_when(answer)


def _judge(answer, n: int, batch_size: int, n_at_once: int) -> None:
    x, y = _draw(n)
    seen = Seen(x=x, y=y, before=(x.clone(), y.clone()), n=n)
    seen.batch_size, seen.n_at_once = batch_size, n_at_once
    generator = torch.Generator().manual_seed(SEED + n)
    seen.shown = f"shuffled_batches(x, y, {batch_size}, {n_at_once}, generator)"
    seen.result = call(
        answer, x, y, batch_size, n_at_once, generator, shown=seen.shown
    )
    judge(RETURNED, seen)
    with Counting() as count:
        seen.batches = list(seen.result)
    seen.n_given = count.n_given
    judge(BATCHES, seen)
    same = torch.Generator().manual_seed(SEED + n)
    seen.order = torch.randperm(n, generator=same).tolist()
    seen.n_full = n - n % batch_size if n > batch_size else 0
    judge({"swapped": ROWS["swapped"]}, seen)
    seen.found = [
        int(r) for b in seen.batches for r in b[0].reshape(-1, 3)[:, 0]
    ]
    seen.labels = [int(r) // 10 for b in seen.batches for r in b[1].flatten()]
    if seen.found != seen.order:
        judge(ROWS, seen)
    seen.sizes = [len(b[0]) for b in seen.batches]
    seen.right_sizes = [len(p) for p in x.split(batch_size)]
    judge(PARTS, seen)
    _judge_memory(seen)


def _draw(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Make points each of which tells its number."""
    x = torch.arange(n, dtype=torch.float32)[:, None] * torch.ones(3) + 0.5
    return x, torch.arange(n) * 10


def _judge_memory(seen) -> None:
    """Look at which memory the batches lie in."""
    at_once = seen.batch_size * seen.n_at_once
    seen.n_pieces = -(-seen.n // at_once)
    seen.x_held = _held(seen.x, [b[0] for b in seen.batches], at_once)
    seen.y_held = _held(seen.y, [b[1] for b in seen.batches], at_once)
    seen.n_tensors = seen.x_held.n
    judge(MEMORY, seen)


def _held(whole: torch.Tensor, parts: list[torch.Tensor], at_once: int) -> Seen:
    """Note how many tensors hold the parts, and the bytes of the largest."""
    storages = [part.untyped_storage() for part in parts]
    sizes = {s.data_ptr(): s.nbytes() for s in storages}
    return Seen(
        n=len(sizes),
        most=max(sizes.values()),
        limit=at_once * whole[0].numel() * whole.element_size(),
        looks_into=whole.untyped_storage().data_ptr() in sizes,
    )


def _judge_when(answer) -> None:
    """Move all points after the first batch: the last one has to show it."""
    x, y = _draw(30)
    generator = torch.Generator().manual_seed(SEED)
    batches = iter(answer(x, y, 5, 2, generator))
    next(batches)
    x += MOVED
    y += MOVED
    *_, (x_batch, y_batch) = batches
    if x_batch.min() < MOVED or y_batch.min() < MOVED:
        wrong("fetched_early", n_pieces=3)


def _is_within_pieces(seen) -> bool:
    """Whether each piece has the rows it would have without shuffling."""
    at_once = seen.batch_size * seen.n_at_once
    return seen.n > at_once and all(
        sorted(seen.found[i : i + at_once])
        == list(range(i, min(i + at_once, seen.n)))
        for i in range(0, seen.n, at_once)
    )
