"""What every page does first, and the self-check of the start page."""

import importlib.metadata
import re
import sys

import torch

from helpers import graphs, plots, tensorboard_server
from helpers.paths import ROOT, RUNS


def set_up() -> None:
    """Prepare a page: figure style, one thread, this environment's programs.

    One thread is enough for models of a few parameters, and far more even
    than two on a busy machine: two threads wait for each other at every step.
    """
    plots.use_style()
    torch.set_num_threads(1)
    tensorboard_server.use_this_environment()


def check_environment() -> None:
    """Print whether everything the course needs is here.

    A missing or different package is named, with what to do about it.
    """
    problems = [*_wrong_python(), *_wrong_packages(), *_no_runs_folder()]
    if graphs.find_program() is None:
        problems.append("nothing draws graphs: graphviz-pure is missing")
    for problem in problems:
        print("not right:", problem)
    if problems:
        print("Run `make lab` again, or `pip install -r requirements.txt`.")
    else:
        print("Python, every package and the folder runs/: all as they should")


def _wrong_python() -> list[str]:
    here = sys.version_info[:2]
    if (3, 11) <= here <= (3, 13):
        return []
    return [f"Python {here[0]}.{here[1]} runs, and 3.11 to 3.13 are tested"]


def _wrong_packages() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    problems = []
    for name, wanted in re.findall(r"(?m)^([\w-]+)==(\S+)", lines):
        try:
            # "+cpu" and "+cu130" name builds of one and the same version
            found = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != wanted:
            problems.append(f"{name} is {found}, and should be {wanted}")
    return problems


def _no_runs_folder() -> list[str]:
    try:
        RUNS.mkdir(parents=True, exist_ok=True)
        probe = RUNS / ".can_write"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return [f"the folder runs/ cannot be written: {error.strerror}"]
    return []
