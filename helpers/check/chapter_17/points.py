"""Exercise 17.1: a dataset that hands out whole batches."""

import torch
from torch.utils.data import DataLoader

from helpers.check.chapter_17.watching import Counting
from helpers.practice import Seen, agree, call, exercise, judge, wrong

N = 23
FEW, MANY = [4, 0, 9], [7, 3, 22, 3, 15, 0, 11, 8, 1, 20, 5, 2]
BUILT = {
    "no_length": lambda s: not hasattr(s.points, "__len__"),
    "no_items": lambda s: not hasattr(s.points, "__getitem__"),
    "no_getitems.singular": lambda s: hasattr(s.points, "__getitem___"),
    "no_getitems": lambda s: not hasattr(s.points, "__getitems__"),
}
ITEM = {
    "item_form.nothing": lambda s: s.item is None,
    "item_form": lambda s: not isinstance(s.item, tuple) or len(s.item) != 2,
    "item_other": lambda s: not _is_pair(s.item, s.x[s.i], s.y[s.i]),
}
BATCH = {
    "batch_nothing": lambda s: s.batch is None,
    "lazy": lambda s: hasattr(s.batch, "__next__"),
    "list_of_points": lambda s: (
        isinstance(s.batch, (list, tuple))
        and len(s.batch) == len(s.rows)
        and all(isinstance(p, tuple) for p in s.batch)
    ),
    "lists_of_rows": lambda s: (
        _has_two(s.batch) and any(isinstance(p, (list, tuple)) for p in s.batch)
    ),
    "batch_form": lambda s: not isinstance(s.batch, tuple),
    "batch_form.other_length": lambda s: len(s.batch) != 2,
    "batch_form.no_tensors": lambda s: (
        not all(isinstance(p, torch.Tensor) for p in s.batch)
    ),
}
VALUES = {
    "swapped": lambda s: _is_pair(s.batch, s.right[1], s.right[0]),
    "order": lambda s: _is_pair(
        s.batch, s.x[sorted(s.rows)], s.y[sorted(s.rows)]
    ),
    "first_rows": lambda s: _is_pair(
        s.batch, s.x[: len(s.rows)], s.y[: len(s.rows)]
    ),
    "everything": lambda s: _is_pair(s.batch, s.x, s.y),
    "batch_shape.labels": lambda s: (
        agree(s.batch[0], s.right[0]) and s.batch[1].shape != s.right[1].shape
    ),
    "labels_apart": lambda s: agree(s.batch[0], s.right[0]),
    "batch_shape": lambda s: s.batch[0].shape != s.right[0].shape,
    "other_rows": lambda s: True,
}


@exercise
def points(answer):
    """Check ``Points(x, y)``, a dataset with ``__getitems__``."""
    for shape, label in (((2,), (1,)), ((1, 3, 3), ())):
        x, y = _draw(shape, 1), _draw(label, 2)
        points = call(answer, x, y, shown="Points(x, y)")
        judge(BUILT, Seen(points=points))
        if len(points) != N:
            wrong("wrong_length", n=N, found=len(points))
        for i in (0, 5, N - 1):
            judge(ITEM, Seen(item=points[i], x=x, y=y, i=i))
        counts = [_judge_batch(points, x, y, rows) for rows in (FEW, MANY)]
        few, many = counts
        if many.n_operations > few.n_operations:
            wrong("one_by_one", few=few.n_operations, many=many.n_operations)
        if many.n_given > few.n_given:
            wrong("one_by_one.stacked", few=few.n_given, many=many.n_given)
        _judge_loader(points, x, y)
        _judge_copies(points, x, y)
    _judge_two(answer)


def _draw(shape: tuple, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(N, *shape, generator=generator)


def _has_two(batch) -> bool:
    return isinstance(batch, (list, tuple)) and len(batch) == 2


def _is_pair(found, x, y) -> bool:
    return _has_two(found) and all(
        torch.is_tensor(a) and agree(a, b)
        for a, b in zip(found, (x, y), strict=True)
    )


def _judge_batch(points, x, y, rows: list[int]) -> Counting:
    """Ask for a batch; return what it took."""
    with Counting() as count:
        batch = points.__getitems__([*rows])
    seen = Seen(batch=batch, rows=rows, x=x, y=y, right=(x[rows], y[rows]))
    judge(BATCH, seen)
    seen.count, seen.found, seen.labels = len(rows), *batch
    if not _is_pair(batch, *seen.right):
        judge(VALUES, seen)
    return count


def _judge_loader(points, x, y) -> None:
    """A loader asks for batches, and collates nothing."""
    loader = DataLoader(points, batch_size=5, collate_fn=lambda batch: batch)
    parts = [torch.cat(part) for part in zip(*loader, strict=True)]
    if not _is_pair(parts, x, y):
        wrong("loader_differs")


def _judge_copies(points, x, y) -> None:
    """A row that changes is a new one in the next batch, asked for before."""
    with torch.no_grad():
        x[FEW[0]] += 1
        y[FEW[0]] -= 1
    if not _is_pair(points.__getitems__([*FEW]), x[FEW], y[FEW]):
        wrong("copied")


def _judge_two(answer) -> None:
    one = answer(_draw((2,), 3), _draw((1,), 4))
    answer(_draw((2,), 5), _draw((1,), 6))
    if not agree(one[0][0], _draw((2,), 3)[0]):
        wrong("shared")
