"""What has to stand beside a measured time: the date, versions, the machine."""

import datetime
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import torch


def describe_machine(*packages: str) -> dict[str, Any]:
    """Return what a table of times has to say of where they come from.

    Nothing in it names this machine or its user.

    Args:
        packages: names of installed packages beside torch, whose versions
            belong in the table.

    Returns:
        date (ISO), python, versions (by package), cpu, cores, threads, and
        device: the name of an accelerator, or None.
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": platform.system(),
        "versions": {
            name: metadata.version(name).partition("+")[0]
            for name in ("torch", *packages)
        },
        "cpu": cpu_name(),
        "cores": n_cores(),
        "threads": torch.get_num_threads(),
        "device": _accelerator(),
    }


def say_machine(machine: dict[str, Any]) -> str:
    """Put a description of a machine into one line."""
    versions = [f"{name} {v}" for name, v in machine["versions"].items()]
    threads = "one thread" if machine["threads"] == 1 else "several threads"
    device = [machine["device"]] if machine["device"] else []
    return ", ".join(
        [
            machine["date"],
            *versions,
            f"Python {machine['python']}",
            machine["system"],
            f"{machine['cpu']} with {machine['cores']} cores",
            *device,
            threads,
        ]
    )


def cpu_name() -> str:
    """Return the name of the processor, as far as the system tells it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return " ".join(value.split())
    return platform.processor() or platform.machine()


def n_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _accelerator() -> str | None:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    here = torch.accelerator.current_accelerator(check_available=True)
    return here.type if here else None
