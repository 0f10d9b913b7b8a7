"""Install the packages of the course into the environment of this Python.

python -m helpers install

On Linux the usual build of torch brings gigabytes of CUDA. Where there is no
GPU for it, and nobody has said otherwise, torch's CPU build is taken.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from helpers.doctor.processors import has_nvidia_gpu
from helpers.paths import ROOT, missing_course

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 5  # seconds, until an index that does not answer is given up
# Settings of pip and uv with which somebody has decided where packages come
# from.
OF_PIP = ("index-url", "extra-index-url", "find-links", "no-index")
OF_UV = (
    *("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    *("UV_FIND_LINKS", "UV_NO_INDEX", "UV_TORCH_BACKEND", "UV_CONFIG_FILE"),
)
# What Colab's own kernel is made of, and what only the tests need.
NOT_ON_COLAB = (
    *("jupyterlab", "ipykernel", "ipython", "ipywidgets", "setuptools"),
    "psutil",
    *("pytest", "nbval", "pytest-xdist", "pytest-timeout", "pytest-cov"),
    *("ruff", "pyright", "codespell"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the packages; return the exit status of the installer."""
    options = _parse(arguments)
    if sentence := missing_course():
        print(sentence, file=sys.stderr)
        return 1
    installer = _installer(options.installer)
    index, reason = choose_index(options.torch, options.cpu_index, installer)
    if reason:
        print(reason, flush=True)
    if index:
        status = _install(
            installer,
            [f"torch=={_pin('torch')}", "--no-deps", "--index-url", index],
        )
        if status and options.torch != "auto":
            return status
        if status:
            print(
                "torch's CPU build could not be installed: torch comes from "
                "the usual index.",
                flush=True,
            )
    if options.colab:
        return _install_on_colab(installer)
    return _install(installer, ["--requirement", "requirements.txt"])


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m helpers install",
        description="Install the packages that requirements.txt names into "
        "the environment of this Python.",
    )
    parser.add_argument(
        "--torch",
        default="auto",
        help="cpu, cuda, the address of an index, or auto (the default): the "
        "CPU build on Linux without an NVIDIA GPU, otherwise the usual one",
    )
    parser.add_argument(
        "--installer",
        choices=["auto", "pip", "uv"],
        default="auto",
        help="auto (the default) takes uv where it is there, unless pip has "
        "an index of its own",
    )
    parser.add_argument(
        "--cpu-index", default=CPU_INDEX, help="where torch's CPU build lies"
    )
    parser.add_argument(
        "--colab",
        action="store_true",
        help="leave out what belongs to Colab's own kernel",
    )
    options = parser.parse_args(arguments)
    asked = options.torch
    if asked not in ("auto", "cpu", "cuda") and "://" not in asked:
        parser.error(
            f"--torch is {asked!r}, and should be cpu, cuda, auto or the "
            "address of an index"
        )
    return options


def choose_index(
    asked: str, cpu_index: str, installer: str
) -> tuple[str | None, str]:
    """Choose where torch comes from.

    Args:
        asked: "auto", "cpu", "cuda" or the address of an index.
        cpu_index: where the CPU build lies.
        installer: "pip" or "uv".

    Returns:
        The address of an index, or None for the usual one; and a sentence
        about it, "" where there is nothing to say.
    """
    if asked == "cuda":
        return None, ""
    if asked not in ("auto", "cpu"):
        return asked, ""
    if not sys.platform.startswith("linux"):
        return None, ""  # elsewhere the usual build has no CUDA
    if asked == "cpu":
        return cpu_index, ""
    if has_nvidia_gpu():
        return None, (
            "There is an NVIDIA GPU: torch comes with CUDA, several gigabytes. "
            "`make lab TORCH=cpu` takes the small build instead."
        )
    if setting := _own_index(installer):
        return None, f"{setting} decides where torch comes from."
    if trouble := _trouble_with(cpu_index):
        return None, (
            f"No NVIDIA GPU here, but the index of torch's CPU builds does not "
            f"answer ({trouble}): torch comes from the usual index."
        )
    return cpu_index, (
        "No NVIDIA GPU here: torch comes without CUDA, which saves gigabytes. "
        "`make lab TORCH=cuda` decides otherwise."
    )


def _installer(asked: str) -> str:
    """Return "uv" or "pip"."""
    if asked != "auto":
        return asked
    # uv does not read the settings of pip
    has_own = _own_index("pip") and not _own_index("uv")
    return "uv" if shutil.which("uv") and not has_own else "pip"


def _own_index(installer: str) -> str:
    """Name the setting of pip or uv that names an index, or return ""."""
    if installer == "uv":
        found = [name for name in OF_UV if os.environ.get(name)]
        return found[0] if found else ""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ).stdout.decode("utf-8", "replace")
    for line in listed.splitlines():
        key = line.partition("=")[0]
        if key.rpartition(".")[2] in OF_PIP:
            return f"pip's setting {key}"
    return ""


def _trouble_with(index: str) -> str:
    """Say what is wrong with an index, or return ""."""
    address = f"{index.rstrip('/')}/torch/"
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE):
            return ""
    except urllib.error.HTTPError as error:
        return f"status {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))


def _pin(name: str) -> str:
    """Return the version that ``requirements.txt`` pins."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(rf"(?m)^{name}==(\S+)", text)[0]


def _install_on_colab(installer: str) -> int:
    """Install the pins that Colab's kernel can take, then the course."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = [
        f"{name}=={pin}"
        for name, pin in re.findall(r"(?m)^([\w-]+)==(\S+)", text)
        if name not in NOT_ON_COLAB
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pins.txt")
        file.write_text("\n".join(pins), encoding="utf-8")
        return _install(installer, ["--requirement", str(file)])


def _install(installer: str, what: list[str]) -> int:
    """Run the installer, whose progress is seen; return its exit status."""
    if installer == "uv":
        command = ["uv", "pip", "install", "--python", sys.executable]
    else:
        command = [sys.executable, "-m", "pip", "install"]
    return subprocess.run([*command, *what], cwd=str(ROOT)).returncode
