"""Data sets, loaders and step functions that note what is asked of them."""

import traceback

import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.errors import DeviceError
from helpers.practice import sandbox
from helpers.practice.exercises import brief
from helpers.practice.verdict import wrong


def numbered_dataset(n_rows: int, n_features: int = 2) -> TensorDataset:
    """Build a data set whose rows can be told apart.

    The first feature of a row is its number, its label is 1000 more.
    """
    rows = torch.arange(n_rows, dtype=torch.float32).reshape(-1, 1)  # [N, 1]
    more = [100 + rows] * (n_features - 1)
    return TensorDataset(torch.cat([rows, *more], dim=1), 1000 + rows)


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
        text = brief(str(error)).partition(" - got")[0].rstrip(".")
        wrong(
            "pass_fails",
            expected="A `for` loop over the loader gets batches.",
            found=f"`{type(error).__name__}`: {text}.",
            cause=_cause_of_failing_pass(text),
        )


def _files_of(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.filename for frame in frames]


def _cause_of_failing_pass(text: str) -> str:
    if "multinomial" in text:
        return (
            "The weights cannot be drawn with: they are negative, or all are "
            "0. `1 // counts` drops everything behind the decimal point; "
            "`1 / counts` does not."
        )
    if "random_" in text or "randperm" in text:
        return (
            "`generator=` got no generator, but a number, a class or a "
            "function. `torch.Generator().manual_seed(13)` is one."
        )
    return (
        "Something the loader was given is not what it takes it for. "
        "`generator=` wants a `torch.Generator`, `sampler=` something that "
        "gives row numbers."
    )


class NotedStep:
    """A step function that keeps its batches and gives losses of a list.

    Attributes:
        losses: what it returns, one after another, then from the start again.
        seen: its arguments, a tuple a call.
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


def check_step_is_used(seen, batches, loader: CountingLoader) -> None:
    """Check that the given step ran on batches of the given loader.

    Args:
        seen: what the step got, a tuple a call.
        batches: what the loader gives in one pass.
        loader: the loader that was given.
    """
    if not seen:
        wrong(
            "step_never_called",
            expected="The step function runs on the batches.",
            found="It never ran.",
            cause="`step_fn(x_batch, y_batch)` is missing, or another step "
            "function is called than the one that was given.",
        )
    swapped = [(y_batch, x_batch) for x_batch, y_batch in seen[:1]]
    if same_batches(swapped, batches[:1]):
        wrong(
            "swapped",
            expected="`step_fn(x_batch, y_batch)`: features first.",
            found="The labels came first.",
            cause="The two arguments changed places.",
        )
    if loader.drawn == 0:
        wrong(
            "other_loader",
            expected="The batches come from the loader that was given.",
            found="That loader was never asked.",
            cause="The function uses another loader, of the page or of its "
            "own. Use the argument `data_loader`.",
        )


def check_recording(step: NotedStep) -> None:
    """Check that a training step could run in a loop."""
    if all(step.recording):
        return
    wrong(
        "recording_off",
        expected="The step may be a training step, as in `mini_batch`.",
        found="Autograd does not record while the step runs.",
        cause="The loop stands in a `no_grad` block. Whether to record is the "
        "business of the step, or of the caller.",
    )


def check_batches_are_moved(run) -> None:
    """Check that features and labels reach the step on the device.

    No accelerator is needed: torch's device "meta" holds shapes and no
    numbers, so that every machine has a second device.

    Args:
        run: run(device, data_loader, step_fn) calls the answer.
    """
    step = NotedStep([1.0])
    try:
        run(torch.device("meta"), make_loader(8, 4), step)
    except DeviceError:  # it refuses devices that nobody can compute on
        _check_moved_from_meta(run)
        return
    for x_batch, y_batch in step.seen:
        _check_moved(x_batch.device.type, y_batch.device.type, "meta")


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
        for x_batch, y_batch in step.seen:
            _check_moved(x_batch.device.type, y_batch.device.type, "cpu")


def _check_moved(x_device: str, y_device: str, device: str) -> None:
    if (x_device, y_device) == (device, device):
        return
    expected = (
        "Features and labels are on the `device` that was given when the "
        "step gets them."
    )
    if device not in (x_device, y_device):
        wrong(
            "not_moved",
            expected=expected,
            found="Both were left where the loader keeps them.",
            cause="`x_batch.to(device)` and `y_batch.to(device)` are missing, "
            "or their results are not kept: `.to` returns a new tensor and "
            "leaves the old one where it is.",
        )
    moved = "features" if x_device == device else "labels"
    left = "labels" if moved == "features" else "features"
    wrong(
        f"only_{moved}_moved",
        expected=expected,
        found=f"The {moved} are, the {left} are not.",
        cause="The model would meet the one part on one device and the other "
        f"part on another. Move the {left} with `.to(device)`, too.",
    )
