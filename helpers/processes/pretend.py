"""Many ranks in one process: see what ranks do before any process is started.

    with pretend.ranks(4) as ranks:
        values = ranks.each(lambda rank: torch.tensor([rank]))
        dist.all_reduce(values)  # now each rank has 0 + 1 + 2 + 3

    with pretend.rank_of(3, 8) as mesh:
        fully_shard(model, mesh=mesh)  # what rank 3 of 8 keeps

In the first, one tensor stands for a tensor on each rank, and collectives
compute what they would between processes. In the second this process is one
rank, and nobody is there to answer: shapes and collectives are those of the
real thing, values are not.

Nothing here is for training: both rest on modules that torch keeps private, and
this file alone imports them. See
https://docs.pytorch.org/docs/stable/distributed.html for what is public.
"""

import contextlib
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist

from helpers.errors import CourseError

TESTED = "2.13"  # the release of torch whose private modules this file knows

missing: ImportError | None = None
try:
    from torch.distributed._local_tensor import LocalTensorMode
    from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
    from torch.distributed.tensor import DTensor, Shard, distribute_tensor
    from torch.distributed.tensor.debug import CommDebugMode
    from torch.testing._internal.distributed.fake_pg import FakeStore
except ImportError as error:  # a torch that has moved them, or lacks them
    missing = error

# what a collective is called in every textbook, by a part of torch's name
COLLECTIVES = {
    "reduce_scatter": "reduce-scatter",
    "allgather": "all-gather",
    "all_gather": "all-gather",
    "allreduce": "all-reduce",
    "all_reduce": "all-reduce",
    "alltoall": "all-to-all",
    "all_to_all": "all-to-all",
    "broadcast": "broadcast",
    "scatter": "scatter",
}
# torch's remarks on how these modes look at a model; its results are right
REMARKS = (
    "Full backward hook is firing",
    "FSDP2-wrapped module",
)


@dataclass(frozen=True)
class Ranks:
    """The ranks that `ranks` pretends.

    Attributes:
        n: how many.
        mesh: all of them in a line, for `torch.distributed.tensor`.
    """

    n: int
    mesh: "DeviceMesh"
    _mode: "LocalTensorMode" = field(repr=False)

    def each(self, make: Callable[[int], torch.Tensor]) -> torch.Tensor:
        """Return one tensor that stands for a tensor on each rank.

        Args:
            make: rank -> the tensor there. The number of dimensions and the
                dtype have to be alike on all ranks.
        """
        return self._mode.rank_map(make)

    def share(self, whole: torch.Tensor) -> "DTensor":
        """Cut a tensor along its first dimension, a part for each rank.

        Torch's rule: every part has n / ranks rows, rounded up, as long as
        there are any; the last ones may be smaller or empty.
        `part.to_local()` is the part, and
        `part.redistribute(placements=[Replicate()])` gathers all of them.
        """
        return distribute_tensor(whole, self.mesh, [Shard(0)])


@contextlib.contextmanager
def ranks(n: int) -> Iterator[Ranks]:
    """Pretend n ranks in this process, side by side.

    While the context is open, a tensor from `Ranks.each`, and whatever is
    computed from it, stands for one tensor per rank and prints as such.
    Afterwards such tensors can still be looked at.

    Raises:
        CourseError: this torch cannot do it, or a process group is open.
    """
    with _group(0, n):
        mode = _made(LocalTensorMode, n)
        with mode:
            yield Ranks(n, _made(init_device_mesh, "cpu", (n,)), mode)


@contextlib.contextmanager
def rank_of(rank: int, n: int) -> Iterator["DeviceMesh"]:
    """Pretend that this process is one rank of n; the others do not exist.

    Use it for shapes and for counting: whatever a collective should have
    brought from another rank is not there, so that values are meaningless.
    `fully_shard` works in it; `DistributedDataParallel` does not.

    Returns:
        a context that gives the mesh of all ranks.

    Raises:
        CourseError: this torch cannot do it, or a process group is open, or
            there is no such rank.
    """
    if not 0 <= rank < n:
        raise CourseError(
            f"{n} ranks are counted from 0 to {n - 1}; rank {rank} is not one "
            "of them."
        )
    with _group(rank, n):
        yield _made(init_device_mesh, "cpu", (n,))


def on_rank(tensor: torch.Tensor, rank: int) -> torch.Tensor:
    """Return what one rank holds of a tensor that stands for all ranks.

    Raises:
        CourseError: the tensor stands for itself, or has no such rank.
    """
    held = getattr(tensor, "_local_tensors", {})
    if rank not in held:
        raise CourseError(
            f"Rank {rank} has no tensor here: "
            + (
                f"the ranks go from 0 to {len(held) - 1}."
                if held
                else "this tensor did not come from `ranks.each(...)`."
            )
        )
    return held[rank]


class Collectives:
    """How many collectives ran so far, by name, as they are counted."""

    def __init__(self, mode: "CommDebugMode"):
        self._mode = mode

    @property
    def counts(self) -> dict[str, int]:
        """Name -> how many, such as {"all-gather": 4}, the first one first."""
        found: Counter[str] = Counter()
        for name, n in self._mode.get_comm_counts().items():
            found[_plain_name(str(name))] += n
        return dict(found)

    def __str__(self) -> str:
        each = [f"{n} x {name}" for name, n in self.counts.items()]
        return ", ".join(each) or "no collective"

    __repr__ = __str__


@contextlib.contextmanager
def counted() -> Iterator[Collectives]:
    """Count the collectives of the lines inside.

    Returns:
        a context that gives what prints as "4 x all-gather, 2 x
        reduce-scatter", up to date inside and afterwards.

    Raises:
        CourseError: this torch cannot do it.
    """
    _need_torch()
    mode = _made(CommDebugMode)
    with _quiet(), mode:
        yield Collectives(mode)


@dataclass(frozen=True)
class Held:
    """What this rank holds of a sharded model, beside the whole.

    Attributes:
        shapes: name of a parameter -> (whole shape, shape here).
        numbers: "parameters", and "gradients" and "optimizer" where there are
            any -> (numbers in all, numbers here). Single numbers, such as a
            count of steps, are left out.
    """

    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    numbers: dict[str, tuple[int, int]]

    def __str__(self) -> str:
        rows = [
            (name, str(whole), str(here))
            for name, (whole, here) in self.shapes.items()
        ]
        rows += [
            (f"numbers in {name}", f"{whole:,}", f"{here:,}")
            for name, (whole, here) in self.numbers.items()
        ]
        rows = [("", "whole", "here"), *rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            f"{name:<{widths[0]}}  {whole:>{widths[1]}}  {here:>{widths[2]}}"
            for name, whole, here in rows
        )

    __repr__ = __str__


def held(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> Held:
    """Return what this rank holds of a model, as shapes and numbers.

    Args:
        model: sharded by `fully_shard`, or not at all.
        optimizer: its optimizer; what it remembers is counted too.
    """
    named = dict(model.named_parameters())
    kinds = {
        "parameters": [*named.values()],
        "gradients": [p.grad for p in named.values() if p.grad is not None],
    }
    if optimizer is not None:
        remembered = optimizer.state.values()
        tensors = [value for state in remembered for value in state.values()]
        kinds["optimizer"] = [
            t for t in tensors if torch.is_tensor(t) and t.dim()
        ]
    return Held(
        {n: (tuple(p.shape), tuple(_here(p).shape)) for n, p in named.items()},
        {
            kind: (
                sum(tensor.numel() for tensor in tensors),
                sum(_here(tensor).numel() for tensor in tensors),
            )
            for kind, tensors in kinds.items()
            if tensors
        },
    )


def _here(tensor: torch.Tensor) -> torch.Tensor:
    """Return the part of a tensor on this rank: the whole, if not sharded."""
    to_local = getattr(tensor, "to_local", None)
    return tensor if to_local is None else to_local()


def _plain_name(name: str) -> str:
    """Return the usual name of a collective; torch's own if it has none."""
    for part, plain in COLLECTIVES.items():
        if part in name:
            return plain
    return name


# ------------------------------------------------------- torch's private side


def _need_torch() -> None:
    """Say what to do where torch has no such modules.

    Raises:
        CourseError: they are missing.
    """
    if missing is not None:
        raise _other_torch(missing) from missing


def _other_torch(error: Exception) -> CourseError:
    return CourseError(
        f"Pretended ranks need private modules of torch {TESTED}, and torch "
        f"{torch.__version__} has changed them ({error}). Install the release "
        "that requirements.txt names, or leave these cells out: everything "
        "else on the page works without them."
    )


def _made(make: Callable, *arguments, **named) -> Any:
    """Call something private of torch.

    Raises:
        CourseError: it no longer takes these arguments, or fails.
    """
    try:
        return make(*arguments, **named)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise _other_torch(error) from error


@contextlib.contextmanager
def _group(rank: int, n: int) -> Iterator[None]:
    """Open a process group whose other ranks do not exist, and close it.

    Raises:
        CourseError: torch cannot, or a real group is open.
    """
    _need_torch()
    if n < 1:
        raise CourseError(f"There has to be at least one rank, not {n}.")
    if dist.is_initialized():
        raise CourseError(
            "A process group is open in this kernel already, so no other can "
            "be pretended. Close it with "
            "`torch.distributed.destroy_process_group()`; pretended ranks "
            "inside pretended ranks do not work."
        )
    shows_errors = sys.excepthook
    options = {"rank": rank, "world_size": n, "store": _made(FakeStore)}
    try:
        _made(dist.init_process_group, "fake", **options)
        with _quiet():
            yield
    finally:
        if dist.is_initialized():  # the lines inside may have closed it
            dist.destroy_process_group()
        # torch puts "[rank0]:" before each line, once more for every group
        sys.excepthook = shows_errors


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what torch remarks about being looked at."""
    with warnings.catch_warnings():
        for start in REMARKS:
            warnings.filterwarnings("ignore", message=start)
        yield
