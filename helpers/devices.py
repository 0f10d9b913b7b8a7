"""Find the device to compute on, once, for every page and version."""

import torch

from helpers.errors import DeviceError


def find_device(name: str | torch.device | None = None) -> torch.device:
    """Return the device to train on: an accelerator, or else the CPU.

    Args:
        name: a device asked for by name ("cpu", "cuda", "mps", "cuda:1"), or
            None to take the best this machine has.

    Raises:
        DeviceError: the name is unknown to torch, or not on this machine.

    Source: https://docs.pytorch.org/docs/stable/accelerator.html
    """
    here = torch.accelerator.current_accelerator(check_available=True)
    if name is None:
        return here or torch.device("cpu")
    found = "cpu" if here is None else f"cpu and {here.type}"
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        raise DeviceError(
            f"There is no device called {name!r}: this machine has {found}. "
            "Leave the name out, and the best one is found for you."
        ) from None
    if device.type == "cpu":
        return device
    if here is None or device.type != here.type:
        raise DeviceError(
            f"The device {str(device)!r} is not on this machine, which has "
            f"{found}. Leave the name out, and the best one is found for you."
        )
    n_devices = torch.accelerator.device_count()
    if device.index is not None and device.index >= n_devices:
        raise DeviceError(
            f"The device {str(device)!r} is not on this machine, which has "
            f"{n_devices} of type {here.type}, counted from 0."
        )
    return device
