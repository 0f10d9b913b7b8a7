"""Packages in an environment of their own, beside that of the course.

Such an environment lies in the user's cache folder, takes from this Python
whatever its own pins leave out, and sees the course. Nothing that is installed
there can disturb a page.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from helpers.errors import CourseError
from helpers.paths import ROOT

TIME_LIMIT = 1800  # seconds for one command


def environment_folder(name: str, pins: Path) -> Path:
    """Return where an environment lies; other pins have another folder.

    Args:
        name: how its folder begins.
        pins: a file of requirements, with exact versions.
    """
    said = f"{sys.prefix} {sys.version} {pins.read_text('utf-8')}"
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "rethinking-the-training-loop" / f"{name}-{digest}"


def find_environment(name: str, pins: Path) -> Path | None:
    """Return the Python of an environment; None where it was never made."""
    folder = environment_folder(name, pins)
    if not (folder / ".ready").exists():
        return None
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def make_environment(
    name: str,
    pins: Path,
    what: str,
    say: Callable[[str], object] = print,
) -> Path:
    """Make an environment, unless it is there; return its Python.

    Args:
        name: how its folder begins.
        pins: a file of requirements, with exact versions; nothing that they
            depend on is installed unless it is in the file too.
        what: the packages in a word or two, for sentences: "libraries".
        say: called with a sentence before the packages are installed.

    Raises:
        CourseError: the packages could not be installed.
    """
    python = find_environment(name, pins)
    if python is not None:
        return python
    folder = environment_folder(name, pins)
    say(f"Installing the {what} in an environment of their own ...")
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    # its own packages come first, then those of the course
    of_course = sysconfig.get_path("purelib")
    (packages / "course.pth").write_text(f"{of_course}\n{ROOT}\n", "utf-8")
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    call([str(python), "-m", "pip", "install", "--quiet", "--no-deps",
          "--disable-pip-version-check", "--requirement", str(pins)],
         f"The {what} could not be installed")  # fmt: skip
    (folder / ".ready").touch()
    return python


def call(command: Sequence[str], failed: str, **options) -> str:
    """Run a command to its end; return what it printed.

    Args:
        command: the program and its arguments.
        failed: how the error begins.
        options: for `subprocess.run`, such as `cwd` or `env`.

    Raises:
        CourseError: the command ended with another status than 0; the sentence
            ends with the last line that it wrote to stderr.
    """
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIME_LIMIT, **options
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["without a message"]
        raise CourseError(f"{failed}: {lines[-1]}")
    return done.stdout
