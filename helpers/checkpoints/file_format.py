"""The format of a checkpoint: a state as bytes, and bytes as a state.

A checkpoint is a file of `torch.save` that holds one dictionary of numbers,
strings, lists, dictionaries and dense tensors. It is read with
``weights_only=True``, which builds nothing else, so that no code in a file is
ever run.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

import contextlib
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from helpers.checkpoints.archive import check_archive, not_plain
from helpers.checkpoints.plain_values import is_dense, tensors_in
from helpers.errors import CheckpointError, one_line
from helpers.files import as_path, read_whole
from helpers.paths import display_path

FORMAT = 1
KINDS = {
    "format": int,
    "epoch": int,
    "model_state_dict": dict,
    "optimizer_state_dict": dict,
    "optimizer": str,
    "loss": list,
    "val_loss": list,
}
# Only in the file of a run with a schedule (older files lack its name), or
# with metrics.
OPTIONAL_KINDS = {
    "scheduler_state_dict": dict,
    "scheduler": str,
    "metrics": dict,
}
MALFORMED = "holds what save_checkpoint never writes, and nothing was loaded"


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint as a dictionary, tensors on the CPU, no code run.

    Returns:
        a dictionary with the keys ``format``, ``epoch``,
        ``model_state_dict``, ``optimizer``, ``optimizer_state_dict``, ``loss``,
        ``val_loss``; of a run with a schedule also ``scheduler`` and
        ``scheduler_state_dict``, of one with metrics ``metrics``.

    Raises:
        CheckpointError: the file is missing, empty, damaged or foreign.
    """
    path = checkpoint_file(path)
    content = read_whole(
        path,
        CheckpointError,
        "Train with checkpoint_path first, or check the name.",
    )
    return from_bytes(content, path)


def checkpoint_file(path: object) -> Path:
    """Return a path that can name a checkpoint.

    Raises:
        CheckpointError: it cannot.
    """
    return as_path(
        path,
        CheckpointError,
        "checkpoint_path(run_name), from helpers.runs, gives the usual one: "
        "runs/NAME/checkpoint.pt.",
    )


def to_bytes(state: dict[str, Any], path: Path) -> bytes:
    """Return the bytes of a file that `from_bytes` reads.

    Args:
        state: of plain values, with the keys of the format.
        path: the file they are for, for the message.

    Raises:
        CheckpointError: it would not load again.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    try:
        from_bytes(buffer.getvalue(), path)
    except CheckpointError as error:
        raise CheckpointError(
            f"Nothing was saved, as it would not load again: {error}"
        ) from error
    return buffer.getvalue()


def from_bytes(content: bytes, path: Path) -> dict[str, Any]:
    """Return the state in the bytes of a file.

    Raises:
        CheckpointError: damaged, foreign, or not a state of this format.
    """
    check_archive(content, path)
    try:
        state = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except Exception as error:
        raise CheckpointError(not_plain(path)) from error
    with one_sentence(path, MALFORMED):
        _check_keys(state, path)
        _check_losses(state, path)
        _check_tensors(state, len(content), path)
    return state


@contextlib.contextmanager
def one_sentence(path: Path, what: str) -> Iterator[None]:
    """Let a CheckpointError out, whatever a strange value raises."""
    try:
        yield
    except CheckpointError:
        raise
    except Exception as error:  # even a RecursionError
        raise CheckpointError(
            f"{display_path(path)} {what} ({type(error).__name__}: "
            f"{one_line(str(error))})."
        ) from error


def _check_keys(state: Any, path: Path) -> None:
    if not isinstance(state, dict) or "format" not in state:
        raise CheckpointError(
            f"{display_path(path)} was written by torch.save, but not by "
            "save_checkpoint: it has no format number. Read it yourself with "
            "torch.load, and pass on what you need."
        )
    if type(state["format"]) is not int or state["format"] != FORMAT:
        raise CheckpointError(
            f"{display_path(path)} has format {one_line(state['format'])}, and "
            f"this version of the course reads format {FORMAT}. Update one of "
            "the two."
        )
    kinds = {**KINDS, **OPTIONAL_KINDS}
    for key in [*KINDS, *state]:
        if key not in kinds:
            raise CheckpointError(
                f"{display_path(path)} holds {one_line(key)}, which "
                "save_checkpoint never writes. Keep what you want to add in a "
                "file of its own."
            )
        if type(state.get(key)) is not kinds[key]:
            raise CheckpointError(
                f"{display_path(path)} is incomplete: {key!r} should be a "
                f"{kinds[key].__name__}, and is a "
                f"{type(state.get(key)).__name__}."
            )


def _check_losses(state: dict[str, Any], path: Path) -> None:
    curves = {key: state[key] for key in ("loss", "val_loss")}
    for key, values in [*curves.items(), *state.get("metrics", {}).items()]:
        if not _are_finite(values) or len(values) != state["epoch"]:
            raise CheckpointError(
                f"{display_path(path)} should hold {one_line(state['epoch'])} "
                f"finite numbers under {one_line(key)}, one per epoch, and "
                "does not."
            )


def _are_finite(values: Any) -> bool:
    return isinstance(values, list) and all(
        type(number) in (float, int) and math.isfinite(number)
        for number in values
    )


def _check_tensors(state: dict[str, Any], size: int, path: Path) -> None:
    """Check that all tensors are plain, and each has its own bytes."""
    n_bytes = 0
    for where, tensor in tensors_in(state, ""):
        n_bytes += tensor.numel() * tensor.element_size()
        if (
            not is_dense(tensor)
            or not tensor.is_contiguous()
            # A thousand views of one tensor would take a thousand times as
            # long to check as the file is large.
            or n_bytes > size
        ):
            raise CheckpointError(
                f"{display_path(path)} holds {one_line(where)}, which is not a "
                "plain dense tensor with values of its own. save_checkpoint "
                "never writes such a thing."
            )
