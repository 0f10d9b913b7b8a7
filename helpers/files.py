"""Files: read with care, written whole or not at all.

What reads or writes a file for a reader goes through here, so that a wrong
name, a full disk or a folder in place of a file is one sentence, of the error
class that the caller chooses.
"""

import contextlib
import glob
import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from pathlib import Path
from typing import BinaryIO

import psutil

from helpers.errors import CourseError, one_line
from helpers.paths import display_path

# A file aside that is older was left by a process that was killed.
LEFT_OVER_AFTER = 3600  # seconds
LONGEST_NAME = 230  # bytes: with what is added, at most the usual 255


def as_path(
    path: object,
    error: type[CourseError] = CourseError,
    advice: str = "Give a name such as runs/NAME/checkpoint.pt.",
) -> Path:
    """Return a path that can name a file.

    Args:
        path: whatever a caller gave.
        error: the class of the error.
        advice: the last sentence of the message.

    Raises:
        error: no text and no path, empty, or with a NUL in it.
    """
    if isinstance(path, (str, os.PathLike)):
        name = os.fspath(path)
        if isinstance(name, str) and Path(name).name and "\0" not in name:
            return Path(name)
    raise error(f"{one_line(path)} cannot name a file. {advice}")


def read_whole(
    path: str | os.PathLike,
    error: type[CourseError] = CourseError,
    if_missing: str = "Check the name.",
) -> bytes:
    """Read a file that has something in it.

    Args:
        path: the file.
        error: the class of the error.
        if_missing: what to do when there is no such file, a sentence.

    Raises:
        error: there is no such file, it is a folder or a device, it cannot be
            read, it is empty, or it is larger than the free memory.
    """
    path = as_path(path, error)
    shown = display_path(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # a folder; or a pipe or a device, which may never end
            raise error(
                f"{shown} is a folder or a device, not a file. Name the file "
                "itself."
            )
        if found.st_size > psutil.virtual_memory().available:
            raise error(
                f"{shown} has {found.st_size:,} bytes, more than the free "
                "memory of this machine. Is it the right file?"
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise error(f"There is no {shown}. {if_missing}") from None
    except OSError as reason:
        raise error(f"{shown} cannot be read: {reason.strerror}.") from reason
    if not content:
        raise error(
            f"{shown} is empty: a program was stopped while it was writing. "
            "Take an older file, or write it again."
        )
    return content


def write_whole(
    path: str | os.PathLike,
    content: bytes,
    error: type[CourseError] = CourseError,
) -> None:
    """Write a file so that a reader sees the old one or the new one, whole.

    The bytes go to a second file in the same folder, then to the disk, and
    only then does that file take the name of the first. A link is followed;
    permissions and owner stay as they were, where the system allows it. Another
    hard link to the old file keeps the old content.

    Args:
        path: the file; folders that are missing are made.
        content: all of its bytes.
        error: the class of the error.

    Raises:
        error: the disk is full, the folder cannot be written, the file is
            write-protected, or there is something at ``path`` that is not a
            file. What was there before is then untouched.
    """
    path = as_path(path, error)
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        before = _existing(target, error)
        _remove_left_overs(target)
        _replace(target, content, before)
    except OSError as reason:
        raise error(
            f"{display_path(path)} could not be written: {reason.strerror}. "
            "The file that was there before is untouched. Make room or choose "
            "another folder, then save again."
        ) from reason


def _existing(path: Path, error: type[CourseError]) -> os.stat_result | None:
    """Look at the file that is to be replaced, if there is one."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise error(
            f"{display_path(path)} is a folder or a device, not a file, and "
            "was left as it is. Choose another name."
        )
    if not os.access(path, os.W_OK):
        raise error(
            f"{display_path(path)} is write-protected, and is untouched. "
            "Choose another name, or allow writing to it."
        )
    return found


def _replace(path: Path, content: bytes, before: os.stat_result | None) -> None:
    """Write aside, then take the place of the old file."""
    aside, file = _open_aside(path)
    try:
        with file:
            if before is not None:
                _take_over_properties(path, before, aside)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        # also after Ctrl-C, which then goes on its way
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def _open_aside(path: Path) -> tuple[Path, BinaryIO]:
    """Make a new file beside another, under a name that nobody else has."""
    while True:
        aside = path.with_name(
            f"{_aside_prefix(path)}{secrets.token_hex(4)}.part"
        )
        # threads, and processes of two containers with one number, draw anew
        with contextlib.suppress(FileExistsError):
            return aside, open(aside, "xb")


def _aside_prefix(path: Path) -> str:
    name = path.name
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}."


def _take_over_properties(
    path: Path, before: os.stat_result, aside: Path
) -> None:
    """Give a new file the owner and the permissions of the old one."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(aside, before.st_uid, before.st_gid)
    with contextlib.suppress(OSError):
        shutil.copystat(path, aside)


def _remove_left_overs(path: Path) -> None:
    """Remove what processes killed while saving left beside the file."""
    prefix = _aside_prefix(path)
    for part in path.parent.glob(f"{glob.escape(prefix)}*.part"):
        middle = part.name.removeprefix(prefix).removesuffix(".part")
        with contextlib.suppress(OSError):
            age = time.time() - part.lstat().st_mtime
            if re.fullmatch("[0-9a-f]{1,10}", middle) and age > LEFT_OVER_AFTER:
                part.unlink()
