"""Look at a file at every moment of a call, or let one step of it fail.

A kill comes at any moment. So whoever writes a file safely has to be right at
all of them, and a look before and after is not enough. `sys.setprofile` calls
a function of ours at each call and each return of the reader's thread, and of
no other. It does not matter how the answer reached `os.replace`. One function
is wrapped, `os.fsync`, since only its argument says which file was meant.
"""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from helpers.practice.signs import Seen, judge, wrong

SYNCS = [
    getattr(os, name)
    for name in ("fsync", "fdatasync", "sync")
    if hasattr(os, name)
]
ANY_FILE = 0
RENAMES = [os.replace, os.rename]


def is_sync(function) -> bool:
    """Whether a built-in function brings a file to the disk."""
    return any(function is sync for sync in SYNCS)


def is_rename(function) -> bool:
    """Whether a built-in function gives a file another name."""
    return any(function is rename for rename in RENAMES)


def is_open(function) -> bool:
    """Whether a built-in function opens a file."""
    return function is io.open or function is os.open


def is_write(function) -> bool:
    """Whether a built-in function or method writes bytes to a file."""
    is_file = isinstance(
        getattr(function, "__self__", None), (io.BufferedWriter, io.FileIO)
    )
    name = getattr(function, "__name__", "")
    return function is os.write or (is_file and name == "write")


@dataclass(frozen=True)
class Moment:
    """What lay in a folder at one moment.

    Attributes:
        content: of the file that is looked at; None if there was none.
        beside: contents of all other files in the folder and below it.
        synced: the file that a call of `os.fsync` had just brought to the
            disk, by its number in the file system; `ANY_FILE` where that is
            not known, None where there was no such call.
    """

    content: bytes | None
    beside: frozenset[bytes]
    synced: int | None = None


class Moments:
    """Looks at a file while a ``with`` block runs, or lets a step fail.

    Attributes:
        seen: what lay in the folder, a `Moment` whenever something changed.
        fired: whether the step that should fail was reached.
    """

    def __init__(
        self,
        path: Path,
        fails: Callable[[object], bool] = lambda function: False,
        error: BaseException | None = None,
    ):
        """Choose the file, and perhaps what fails.

        Args:
            path: of the file; its folder has to exist.
            fails: takes a built-in function that is about to be called; at
                the first True, ``error`` is raised in place of the call.
            error: what to raise.
        """
        self.path, self.fails = path, fails
        self.error = OSError() if error is None else error
        self.seen: list[Moment] = []
        self.fired = False

    def __enter__(self) -> "Moments":
        self._look()
        self._fsync, os.fsync = os.fsync, self._noted_fsync
        self._before = sys.getprofile()
        sys.setprofile(self._at_event)
        return self

    def __exit__(self, *_) -> None:
        sys.setprofile(self._before)
        os.fsync = self._fsync
        self._look()

    def _noted_fsync(self, fd) -> None:
        """Bring a file to the disk; `_at_event` reads its number from here."""
        number_of_synced_file = _number_of(fd)  # noqa: F841
        self._fsync(fd)

    def _at_event(self, frame, event: str, function) -> None:
        if event == "c_call" and not self.fired and self.fails(function):
            self.fired = True
            raise self.error
        # Only what is written in C changes files, so that a look after each of
        # its calls sees every state; a look at every line would be slow.
        if event in ("c_return", "c_exception"):
            synced = None
            if event == "c_return" and is_sync(function):
                synced = frame.f_locals.get("number_of_synced_file", ANY_FILE)
            self._look(synced)

    def _look(self, synced: int | None = None) -> None:
        beside = (
            _read(Path(folder) / name)
            for folder, _, names in os.walk(self.path.parent)
            for name in names
            if Path(folder) / name != self.path
        )
        contents = frozenset(one for one in beside if one is not None)
        moment = Moment(_read(self.path), contents, synced)
        if synced is not None or not self.seen or moment != self.seen[-1]:
            self.seen.append(moment)


TARGETS = {
    "writes_a_file.path": lambda s: not hasattr(s.target, "write"),
    "writes_a_file.opened": lambda s: isinstance(
        getattr(s.target, "name", None), (str, os.PathLike)
    ),
}


@contextlib.contextmanager
def no_file_written() -> Iterator[None]:
    """Stop a `torch.save` that would write a file, before it does.

    It has no path of its own, and would take one of the page's. What is
    written in another way lands in an empty folder, unless it goes elsewhere
    on purpose.

    Raises:
        Wrong: a file was written, or would have been.
    """

    def at_event(frame, event, _argument) -> None:
        if event == "call" and frame.f_code is save_code:
            judge(TARGETS, Seen(target=frame.f_locals.get("f")))

    save_code = getattr(torch.save, "__code__", None)
    before = sys.getprofile()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        contextlib.chdir(folder),
    ):
        sys.setprofile(at_event)
        try:
            yield
        finally:
            sys.setprofile(before)
        if any(Path(folder).iterdir()):
            wrong("writes_a_file")


def _number_of(file) -> int:
    """Return the number of an open file in its file system."""
    try:
        fd = file if isinstance(file, int) else file.fileno()
        return os.fstat(fd).st_ino
    except (OSError, AttributeError):  # `os.fsync` itself says what is wrong
        return ANY_FILE


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
