"""What every page does first, and the self-check of the start page."""

import importlib.metadata
import re
import sys
from pathlib import Path
from types import TracebackType

import torch
from IPython import get_ipython

from helpers.page import autograd_graphs
from helpers.page.figure_style import use_style
from helpers.paths import ROOT, RUNS
from helpers.runs import tensorboard_server

HELPERS = ROOT / "helpers"


def set_up() -> None:
    """Prepare a page: figures, one thread, TensorBoard's program, short errors.

    One thread is enough for models of a few parameters, and far more even
    than two on a busy machine: two threads wait for each other at every step.
    """
    use_style()
    torch.set_num_threads(1)
    tensorboard_server.use_this_environment()
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((Exception,), _show_error)


def _show_error(shell, kind, error, trace, tb_offset=None) -> None:
    """Show an error with the frames of the page and of `helpers` only.

    What happens inside torch, between your line and the message, rarely helps
    and fills the page. ``traceback.print_exception(sys.last_value)`` shows all.
    """
    shell.showtraceback((kind, error, _without_libraries(trace)), tb_offset=1)


def _without_libraries(trace: TracebackType) -> TracebackType | None:
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    short = None
    for number, frame in reversed(list(enumerate(frames))):
        file = frame.tb_frame.f_code.co_filename
        is_ours = "ipykernel" in file or Path(file).is_relative_to(HELPERS)
        if number == 0 or is_ours:  # IPython itself leaves the first one out
            short = TracebackType(
                short, frame.tb_frame, frame.tb_lasti, frame.tb_lineno
            )
    return short


def check_environment() -> None:
    """Print whether everything the course needs is here.

    A missing or different package is named, with what to do about it.
    """
    problems = [*_wrong_python(), *_wrong_packages(), *_no_runs_folder()]
    if autograd_graphs.find_program() is None:
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
