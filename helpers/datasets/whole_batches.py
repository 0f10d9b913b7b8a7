"""A loader for data in memory: one indexing operation for many batches.

A `DataLoader` asks its dataset for one point at a time and stacks the points
of a batch. When all points lie in two tensors already, one indexing operation
fetches any number of them in a new order, and a batch is a view of the result.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import torch
from torch.utils.data import TensorDataset

Batch = tuple[torch.Tensor, torch.Tensor]

# Rows are put in order for so many batches at a time: enough to make the
# indexing cheap, and few enough to need little memory.
BATCHES_AT_ONCE = 128


class WholeBatches:
    """Gives batches of two tensors in memory, as views (chapter 17).

    With the same generator it gives the same rows in the same order as
    ``DataLoader(TensorDataset(x, y), batch_size, shuffle, generator=...)``.

    Args:
        x: features [N, ...], on any device.
        y: labels [N] or [N, ...], on the same device.
        batch_size: rows of a batch; the last one of an epoch may have fewer.
        generator: draws a new order every epoch; None keeps the rows in order.

    Attributes:
        dataset: the points as a dataset.
        batch_size: see above.
        generator: see above.
    """

    def __init__(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        batch_size: int,
        generator: torch.Generator | None = None,
    ):
        self.dataset = TensorDataset(x, y)
        self.batch_size = batch_size
        self.generator = generator
        # see `kept`: the batches, and what they were cut from
        self._batches: list[Batch] = []
        self._cut_from: tuple = (None, None, None)
        self._seed_of_workers = torch.empty((), dtype=torch.int64)

    def __len__(self) -> int:
        return -(-self.dataset.tensors[0].shape[0] // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        if len(self) <= BATCHES_AT_ONCE:  # one piece, and no need of a chain
            return iter(batches_of(*self._rows(), self.batch_size))
        return chain.from_iterable(
            batches_of(x, y, self.batch_size) for x, y in self.pieces()
        )

    def pieces(self) -> Iterator[Batch]:
        """Yield the rows of an epoch in their order, many batches at once.

        Every piece but the last holds BATCHES_AT_ONCE batches.
        """
        x, y = self.dataset.tensors
        n_at_once = BATCHES_AT_ONCE * self.batch_size
        if self.generator is None:
            yield from _cut(n_at_once, x, y)
            return
        for (some,) in _cut(n_at_once, self.order()):
            yield _rows_of(x, y, some)

    def _rows(self) -> Batch:
        """Return all rows of an epoch in their order."""
        x, y = self.dataset.tensors
        if self.generator is None:
            return x, y
        return _rows_of(x, y, self.order())

    def kept(self) -> Iterable[Batch]:
        """Return the batches of an epoch, to be read only.

        A few batches in order are the same in every epoch: they are cut once.
        """
        if self.generator is not None or len(self) > BATCHES_AT_ONCE:
            return self
        x, y = self.dataset.tensors
        cut_from = x, y, self.batch_size
        pairs = zip(cut_from, self._cut_from, strict=True)
        if any(now is not before for now, before in pairs):
            self._batches = list(batches_of(x, y, self.batch_size))
            self._cut_from = cut_from
        return self._batches

    def order(self) -> torch.Tensor:
        """Draw the row numbers of an epoch, [N], as a DataLoader does.

        That draws a seed for workers before, and an order that it does not
        use after. Without a generator, the rows are in order.
        """
        x, generator = self.dataset.tensors[0], self.generator
        n_rows = x.shape[0]
        if generator is None:
            return torch.arange(n_rows, device=x.device)
        self._seed_of_workers.random_(generator=generator)
        rows = torch.randperm(n_rows, generator=generator)
        torch.randperm(n_rows, generator=generator)
        return rows if x.is_cpu else rows.to(x.device)


def _rows_of(x: torch.Tensor, y: torch.Tensor, rows: torch.Tensor) -> Batch:
    # x[rows] is the same, and takes longer
    return x.index_select(0, rows), y.index_select(0, rows)


def batches_of(
    x: torch.Tensor, y: torch.Tensor, batch_size: int
) -> Iterable[Batch]:
    """Return the batches of rows in order, each a view."""
    n_full, n_rest = divmod(x.shape[0], batch_size)
    sizes = [batch_size] * n_full + [n_rest] * bool(n_rest)
    # split(batch_size) does the same, in twice the time
    return zip(
        x.split_with_sizes(sizes), y.split_with_sizes(sizes), strict=True
    )


def _cut(n_rows: int, *tensors: torch.Tensor) -> Iterable[tuple]:
    """Cut tensors into pieces of so many rows, if they have more."""
    if len(tensors[0]) <= n_rows:
        return (tensors,)
    return zip(*(tensor.split(n_rows) for tensor in tensors), strict=True)
