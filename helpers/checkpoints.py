"""Checkpoints: written whole or not at all, checked before they are loaded.

A checkpoint is a file of `torch.save` that holds one dictionary of numbers,
strings, lists, dictionaries and dense tensors. It is read with
``weights_only=True``, which builds nothing else, so that no code in a file is
ever run.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

import copy
import io
import math
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import nn

from helpers.errors import CheckpointError
from helpers.paths import short

FORMAT = 1
# Settings that a learning-rate schedule changes while it runs.
SCHEDULED = {"lr", "initial_lr", "momentum", "betas", "max_lr", "min_lr"}


@dataclass(frozen=True)
class Checkpoint:
    """How far a training had come: epochs done, and their losses."""

    epoch: int
    losses: list[float]
    val_losses: list[float]


def losses_so_far(resume_from: Checkpoint | None) -> tuple[list, list]:
    """Return copies of the losses of a checkpoint; empty lists without one."""
    if resume_from is None:
        return [], []
    return list(resume_from.losses), list(resume_from.val_losses)


# ---------------------------------------------------------------- writing


def save_checkpoint(path, configuration, losses, val_losses) -> None:
    """Write the state of a training, whole or not at all.

    Args:
        path: the file; its folder has to exist or be creatable.
        configuration: model, optimizer and perhaps a scheduler.
        losses: training losses, one for every epoch done so far.
        val_losses: validation losses, likewise.

    Raises:
        CheckpointError: a value cannot be saved, a weight is not finite, or
            the disk refuses. An older file at ``path`` is then untouched.
    """
    state = {
        "format": FORMAT,
        "epoch": len(losses),
        "model_state_dict": configuration.model.state_dict(),
        "optimizer": type(configuration.optimizer).__name__,
        "optimizer_state_dict": configuration.optimizer.state_dict(),
        "loss": losses,
        "val_loss": val_losses,
    }
    if configuration.scheduler is not None:
        state["scheduler_state_dict"] = configuration.scheduler.state_dict()
    state = _plain(state, "")
    _check_all_finite(state["model_state_dict"], path, "nothing was saved")
    # what load_checkpoint would refuse must not replace a good file
    _check_all_finite(
        state["optimizer_state_dict"]["state"], path, "nothing was saved"
    )
    try:
        _check_state(state, path)
    except CheckpointError as error:
        raise CheckpointError(f"Nothing was saved: {error}") from None
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_whole(path, buffer.getvalue())


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole.

    The bytes go to a second file in the same folder, then to the disk, and
    only then does that file take the name of the first.

    Raises:
        CheckpointError: the disk is full, or the folder cannot be written.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_overs(path)
        try:
            with open(aside, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
        except BaseException:
            # also after Ctrl-C, which then goes on its way
            aside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CheckpointError(
            f"{short(path)} could not be written: {error.strerror}. The file "
            "that was there before is untouched. Make room or choose another "
            "folder, then save again."
        ) from error


def _remove_left_overs(path: Path) -> None:
    """Remove what processes killed while saving left beside the file."""
    for part in path.parent.glob(f".{path.name}.*.part"):
        pid = part.name.split(".")[-2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            part.unlink(missing_ok=True)


def _plain(value, where: str):
    """Copy a value with NumPy scalars as numbers and tensors on the CPU."""
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_quantized:
            raise CheckpointError(_cannot_save(where, "no dense tensor"))
        # clone: a view would drag the whole tensor it looks at into the file
        return value.detach().cpu().clone().contiguous()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {
            _plain(key, where): _plain(item, f"{where}.{key}".lstrip("."))
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [_plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
        return type(value)(items) if type(value) in (list, tuple) else items
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise CheckpointError(_cannot_save(where, f"a {type(value).__name__}"))


def _cannot_save(where: str, what: str) -> str:
    return (
        f"{where or 'The state'} is {what}, and a checkpoint holds numbers, "
        "strings, lists, dictionaries and dense tensors only. Nothing was "
        "saved; leave it out or turn it into one of these."
    )


# ---------------------------------------------------------------- reading


def load_checkpoint(path, configuration) -> Checkpoint:
    """Put model and optimizer where a saved training left them, to go on.

    Everything is compared first: a refused file changes nothing.

    Args:
        path: a file that `save_checkpoint` wrote.
        configuration: model and optimizer as they were configured for the
            training that was saved, and its scheduler if it had one.

    Returns:
        the epochs done and their losses, for ``train(resume_from=...)``.

    Raises:
        CheckpointError: the file is missing, damaged, foreign, or of another
            model or optimizer.
    """
    state = read_checkpoint(path)
    _compare_model(state["model_state_dict"], configuration.model, path)
    _compare_optimizer(state, configuration, path)
    parts = [
        (configuration.model, state["model_state_dict"]),
        (configuration.optimizer, state["optimizer_state_dict"]),
    ]
    if configuration.scheduler is not None:
        parts.append((configuration.scheduler, state["scheduler_state_dict"]))
    _load_all(parts, path)
    return Checkpoint(state["epoch"], state["loss"], state["val_loss"])


def load_model(path, model: nn.Module) -> nn.Module:
    """Put the saved parameters into a model, to predict with it.

    The model keeps its device and its mode: call ``model.eval()`` next.

    Args:
        path: a file that `save_checkpoint` wrote.
        model: built as it was for the training that was saved.

    Returns:
        the same model.

    Raises:
        CheckpointError: see `load_checkpoint`; the model is then unchanged.
    """
    state = read_checkpoint(path)
    _compare_model(state["model_state_dict"], model, path)
    _load_all([(model, state["model_state_dict"])], path)
    return model


def read_checkpoint(path) -> dict:
    """Read a checkpoint as a dictionary, tensors on the CPU, no code run.

    Returns:
        a dictionary with the keys ``format``, ``epoch``,
        ``model_state_dict``, ``optimizer_state_dict``, ``loss``, ``val_loss``.

    Raises:
        CheckpointError: the file is missing, empty, damaged or foreign.
    """
    content = _read_bytes(Path(path))
    _check_zip(content, path)
    try:
        state = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except Exception as error:
        raise CheckpointError(
            f"{short(path)} is a zip file, but holds something that is not "
            "plain numbers and tensors, so that it was not opened further. "
            "Load only what save_checkpoint wrote."
        ) from error
    try:
        _check_state(state, path)
    except (RecursionError, OverflowError) as error:
        raise CheckpointError(
            f"{short(path)} is nested too deeply, or holds a number too large "
            "to be a loss. Load only what save_checkpoint wrote."
        ) from error
    return state


def _read_bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"There is no {short(path)}. Train with checkpoint_path first, or "
            "check the name."
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"{short(path)} cannot be read: {error.strerror}."
        ) from error
    if not content:
        raise CheckpointError(
            f"{short(path)} is empty: a program was stopped while it wrote. "
            "Take an older checkpoint or train again."
        )
    return content


def _check_zip(content: bytes, path) -> None:
    """Compare every part of the file with its checksum; torch.load does not."""
    if not content.startswith(b"PK\x03\x04"):
        raise CheckpointError(
            f"{short(path)} is not a checkpoint: it does not begin like a "
            "file of torch.save. Is it a web page, a text, or a pointer that "
            "git-lfs left in place of the file? Fetch the file itself."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = [part.filename for part in parts]
            stored = sum(part.file_size for part in parts)
            is_whole = stored <= len(content) and archive.testzip() is None
            # One bit, in no checksum, turns a part into a folder. torch then
            # reads nothing, and gives what was in memory as the weights.
            is_whole &= not any(part.external_attr & 0x10 for part in parts)
    except Exception:  # a damaged file raises almost anything
        is_whole, names = False, []
    if not is_whole:
        raise CheckpointError(
            f"{short(path)} is damaged: its checksums do not agree, or a part "
            "of it is missing. Copy it again, or take an older checkpoint."
        )
    if not any(name.endswith("/data.pkl") for name in names):
        raise CheckpointError(
            f"{short(path)} is a zip file, but not one of torch.save. Load "
            "only what save_checkpoint wrote."
        )


def _check_state(state, path) -> None:
    kinds = {
        "format": int,
        "epoch": int,
        "model_state_dict": dict,
        "optimizer_state_dict": dict,
        "optimizer": str,
        "loss": list,
        "val_loss": list,
    }
    if not isinstance(state, dict) or "format" not in state:
        raise CheckpointError(
            f"{short(path)} was written by torch.save, but not by "
            "save_checkpoint: it has no format number. Read it yourself with "
            "torch.load, and pass on what you need."
        )
    if state["format"] != FORMAT:
        raise CheckpointError(
            f"{short(path)} has format {state['format']!r}, and this version "
            f"of the course reads format {FORMAT}. Update one of the two."
        )
    for key, kind in kinds.items():
        if type(state.get(key)) is not kind:
            raise CheckpointError(
                f"{short(path)} is incomplete: {key!r} should be a "
                f"{kind.__name__}, and is a {type(state.get(key)).__name__}."
            )
    for key in ("loss", "val_loss"):
        numbers = all(
            type(number) in (float, int) and math.isfinite(number)
            for number in state[key]
        )
        if not numbers or len(state[key]) != state["epoch"]:
            raise CheckpointError(
                f"{short(path)} should hold {state['epoch']} finite numbers "
                f"under {key!r}, one an epoch, and does not."
            )
    for where, tensor in _tensors(state, ""):
        dense = tensor.layout is torch.strided and not tensor.is_quantized
        if not dense or not tensor.is_contiguous():
            raise CheckpointError(
                f"{short(path)} holds {where}, which is not a plain dense "
                "tensor. save_checkpoint never writes such a thing."
            )


def _tensors(value, where: str):
    """Give every tensor in nested dictionaries and lists, with its place."""
    if isinstance(value, torch.Tensor):
        yield where, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _tensors(item, f"{where}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _tensors(item, f"{where}[{i}]")


def _check_all_finite(tensors, path, consequence: str) -> None:
    for where, tensor in _tensors(tensors, ""):
        if not torch.isfinite(tensor).all():
            raise CheckpointError(
                f"The weights {where!r} hold nan or inf, so that {consequence} "
                f"({short(path)}). The training had diverged: go back to an "
                "older checkpoint and try a smaller learning rate."
            )


# -------------------------------------------------------------- comparing


def _compare_model(saved: dict, model: nn.Module, path) -> None:
    own = model.state_dict()
    missing = [name for name in own if name not in saved]
    foreign = [name for name in saved if name not in own]
    if missing or foreign:
        raise CheckpointError(
            f"{short(path)} belongs to another model. This model also needs "
            f"{missing or 'nothing'}, and the file also holds "
            f"{foreign or 'nothing'}. Configure the model as it was saved."
        )
    for name, tensor in own.items():
        found = saved[name]
        if not isinstance(found, torch.Tensor) or (
            (found.shape, found.dtype) != (tensor.shape, tensor.dtype)
        ):
            raise CheckpointError(
                f"{short(path)} belongs to another model: {name!r} is "
                f"{_describe(found)} in the file and {_describe(tensor)} in "
                "this model. Configure the model as it was saved."
            )
    _check_all_finite(saved, path, "nothing was loaded")


def _describe(value) -> str:
    if not isinstance(value, torch.Tensor):
        return f"a {type(value).__name__}"
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"


def _compare_optimizer(state: dict, configuration, path) -> None:
    optimizer, scheduler = configuration.optimizer, configuration.scheduler
    if state["optimizer"] != type(optimizer).__name__:
        raise CheckpointError(
            f"{short(path)} was saved with the optimizer {state['optimizer']}, "
            f"and this one is {type(optimizer).__name__}. Take the same."
        )
    if (scheduler is None) != ("scheduler_state_dict" not in state):
        has, lacks = ("this training", "the file")
        if scheduler is None:
            has, lacks = lacks, has
        raise CheckpointError(
            f"{has.capitalize()} has a learning-rate scheduler and {lacks} has "
            f"none ({short(path)}). Set configuration.scheduler as it was."
        )
    own = optimizer.state_dict()
    saved = state["optimizer_state_dict"]
    try:
        difference = _first_difference(own, saved, scheduler is not None)
        difference = difference or _wrong_state(optimizer, saved)
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError):
        difference = "its parts are not those of an optimizer"
    if difference:
        raise CheckpointError(
            f"{short(path)} does not fit this optimizer: {difference}. "
            "Configure it as it was saved; to start anew from these weights "
            "with other settings, use load_model."
        )
    _check_all_finite(saved["state"], path, "nothing was loaded")


def _first_difference(own: dict, saved: dict, scheduled: bool) -> str | None:
    """Name the first setting in which two optimizers differ."""
    own_groups, groups = own["param_groups"], saved["param_groups"]
    if len(own_groups) != len(groups):
        return f"{len(groups)} parameter groups instead of {len(own_groups)}"
    for own_group, group in zip(own_groups, groups, strict=True):
        for key in own_group.keys() | group.keys():
            if scheduled and key in SCHEDULED:
                continue
            if key not in group or key not in own_group:
                return f"the setting {key!r} is only in one of the two"
            if key == "params" and len(group[key]) != len(own_group[key]):
                return (
                    f"{len(group[key])} parameters in a group instead of "
                    f"{len(own_group[key])}"
                )
            if group[key] != own_group[key]:
                return (
                    f"{key} is {group[key]} in the file and {own_group[key]} "
                    "here"
                )
    return None


def _wrong_state(optimizer, saved: dict) -> str | None:
    """Name the first tensor of the state that fits no parameter."""
    parameters = [p for g in optimizer.param_groups for p in g["params"]]
    for index, entries in saved["state"].items():
        if type(index) is not int or not 0 <= index < len(parameters):
            return f"it has a state for parameter {index!r}, which is not here"
        shape = parameters[index].shape
        for name, value in entries.items():
            # of no dimension: a count of steps
            if isinstance(value, torch.Tensor) and value.ndim > 0:
                if value.shape != shape:
                    return (
                        f"{name} of parameter {index} has shape "
                        f"{list(value.shape)} instead of {list(shape)}"
                    )
            elif not isinstance(value, (torch.Tensor, int, float, type(None))):
                return f"{name} of parameter {index} is no number"
    return None


def _load_all(parts, path) -> None:
    """Load every part, or put all of them back as they were."""
    before = [(part, copy.deepcopy(part.state_dict())) for part, _ in parts]
    try:
        for part, state in parts:
            part.load_state_dict(copy.deepcopy(state))
    except Exception as error:
        for part, state in before:
            part.load_state_dict(state)
        raise CheckpointError(
            f"{short(path)} could not be loaded, and model and optimizer are "
            f"as they were: {error}"
        ) from error
