"""What the processes of one run agree on, and which of them speaks.

Started by ``torchrun``, a command runs in several processes at once, perhaps
on several hosts. The first process looks at the folder of the run and tells
the others what it found there, so that hosts need no disk in common. It alone
prints. When a process fails, it says why, and then the whole run ends: what
the others notice of that is no news.
"""

import contextlib
import ctypes
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch.distributed as dist

from helpers.launching.interruptions import Stopped
from helpers.launching.options import OptionError, Options, option
from helpers.launching.run_files import (
    RunError,
    described_options,
    epochs_done,
)
from helpers.paths import display_path
from helpers.processes import is_first, rank, share_bytes, world_size
from helpers.processes.ending import LOST, ProcessError

HEAD_START = 0.5  # seconds, for those whose failure is not that of another
PR_SET_PDEATHSIG = 1  # of Linux


def is_alone() -> bool:
    """Tell whether there is no other process in this run."""
    return world_size() == 1


def is_on_many_hosts() -> bool:
    """Tell whether the processes of this run are on more than one host."""
    return os.environ.get("GROUP_WORLD_SIZE", "1") != "1"


def is_on_first_host() -> bool:
    """Tell whether the first process is on this host as well."""
    return is_alone() or os.environ.get("GROUP_RANK", "0") == "0"


def comes_from_another(error: BaseException) -> bool:
    """Tell whether an error began in another process."""
    return is_lost(error) or hasattr(error, "of_rank")


def is_lost(error: BaseException) -> bool:
    """Tell whether an error only says that another process is gone.

    It was killed or told to stop, or it did not say why it ended.
    """
    if is_alone():
        return False
    if isinstance(error, ProcessError):
        was_stopped = Stopped.__name__ in str(error)
        return was_stopped or not hasattr(error, "of_rank")
    return isinstance(error, dist.DistError) or (
        isinstance(error, RuntimeError) and bool(LOST.search(str(error)))
    )


# ----------------------------------------------------------------- agreeing


def from_first(find: Callable[[], Any]) -> Any:
    """Let the first process find something, and tell the others.

    Args:
        find: returns what JSON can hold. It is called in the first process
            alone; if it fails, the whole run ends.
    """
    if is_alone():
        return find()
    if is_first():
        found = find()
        share_bytes(json.dumps(found).encode())
        return found
    return json.loads(share_bytes(None))


def check_same_options(options: Options) -> None:
    """Check that this process was given the options of the first.

    A table may lie in different places on different hosts, with the same
    content.

    Raises:
        OptionError: an option differs, or the table does.
    """
    if is_alone():
        return
    described = described_options(options)
    theirs = from_first(lambda: described)
    start = "Start every host with the same command."
    if theirs["task"] != described["task"]:
        raise OptionError(
            f"Process {rank()} should train on {described['task']}, and the "
            f"first process on {theirs['task']}. {start}"
        )
    for group in ("source", "hyperparameters", "settings"):
        for name, value in described[group].items():
            other = theirs[group][name]
            if other == value or name == "data":
                continue
            if name == "sha256":
                raise OptionError(
                    f"--data {described['source']['data']} of process {rank()} "
                    "is not the file that the first process has. Copy that "
                    "file to every host."
                )
            raise OptionError(
                f"{option(name)} is {value} in process {rank()}, and {other} "
                f"in the first process. {start}"
            )


def check_first_has_most(done: int, folder: Path, run_name: str) -> None:
    """Check that no other host has more of a run than the first process.

    Args:
        done: epochs that the first process has.
        folder: of the run on this host.
        run_name: its name.

    Raises:
        RunError: this host has more of it.
    """
    if is_on_first_host() or os.environ.get("LOCAL_RANK") != "0":
        return
    mine = epochs_done(folder)
    if mine > done:
        raise RunError(
            f"The host of process {rank()} has {mine} epochs of the run "
            f"{run_name!r}, and the host of the first process, from which all "
            f"go on, has {done}. Copy {display_path(folder)} to that host, or "
            "remove it here."
        )


# ----------------------------------------------------------------- speaking


@contextlib.contextmanager
def only_first_prints() -> Iterator[None]:
    """Let nothing appear that another process than the first prints."""
    if is_first():
        yield
        return
    if not is_on_first_host() and os.environ.get("LOCAL_RANK") == "0":
        print(
            f"Process {rank()} of {world_size()}: the first one, on another "
            "host, prints and saves.",
            flush=True,
        )
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def say_why(said: str, *, follows: bool = False) -> None:
    """Print why a run ends, once for all of its processes on this host.

    Args:
        said: the sentence.
        follows: whether this process ends because of another one, or of a
            signal: the others then have a head start.
    """
    if is_alone():
        print(said, file=sys.stderr, flush=True)
        return
    if follows and not is_first():
        time.sleep(HEAD_START)
    is_news = _take_the_floor()
    if is_news:
        print(said, file=sys.stderr, flush=True)
        _tell_the_engine(said, int(time.time()))
    else:
        _tell_the_engine("It ended with another process.", int(time.time()) + 1)


def _folder() -> Path | None:
    """Return a folder of this attempt of this run, on this host."""
    file = os.environ.get("TORCHELASTIC_ERROR_FILE")
    return Path(file).parents[1] if file else None


def _take_the_floor() -> bool:
    """Tell whether no other process on this host has said why it ends."""
    folder = _folder()
    if folder is None:
        return True
    try:
        (folder / "said").touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def _tell_the_engine(said: str, timestamp: int) -> None:
    """Leave a sentence where torchrun looks for one, for its own summary.

    It takes the earliest one, in whole seconds, for the cause of all.
    """
    file = os.environ.get("TORCHELASTIC_ERROR_FILE")
    if file:
        # where a traceback would be is what the summary shows
        details = {"py_callstack": said, "timestamp": str(timestamp)}
        note = {"message": {"message": said, "extraInfo": details}}
        with contextlib.suppress(OSError):
            Path(file).write_text(json.dumps(note))


# ------------------------------------------------------------------- ending


def end_with_torchrun() -> None:
    """Let this process be told to end when torchrun is killed.

    Otherwise it would train on, with nobody to stop it, and keep the run to
    itself. Only Linux has a way to say so.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ or sys.platform != "linux":
        return
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:  # it was killed just before
        os.kill(os.getpid(), signal.SIGTERM)
