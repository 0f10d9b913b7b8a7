"""Which rows of a global batch a process has.

Here belongs who has which rows, and nothing that computes with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch.utils.data import BatchSampler, Sampler

from helpers.errors import DataError
from helpers.processes.group import rank, world_size


@dataclass(frozen=True)
class Portion:
    """What a process has of one global batch.

    Attributes:
        n_rows: of this process; 0 if a stand-in takes their place.
        n_global: of all processes together.
        n_pieces: how many times it goes through the model, in every process.
    """

    n_rows: int
    n_global: int
    n_pieces: int


class Shares(Sampler[list[int]]):
    """Cuts each global batch into one share per process (a batch sampler).

    The shares of a batch lie one after another in it, and differ by one row at
    most. Where there are fewer rows than processes, a process without any gets
    a stand-in, the first row twice, which counts for nothing: it has to take
    part in the exchange all the same.

    Args:
        sampler: gives the rows of an epoch, in the same order everywhere; one
            that shuffles needs a generator with the same seed.
        batch_size: the most rows that a process takes through the model at
            once. It takes a larger share in pieces.
        global_batch_size: rows that make one update; None: ``batch_size``.
        drop_last: whether to leave out a last batch that is not full.

    Raises:
        DataError: a batch size is not a whole number above 0.
    """

    def __init__(
        self,
        sampler: Sampler[int],
        batch_size: int,
        global_batch_size: int | None = None,
        drop_last: bool = False,
    ):
        if global_batch_size is None:
            global_batch_size = batch_size
        for name, size in (
            ("batch_size", batch_size),
            ("global_batch_size", global_batch_size),
        ):
            if type(size) is not int or size < 1:
                raise DataError(
                    f"{name} should be a whole number of at least 1, but is "
                    f"{size!r}."
                )
        self.sampler = sampler
        self.batch_size = batch_size
        self.global_batch_size = global_batch_size
        self.drop_last = drop_last

    def __len__(self) -> int:
        return len(self._global_batches())

    def __iter__(self) -> Iterator[list[int]]:
        me, n_processes = rank(), world_size()
        for rows in self._global_batches():
            mine = share_of(rows, me, n_processes)
            yield mine or [rows[0], rows[0]]

    def portions(self) -> Iterator[Portion]:
        """Yield what this process has of each batch, in the same order."""
        n_left = len(self.sampler)  # type: ignore[arg-type]
        n_processes = world_size()
        for _ in range(len(self)):
            n_global = min(n_left, self.global_batch_size)
            n_left -= n_global
            mine = share_of(range(n_global), rank(), n_processes)
            largest = share_of(range(n_global), 0, n_processes)
            n_pieces = -(-len(largest) // self.batch_size)
            yield Portion(len(mine), n_global, n_pieces)

    def is_whole(self) -> bool:
        """Tell whether each batch is one global batch, in one piece."""
        fits = self.global_batch_size <= self.batch_size
        return world_size() == 1 and fits

    def rows_of_last_batch(self) -> int:
        """Return with how many rows a process ends an epoch, at the least."""
        *_, last = self.portions()
        return max(1, last.n_rows // last.n_pieces)

    def _global_batches(self) -> BatchSampler:
        return BatchSampler(
            self.sampler, self.global_batch_size, self.drop_last
        )


def share_of(rows, which: int, n_processes: int):
    """Return one share of some rows.

    Args:
        rows: a list or a range.
        which: the process that has it; earlier ones may have a row more.
        n_processes: how many share the rows.
    """
    n_each, n_more = divmod(len(rows), n_processes)
    start = which * n_each + min(which, n_more)
    return rows[start : start + n_each + (which < n_more)]
