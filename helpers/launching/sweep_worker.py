"""A process that trains runs of a sweep, one after another, and then ends.

It reads orders from its input, a line of JSON for each, and writes an answer
to each. When its input ends, the process that started it is gone or wants it
to end: it ends at once, in the middle of a run if need be. A run that is
begun again goes on from its last checkpoint, so nothing is lost.
"""

import json
import os
import queue
import signal
import sys
import threading
import warnings
from typing import Any

import torch

from helpers.devices import find_device
from helpers.errors import CourseError, DivergenceError, one_line
from helpers.launching.interruptions import Interruptions
from helpers.launching.options import TASKS
from helpers.launching.run_files import only_one
from helpers.launching.sweep_config import make_options
from helpers.launching.sweep_results import result_of
from helpers.launching.tasks import prepare
from helpers.launching.training import train_run, where_it_stands
from helpers.runs import run_folder


def main() -> None:
    """Answer orders until there are no more."""
    # Ctrl-C reaches every process of a terminal; the first one decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    warnings.simplefilter("ignore")
    orders: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    while True:
        order = json.loads(orders.get())
        print(json.dumps(_answer(order)), file=answers, flush=True)


def _listen(orders: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        orders.put(line)
    os._exit(0)  # whatever the main thread is doing


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    """Train a run; return its result, or what went wrong.

    Returns:
        ``{"result": ...}``; with an error in it if the loss diverged, which
        it would do again. ``{"error": ...}`` for any other reason.
    """
    try:
        return {"result": train(**order)}
    except DivergenceError as error:
        return {"result": {"error": one_line_of(error)}}
    except (MemoryError, torch.OutOfMemoryError):
        return {"error": "The memory is full: run fewer processes."}
    except CourseError as error:
        return {"error": one_line_of(error)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {one_line_of(error)}"}


def one_line_of(error: BaseException) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split()) or one_line(error)


def train(name: str, task: str, values: dict[str, Any]) -> dict[str, Any]:
    """Begin a run, or go on with it; return its result.

    Args:
        name: of the run.
        task: what to train on.
        values: options by name.

    Raises:
        CourseError: see `helpers.launching.training.train_run`.
    """
    options = make_options(TASKS[task], values)
    torch.set_num_threads(options.settings.n_threads)
    device = find_device(options.settings.device)
    folder = run_folder(name)
    n_epochs = options.hyperparameters.n_epochs
    if where_it_stands(options, folder, name) < n_epochs:
        prepared = prepare(options)
        with only_one(folder, name):
            # the sweep ends its workers, no signal asks them to
            train_run(options, prepared, device, folder, name, Interruptions())
    return result_of(folder)
