"""Mini-batch inner loop, version 0: the plain mean of the batch losses."""

from helpers.errors import DataError
from helpers.pipeline.input_checks import NO_BATCH, check_loader


def mini_batch(device, data_loader, step_fn) -> float:
    """Run a step function on every batch of a loader (chapter 04).

    Args:
        device: where each batch goes; the dataset itself stays on the CPU.
        data_loader: gives features [n, n_features] and labels [n, 1].
        step_fn: takes one batch, returns its loss.

    Returns:
        The mean of the batch losses: the loss of the epoch if all batches
        have one size.

    Raises:
        DataError, DeviceError: an empty loader, an unknown device.
    """
    check_loader(data_loader, device)
    total, count = 0.0, 0
    for x_batch, y_batch in data_loader:
        x_batch = x_batch.to(device)  # [n, n_features]
        y_batch = y_batch.to(device)  # [n, 1]
        loss = step_fn(x_batch, y_batch)
        total += loss
        count += 1
    if count == 0:
        raise DataError(NO_BATCH)
    return total / count
