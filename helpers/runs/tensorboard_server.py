"""The TensorBoard server behind ``%tensorboard``: find it, ask it, end it."""

import json
import logging
import os
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import httpx
import psutil
from tensorboard import manager
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from helpers.errors import ServiceError
from helpers.paths import display_path


def use_this_environment() -> None:
    """Let ``%tensorboard`` find the program of this very environment.

    Without it the magic looks along the search path only: it fails where the
    environment was not activated, or finds the program of another one. Notes
    of servers that are gone are removed as well, as the magic would show an
    empty frame in their place.
    """
    program = Path(sysconfig.get_path("scripts")) / "tensorboard"
    if sys.platform == "win32":
        program = program.with_suffix(".exe")
    if program.exists():
        os.environ["TENSORBOARD_BINARY"] = str(program)
    forget_dead_servers()


def forget_dead_servers() -> None:
    """Remove the notes that killed servers left behind.

    A server writes a note about itself into the folder for temporary files,
    and the magic trusts every note it finds there.
    """
    for note in (Path(tempfile.gettempdir()) / ".tensorboard-info").glob(
        "pid-*.info"
    ):
        try:
            port = json.loads(note.read_text())["port"]
        except (OSError, ValueError, KeyError):
            continue
        if not _answers(f"http://localhost:{port}"):
            note.unlink(missing_ok=True)


def _answers(url: str) -> bool:
    try:
        return _get(f"{url}/data/environment", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _get(url: str, timeout: float) -> httpx.Response:
    # trust_env: a proxy of the network has no business on this machine
    return httpx.get(url, timeout=timeout, trust_env=False)


def find_server(logdir: str | Path) -> str:
    """Return the address of the TensorBoard server that reads a folder.

    Raises:
        ServiceError: none is running for that folder.
    """
    info = _info(logdir)
    if info is None or not _answers(f"http://localhost:{info.port}"):
        raise ServiceError(
            f"No TensorBoard server reads {display_path(logdir)}. Run the cell "
            "with %tensorboard first; if it printed an error, that says why."
        )
    return f"http://localhost:{info.port}"


def _info(logdir: str | Path):
    wanted = Path(logdir).resolve()
    running = [
        info
        for info in manager.get_all()
        if info.logdir and Path(info.logdir).resolve() == wanted
    ]
    return max(running, key=lambda info: info.start_time, default=None)


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
        answer = _get(f"{url}/data/plugin/scalars/tags", timeout=10)
        if answer.is_success:
            shown = {
                run: sorted(tags) for run, tags in sorted(answer.json().items())
            }
        if shown != on_disk:
            time.sleep(0.2)
    if shown:
        return shown
    raise ServiceError(
        f"The TensorBoard server at {url} shows no scalars after {wait:g} "
        f"seconds. Does {display_path(logdir)} hold an event file?"
    )


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


def stop_server(logdir: str | Path) -> bool:
    """End the TensorBoard server of a folder; False if there was none."""
    info = _info(logdir)
    if info is None:
        return False
    try:
        process = psutil.Process(info.pid)
        process.terminate()
        process.wait(timeout=10)
    except psutil.NoSuchProcess:
        pass
    forget_dead_servers()
    return True
