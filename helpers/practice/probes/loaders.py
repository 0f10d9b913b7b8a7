"""Datasets, loaders and step functions that note what is done with them.

Their words stand in ``practice/words/loaders.toml``.
"""

import operator
import traceback

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from helpers.errors import DeviceError
from helpers.practice import sandbox
from helpers.practice.describe import one_line
from helpers.practice.signs import Seen, judge


def numbered_dataset(n_rows: int, n_features: int = 2) -> TensorDataset:
    """Build a dataset whose rows can be told apart.

    The first feature of a row is its number, its label is 1000 more.
    """
    rows = torch.arange(n_rows, dtype=torch.float32).reshape(-1, 1)  # [N, 1]
    more = [100 + rows] * (n_features - 1)
    return TensorDataset(torch.cat([rows, *more], dim=1), 1000 + rows)


class PlainDataset(Dataset):
    """A `numbered_dataset` with a length and items, and nothing else."""

    def __init__(self, n_rows: int, n_features: int = 2):
        self._rows = numbered_dataset(n_rows, n_features)

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, index):
        try:
            return self._rows[operator.index(index)]
        except TypeError:
            raise TypeError("PlainDataset gives one row at a time") from None


class CountingLoader(DataLoader):
    """A DataLoader that counts.

    Attributes:
        passes: how many passes were begun.
        drawn: how many batches were handed out, in all passes.
    """

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.passes, self.drawn = 0, 0

    def __iter__(self):
        self.passes += 1
        for batch in super().__iter__():
            self.drawn += 1
            yield batch


def make_loader(
    n_rows: int, batch_size: int, drop_last: bool = False
) -> CountingLoader:
    """Build a loader that gives numbered rows, in a fixed and mixed order."""
    dataset = numbered_dataset(n_rows)
    order = torch.Generator().manual_seed(4)
    rows = torch.randperm(n_rows, generator=order).tolist()
    return CountingLoader(
        dataset, batch_size=batch_size, sampler=rows, drop_last=drop_last
    )


# ---------------------------------------------------- a loader of the reader

FAILING = {
    "pass_fails.weights": lambda s: "multinomial" in s.message,
    "pass_fails.generator": lambda s: (
        "random_" in s.message or "randperm" in s.message
    ),
    "pass_fails.batch_sampler": lambda s: "not iterable" in s.message,
    "pass_fails": lambda s: True,
}


def passes_of(loader):
    """Run through a loader of the reader; say so if that fails.

    Yields:
        its batches.

    Raises:
        Wrong: something that the loader was given stops it.
    """
    try:
        yield from loader
    except (TypeError, IndexError, RuntimeError) as error:
        if any(sandbox.is_readers_file(f) for f in _files_of(error)):
            raise
        message = one_line(str(error)).partition(" - got")[0].rstrip(".")
        judge(FAILING, Seen(error=type(error).__name__, message=message))


CONTENTS = {"other_data.rows": lambda s: not _is_of(s.batch, s.dataset)}


def read_rows(loader, dataset=None) -> tuple[list[int], list[int]]:
    """Run once through a loader of rows of a `numbered_dataset`.

    Args:
        loader: a loader of the reader.
        dataset: the rows and labels it should give; None if they may be any.

    Returns:
        the numbers of the rows, as they came, and the sizes of the batches.

    Raises:
        Wrong: it fails, or gives something other than rows of the dataset.
    """
    rows, sizes = [], []
    for batch in passes_of(loader):
        if dataset is not None:
            judge(CONTENTS, Seen(batch=batch, dataset=dataset))
        x_batch, _ = batch
        rows += [int(number) for number in x_batch[:, 0].tolist()]
        sizes.append(len(x_batch))
    return rows, sizes


def _is_of(batch, dataset: TensorDataset) -> bool:
    """Whether a batch holds rows of a dataset, with their own labels."""
    features, labels = dataset.tensors
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        return False
    x_batch, y_batch = batch
    if not (torch.is_tensor(x_batch) and torch.is_tensor(y_batch)):
        return False
    if x_batch.ndim != 2 or x_batch.shape[1] != features.shape[1]:
        return False
    rows = x_batch[:, 0].long()
    if rows.min() < 0 or rows.max() >= len(dataset):
        return False
    return _same(x_batch, features[rows]) and _same(y_batch, labels[rows])


def _files_of(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.filename for frame in frames]


# ------------------------------------------------- a loop over a given loader


class NotedStep:
    """A step function that keeps its batches and gives losses of a list.

    Attributes:
        losses: what it returns, one after another, then from the start again.
        seen: its arguments, a tuple per call.
        recording: for each call, whether autograd was recording.
    """

    def __init__(self, losses):
        self.losses, self.seen, self.recording = list(losses), [], []

    def __call__(self, x_batch, y_batch) -> float:
        """Keep a batch, and return the next loss."""
        loss = self.losses[len(self.seen) % len(self.losses)]
        self.seen.append((x_batch, y_batch))
        self.recording.append(torch.is_grad_enabled())
        return loss


def same_batches(seen, batches) -> bool:
    """Whether a step saw these batches, as they were, in this order."""
    return len(seen) == len(batches) and all(
        _same(a, b)
        for pair, batch in zip(seen, batches, strict=True)
        for a, b in zip(pair, batch, strict=True)
    )


def _same(a, b) -> bool:
    return (
        isinstance(a, torch.Tensor)
        and a.dtype == b.dtype
        and a.shape == b.shape
        and torch.equal(a, b)
    )


USED = {
    "step_never_called": lambda s: not s.seen,
    "swapped.step": lambda s: same_batches(
        [pair[::-1] for pair in s.seen[:1]], s.batches[:1]
    ),
    "other_loader": lambda s: s.loader.drawn == 0,
}


def check_step_is_used(seen, batches, loader: CountingLoader) -> None:
    """Check that the given step ran on batches of the given loader.

    Args:
        seen: what the step got, a tuple per call.
        batches: what the loader gives in one pass.
        loader: the loader that was given.

    Raises:
        Wrong: the step or the loader was not used.
    """
    judge(USED, Seen(seen=seen, batches=batches, loader=loader))


RECORDING = {"recording_off": lambda step: not all(step.recording)}


def check_recording(step: NotedStep) -> None:
    """Check that a training step could run in a loop.

    Raises:
        Wrong: autograd did not record during a call.
    """
    judge(RECORDING, step)


MOVED = {
    "not_moved": lambda s: s.device not in (s.x, s.y),
    "only_features_moved": lambda s: s.y != s.device,
    "only_labels_moved": lambda s: s.x != s.device,
}


def check_batches_are_moved(run) -> None:
    """Check that features and labels reach the step on the device.

    No accelerator is needed: torch's device "meta" holds shapes and no
    numbers, so that every machine has a second device.

    Args:
        run: run(device, data_loader, step_fn) calls the answer.

    Raises:
        Wrong: a part of a batch stayed where the loader keeps it.
    """
    step = NotedStep([1.0])
    try:
        run(torch.device("meta"), make_loader(8, 4), step)
    except DeviceError:  # it refuses devices that nobody can compute on
        _check_moved_from_meta(run)
        return
    _judge_moved(step, "meta")


def _check_moved_from_meta(run) -> None:
    """Check it the other way round: torch cannot copy from meta to the CPU."""
    for meta in (0, 1):
        tensors = list(numbered_dataset(8).tensors)
        tensors[meta] = tensors[meta].to("meta")
        step = NotedStep([1.0])
        loader = DataLoader(TensorDataset(*tensors), batch_size=4)
        try:
            run(torch.device("cpu"), loader, step)
        except NotImplementedError:
            continue  # it tried to move them
        _judge_moved(step, "cpu")


def _judge_moved(step: NotedStep, device: str) -> None:
    for x_batch, y_batch in step.seen:
        seen = Seen(x=x_batch.device.type, y=y_batch.device.type, device=device)
        judge(MOVED, seen)
