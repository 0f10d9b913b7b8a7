"""An error in one process ends all, with the sentence of that process."""

# pyright: reportPrivateImportUsage=false

import contextlib
import functools
import json
import re
import time
from collections.abc import Callable

import torch.distributed as dist

from helpers import errors
from helpers.errors import CourseError
from helpers.processes import group
from helpers.processes.group import rank, world_size

WAIT = 2.0  # seconds for the word of a process that has failed
BREATH = 0.2  # seconds for the threads of torch to come to rest
# What torch says where another process has closed its connection.
LOST = re.compile(
    r"closed by peer|reset by peer|broken pipe|connection (was )?(lost|refused)"
    r"|gloo|nccl|process group|socket",
    re.IGNORECASE,
)


class ProcessError(CourseError):
    """Another process of the run has failed, and ended this one too."""


def ends_together(function: Callable) -> Callable:
    """Let an error in one process end the function in all of them.

    The process that fails leaves its sentence for the others and closes its
    connections, so that nobody waits for it. The others raise the same
    error: whoever puts back what went wrong does so in every process.

    Args:
        function: called in all processes of a run at the same time.

    Raises (when it is called):
        CourseError: what another process has raised, if it was one.
        ProcessError: another process has failed otherwise.
    """

    @functools.wraps(function)
    def function_of_all(*args, **kwargs):
        if world_size() == 1 or not dist.is_initialized():
            return function(*args, **kwargs)
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if not _is_lost(error):
                _leave_word(error)
                _close()
                raise
            word = _word()
            _close()
            raise _error_of(word) from None

    return function_of_all


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, dist.DistError):
        return True
    return isinstance(error, RuntimeError) and bool(LOST.search(str(error)))


def _leave_word(error: BaseException) -> None:
    store = group.store()
    if store is None:
        return
    word = {
        "rank": rank(),
        "kind": type(error).__name__,
        "said": str(error),
        "is_ours": isinstance(error, CourseError),
    }
    with contextlib.suppress(Exception):
        # the first of several that fail at once is the one
        if store.add("failed/n", 1) == 1:
            store.set("failed/word", json.dumps(word))


def _word() -> dict | None:
    """Return what a failed process has left; None if it died silently."""
    store, until = group.store(), time.monotonic() + WAIT
    if store is None:
        return None
    try:
        while time.monotonic() < until:
            if store.check(["failed/word"]):
                return json.loads(store.get("failed/word"))
            time.sleep(0.02)
    except Exception:  # the store was in the process that has ended
        return None
    return None


def _error_of(word: dict | None) -> CourseError:
    if word is None:
        return ProcessError(
            f"Process {rank()} has lost another process of this run, which "
            "ended without a word: it was killed, or its host is gone. Start "
            "the run again, and it goes on from its last checkpoint."
        )
    kind = getattr(errors, word["kind"], None)
    if isinstance(kind, type) and issubclass(kind, CourseError):
        error = kind(word["said"])
    elif word["is_ours"]:
        error = ProcessError(word["said"])
    else:
        error = ProcessError(
            f"Process {word['rank']} has failed, and with it the whole run: "
            f"{word['kind']}: {' '.join(word['said'].split())[:300]}"
        )
    error.of_rank = word["rank"]  # type: ignore[attr-defined]
    return error


def _close() -> None:
    """Let go of the connections, so that whoever waits for this process knows.

    They close as soon as nothing uses the group any longer. torch then joins
    its threads with Python's lock held, so those that are still tidying up and
    need that lock get a moment first.
    """
    time.sleep(BREATH)
    with contextlib.suppress(Exception):
        dist.destroy_process_group()
