"""Run every combination of some options, side by side, from a terminal.

    python -m helpers sweep first-sweep.toml

The same command again goes on where it stopped. Exit status: 0 when every run
is done, 1 when one of them failed, 2 when the file makes no sense, and 128 +
the number of a signal that ended it.
"""

import argparse
import contextlib
import errno
import math
import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from helpers.devices import find_device
from helpers.errors import CourseError, DeviceError
from helpers.launching.interruptions import Interruptions, interruptible
from helpers.launching.options import OptionError
from helpers.launching.run_builder import SweepError
from helpers.launching.run_files import described_options
from helpers.launching.sweep_config import Sweep, SweepRun, read_sweep
from helpers.launching.sweep_results import (
    CSV,
    JSON,
    Summary,
    in_words,
    metric_of,
    read_results,
    summarise,
    write_results,
)
from helpers.launching.sweep_workers import Workers
from helpers.launching.tasks import prepare
from helpers.launching.training import where_it_stands
from helpers.paths import display_path
from helpers.runs import run_folder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PROGRAM = "python -m helpers sweep"
EXAMPLE = f"""
Trains every combination of the values below [grid], several side by side, and
writes runs/NAME/{CSV} and {JSON}. The same command again goes on where it
stopped. A file such as:

    task = "mnist-1d"           # what to train on, as for `train`
    name = "first-sweep"        # folder below runs/; the file's name if not
    processes = 2               # side by side; as many as processors if not

    [options]                   # for every run, as for `train`
    n_epochs = 10

    [grid]                      # each combination is a run
    lr = [0.003, 0.01]
    seed = [1, 2, 3]
"""
WAIT_FOR_LOCK = 15.0  # seconds: processes of a killed sweep end by themselves


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sweep of a file; return the exit status.

    Raises:
        SystemExit: 0 after help, 2 after words that are not one file.
    """
    words = list(sys.argv[2:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", type=Path, help="such as first-sweep.toml")
    config = parser.parse_args(words).config
    with interruptible() as arrived:
        task = Task(config, arrived)
        try:
            return task.run()
        except BaseException as error:
            if arrived.stopped is not None:
                print(task.how_to_go_on(), file=sys.stderr)
                return arrived.stopped.status
            if not isinstance(error, CourseError):
                raise
            print(error, file=sys.stderr)
            return 2 if isinstance(error, ConfigError) else 1


class ConfigError(SweepError):
    """The file asks for something that cannot be done."""


class Task:
    """A run of the command.

    Args:
        config: the file that says what to do.
        arrived: the signals that ask for its end.
    """

    def __init__(self, config: Path, arrived: Interruptions):
        self.config = config
        self.arrived = arrived
        self.sweep: Sweep | None = None
        self.entries: dict[str, dict[str, Any]] = {}
        self.n_failed = 0

    def run(self) -> int:
        """Train what is missing, and tell what all runs gave."""
        with _as_config_error(CourseError):
            self.sweep = sweep = read_sweep(self.config)
            _check_device(sweep)
            folder = run_folder(sweep.name)
            self.asked = _asked(sweep)
        if not (folder / JSON).exists():
            with _as_config_error(OptionError):
                _try_data(sweep)
        with _only_one(folder, sweep.name) as kept_open:
            self._take_what_is_done(folder)
            missing = [r for r in sweep.runs if r.name not in self.entries]
            with _as_config_error(SweepError):
                _check_settings(sweep, missing)
            self._say_start(missing)
            workers = Workers(sweep.task, missing, sweep.n_processes, kept_open)
            with contextlib.closing(workers.results()) as results:
                for run, answer in results:
                    self._take(run, answer)
                    self.arrived.end_if_asked()
            self._write(folder)
        self._say_end(folder)
        return 1 if self.n_failed else 0

    def _take_what_is_done(self, folder: Path) -> None:
        for entry in read_results(folder):
            if self.asked.get(entry["run"]) == entry["asked"]:
                self.entries[entry["run"]] = entry

    def _take(self, run: SweepRun, answer: dict[str, Any]) -> None:
        assert self.sweep is not None
        is_done = "result" in answer
        if is_done:
            self.entries[run.name] = {
                "run": run.name,
                "settings": run.settings,
                "asked": self.asked[run.name],
                "result": answer["result"],
            }
            self._write(run_folder(self.sweep.name))
        result = answer["result"] if is_done else answer
        self.n_failed += "error" in result
        width = len(str(len(self.sweep.runs)))
        done = f"{len(self.entries):{width}} of {len(self.sweep.runs)}"
        name = run.name.removeprefix(f"{self.sweep.name}/")
        print(f"{done}   {name}   {in_words(result)}", flush=True)

    def _write(self, folder: Path) -> None:
        """Write the entries in the order of the grid, not of their ends."""
        assert self.sweep is not None
        entries = [
            self.entries[run.name]
            for run in self.sweep.runs
            if run.name in self.entries
        ]
        write_results(folder, entries)

    # -------------------------------------------------------- what is told

    def _say_start(self, missing: Sequence[SweepRun]) -> None:
        sweep = self.sweep
        assert sweep is not None
        n_done = len(sweep.runs) - len(missing)
        print(
            f"{len(sweep.runs)} runs on {sweep.task}, {n_done} of them done; "
            f"{min(sweep.n_processes, len(missing))} at a time.",
            flush=True,
        )

    def _say_end(self, folder: Path) -> None:
        sweep = self.sweep
        assert sweep is not None
        entries = [self.entries.get(run.name) for run in sweep.runs]
        found = [e for e in entries if e and "error" not in e["result"]]
        if found:
            print("", *_table(found), "", sep="\n")
        shown = display_path(folder)
        print(f"Results: {shown}/{CSV} and {shown}/{JSON}")
        print(f"Curves:  tensorboard --logdir {_as_typed(folder)}", flush=True)
        if self.n_failed:
            print(
                f"{self.n_failed} of the runs failed, as said above. The same "
                "command tries again what could still succeed.",
                file=sys.stderr,
            )

    def how_to_go_on(self) -> str:
        """Return what to say when a signal ends the sweep."""
        reason = getattr(self.arrived.stopped, "reason", "")
        if self.sweep is None:
            return f"Stopped by {reason}."
        return (
            f"Stopped by {reason}. {len(self.entries)} of "
            f"{len(self.sweep.runs)} runs are done, and the others keep what "
            "they have saved. Go on with the same command:\n"
            f"  {PROGRAM} {shlex.quote(str(self.config))}"
        )


def _as_typed(folder: Path) -> str:
    """Return a folder as it can be typed here, or in the course's folder."""
    here = Path.cwd()
    inside = folder.is_relative_to(here)
    shown = folder.relative_to(here) if inside else display_path(folder)
    return shlex.quote(str(shown))


@contextlib.contextmanager
def _as_config_error(kind: type[CourseError]) -> Iterator[None]:
    try:
        yield
    except kind as error:
        raise ConfigError(str(error)) from None


def _asked(sweep: Sweep) -> dict[str, dict[str, Any]]:
    """Return all that decides how each run turns out, by its name."""
    return {run.name: described_options(run.options) for run in sweep.runs}


def _check_device(sweep: Sweep) -> None:
    try:
        find_device(sweep.runs[0].options.settings.device)
    except DeviceError as error:
        raise OptionError(f"device in [options]: {error}") from None


def _try_data(sweep: Sweep) -> None:
    """Prepare the data once, before many processes fail to do so.

    Raises:
        OptionError: a batch that can never be full.
        DataError: data that cannot be read or used.
    """
    asked = [run.options for run in sweep.runs]
    strict = [o for o in asked if o.hyperparameters.drop_last] or asked
    prepare(max(strict, key=lambda o: o.hyperparameters.update_size))


def _check_settings(sweep: Sweep, missing: Sequence[SweepRun]) -> None:
    """Refuse a folder whose runs were begun with other options.

    Raises:
        SweepError: it has some.
    """
    for run in missing:
        try:
            where_it_stands(run.options, run_folder(run.name), run.name)
        except OptionError as error:
            raise SweepError(
                f"{error} Here: give the sweep another name than "
                f"{sweep.name!r}."
            ) from None


def _table(entries: Sequence[dict[str, Any]]) -> list[str]:
    """Return means over seeds as lines, the best first, and how sure it is."""
    metric = metric_of([entry["result"] for entry in entries])
    names = [name for name in entries[0]["settings"] if name != "seed"]
    rows = [{**entry["settings"], **entry["result"]} for entry in entries]
    found = summarise(rows, names, metric)
    higher = metric == "accuracy"
    found.sort(key=lambda one: one.mean, reverse=higher)
    head = [*names, "runs", f"mean {metric}", "spread of seeds"]
    cells = [
        [
            *map(str, one.settings.values()),
            str(one.n),
            f"{one.mean:.4g}",
            "-" if math.isnan(one.spread) else f"{one.spread:.2g}",
        ]
        for one in found
    ]
    columns = zip(*[head, *cells], strict=True)
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
        for row in [head, *cells]
    ]
    return [*lines, *_how_sure(found)]


def _how_sure(found: Sequence[Summary]) -> list[str]:
    """Say whether the best setting can be told from the second."""
    if len(found) < 2:
        return []
    best, second = found[:2]
    if min(best.n, second.n) < 2:
        return [
            "With one seed each, nobody can tell merit from luck: add seed = "
            "[1, 2, 3] to [grid]."
        ]
    difference = abs(best.mean - second.mean)
    error = math.sqrt(best.spread**2 / best.n + second.spread**2 / second.n)
    verdict = (
        "a clear difference"
        if difference > 2 * error
        else "which seeds alone could explain"
    )
    return [
        f"The first two differ by {difference:.2g}, give or take {error:.2g}: "
        f"{verdict}."
    ]


# ------------------------------------------------------------ only one sweep


@contextlib.contextmanager
def _only_one(folder: Path, name: str) -> Iterator[tuple[int, ...]]:
    """Keep a second sweep of this name out, and yield what holds the lock.

    The processes of a sweep hold it too, so that those of a killed one are
    gone before the next one begins.

    Raises:
        SweepError: another process has it, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = None if fcntl is None else os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise SweepError(
            f"{display_path(folder)} cannot be used: {error.strerror}."
        ) from None
    if lock is None:
        yield ()
        return
    try:
        _wait_for(lock, name)
        yield (lock,)
    finally:
        os.close(lock)


def _wait_for(lock: int, name: str) -> None:
    until = time.monotonic() + WAIT_FOR_LOCK
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[union-attr]
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                return  # a file system without locks
        if time.monotonic() > until:
            raise SweepError(
                f"Another process is running the sweep {name!r} at this "
                "moment. Wait for it, or give this one another name."
            )
        time.sleep(0.1)
