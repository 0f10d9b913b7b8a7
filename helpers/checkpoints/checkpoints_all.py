"""Checkpoints: written whole or not at all, checked before they are loaded.

A checkpoint is a file of `torch.save` that holds one dictionary of numbers,
strings, lists, dictionaries and dense tensors. It is read with
``weights_only=True``, which builds nothing else, so that no code in a file is
ever run.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

import contextlib
import copy
import glob
import io
import math
import os
import reprlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import nn

from helpers.errors import CheckpointError
from helpers.paths import display_path

FORMAT = 1
# Settings that a learning-rate schedule changes while it runs.
SCHEDULED = {"lr", "initial_lr", "momentum", "betas", "max_lr", "min_lr"}
# Settings of the schedules themselves, which stay as they were configured.
SCHEDULE = {
    *("base_lrs", "max_lrs", "gamma", "step_size", "milestones", "mode"),
    *("T_max", "T_0", "T_mult", "eta_min", "factor", "patience", "power"),
    *("total_iters", "total_steps", "start_factor", "end_factor"),
    *("total_size", "step_ratio"),
}


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


@contextlib.contextmanager
def _one_sentence(path, what: str):
    """Let a CheckpointError out, whatever a strange value raises."""
    try:
        yield
    except CheckpointError:
        raise
    except Exception as error:  # even a RecursionError
        raise CheckpointError(
            f"{display_path(path)} {what} ({type(error).__name__}: "
            f"{_brief(str(error))})."
        ) from error


def _brief(value) -> str:
    """Show a value that may be anything in a few words, on one line."""
    limits = reprlib.Repr()
    limits.maxstring = limits.maxother = limits.maxlong = 60
    return " ".join(limits.repr(value).split())[:300]


def _as_path(path) -> Path:
    """Return a path that can name a file."""
    if isinstance(path, (str, os.PathLike)):
        name = Path(path).name
        if name and "\0" not in str(path):
            return Path(path)
    raise CheckpointError(
        f"{_brief(path)} cannot name a file. checkpoint_path(run_name), from "
        "helpers.runs, gives the usual one: runs/NAME/checkpoint.pt."
    )


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
    path = _as_path(path)
    with _one_sentence(path, "was not saved, as a value cannot be"):
        content = _to_bytes(path, configuration, losses, val_losses)
    write_whole(path, content)


def _to_bytes(path, configuration, losses, val_losses) -> bytes:
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
    # what load_checkpoint would refuse must not replace a good file
    consequence = "nothing was saved"
    saved, model = state["model_state_dict"], configuration.model
    _check_model_finite(saved, model, path, consequence)
    _check_all_finite(state["optimizer_state_dict"], path, consequence)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    try:
        _from_bytes(buffer.getvalue(), path)
    except CheckpointError as error:
        raise CheckpointError(
            f"Nothing was saved, as it would not load again: {error}"
        ) from error
    return buffer.getvalue()


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole.

    The bytes go to a second file in the same folder, then to the disk, and
    only then does that file take the name of the first.

    Raises:
        CheckpointError: the disk is full, or the folder cannot be written.
    """
    path = _as_path(path)
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
            f"{display_path(path)} could not be written: {error.strerror}. The "
            "file that was there before is untouched. Make room or choose "
            "another folder, then save again."
        ) from error


def _remove_left_overs(path: Path) -> None:
    """Remove what processes killed while saving left beside the file."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        pid = part.name.split(".")[-2]
        is_number = pid.isascii() and pid.isdigit() and len(pid) < 10
        if is_number and not psutil.pid_exists(int(pid)):
            part.unlink(missing_ok=True)


def _plain(value, where: str):
    """Copy a value with NumPy scalars as numbers and tensors on the CPU."""
    if isinstance(value, torch.Tensor):
        value = value.detach()  # of a parameter: a plain tensor
        if not _is_dense(value):
            raise CheckpointError(_cannot_save(where, "no dense tensor"))
        # clone: a view would drag the whole tensor it looks at into the file
        return value.cpu().clone().contiguous()
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
    if value is None or isinstance(value, bool):
        return value
    # The value of a subclass, an enum for instance: its class stays behind.
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    raise CheckpointError(_cannot_save(where, f"a {type(value).__name__}"))


def _is_dense(tensor: torch.Tensor) -> bool:
    """Tell a plain tensor from one that is sparse, quantized or hollow."""
    return (
        type(tensor) is torch.Tensor
        and tensor.layout is torch.strided
        and tensor.device.type != "meta"
        and not tensor.is_quantized
        and not tensor.requires_grad
    )


def _cannot_save(where: str, what: str) -> str:
    return (
        f"{_brief(where) if where else 'The state'} is {what}, and a "
        "checkpoint holds numbers, strings, lists, dictionaries and dense "
        "tensors only. Nothing was saved; leave it out or turn it into one of "
        "these."
    )


# ---------------------------------------------------------------- reading

MALFORMED = "holds what save_checkpoint never writes, and nothing was loaded"


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
    with _one_sentence(path, MALFORMED):
        _compare_model(state["model_state_dict"], configuration.model, path)
        _compare_optimizer(state, configuration, path)
        _compare_scheduler(state, configuration.scheduler, path)
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
    with _one_sentence(path, MALFORMED):
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
    path = _as_path(path)
    return _from_bytes(_read_bytes(path), path)


def _from_bytes(content: bytes, path) -> dict:
    _check_zip(content, path)
    try:
        state = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except Exception as error:
        raise CheckpointError(
            f"{display_path(path)} is a zip file, but holds something that is "
            "not plain numbers and tensors, so that it was not opened further. "
            "Load only what save_checkpoint wrote."
        ) from error
    with _one_sentence(path, MALFORMED):
        _check_state(state, path)
    return state


def _read_bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            # a folder; or a pipe or a device, which may never end
            raise CheckpointError(
                f"{display_path(path)} is a folder or a device, not a file. "
                "Name the file itself, often checkpoint.pt."
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"There is no {display_path(path)}. Train with checkpoint_path "
            "first, or check the name."
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"{display_path(path)} cannot be read: {error.strerror}."
        ) from error
    if not content:
        raise CheckpointError(
            f"{display_path(path)} is empty: a program was stopped while it "
            "wrote. Take an older checkpoint or train again."
        )
    return content


def _check_zip(content: bytes, path) -> None:
    """Compare every part of the file with its checksum; torch.load does not."""
    if not content.startswith(b"PK\x03\x04"):
        raise CheckpointError(
            f"{display_path(path)} is not a checkpoint: it does not begin like "
            "a file of torch.save. Is it a web page, a text, or a pointer that "
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
            f"{display_path(path)} is damaged: its checksums do not agree, or "
            "a part of it is missing. Copy it again, or take an older checkpoint."
        )
    if not any(name.endswith("/data.pkl") for name in names):
        raise CheckpointError(
            f"{display_path(path)} is a zip file, but not one of torch.save. "
            "Load only what save_checkpoint wrote."
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
            f"{display_path(path)} was written by torch.save, but not by "
            "save_checkpoint: it has no format number. Read it yourself with "
            "torch.load, and pass on what you need."
        )
    if type(state["format"]) is not int or state["format"] != FORMAT:
        raise CheckpointError(
            f"{display_path(path)} has format {_brief(state['format'])}, and "
            f"this version of the course reads format {FORMAT}. Update one of "
            "the two."
        )
    for key, kind in kinds.items():
        if type(state.get(key)) is not kind:
            raise CheckpointError(
                f"{display_path(path)} is incomplete: {key!r} should be a "
                f"{kind.__name__}, and is a {type(state.get(key)).__name__}."
            )
    for key in ("loss", "val_loss"):
        numbers = all(
            type(number) in (float, int) and math.isfinite(number)
            for number in state[key]
        )
        if not numbers or len(state[key]) != state["epoch"]:
            raise CheckpointError(
                f"{display_path(path)} should hold {_brief(state['epoch'])} "
                f"finite numbers under {key!r}, one an epoch, and does not."
            )
    for where, tensor in _tensors(state, ""):
        if not _is_dense(tensor) or not tensor.is_contiguous():
            raise CheckpointError(
                f"{display_path(path)} holds {_brief(where)}, which is not a "
                "plain dense tensor. save_checkpoint never writes such a thing."
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
                f"The values {_brief(where)} hold nan or inf, so that "
                f"{consequence} ({display_path(path)}). The training had "
                "diverged: go back to an older checkpoint and try a smaller learning rate."
            )


def _check_model_finite(saved: dict, model, path, consequence: str) -> None:
    """Check parameters for nan and inf, buffers for nan only.

    A buffer that holds -inf is nothing odd: masks of attention do.
    """
    learned = {
        name for name, _ in model.named_parameters(remove_duplicate=False)
    }
    for name, tensor in saved.items():
        if name not in learned and isinstance(tensor, torch.Tensor):
            tensor = tensor.nan_to_num(nan=torch.nan, posinf=0, neginf=0)
        _check_all_finite({name: tensor}, path, consequence)


# -------------------------------------------------------------- comparing


def _compare_model(saved: dict, model: nn.Module, path) -> None:
    own = model.state_dict()
    missing = [name for name in own if name not in saved]
    foreign = [name for name in saved if name not in own]
    if missing or foreign:
        raise CheckpointError(
            f"{display_path(path)} belongs to another model. This model also "
            f"needs {_brief(missing) if missing else 'nothing'}, and the file "
            f"also holds {_brief(foreign) if foreign else 'nothing'}. "
            "Configure the model as it was saved."
        )
    for name, tensor in own.items():
        here, there = _describe(tensor), _describe(saved[name])
        if here != there:
            raise CheckpointError(
                f"{display_path(path)} belongs to another model: {name!r} is "
                f"{there} in the file and {here} in this model. Configure the "
                "model as it was saved."
            )
    _check_model_finite(saved, model, path, "nothing was loaded")


def _describe(value) -> str:
    if not isinstance(value, torch.Tensor):
        return f"a {type(value).__name__}"
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"


def _compare_optimizer(state: dict, configuration, path) -> None:
    optimizer, scheduler = configuration.optimizer, configuration.scheduler
    if state["optimizer"] != type(optimizer).__name__:
        raise CheckpointError(
            f"{display_path(path)} was saved with the optimizer "
            f"{_brief(state['optimizer'])}, and this one is "
            f"{type(optimizer).__name__}. Take the same."
        )
    if (scheduler is None) != ("scheduler_state_dict" not in state):
        has, lacks = ("this training", "the file")
        if scheduler is None:
            has, lacks = lacks, has
        raise CheckpointError(
            f"{has.capitalize()} has a learning-rate scheduler and {lacks} has "
            f"none ({display_path(path)}). Set configuration.scheduler as it was."
        )
    saved = state["optimizer_state_dict"]
    difference = _first_difference(
        optimizer.state_dict(), saved, scheduler is not None
    ) or _wrong_state(optimizer, saved, state["epoch"])
    if difference:
        raise CheckpointError(
            f"{display_path(path)} does not fit this optimizer: {difference}. "
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
            if key not in group or key not in own_group:
                return f"the setting {key!r} is only in one of the two"
            here, there = own_group[key], group[key]
            if key == "params" and len(there) != len(here):
                return f"{len(there)} parameters in a group, not {len(here)}"
            if scheduled and key in SCHEDULED:
                is_same = _is_alike(here, there)
            else:
                is_same = _is_equal(here, there)
            if not is_same:
                return f"{key} is {_brief(there)} in the file and {here} here"
    return None


def _is_equal(here, there) -> bool:
    if isinstance(here, torch.Tensor) or isinstance(there, torch.Tensor):
        return _is_alike(here, there) and torch.equal(here.cpu(), there)
    return bool(here == there)


def _is_alike(here, there) -> bool:
    """Tell whether a value can take the place of one that changes."""
    if isinstance(here, torch.Tensor):
        same_kind = _describe(here) == _describe(there)
        return same_kind and bool(torch.isfinite(there).all())
    if isinstance(here, (list, tuple)):
        return (
            isinstance(there, (list, tuple))
            and len(here) == len(there)
            and all(map(_is_alike, here, there))
        )
    if isinstance(here, dict):
        return (
            isinstance(there, dict)
            and here.keys() == there.keys()
            and all(_is_alike(here[key], there[key]) for key in here)
        )
    if isinstance(here, (int, float)) and not isinstance(here, bool):
        if type(there) not in (int, float) or math.isnan(there):
            return False
        # some schedules begin with an infinite best loss
        return math.isfinite(there) or not math.isfinite(here)
    return type(here) is type(there)


def _wrong_state(optimizer, saved: dict, epoch: int) -> str | None:
    """Name the first part of the state that fits no parameter."""
    expected = _state_after_a_step(optimizer)
    if epoch > 0 and any(expected.values()) and not saved["state"]:
        return "it has no state for any parameter"
    for index, entries in saved["state"].items():
        if type(index) is not int or index not in expected:
            return f"it has a state for parameter {_brief(index)}, not here"
        here = expected[index]
        there = {
            name: _describe(value)
            for name, value in entries.items()
            if value is not None
        }
        for name in here.keys() | there.keys():
            if here.get(name) != there.get(name):
                return (
                    f"{_brief(name)} of parameter {index} is "
                    f"{there.get(name, 'missing')} in the file and should be "
                    f"{here.get(name, 'missing')}"
                )
    return None


def _state_after_a_step(optimizer) -> dict[int, dict[str, str]]:
    """Say what state the optimizer keeps for every parameter.

    A copy of it, with copies of the parameters, makes one step without slope.
    """
    probe = copy.deepcopy(optimizer)
    parameters = [p for g in probe.param_groups for p in g["params"]]
    probe.state.clear()
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    probe.step()
    return {
        index: {
            name: _describe(value)
            for name, value in probe.state.get(parameter, {}).items()
            if value is not None
        }
        for index, parameter in enumerate(parameters)
    }


def _compare_scheduler(state: dict, scheduler, path) -> None:
    if scheduler is None:
        return
    own = _plain(scheduler.state_dict(), "")
    saved = state["scheduler_state_dict"]
    names = [] if isinstance(saved, dict) else ["its state"]
    if not names:
        names = sorted(map(str, own.keys() ^ saved.keys())) or [
            name
            for name, here in own.items()
            if not (_is_equal if name in SCHEDULE else _is_alike)(
                here, saved[name]
            )
        ]
    if names:
        raise CheckpointError(
            f"{display_path(path)} was saved with another learning-rate "
            f"schedule: {_brief(names)} differ. Set configuration.scheduler as it was."
        )


def _load_all(parts, path) -> None:
    """Load every part, or put all of them back as they were."""
    before = [(part, copy.deepcopy(part.state_dict())) for part, _ in parts]
    try:
        for part, state in parts:
            part.load_state_dict(copy.deepcopy(state))
    except BaseException as error:  # Ctrl-C as well
        for part, state in before:
            part.load_state_dict(state)
        if not isinstance(error, Exception):
            raise
        raise CheckpointError(
            f"{display_path(path)} could not be loaded, and model and "
            f"optimizer are as they were: {_brief(str(error))}"
        ) from error
