"""The curves of a run: written for TensorBoard, and read back."""

import contextlib
import logging
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

# The names in a generated module are made when it is imported.
from tensorboard.compat.proto.event_pb2 import (
    Event,  # pyright: ignore[reportAttributeAccessIssue]
    SessionLog,  # pyright: ignore[reportAttributeAccessIssue]
)
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from helpers.errors import RunNameError
from helpers.paths import display_path
from helpers.runs.folders import run_folder

# Writers whose disk was full: one warning for each is enough.
_broken: "weakref.WeakSet[SummaryWriter]" = weakref.WeakSet()
# What has to wait until nothing is being written, and whether something is.
_waiting: list[Callable[[], None]] = []
_is_writing = False


def open_writer(run_name: str | None) -> SummaryWriter | None:
    """Open the log of a run; None, with a warning, where that is impossible.

    Args:
        run_name: see `run_folder`; None opens nothing.

    Raises:
        RunNameError: the name would lead out of ``runs/``.
    """
    if run_name is None:
        return None
    folder = run_folder(run_name)
    threading.excepthook = _quiet_about_tensorboard
    _wait_for_a_later_name(folder)
    try:
        return SummaryWriter(folder)
    except OSError as error:
        _warn(
            f"Nothing will be logged: {display_path(folder)} cannot be written",
            error,
        )
        return None


def _wait_for_a_later_name(folder: Path) -> None:
    """Wait, a second at most, until a new event file comes after all others.

    TensorBoard reads the files of a folder by name: second, host, process,
    counter. Of two processes that start in one second, the earlier one may
    come last, since 9999 comes after 10000 in text, and its epochs would then
    replace those of the other one.
    """
    now = time.time()
    second = f"events.out.tfevents.{int(now):010d}."
    own = f".{os.getpid()}."
    names = [file.name for file in folder.glob(f"{second}*")]
    if any(own not in name for name in names):
        time.sleep(int(now) + 1 - now)


_show_any_error = threading.excepthook


def _quiet_about_tensorboard(args: threading.ExceptHookArgs) -> None:
    """Leave out the traceback of TensorBoard's writing thread: `_warn` says it.

    The thread hands its OSError to whoever logs next as well.
    """
    is_writer = "tensorboard" in type(args.thread).__module__
    if not (is_writer and issubclass(args.exc_type, OSError)):
        _show_any_error(args)


def start_curves(writer: SummaryWriter | None, epoch: int) -> None:
    """Tell TensorBoard that the curves go on from ``epoch``.

    Whatever an earlier run logged at this epoch or later is void from here
    on: epochs that were lost with a killed process are drawn once, not twice.
    """

    def add_restart(writer: SummaryWriter) -> None:
        restart = SessionLog(status=SessionLog.START)
        # After close() a writer has no file; flush() opens none, add_scalar
        # would
        event_writer = writer._get_file_writer()
        event_writer.add_event(Event(session_log=restart), step=epoch)

    _log(writer, add_restart)


def log_losses(
    writer: SummaryWriter | None, epoch: int, loss: float, val_loss: float
) -> None:
    """Log the losses of an epoch under two tags, and put them on disk.

    A full disk costs a warning, not the training.

    Args:
        writer: of the run; None logs nothing.
        epoch: counted from 0.
        loss: training loss, a mean over all rows.
        val_loss: validation loss, likewise.
    """

    def add(writer: SummaryWriter) -> None:
        writer.add_scalar("loss/training", loss, epoch)
        writer.add_scalar("loss/validation", val_loss, epoch)
        writer.flush()

    _log(writer, add)


def log_metrics(
    writer: SummaryWriter | None, epoch: int, metrics: dict[str, list[float]]
) -> None:
    """Log the last value of each metric under a tag of its own.

    A full disk costs a warning, not the training.

    Args:
        writer: of the run; None logs nothing.
        epoch: counted from 0.
        metrics: by name, such as "accuracy": a value per epoch so far.
    """

    def add(writer: SummaryWriter) -> None:
        for name, values in metrics.items():
            writer.add_scalar(f"{name}/validation", values[-1], epoch)
        writer.flush()

    _log(writer, add)


def log_hparams(
    writer: SummaryWriter | None,
    values: Mapping[str, bool | str | float],
    tags: Iterable[str],
) -> None:
    """Fill the row of this run in TensorBoard's table of hyperparameters.

    Unlike ``writer.add_hparams``, which would log into a run of its own, this
    adds to the run itself, and no curve. TensorBoard shows the names of the
    first run that it reads: give the same names for every run of a folder.

    Args:
        writer: of the run; None logs nothing.
        values: hyperparameters by name.
        tags: of curves whose last values stand beside them, such as
            "loss/validation".
    """

    def add(writer: SummaryWriter) -> None:
        experiment, start, _ = hparams(dict(values), dict.fromkeys(tags, 0.0))
        event_writer = writer._get_file_writer()
        event_writer.add_summary(experiment)
        event_writer.add_summary(start)

    _log(writer, add)


def close_log(writer: SummaryWriter | None) -> None:
    """Put everything on disk and close the file."""
    _log(writer, SummaryWriter.close)


def _log(
    writer: SummaryWriter | None, action: Callable[[SummaryWriter], None]
) -> None:
    if writer is None or writer in _broken:
        return
    try:
        with _writing():
            action(writer)
    except OSError as error:
        _broken.add(writer)
        _warn("The log is incomplete from here on; training goes on", error)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Let what `after_writing` was given wait while the block runs."""
    global _is_writing
    _is_writing = True
    try:
        yield
    finally:
        _is_writing = False
        if _waiting:
            _waiting.pop()()


def after_writing(action: Callable[[], None]) -> None:
    """Call a function as soon as nothing is being written to a log.

    TensorBoard's writer has a thread and locks. An exception that a signal
    raises in the middle of them may leave a lock closed, and the process would
    wait for it for ever.

    Args:
        action: called now, or in a moment; it may raise.
    """
    if _is_writing:
        _waiting[:] = [action]
    else:
        action()


def _warn(what: str, error: OSError) -> None:
    reason = error.strerror or type(error).__name__
    warnings.warn(f"{what} ({reason}).", RuntimeWarning, stacklevel=4)


def read_scalars(run_name: str) -> dict[str, tuple[list[int], list[float]]]:
    """Read the curves of a run back from its event files.

    Args:
        run_name: see `run_folder`. The sub-runs that ``add_scalars`` makes
            are read under their own names.

    Returns:
        steps and values by tag; tags with the same name and steps that were
        logged twice stay twice, in the order of the files.

    Raises:
        RunNameError: there is no such run, or its name leads out of runs/.
    """
    folder = run_folder(run_name)
    if not any(folder.glob("*tfevents*")):
        raise RunNameError(
            f"{display_path(folder)} holds no event file. Run the cell that "
            "logs before the one that reads."
        )
    # A resumed run holds its graph once more; that is no news for the reader.
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    # 0 keeps every point; the default keeps 10,000 for each tag
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: (
            [scalar.step for scalar in events.Scalars(tag)],
            [scalar.value for scalar in events.Scalars(tag)],
        )
        for tag in sorted(events.Tags()["scalars"])
    }
