"""Look at what goes into the pipeline, and say what is wrong with it.

Here belongs what can be said before the first batch: of arrays, loaders and
settings. What only predictions and a loss can tell belongs in
`helpers.pipeline.first_batches`.
"""

import math
import numbers
import sys
import weakref
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from helpers.devices import find_device
from helpers.errors import DataError, DivergenceError
from helpers.processes import Shares

NO_BATCH = (
    "The loader gives no batch at all. Either its dataset is empty, or "
    "drop_last=True drops the only batch, which is not full."
)


# ------------------------------------------------------ features and labels


def check_features_and_labels(x, y) -> None:
    """Check that features and labels belong together, before they are used.

    Whether the labels have the shape that the loss takes cannot be seen here:
    the first batch shows it.

    Args:
        x: features [N, ...], an array or tensor of numbers.
        y: labels [N] or [N, ...].

    Raises:
        DataError: not arrays, without the axes they need, empty, of different
            lengths, or with values that are not finite numbers.
    """
    for name, values in (("features x", x), ("labels y", y)):
        if not isinstance(values, (np.ndarray, torch.Tensor)):
            raise DataError(
                f"The {name} should be an array or a tensor, but are a "
                f"{type(values).__name__}. prepare_data takes the raw points, "
                "prepare_data(x, y), not tensors in a tuple and not a loader."
            )
    if x.ndim < 2:
        raise DataError(
            f"The features x have shape {list(x.shape)}, but need two axes or "
            "more: one row per point, which holds the features of that point. "
            "Usually .reshape(-1, 1) fixes it."
        )
    if y.ndim < 1:
        raise DataError(
            "The labels y are a single number, but every point needs a label: "
            "shape [N, 1], or [N] for classes."
        )
    if len(x) != len(y):
        raise DataError(
            f"There are {len(x)} features and {len(y)} labels, but each point "
            "needs both. Was one array cut or filtered without the other?"
        )
    if len(x) == 0:
        raise DataError("There are no points: x and y have no rows.")
    for name, values in (("features x", x), ("labels y", y)):
        if not torch.isfinite(_as_tensor(values, name)).all():
            raise DataError(
                f"The {name} hold nan or inf. One such value makes every "
                "weight nan in the first step. Remove or repair those rows."
            )


def label_dtype(y) -> torch.dtype:
    """Return the type that a loss takes labels in.

    Whole numbers are classes and stay whole (int64), unless they stand in a
    column [N, n]: there, like all other labels, they are quantities, and
    become float32.

    Args:
        y: labels [N] or [N, ...], an array or tensor.
    """
    dtype = torch.as_tensor(y).dtype
    is_whole = not (
        dtype.is_floating_point or dtype.is_complex or dtype is torch.bool
    )
    return torch.int64 if is_whole and y.ndim != 2 else torch.float32


def _as_tensor(values, name: str) -> torch.Tensor:
    """Return values as a dense tensor of real numbers, or say why not."""
    if isinstance(values, np.ma.MaskedArray):
        raise DataError(
            f"The {name} are a masked array, but a tensor has no mask: the "
            "values under it would count. Remove those rows, or fill them "
            "with .filled(...)."
        )
    if getattr(values, "is_sparse", False) or (
        isinstance(values, torch.Tensor) and values.layout is not torch.strided
    ):
        raise DataError(
            f"The {name} are a sparse tensor. Give a dense one: .to_dense()."
        )
    try:
        tensor = torch.as_tensor(values)
    except (TypeError, ValueError):
        raise DataError(_why_no_tensor(values, name)) from None
    if tensor.is_complex():
        raise DataError(
            f"The {name} are complex numbers, but the pipeline computes with "
            "real ones. Give real and imaginary parts as two columns."
        )
    return tensor


def _why_no_tensor(values, name: str) -> str:
    is_numeric = values.dtype.kind in "biufc"
    if is_numeric and any(stride < 0 for stride in values.strides):
        return (
            f"The {name} are an array read backwards, such as x[::-1], "
            "which torch cannot share. Give a copy: x[::-1].copy()."
        )
    if is_numeric and not values.dtype.isnative:
        return (
            f"The {name} are stored in the byte order of another machine "
            f"({values.dtype.str}, here {sys.byteorder}-endian), which torch "
            "cannot read. Convert them: x.astype(np.float32)."
        )
    return f"The {name} hold {values.dtype} values, but should be numbers."


# ------------------------------------------------------------------ loaders

# Loaders found good, by their id: a reference that dies with the loader, and
# the devices it was checked for. A pass over a loader asks in every epoch, and
# nothing is noted in the loader itself, which is its owner's.
_found_good: dict[int, tuple[weakref.ref, set]] = {}


def check_loader(data_loader, device=None) -> None:
    """Check that a loader is one and gives batches, and that a device exists.

    No item is read and no random number drawn, so that looking changes
    nothing. A `DataLoader` is checked once for each device.

    Args:
        data_loader: gives batches of features [n, ...] and labels.
        device: where the batches are to go, checked as well if given.

    Raises:
        DataError: not a loader, or an empty one.
        DeviceError: this machine has no such device.
    """
    is_loader = isinstance(data_loader, DataLoader)
    known = _found_good.get(id(data_loader)) if is_loader else None
    if known and known[0]() is data_loader and device in known[1]:
        return
    found = None if device is None else find_device(device)
    other = (torch.Tensor, np.ndarray, str, bytes, dict)
    if isinstance(data_loader, other) or not hasattr(data_loader, "__iter__"):
        raise DataError(
            "Expected a loader, something that gives one batch after another, "
            f"but found a {type(data_loader).__name__}. "
            "DataLoader(TensorDataset(x, y), batch_size=16) makes one."
        )
    if n_batches(data_loader) == 0:
        raise DataError(NO_BATCH)
    if is_loader:
        _note(data_loader, {device, found})


def _note(data_loader: DataLoader, devices: set) -> None:
    """Note for which devices a loader was found good."""
    key = id(data_loader)
    known = _found_good.get(key)
    if known and known[0]() is data_loader:
        known[1].update(devices)
        return
    reference = weakref.ref(data_loader, lambda _: _found_good.pop(key, None))
    _found_good[key] = reference, devices


def rows_of_last_batch(train_loader) -> int | None:
    """Return how many rows the last batch of an epoch has, if it is known."""
    sampler = getattr(train_loader, "batch_sampler", train_loader)
    if isinstance(sampler, Shares):
        return None if sampler.drop_last else sampler.rows_of_last_batch()
    batch_size = getattr(sampler, "batch_size", None)
    if not isinstance(batch_size, int) or getattr(sampler, "drop_last", False):
        return None
    try:
        rows = getattr(sampler, "sampler", None) or train_loader.dataset
        return len(rows) % batch_size or batch_size
    except (AttributeError, TypeError):
        return None


def n_batches(data_loader) -> int | None:
    """Return how many batches an epoch has; None where nobody knows."""
    try:
        return len(data_loader)
    except TypeError:  # no loader, or an iterable dataset without a length
        return None


# ----------------------------------------------------------------- settings


def is_whole_number(value: Any, least: int) -> bool:
    """Tell whether a value is a whole number, NumPy's included."""
    is_whole = isinstance(value, numbers.Integral)
    return is_whole and not isinstance(value, bool) and int(value) >= least


def check_settings(values: dict[str, Any]) -> None:
    """Check those settings of a ``train`` that it has.

    Args:
        values: the arguments of a call, by name. A name that is not in
            LEAST, or in LEAST and not in the call, is left alone.

    Raises:
        DataError: a value that makes no sense.
    """
    for name, least in LEAST.items():
        if name in values and not is_whole_number(values[name], least):
            raise DataError(
                f"{name} should be a whole number of at least {least}, but is "
                f"{values[name]!r}."
            )
    resume_from = values.get("resume_from")
    if resume_from is not None and not hasattr(resume_from, "val_losses"):
        raise DataError(
            "resume_from should be what load_checkpoint returned, but is a "
            f"{type(resume_from).__name__}: "
            "resume_from=load_checkpoint(path, configuration)."
        )


# The least value of each setting that counts something.
LEAST = {"n_epochs": 1, "checkpoint_every": 1, "seed": 0}


# ------------------------------------------------------------------- losses


def check_finite(loss: float, epoch: int, lr: float | None = None) -> float:
    """Return the loss if it is a finite number.

    Args:
        loss: the loss of an epoch.
        epoch: that epoch, counted from 0, for the message.
        lr: the learning rate, for the message.

    Raises:
        DivergenceError: the loss is nan or inf.
    """
    if math.isfinite(loss):
        return loss
    raise DivergenceError(
        f"The loss became {loss} in epoch {epoch}. {rate(lr)}"
    )


def rate(lr: float | None) -> str:
    """Say that a learning rate is too large, and name a smaller one."""
    used = "the learning rate" if lr is None else f"the learning rate {lr:g}"
    smaller = "a tenth of it" if lr is None else f"{lr / 10:g}"
    return (
        f"Most likely {used} is too large, so that each step overshoots: try "
        f"{smaller}."
    )
