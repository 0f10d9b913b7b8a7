"""Read what a sweep should try: a TOML file, checked before anything starts.

Its keys are ``task`` (what to train on), ``name`` (a folder below ``runs/``)
and ``processes``; ``[options]`` has what is the same for every run, ``[grid]``
a list of values for each option that varies. Each combination is a run.
"""

import dataclasses
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.errors import CourseError, RunNameError, one_line
from helpers.files import read_whole
from helpers.launching.options import (
    TASKS,
    OptionError,
    Options,
    fields_of,
    near,
)
from helpers.launching.run_builder import RunBuilder, SweepError, run_name
from helpers.paths import display_path
from helpers.runs import run_folder

KEYS = {"task": str, "name": str, "processes": int}
TABLES = ("options", "grid")
# What the sweep itself decides.
NOT_OURS = {"run_name", "resume", "config", "print_every"}
MOST_PROCESSES = 256
WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    Path: "a text in quotes",
    tuple: "a list of texts in quotes",
}


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep.

    Attributes:
        name: below ``runs/``, such as "first-sweep/lr=0.01_seed=1".
        settings: its values of the grid, by name.
        values: all values of the file, by name.
        options: all options of the run.
    """

    name: str
    settings: dict[str, Any]
    values: dict[str, Any]
    options: Options


@dataclass(frozen=True)
class Sweep:
    """What a file asks for.

    Attributes:
        name: a folder below ``runs/``.
        task: what to train on.
        runs: in the order of the grid.
        n_processes: how many of them at a time.
    """

    name: str
    task: str
    runs: list[SweepRun]
    n_processes: int


def read_sweep(path: Path) -> Sweep:
    """Read and check a file.

    Raises:
        SweepError: it cannot be read, or asks for something that makes no
            sense; in a sentence with the name of the file.
    """
    advice = "Check the name after `sweep`."
    content = read_whole(path, SweepError, advice)
    try:
        found = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SweepError(
            f"{display_path(path)} is not TOML ({_reason(error)}). Expected "
            'are lines such as task = "mnist-1d", and below [grid] such as '
            "lr = [0.01, 0.1]."
        ) from None
    try:
        return _sweep(found, path)
    except CourseError as error:
        raise SweepError(f"{display_path(path)}: {error}") from None


def _reason(error: BaseException) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not text in UTF-8"
    return one_line(str(error)).strip("'\"")


def _sweep(found: dict[str, Any], path: Path) -> Sweep:
    _check_keys(found)
    task = found.get("task")
    if task not in list(TASKS):
        said = "is missing" if task is None else f"is {one_line(task)}"
        raise SweepError(
            f"task {said}, and should be {_listed(TASKS)}.{near(task, TASKS)}"
        )
    kind = TASKS[task]
    fixed = _table(found, "options")
    grid = _table(found, "grid")
    for name in grid:
        if name in fixed:
            raise SweepError(
                f"{name} is in [options] and in [grid]. Keep one of them."
            )
    fixed = {n: plain_value(kind, n, v, "[options]") for n, v in fixed.items()}
    combinations = RunBuilder.get_runs(_checked_grid(kind, grid))
    name = found.get("name", path.stem)
    runs = [
        _run(kind, name, combination._asdict(), fixed)
        for combination in combinations
    ]
    _check_names(runs)
    n_processes = found.get("processes", usual_processes())
    if not 1 <= n_processes <= MOST_PROCESSES:
        raise SweepError(
            f"processes should be from 1 to {MOST_PROCESSES}, and is "
            f"{n_processes}."
        )
    return Sweep(name, task, runs, min(n_processes, len(runs)))


def _check_keys(found: dict[str, Any]) -> None:
    known = [*KEYS, *TABLES]
    for key, value in found.items():
        if key not in known:
            raise SweepError(
                f"{one_line(key)} is not a key of a sweep: there are "
                f"{_listed(known, 'and')}.{near(key, known)} Options of the "
                "runs belong below [options] or [grid]."
            )
        if key in KEYS and type(value) is not KEYS[key]:
            raise SweepError(
                f"{key} should be {WORDS[KEYS[key]]}, and is {one_line(value)}."
            )
        if key in TABLES and not isinstance(value, dict):
            raise SweepError(
                f"[{key}] should hold lines such as lr = ..., and {key} is "
                f"{one_line(value)}."
            )


def _table(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Return options by their names in Python: n_epochs for n-epochs, too."""
    return {key.replace("-", "_"): v for key, v in found.get(name, {}).items()}


def _checked_grid(kind: type[Options], grid: Mapping[str, Any]) -> dict:
    if not grid:
        raise SweepError(
            "[grid] is missing or empty. It has the values to try, such as "
            "lr = [0.01, 0.1]."
        )
    known = swept_names(kind)
    checked = {}
    for name, values in grid.items():
        if name not in known:
            raise SweepError(
                f"{one_line(name)} cannot be swept for {kind.NAME}."
                f"{near(name, known)} These can: {', '.join(known)}."
            )
        if not isinstance(values, list):
            raise SweepError(
                f"{name} in [grid] should be a list of values, and is "
                f"{one_line(values)}. What all runs share belongs in "
                "[options]."
            )
        checked[name] = [plain_value(kind, name, v, "[grid]") for v in values]
    return checked


def swept_names(kind: type[Options]) -> list[str]:
    """Return what a grid may have: what decides how a run turns out."""
    group = typing.get_type_hints(kind)["hyperparameters"]
    return [*(field.name for field in dataclasses.fields(group)), "seed"]


def plain_value(kind: type[Options], name: str, value: Any, place: str) -> Any:
    """Return a value of a file as its option takes it; 1 as 1.0 for a number.

    Raises:
        SweepError: there is no such option, or the value has another type.
    """
    known = [name for name in fields_of(kind) if name not in NOT_OURS]
    if name not in known:
        raise SweepError(
            f"{one_line(name)} in {place} is not an option for {kind.NAME}."
            f"{near(name, known)} There are: {', '.join(known)}."
        )
    wanted = _type_of(kind, name)
    if wanted is float and type(value) is int:
        return float(value)
    if wanted in (Path, str) and type(value) is str:
        return value
    if wanted is tuple:
        if type(value) is list and all(type(one) is str for one in value):
            return value
    elif type(value) is wanted:
        return value
    raise SweepError(
        f"{name} in {place} should be {WORDS[wanted]}, and is "
        f"{one_line(value)}."
    )


def _type_of(kind: type[Options], name: str) -> Any:
    """Return the type of an option: int, float, str, bool, Path or tuple."""
    for group in dataclasses.fields(kind):
        hints = typing.get_type_hints(group.type)
        if name in hints:
            hint = hints[name]
    if isinstance(hint, types.UnionType):  # a value or None
        (hint,) = (
            one for one in typing.get_args(hint) if one is not type(None)
        )
    return typing.get_origin(hint) or hint


def make_options(kind: type[Options], values: Mapping[str, Any]) -> Options:
    """Build the options of a run from plain values.

    Args:
        kind: which options there are.
        values: by name; what is not among them has its default.

    Raises:
        OptionError: a value that makes no sense, or one that is missing.
    """
    groups = {}
    for group in dataclasses.fields(kind):
        fields = dataclasses.fields(group.type)  # type: ignore[arg-type]
        own = {f.name: values[f.name] for f in fields if f.name in values}
        for field in fields:
            wanted = field.default is dataclasses.MISSING
            if wanted and field.name not in own:
                raise OptionError(
                    f"{field.name} is missing in [options]: {kind.NAME} "
                    "needs it."
                )
        own = {
            name: Path(value) if _type_of(kind, name) is Path else value
            for name, value in own.items()
        }
        own |= {n: tuple(v) for n, v in own.items() if isinstance(v, list)}
        groups[group.name] = group.type(**own)  # type: ignore[operator]
    return kind(**groups)


def _run(
    kind: type[Options],
    name: str,
    settings: dict[str, Any],
    fixed: dict[str, Any],
) -> SweepRun:
    values = {**fixed, **settings, "print_every": 0}
    options = make_options(kind, values)
    full_name = f"{name}/{run_name(settings)}"
    try:
        run_folder(full_name)
    except RunNameError as error:
        raise SweepError(
            f"{error} The name of the sweep, and the names and values in "
            "[grid], become names of folders."
        ) from None
    return SweepRun(full_name, settings, values, options)


def _check_names(runs: list[SweepRun]) -> None:
    seen = set()
    for run in runs:
        # some systems take upper and lower case for the same
        if run.name.lower() in seen:
            raise SweepError(f"Two runs would share the folder {run.name}.")
        seen.add(run.name.lower())


def usual_processes() -> int:
    """Return how many processes this one may run side by side."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _listed(names: Any, word: str = "or") -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}"
