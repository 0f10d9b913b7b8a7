"""Runs: their folders below ``runs/``, and what TensorBoard reads from them."""

import logging
import re
import shutil
import threading
import warnings
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from torch.utils.tensorboard import SummaryWriter

from helpers.errors import RunNameError
from helpers.paths import RUNS, display_path

# One part of a run name. Windows allows no ':' and reserves a few names.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=+-]*(?<!\.)")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def run_folder(run_name: str) -> Path:
    """Return the folder of a run, below ``runs/``.

    Args:
        run_name: letters, digits and ``_ . = + -``; a ``/`` makes a group.

    Raises:
        RunNameError: the name would lead out of ``runs/``, or would not work
            on another system.
    """
    parts = run_name.split("/") if isinstance(run_name, str) else []
    good = parts and all(
        _PART.fullmatch(p) and not _RESERVED.fullmatch(p) for p in parts
    )
    if not good or len(run_name) > 120:
        raise RunNameError(
            f"{run_name!r} cannot name a run: use letters, digits and _ . = + "
            "- only, 120 at most, with / between a group and a run, such as "
            "'sweep/lr=0.1'. A name must stay inside runs/ and work on Windows "
            "too."
        )
    folder = RUNS / run_name
    if not folder.resolve().is_relative_to(RUNS.resolve()):
        raise RunNameError(
            f"{run_name!r} leads out of runs/, by a link. Remove the link or "
            "take another name."
        )
    return folder


def checkpoint_path(run_name: str) -> Path:
    """Return the checkpoint file of a run: ``runs/NAME/checkpoint.pt``."""
    return run_folder(run_name) / "checkpoint.pt"


def clear_run(run_name: str) -> None:
    """Delete one run, its logs and its checkpoint, and nothing else.

    Raises:
        RunNameError: the name would lead out of ``runs/``, or the folder
            holds a file that no run wrote.
    """
    folder = run_folder(run_name)
    if not folder.exists():
        return
    for file in folder.rglob("*"):
        written_by_a_run = (
            file.is_dir()
            or "tfevents" in file.name
            or file.suffix in (".pt", ".pt2", ".part", ".json", ".csv")
        )
        if file.is_symlink() or not written_by_a_run:
            raise RunNameError(
                f"{display_path(file)} was not written by a run, so that "
                f"nothing was deleted. Move it away, then clear {run_name!r} again."
            )
    shutil.rmtree(folder)


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
    try:
        return SummaryWriter(folder)
    except OSError as error:
        _warn(
            f"Nothing will be logged: {display_path(folder)} cannot be written",
            error,
        )
        return None


_show_any_error = threading.excepthook


def _quiet_about_tensorboard(args) -> None:
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
    _log(writer, lambda: _add_restart(writer, epoch))


def _add_restart(writer: SummaryWriter, epoch: int) -> None:
    restart = SessionLog(status=SessionLog.START)
    # After close() a writer has no file; flush() opens none, add_scalar would
    writer._get_file_writer().add_event(Event(session_log=restart), step=epoch)


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

    def add():
        writer.add_scalar("loss/training", loss, epoch)
        writer.add_scalar("loss/validation", val_loss, epoch)
        writer.flush()

    _log(writer, add)


def close_log(writer: SummaryWriter | None) -> None:
    """Put everything on disk and close the file."""
    if writer is not None:
        _log(writer, writer.close)


def _log(writer: SummaryWriter | None, action) -> None:
    if writer is None or getattr(writer, "is_broken", False):
        return
    try:
        action()
    except OSError as error:
        writer.is_broken = True  # one warning is enough
        _warn("The log is incomplete from here on; training goes on", error)


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
    # 0 keeps every point; the default keeps 10,000 a tag
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: (
            [scalar.step for scalar in events.Scalars(tag)],
            [scalar.value for scalar in events.Scalars(tag)],
        )
        for tag in sorted(events.Tags()["scalars"])
    }
