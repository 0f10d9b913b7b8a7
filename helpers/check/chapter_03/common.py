"""What several checkers of chapter 03 share: their words are in common.toml."""

import itertools

import torch
from torch.utils.data import DataLoader

from helpers.practice import Seen, judge
from helpers.practice.probes.loaders import passes_of


def _is_sequence(thing) -> bool:
    return isinstance(thing, (list, tuple))


LOADER = {
    "returns_nothing": lambda s: s.made is None,
    "one_batch": lambda s: (
        _is_sequence(s.made) and s.made and torch.is_tensor(s.made[0])
    ),
    "more_than_one": lambda s: (
        _is_sequence(s.made)
        and any(isinstance(part, DataLoader) for part in s.made)
    ),
    "a_list": lambda s: _is_sequence(s.made),
    "a_pass": lambda s: hasattr(s.made, "__next__"),
    "the_dataset": lambda s: s.made is s.dataset,
    "no_loader": lambda s: not isinstance(s.made, DataLoader),
}
PAIR = {
    "other_data.parts": lambda s: _is_sequence(s.batch) and s.n_parts != 2,
    "other_data.kind": lambda s: (
        not _is_sequence(s.batch) or not all(map(torch.is_tensor, s.batch))
    ),
}
BATCH = {
    "swapped.loader": lambda s: (
        s.y.ndim == 2 and s.y.shape[1] == 2 and s.x.ndim < 3
    ),
    "batch_size.single": lambda s: s.x.ndim == 1,
    "other_data.shapes": lambda s: (
        s.x.shape[1:] != (2,) or s.y.shape[:1] != s.x.shape[:1]
    ),
    "other_type": lambda s: (
        s.x.dtype != torch.float32 or s.y.dtype != s.label_type
    ),
}
POINT = {"other_data.point": lambda s: not s.is_point(s.row, s.x, s.y)}


def expect_loader(made, shown: str, dataset=None) -> None:
    """Judge what a builder returned: a `DataLoader`, or something else.

    Args:
        made: what it returned.
        shown: the call of the builder, as a reader would write it.
        dataset: what it was given, if that was one.

    Raises:
        Wrong: it is not a `DataLoader`.
    """
    what = "a `DataLoader`, the object itself"
    judge(LOADER, Seen(made=made, dataset=dataset, shown=shown, what=what))


def read_pass(
    loader, n: int, is_point, label_type=torch.float32
) -> tuple[list[int], list[int]]:
    """Run through a loader once.

    Args:
        loader: gives batches of features [n, 2] and labels [n, ...].
        n: of points in the dataset; a pass that goes on for much longer is
            given up.
        is_point: takes a row number, the features [2] and the label, and says
            whether they are a point of the dataset.
        label_type: of the labels, a torch dtype.

    Returns:
        the row numbers in the order in which they came, and the sizes of the
        batches.

    Raises:
        Wrong: it fails, or gives something other than points of the dataset.
    """
    rows, sizes = [], []
    for batch in itertools.islice(passes_of(loader), 4 * n + 10):
        n_parts = len(batch) if _is_sequence(batch) else 1
        judge(PAIR, Seen(batch=batch, n_parts=n_parts))
        x_batch, y_batch = batch
        judge(BATCH, Seen(x=x_batch, y=y_batch, label_type=label_type))
        sizes.append(len(x_batch))
        for x, y in zip(x_batch.tolist(), y_batch.tolist(), strict=True):
            row = int(x[0])
            judge(POINT, Seen(is_point=is_point, row=row, x=x, y=y))
            rows.append(row)
    return rows, sizes
