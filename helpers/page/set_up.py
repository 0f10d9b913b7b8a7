"""What every page does first, and the self-check of the start page."""

import importlib.metadata
import re
import sys

import torch
from IPython import get_ipython

from helpers.errors import in_short
from helpers.page import autograd_graphs
from helpers.page.figure_style import use_style
from helpers.paths import (
    ROOT,
    RUNS,
    missing_course,
    use_short_temporary_folder,
)
from helpers.runs import tensorboard_server


def set_up() -> None:
    """Prepare a page: figures, one thread, TensorBoard's program, short errors.

    One thread is enough for models of a few parameters, and far more even
    than two on a busy machine: two threads wait for each other at every step.
    """
    use_style()
    torch.set_num_threads(1)
    use_short_temporary_folder()
    tensorboard_server.use_this_environment()
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((Exception,), _show_error)


def _show_error(shell, kind, error, trace, tb_offset=None) -> None:
    """Show any error of a page as `helpers.errors.in_short` tells it.

    ``traceback.print_exception(sys.last_value)`` shows all of it.
    """
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    shell._showtraceback(kind, error, in_short(error))


def check_environment() -> None:
    """Print whether everything the course needs is here.

    A missing or different package is named, with what to do about it.
    """
    if no_course := missing_course():
        print("problem:", no_course)
        return
    problems = [*_wrong_python(), *_wrong_packages(), *_no_runs_folder()]
    if autograd_graphs.find_program() is None:
        problems.append("nothing draws graphs: graphviz-pure is missing")
    for problem in problems:
        print("problem:", problem)
    if problems:
        print("Run `make lab` again, or `pip install -r requirements.txt`.")
    else:
        print("Everything is in place: Python, the packages, the folder runs/.")


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
