"""The two files of a run that a prediction needs, and why they always fit.

    runs/NAME/hparams.json    hyperparameters; how to build and feed the model
    runs/NAME/checkpoint.pt   its parameters, and what it takes to go on

The first is written before the first epoch and stays true for every epoch of
the run, as a run never changes its hyperparameters. Whenever the second one is
there, the two belong together, whatever moment a process was killed in.
"""

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch import nn

from helpers.checkpoints import read_checkpoint
from helpers.errors import CourseError, one_line
from helpers.files import read_whole, write_whole
from helpers.launching.options import (
    DECISIVE,
    OptionError,
    Options,
    Table,
    option,
    said_by,
)
from helpers.networks import MLP, Network, Network1d
from helpers.paths import display_path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FORMAT = 1
ABOUT = "hparams.json"
CHECKPOINT = "checkpoint.pt"
MODELS: dict[str, Callable[..., nn.Module]] = {
    "Linear": nn.Linear,
    "MLP": MLP,
    "Network": Network,
    "Network1d": Network1d,
}
# Options that older files do not have, and what stands for them there.
ADDED = {"global_batch_size": None}
# What the file says, and the type of it.
KINDS = {
    "format": int,
    "task": str,
    "source": dict,
    "hyperparameters": dict,
    "settings": dict,
    "model": dict,
    "inputs": dict,
    "outputs": dict,
    "held_out": dict,
}


class RunError(CourseError):
    """The folder of a run does not hold what a command needs."""


def usual_run_name(task: str, data: str | Path | None = None) -> str:
    """Return the name of a run that was given none.

    Args:
        task: such as "digits".
        data: the table, whose name tells one run from another.
    """
    if data is None:
        return task
    stem = re.sub(r"[^A-Za-z0-9_.=+-]+", "-", Path(data).stem).strip("-.")
    return f"{task}-{stem[:60].rstrip('.')}" if stem else task


# ------------------------------------------------------------ what was asked


def described_options(options: Options) -> dict[str, Any]:
    """Return the options that decide what is learned, in groups, as in JSON."""
    source: dict[str, Any] = {}
    if isinstance(options, Table):
        source = dataclasses.asdict(options.source)
        source["data"] = str(Path(source["data"]).absolute())
        source["sha256"] = fingerprint(options.source.data)
    settings = dataclasses.asdict(options.settings)
    described = {
        "task": options.NAME,
        "source": source,
        "hyperparameters": dataclasses.asdict(options.hyperparameters),
        "settings": {name: settings[name] for name in DECISIVE},
    }
    return json.loads(json.dumps(described))


def options_in(about: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a run by name, from what its file says."""
    groups = [
        about.get(group) for group in ("source", "hyperparameters", "settings")
    ]
    found = {
        name: value
        for group in groups
        if isinstance(group, dict)
        for name, value in group.items()
    }
    found.pop("sha256", None)
    return found


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces.

    Raises:
        RunError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RunError(
            f"--data {path} cannot be read: {error.strerror}. Check the name."
        ) from None


def check_same(
    about: dict[str, Any], now: dict[str, Any], run_name: str
) -> None:
    """Check that the options are those that a run was started with.

    The number of epochs may differ: it is only how far to go.

    Raises:
        OptionError: an option differs, and which.
    """
    if about["task"] != now["task"]:
        raise OptionError(
            f"The run {run_name!r} was trained on {about['task']}, not on "
            f"{now['task']}. Give the new run a name of its own: --run-name."
        )
    before, after = about["source"], now["source"]
    if before.get("sha256") != after.get("sha256"):
        raise OptionError(
            f"--data {after['data']} is not what the run {run_name!r} was "
            f"started with ({before['data']}, or the file has changed since "
            "then). Give the new run a name of its own: --run-name."
        )
    for group in ("source", "hyperparameters", "settings"):
        for name, value in now[group].items():
            kept = about[group].get(name, ADDED.get(name, value))
            if kept != value and name not in ("n_epochs", "data"):
                raise OptionError(
                    f"{option(name)} is {_shown(value)} here, but the run "
                    f"{run_name!r} was started with {_shown(kept)}. Keep its "
                    "options to go on with it (--resume does), or give the "
                    "new run a name of its own: --run-name."
                )


def _shown(value: Any) -> str:
    if value is None:
        return "left out"
    return f"{value:g}" if isinstance(value, float) else str(value)


# ----------------------------------------------------------------- the files


def write_about(folder: Path, about: dict[str, Any]) -> None:
    """Write what a run is, whole or not at all.

    Raises:
        RunError: the disk refuses.
    """
    text = json.dumps(about, indent=2, allow_nan=False) + "\n"
    # the numbers of rows on one line, not on a line each
    text = re.sub(r"\[[\s\d,]+\]", lambda m: " ".join(m[0].split()), text)
    write_whole(folder / ABOUT, text.encode(), RunError)


def read_about(folder: Path) -> dict[str, Any] | None:
    """Return what a run is; None where there is no run.

    Raises:
        RunError: the file is damaged, or of another version of the course.
    """
    path = folder / ABOUT
    if not path.exists():
        return None
    try:
        about = json.loads(read_whole(path, RunError))
    except (ValueError, RecursionError) as error:
        raise RunError(
            f"{display_path(path)} is damaged ({said_by(error)}). "
            "Without it the model cannot be built: train under a new "
            "--run-name."
        ) from None
    wrong = _wrong_entry(about)
    if wrong is not None:
        raise RunError(
            f"{display_path(path)} was not written by this version of the "
            f"course: {wrong}. Train under a new --run-name."
        )
    return about


def _wrong_entry(about: Any) -> str | None:
    if not isinstance(about, dict):
        return f"it should hold an object, and holds {one_line(about)}"
    for name, kind in KINDS.items():
        if type(about.get(name)) is not kind:
            found = one_line(about[name]) if name in about else "missing"
            return f"{name} should be {kind.__name__}, and is {found}"
    if about["format"] != FORMAT:
        return f"it has format {about['format']}, and format {FORMAT} is read"
    return None


def build_model(about: dict[str, Any]) -> nn.Module:
    """Build the model that a run describes, with weights of no meaning.

    Raises:
        RunError: the description cannot be followed.
    """
    name = about["model"].get("class")
    arguments = about["model"].get("arguments")
    if name not in list(MODELS) or not isinstance(arguments, dict):
        raise RunError(
            f"{ABOUT} describes a model that this version of the course does "
            f"not know: {one_line(about['model'])}. Known are "
            f"{', '.join(MODELS)}."
        )
    try:
        return MODELS[name](**arguments)
    except (CourseError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(
            f"{ABOUT} describes a {name} that cannot be built: "
            f"{said_by(error)}."
        ) from None


def epochs_done(folder: Path) -> int:
    """Return how many epochs the checkpoint of a run has; 0 without one.

    Raises:
        CheckpointError: the checkpoint is damaged.
    """
    path = folder / CHECKPOINT
    return read_checkpoint(path)["epoch"] if path.exists() else 0


def check_free(folder: Path, run_name: str) -> None:
    """Check that a folder without a description holds no other run.

    Raises:
        OptionError: it does.
    """
    strangers = [folder / CHECKPOINT, *folder.glob("*tfevents*")]
    found = next((path for path in strangers if path.exists()), None)
    if found is not None:
        raise OptionError(
            f"--run-name {run_name} is taken: {display_path(found)} belongs "
            f"to a run that has no {ABOUT}, and the curves of two runs would "
            "mix. Choose another name."
        )


@contextlib.contextmanager
def only_one(folder: Path, run_name: str) -> Iterator[None]:
    """Keep a second process out of a run while it trains.

    The lock is one of the system, on the folder, and ends with the process,
    however that ends. Where the system has none, nothing is locked.

    Raises:
        RunError: another process is training this run, or the folder cannot
            be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = None if fcntl is None else os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise RunError(
            f"{display_path(folder)} cannot be used: {error.strerror}. Choose "
            "another --run-name, or allow writing to it."
        ) from None
    try:
        if lock is not None:
            _take(lock, run_name)
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _take(lock: int, run_name: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[union-attr]
    except OSError as error:
        # anything else: a file system without locks
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise RunError(
                f"Another process is training the run {run_name!r} at this "
                "moment. Wait for it, or give this run a name of its own: "
                "--run-name."
            ) from None
