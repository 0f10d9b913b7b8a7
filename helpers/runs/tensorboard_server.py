"""The TensorBoard server that ``%tensorboard`` starts: find it, end it.

A server writes a note about itself into the folder for temporary files, and
the magic believes every note that it finds there. But a server that was killed
leaves its note; then its process number and its port may soon belong to
another program. So a note is believed here only after a look at the process
and at what answers on the port.
"""

import contextlib
import json
import logging
import os
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from helpers.errors import ServiceError
from helpers.paths import display_path

# A server writes its note in this time, and its process is older than it.
MOMENT = 10.0  # seconds
SHIM = Path(__file__).with_name("tensorboard_of_this_kernel.sh")


@dataclass(frozen=True)
class Note:
    """What a server wrote about itself when it started."""

    file: Path
    pid: int
    port: int
    logdir: str
    start_time: float  # seconds since 1970

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://localhost:{self.port}"


def use_this_environment() -> None:
    """Let ``%tensorboard`` find the program of this very environment.

    Without it the magic looks along the search path only: it fails where the
    environment was not activated, or finds the program of another one. Where
    the system has a shell, the server also ends with the kernel that started
    it. Notes of servers that are gone are removed, as the magic would show an
    empty frame in their place.
    """
    program = Path(sysconfig.get_path("scripts")) / "tensorboard"
    if sys.platform == "win32":
        program = program.with_suffix(".exe")
    elif os.access(SHIM, os.X_OK):
        program = SHIM
        os.environ["TRAINING_LOOP_PYTHON"] = sys.executable
    if program.exists():
        os.environ["TENSORBOARD_BINARY"] = str(program)
    forget_dead_servers()


# ------------------------------------------------------------------- notes


def forget_dead_servers() -> None:
    """Remove the notes that killed servers left, and those nobody can read.

    A server that is only busy, or stopped for a while, keeps its note.
    """
    for file in _note_files():
        note = _read_note(file)
        if _is_dead(note) if note else _is_old(file):
            with contextlib.suppress(OSError):
                file.rmdir() if file.is_dir() else file.unlink()


def _note_files() -> list[Path]:
    folder = Path(tempfile.gettempdir()) / ".tensorboard-info"
    return sorted(folder.glob("pid-*.info"))


def _read_note(file: Path) -> Note | None:
    """Read a note; None where that is none, or not yet a whole one."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    note = Note(
        file,
        pid=content.get("pid", 0),
        port=content.get("port", 0),
        logdir=content.get("logdir", ""),
        start_time=content.get("start_time", 0),
    )
    numbers = (note.pid, note.port, note.start_time)
    is_whole = (
        all(type(number) is int for number in numbers)
        and isinstance(note.logdir, str)
        and 0 < note.pid < 2**31
        and 0 < note.port < 2**16
    )
    return note if is_whole else None


def _is_old(file: Path) -> bool:
    """Tell whether a note that cannot be read is not just being written."""
    with contextlib.suppress(OSError):
        return time.time() - file.stat().st_mtime > MOMENT
    return False


def _is_dead(note: Note) -> bool:
    return _process(note) is None or _answer(note) is None


def _process(note: Note) -> psutil.Process | None:
    """Return the process of a note; None if it has ended.

    After that its number may belong to another program. Such a process is
    younger than the note, or its command does not speak of TensorBoard.
    """
    try:
        process = psutil.Process(note.pid)
        is_it = (
            process.create_time() < note.start_time + MOMENT
            and "tensorboard" in " ".join(process.cmdline())
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return None
    return process if is_it else None


def _answer(note: Note) -> dict | None:
    """Ask what answers on the port of a note what it shows.

    Returns:
        what TensorBoard says about itself; an empty dictionary if something
        else answers, or nothing in time; None if nothing listens.
    """
    try:
        answer = _get(f"{note.url}/data/environment", timeout=2)
        content = answer.json() if answer.is_success else {}
    except httpx.ConnectError:
        return None
    except (httpx.HTTPError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _get(url: str, timeout: float) -> httpx.Response:
    # trust_env: a proxy of the network has no business on this machine
    return httpx.get(url, timeout=timeout, trust_env=False)


def _notes_of(logdir: str | Path) -> list[Note]:
    """Return the notes of the servers of a folder, the newest first."""
    notes = [
        note
        for note in map(_read_note, _note_files())
        if note
        and _is_folder(note.logdir, logdir)
        and _process(note) is not None
    ]
    return sorted(notes, key=lambda note: note.start_time, reverse=True)


def _is_folder(name: object, folder: str | Path) -> bool:
    """Tell whether a name that a server gave is that of a folder."""
    try:
        return (
            isinstance(name, str)
            and name != ""
            and Path(name).resolve() == Path(folder).resolve()
        )
    except (OSError, ValueError, RuntimeError):
        return False


# ----------------------------------------------------------------- servers


def find_server(logdir: str | Path) -> str:
    """Return the address of the TensorBoard server that reads a folder.

    Raises:
        ServiceError: none is running for that folder, or it does not answer.
    """
    notes = _notes_of(logdir)
    for note in notes:
        answer = _answer(note) or {}
        if _is_folder(answer.get("data_location"), logdir):
            return note.url
    if notes:
        raise ServiceError(
            f"The TensorBoard server of {display_path(logdir)} does not answer "
            f"at {notes[0].url}. Wait a little, or end it with "
            "stop_server(...) and run the cell with %tensorboard again."
        )
    raise ServiceError(
        f"No TensorBoard server reads {display_path(logdir)}. Run the cell "
        "with %tensorboard first; if it printed an error, that says why."
    )


def served_tags(logdir: str | Path, wait: float = 30) -> dict[str, list[str]]:
    """Ask the server which scalars it shows, run by run.

    A server reads its folder every few seconds. It is asked until it shows
    what the event files hold, neither less nor something deleted since.

    Args:
        logdir: the folder that was given to ``%tensorboard``.
        wait: seconds to give the server to read its files; after that, what
            it shows is returned as it is.

    Returns:
        the tags of every run, both in alphabetical order.

    Raises:
        ServiceError: no server is running, or it shows nothing in time.
    """
    url = find_server(logdir)
    on_disk = _tags_on_disk(Path(logdir))
    shown = {}
    end = time.monotonic() + wait
    while time.monotonic() < end and not (shown and shown == on_disk):
        shown = _shown_tags(url) or shown
        if shown != on_disk:
            time.sleep(0.2)
    if shown:
        return shown
    raise ServiceError(
        f"The TensorBoard server at {url} shows no scalars after {wait:g} "
        f"seconds. Does {display_path(logdir)} hold an event file?"
    )


def _shown_tags(url: str) -> dict[str, list[str]]:
    """Ask a server once; nothing where it is busy."""
    try:
        answer = _get(f"{url}/data/plugin/scalars/tags", timeout=10)
        content = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, ValueError):
        return {}
    return {run: sorted(tags) for run, tags in sorted(content.items())}


def _tags_on_disk(logdir: Path) -> dict[str, list[str]]:
    """Return the scalar tags in the event files of every run in a folder."""
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    tags = {}
    for folder in {file.parent for file in logdir.rglob("*tfevents*")}:
        events = EventAccumulator(str(folder), size_guidance={"scalars": 1})
        events.Reload()
        run = folder.relative_to(logdir).as_posix()
        if events.Tags()["scalars"]:
            tags[run] = sorted(events.Tags()["scalars"])
    return dict(sorted(tags.items()))


def served_scalars(
    logdir: str | Path, run: str, tag: str, wait: float = 30
) -> tuple[list[int], list[float]]:
    """Ask the server for the points of one curve, which may be too few.

    TensorBoard's default reader takes a step that goes back for a restart, and
    drops what was logged from that step on; the one in plain Python (on
    Windows, or with ``--load_fast=false``) keeps every point. The server is
    asked until it shows the point that was written last.

    Args:
        logdir: the folder that was given to ``%tensorboard``.
        run: the name of the run: its path from ``logdir``.
        tag: the name of the curve.
        wait: seconds to give the server to read its files.

    Returns:
        steps and values, in the order in which they would be drawn.

    Raises:
        ServiceError: no server is running, or it does not show that point.
    """
    url = find_server(logdir)
    newest = _newest_on_disk(Path(logdir), run, tag)
    end = time.monotonic() + wait
    while newest and time.monotonic() < end:
        points = _shown_points(url, run, tag)
        if points and points[-1][0] == newest:
            return [step for _, step, _ in points], [v for *_, v in points]
        time.sleep(0.2)
    raise ServiceError(
        f"The TensorBoard server at {url} does not show the last point of "
        f"{tag!r} in the run {run!r} after {wait:g} seconds. Does "
        f"{display_path(Path(logdir) / run)} hold that curve?"
    )


def _newest_on_disk(logdir: Path, run: str, tag: str) -> float | None:
    """Return when the last point of a curve was logged; None without one."""
    if tag not in _tags_on_disk(logdir).get(run, []):
        return None
    events = EventAccumulator(str(logdir / run))
    events.Reload()
    return events.Scalars(tag)[-1].wall_time


def _shown_points(url: str, run: str, tag: str) -> list[list]:
    """Ask once for points of time, step and value; none where it is busy."""
    address = httpx.URL(
        f"{url}/data/plugin/scalars/scalars", params={"run": run, "tag": tag}
    )
    try:
        answer = _get(str(address), timeout=10)
        return answer.json() if answer.is_success else []
    except (httpx.HTTPError, ValueError):
        return []


def stop_server(logdir: str | Path) -> bool:
    """End the TensorBoard server of a folder; False if there was none.

    Raises:
        ServiceError: the system does not let it be ended.
    """
    forget_dead_servers()
    processes = [_process(note) for note in _notes_of(logdir)]
    stopped = [_end(process) for process in processes if process is not None]
    forget_dead_servers()
    return any(stopped)


def _end(process: psutil.Process) -> bool:
    """Ask a process to end, and end it where it does not; False if it had."""
    try:
        process.terminate()
        try:
            process.wait(timeout=5)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error as error:
        raise ServiceError(
            f"The TensorBoard server with process number {process.pid} could "
            f"not be ended ({type(error).__name__}). End it in a terminal."
        ) from error
    return True
