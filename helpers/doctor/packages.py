"""Python, the packages, and the kernel that pages start."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from pathlib import Path

from helpers.doctor.findings import (
    SET_UP_AGAIN,
    Finding,
    NoAnswerError,
    ask_new_process,
)
from helpers.paths import ROOT, missing_course

FIRST_PYTHON, LAST_PYTHON = (3, 11), (3, 13)
FEW = 4  # packages that are named; of more, how many there are

KERNEL = """
import json
from jupyter_client.kernelspec import KernelSpecManager
spec = KernelSpecManager().get_kernel_spec("python3")
print(json.dumps({"starts": spec.argv[0], "folder": spec.resource_dir}))
"""


def look_at_python() -> Finding:
    """Look whether this is a Python that the tests run on."""
    here = "{}.{}.{}".format(*sys.version_info[:3])
    if not FIRST_PYTHON <= tuple(sys.version_info[:2]) <= LAST_PYTHON:
        return Finding(
            "Python",
            f"{here}, and the course needs 3.11, 3.12 or 3.13",
            "Name one of these: `make lab PYTHON=python3.12`. uv installs one "
            "without touching others: `uv python install 3.12`.",
        )
    if sys.maxsize < 2**32:
        return Finding(
            "Python",
            f"{here} with 32 bits, for which there is no torch",
            "Install a Python with 64 bits from python.org.",
        )
    return Finding("Python", here)


def look_at_packages() -> Finding:
    """Compare every package with its pin in ``requirements.txt``."""
    if sentence := missing_course():
        return Finding("packages", "there is no list to compare with", sentence)
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", text))
    wrong = []
    for name, pin in pins.items():
        version = _version(name)
        if not version:
            wrong.append(f"{name} is missing")
        elif version != pin:
            wrong.append(f"{name} is {version} instead of {pin}")
    if not wrong:
        return Finding("packages", f"all {len(pins)} as in requirements.txt")
    named = "; ".join(wrong[:FEW])
    if len(wrong) > FEW:
        named += f"; and {len(wrong) - FEW} more"
    return Finding("packages", named, _which_environment() or SET_UP_AGAIN)


def _version(name: str) -> str:
    """Return the version of a package that is installed, or ""."""
    try:
        # "+cpu" and "+cu130" name builds of one and the same version
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return ""


def _which_environment() -> str:
    """Say how to start the environment in .venv, if another one runs."""
    folder = ROOT / ".venv"
    if not folder.is_dir() or Path(sys.prefix) == folder:
        return ""
    program = "Scripts\\python" if os.name == "nt" else "bin/python"
    return (
        f"This is the Python in {sys.prefix}. The folder .venv has another: "
        f"try `{Path('.venv', program)} -m helpers doctor`."
    )


def look_at_kernel() -> Finding:
    """Look which Python a page of the course would run in."""
    try:
        spec = ask_new_process(KERNEL)
    except NoAnswerError as reason:
        return Finding("kernel", f"none: {reason}", SET_UP_AGAIN)
    started = spec["starts"]
    # such a name stands for the Python that runs JupyterLab
    is_any_python = re.fullmatch(r"python\d?(\.\d+)?", started)
    if is_any_python or _same_file(started, sys.executable):
        return Finding("kernel", "pages run in this Python")
    return Finding(
        "kernel",
        f"pages would run in {started}",
        f"Delete the folder {spec['folder']}, which names that Python, and "
        "restart JupyterLab.",
    )


def _same_file(one: str, other: str) -> bool:
    """Compare two paths as they are: links to one Python are environments."""
    return os.path.normcase(os.path.abspath(one)) == os.path.normcase(
        os.path.abspath(other)
    )
