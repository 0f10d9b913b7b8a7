"""Look at what goes into the pipeline, and say what is wrong with it."""

import math
from collections.abc import Sized

import numpy as np
import torch
from torch.utils.data import DataLoader

from helpers.devices import find_device
from helpers.errors import DataError, DivergenceError

NO_BATCH = (
    "The loader gives no batch at all. Either its data set is empty, or "
    "drop_last=True drops the only batch, which is not full."
)


def check_features_and_labels(x, y) -> None:
    """Check that features and labels belong together, before they are used.

    Args:
        x: features [N, n_features], an array or tensor of numbers.
        y: labels [N, 1].

    Raises:
        DataError: not arrays, not two-dimensional, empty, of different
            lengths, or with values that are no finite numbers.
    """
    for name, values in (("features x", x), ("labels y", y)):
        if not isinstance(values, (np.ndarray, torch.Tensor)):
            raise DataError(
                f"The {name} should be an array or a tensor, and are a "
                f"{type(values).__name__}. prepare_data takes the raw points, "
                "prepare_data(x, y), not tensors in a tuple and not a loader."
            )
        if values.ndim != 2:
            rows = -1 if values.ndim < 2 else f"len({name[-1]})"
            columns = 1 if values.ndim < 2 else -1
            raise DataError(
                f"The {name} have shape {list(values.shape)}, and need two "
                "axes: one row a point, one column a number. A loss would "
                "pair every label of shape [N] with every prediction of "
                f"shape [N, 1]. Often .reshape({rows}, {columns}) mends it."
            )
    if len(x) != len(y):
        raise DataError(
            f"There are {len(x)} features and {len(y)} labels, and each point "
            "needs one of both. Was one of them cut or filtered alone?"
        )
    if len(x) == 0:
        raise DataError("There are no points: x and y have no rows.")
    for name, values in (("features x", x), ("labels y", y)):
        if not torch.isfinite(_as_tensor(values, name)).all():
            raise DataError(
                f"The {name} hold nan or inf. One such value makes every "
                "weight nan in the first step. Remove or repair those rows."
            )


def _as_tensor(values, name: str) -> torch.Tensor:
    try:
        return torch.as_tensor(values)
    except (TypeError, ValueError):
        if values.dtype.kind in "biuf" and any(s < 0 for s in values.strides):
            raise DataError(
                f"The {name} are an array read backwards, such as x[::-1], "
                "which torch cannot share. Give a copy: x[::-1].copy()."
            ) from None
        raise DataError(
            f"The {name} hold {values.dtype} values, and should be numbers."
        ) from None


def check_loader(data_loader, device=None) -> None:
    """Check that a loader is one, gives batches, and pairs them rightly.

    Only the first item of its data set is looked at, and no random number is
    drawn, so that looking changes nothing.

    Args:
        data_loader: batches of features [n, ...] and labels [n, 1].
        device: where the batches are to go, checked as well if given.

    Raises:
        DataError: no loader, an empty one, or labels of shape [N].
        DeviceError: this machine has no such device.
    """
    if device is not None:
        find_device(device)
    no_loader = (torch.Tensor, np.ndarray, str, bytes, dict)
    if isinstance(data_loader, no_loader) or not hasattr(
        data_loader, "__iter__"
    ):
        raise DataError(
            "Expected a loader, something that gives one batch after another, "
            f"and found a {type(data_loader).__name__}. "
            "DataLoader(TensorDataset(x, y), batch_size=16) makes one."
        )
    if n_batches(data_loader) == 0:
        raise DataError(NO_BATCH)
    if isinstance(data_loader, DataLoader):
        _check_first_item(data_loader.dataset)


def n_batches(data_loader) -> int | None:
    """Return how many batches an epoch has; None where nobody knows."""
    try:
        return len(data_loader)
    except TypeError:  # no loader, or an iterable data set without a length
        return None


def _check_first_item(dataset) -> None:
    if not hasattr(dataset, "__getitem__") or not isinstance(dataset, Sized):
        return
    item = dataset[0]
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        return
    features, label = item
    if (
        isinstance(features, torch.Tensor)
        and isinstance(label, torch.Tensor)
        and label.is_floating_point()
        and features.ndim == 1
        and label.ndim == 0
    ):
        raise DataError(
            "The labels have shape [N], and the model predicts [N, 1]. The "
            "loss would pair every label with every prediction and train to a "
            "wrong line. Give the labels a column: y.reshape(-1, 1)."
        )


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
    used = "the learning rate" if lr is None else f"the learning rate {lr:g}"
    smaller = "a tenth of it" if lr is None else f"{lr / 10:g}"
    raise DivergenceError(
        f"The loss became {loss} in epoch {epoch}. Most likely {used} is too "
        f"large, so that each step overshoots: try {smaller}."
    )
