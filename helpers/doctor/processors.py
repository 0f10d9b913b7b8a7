"""Whether torch runs, on how many threads, and on which device."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from helpers.doctor.findings import (
    SET_UP_AGAIN,
    Finding,
    NoAnswerError,
    ask_new_process,
)

TORCH = """
import json, torch
device = torch.accelerator.current_accelerator(check_available=True)
print(json.dumps({
    "version": torch.__version__,
    "threads": torch.get_num_threads(),
    "device": device.type if device else "cpu",
    "has_cuda": torch.version.cuda is not None,
}))
"""
# What the stored outputs were made on.
USUAL_PROCESSORS = ("x86_64", "amd64")
LAST_DIGITS = "The last digits of some outputs may differ from the stored ones."
# Where a driver of NVIDIA shows itself.
DRIVERS = ("/proc/driver/nvidia", "/usr/lib/wsl/lib/nvidia-smi")


def has_nvidia_gpu() -> bool:
    """Tell whether this machine has a driver of NVIDIA."""
    has_program = shutil.which("nvidia-smi") is not None
    return has_program or any(Path(place).exists() for place in DRIVERS)


def look_at_torch() -> list[Finding]:
    """Import torch in a new process; look at its threads and its device."""
    try:
        torch = ask_new_process(TORCH)
    except NoAnswerError as reason:
        return [Finding("torch", f"does not run: {reason}", _cure(str(reason)))]
    return [
        Finding("torch", torch["version"]),
        _threads(torch["threads"]),
        _device(torch["device"], torch["has_cuda"]),
    ]


def _cure(reason: str) -> str:
    """Return what helps where torch cannot be imported."""
    if sys.platform == "win32" and "DLL" in reason:
        return (
            "Install the Microsoft Visual C++ Redistributable (x64), then "
            "restart the terminal."
        )
    if "signal" in reason:
        return (
            "This build of torch does not fit the processor, or the memory is "
            f"too small. {SET_UP_AGAIN}"
        )
    return SET_UP_AGAIN


def _threads(n_threads: int) -> Finding:
    """Compare torch's threads with the cores that this process may use."""
    n_cores = _count_cores()
    if n_threads > n_cores:
        return Finding(
            "threads",
            f"torch would use {n_threads}, and there are {n_cores} cores",
            f"Set OMP_NUM_THREADS={n_cores} before you start commands in a "
            "terminal: threads without a core wait for each other. Pages use "
            "one thread.",
            must=False,
        )
    return Finding("threads", f"{n_threads}; pages use one")


def _count_cores() -> int:
    """Count the cores of this process, with the limit of a container."""
    try:
        n_cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        n_cores = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        n_cores = min(n_cores, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no container, or no limit ("max")
        pass
    return n_cores


def _device(device: str, torch_has_cuda: bool) -> Finding:
    """Say what the pages will run on."""
    processor = platform.machine()
    if device == "cpu" and has_nvidia_gpu():
        cause = "is too old" if torch_has_cuda else "is not used"
        advice = (
            "Update the driver, or name an index for its CUDA (docs/setup.md)."
            if torch_has_cuda
            else "To use it: `make lab TORCH=cuda`. No page needs it."
        )
        found = f"cpu; the NVIDIA driver of this machine {cause}"
        return Finding("device", found, advice, must=False)
    if device != "cpu":
        return Finding("device", device, LAST_DIGITS, must=False)
    if processor.lower() not in USUAL_PROCESSORS:
        found = f"cpu ({processor})"
        return Finding("device", found, LAST_DIGITS, must=False)
    return Finding("device", "cpu; no page needs more")
