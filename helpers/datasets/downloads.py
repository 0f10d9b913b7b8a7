"""Files that are downloaded once, and known to be the right ones.

Each dataset has a folder of its own below data/downloads, which git ignores:
the files of MNIST and of datasets made like it have the same names. A file
comes as ``NAME.part``; only when its length and its SHA-256 sum are right does
it get its name. What was interrupted goes on where it stopped.
"""

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from helpers.datasets.http_ranges import TransferError, rest_of
from helpers.datasets.idx_files import looks_like
from helpers.errors import DataError
from helpers.files import read_whole
from helpers.page.progress_bar import progress_in_bytes
from helpers.paths import display_path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

MAX_REQUESTS = 5  # for one file, as long as each brings something
BY_HAND = "where there is no network, bring the file from {} to {} by hand"


@dataclass(frozen=True)
class RemoteFile:
    """A file elsewhere, and what it must be.

    Attributes:
        address: https; its last part is the name of the file.
        n_bytes: its length.
        sha256: its SHA-256 sum, 64 hexadecimal digits.
        look_alikes: what else comes under this name: sums, and words for each.
    """

    address: str
    n_bytes: int
    sha256: str
    look_alikes: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.address.rpartition("/")[2]


def fetch(file: RemoteFile, folder: Path) -> bytes:
    """Return the content of a file, which is downloaded if it is not here.

    Args:
        file: what it must be.
        folder: where it is kept; made if missing, for this dataset alone.

    Returns:
        all of its bytes, with the right sum.

    Raises:
        DataError: it cannot be downloaded or stored, or what lies there under
            its name is something else. A wrong file is never stored, and what
            lay there before stays.
    """
    path = folder / file.name
    if not os.path.exists(path):
        _download(file, path)
    # read_whole would say that a program was stopped while it wrote the file
    is_empty = os.path.isfile(path) and not _size(path)
    content = b"" if is_empty else read_whole(path, DataError)
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        fault = _fault(file, content[:200], len(content), digest)
        raise DataError(
            f"{display_path(path)} is not the file it should be: {fault}. "
            "Delete it and call again, and it is downloaded."
        )
    return content


def is_here(file: RemoteFile, folder: Path) -> bool:
    """Tell whether a file of the right length lies there, without reading."""
    path = folder / file.name
    return os.path.isfile(path) and _size(path) == file.n_bytes


def _size(path: Path) -> int:
    """Return the length of a file; 0 if there is none."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _fault(file: RemoteFile, start: bytes, n_bytes: int, digest: str) -> str:
    """Say what is in place of a file, from its start, length and sum."""
    what = file.look_alikes.get(digest) or looks_like(start)
    if what:
        return f"it is {what}"
    if n_bytes != file.n_bytes:
        return (
            f"it has {n_bytes:,} bytes instead of {file.n_bytes:,}, so it was "
            "cut, or belongs to another dataset with the same file names"
        )
    return (
        f"its SHA-256 sum begins with {digest[:8]} instead of "
        f"{file.sha256[:8]}, so it was damaged or changed"
    )


def _download(file: RemoteFile, path: Path) -> None:
    """Bring a file under its name, whole and right, or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(path.parent):
            # another program may have brought it just now
            if not os.path.exists(path):
                _complete(file, part)
                os.replace(part, path)
    except TransferError as error:
        kept = _size(part)
        again = (
            f"Call again to go on after {kept:,} of {file.n_bytes:,} bytes"
            if kept
            else "Try again later"
        )
        by_hand = BY_HAND.format(file.address, display_path(path.parent))
        raise DataError(
            f"{display_path(path)} could not be downloaded: {error}. {again}; "
            f"{by_hand}."
        ) from error
    except OSError as error:
        raise DataError(
            f"{display_path(path)} could not be stored: {error.strerror}. "
            "Make room, or allow writing there, and call again: it goes on "
            "where it stopped."
        ) from error


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one program at a time download into a folder.

    The system gives the lock back when a program ends, however it ends.

    Raises:
        DataError: another program has it.
    """
    with open(folder / ".lock", "ab") as file:
        if not _has_locked(file):
            raise DataError(
                "Another program is downloading to "
                f"{display_path(folder)} just now. Wait until it is done, then "
                "call again."
            )
        yield


def _has_locked(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # some shared disks know no locks: do without
    return True


def _complete(file: RemoteFile, part: Path) -> None:
    """Fill a part until it is the file.

    Raises:
        TransferError: the network or the server does not let it.
        OSError: the disk does not.
    """
    for request in range(1, MAX_REQUESTS + 1):
        n_before = _size(part)
        if n_before > file.n_bytes:
            part.unlink()
            n_before = 0
        try:
            if n_before < file.n_bytes:
                _receive(file, part, n_before)
            _check(file, part)
            return
        except TransferError as error:
            if error.begin_again:
                part.unlink(missing_ok=True)
            # go on after an interruption that brought something, and begin
            # again where what was there before may be at fault
            has_changed = _size(part) != n_before
            is_worth_it = error.was_cut or error.begin_again
            if request == MAX_REQUESTS or not (is_worth_it and has_changed):
                raise


def _receive(file: RemoteFile, part: Path, n_before: int) -> None:
    """Add to a part what is missing, from one request."""
    missing = file.n_bytes - n_before
    free = shutil.disk_usage(part.parent).free
    if free < missing:
        raise DataError(
            f"{file.name} needs {missing:,} more bytes, and the disk has room "
            f"for {free:,}. Make room and call again."
        )
    answer = rest_of(file.address, file.n_bytes, n_before)
    with answer as (start, pieces), open(part, "ab") as out:
        if start < n_before:
            out.truncate(start)
        for piece in progress_in_bytes(pieces, file.name, file.n_bytes, start):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())


def _check(file: RemoteFile, part: Path) -> None:
    """Compare what came with what it must be."""
    n_bytes = _size(part)
    with open(part, "rb") as content:
        start = content.read(200)
        content.seek(0)
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest == file.sha256:
        return
    is_cut = n_bytes < file.n_bytes and not looks_like(start)
    if is_cut:
        raise TransferError("the server hung up too early", was_cut=True)
    fault = _fault(file, start, n_bytes, digest)
    raise TransferError(f"what came is wrong: {fault}", begin_again=True)
