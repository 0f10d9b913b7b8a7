"""Read a command line: tyro does the work, a file may hold some of it.

A file of options is a command line that was written down: its values are put
before the words that were typed, so that both are read by the same rules, and
the typed ones, which come last, count.
"""

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import tyro

from helpers.errors import DeviceError, one_line
from helpers.files import read_whole
from helpers.launching.options import (
    TASKS,
    OptionError,
    Options,
    fields_of,
    near,
    option,
    said_by,
)
from helpers.launching.run_files import (
    ABOUT,
    options_in,
    read_about,
    usual_run_name,
)
from helpers.launching.together import from_first
from helpers.launching.typed_words import check_words
from helpers.processes import device_of_process
from helpers.runs import run_folder

PROGRAM = "python -m helpers train"
# What a file cannot say: which file it is.
NOT_IN_A_FILE = {"config", "resume"}


def read_options(words: Sequence[str]) -> Options:
    """Return the options that a command line gives.

    Args:
        words: the name of the data, then options.

    Raises:
        OptionError: a value that makes no sense, or a file of options that
            cannot be used.
        SystemExit: 0 after help.
    """
    words = list(words)
    if not words or words[0] in ("-h", "--help"):
        _show_tasks()
    before, from_file = _typed_before(words)
    task, words = _task(words, from_file)
    stored = _stored(task, before, from_file)
    kind = TASKS[task]
    typed = [
        *_as_words(stored, kind, ABOUT),
        *_as_words(from_file, kind, str(before.config)),
        *words,
    ]
    try:
        return read_with_tyro(kind, f"{PROGRAM} {task}", typed)
    except OptionError as error:
        said = str(error)
        names = [option(name) for name in from_file if option(name) in said]
        if not names:
            raise
        raise OptionError(
            f"{said} {before.config} gives: {', '.join(names)}."
        ) from None


def device_typed(words: Sequence[str]) -> str:
    """Return the device that a command line names, before all is read.

    What it names may not exist; the best there is stands for that here.
    """
    with contextlib.suppress(OptionError, DeviceError):
        before, from_file = _typed_before(list(words))
        return str(device_of_process(before.device or from_file.get("device")))
    return str(device_of_process(None))


def read_with_tyro(
    kind: Any, program: str, words: Sequence[str], positional: str | None = None
) -> Any:
    """Return an instance of a dataclass, filled from words.

    Args:
        kind: the dataclass; those in it become groups of options.
        program: what the help calls the command.
        words: the options.
        positional: the field that has no name on the command line.

    Raises:
        OptionError: words that fill no such dataclass, or a value that the
            dataclass refuses.
        SystemExit: 0 after help.
    """
    check_words(words, kind, program, positional)
    return tyro.cli(
        kind,
        prog=program,
        args=_with_values(words),
        config=(tyro.conf.OmitArgPrefixes,),
    )


def _with_values(words: Sequence[str]) -> list[str]:
    """Give --header a value: unlike other switches, it may be left open."""
    values = {"--header": "--header=True", "--no-header": "--header=False"}
    return [values.get(word, word) for word in words]


def _show_tasks() -> NoReturn:
    width = max(map(len, TASKS))
    lines = [
        f"  {name:{width}}  {kind.__doc__}" for name, kind in TASKS.items()
    ]
    print(f"usage: {PROGRAM} DATA [OPTIONS]\n")
    print("\n".join(lines))
    print(f"\n{PROGRAM} DATA --help lists the options of each.")
    raise SystemExit(0)


def _task(words: list[str], from_file: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the task that is meant, and the words that are left."""
    task = from_file.pop("task", None) if from_file else None
    if words and not words[0].startswith("-"):
        task, words = words[0], words[1:]
    if task is None:
        raise OptionError(
            f"The first word should say what to train on: {_listed(TASKS)}."
        )
    if task not in list(TASKS):
        raise OptionError(
            f"There is nothing to train on called {one_line(task)}: choose "
            f"{_listed(TASKS)}.{near(task, TASKS)}"
        )
    return task, words


def _typed_before(
    words: list[str],
) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Find what decides which defaults count, before the rest is read."""
    parser = argparse.ArgumentParser(
        add_help=False, allow_abbrev=False, exit_on_error=False
    )
    for name in ("--config", "--data", "--device"):
        parser.add_argument(name, nargs="?")
    parser.add_argument("--run-name", "--run_name", nargs="?")
    parser.add_argument("--resume", action="store_true")
    try:
        before, _ = parser.parse_known_args(words)
    except argparse.ArgumentError:  # tyro will say it
        before, _ = parser.parse_known_args([])
    if before.config is None:
        return before, {}
    if not before.config:
        raise OptionError(
            "--config should name a file of options, such as run.json, and "
            "is ''."
        )
    return before, _read_config(Path(before.config))


def _stored(
    task: str, before: argparse.Namespace, from_file: dict[str, Any]
) -> dict[str, Any]:
    """Return the options of the run that --resume goes on with."""
    if not before.resume:
        return {}
    data = before.data or from_file.get("data")
    name = before.run_name or from_file.get("run_name")
    if name is None:
        name = usual_run_name(task, data)
    about = from_first(lambda: read_about(run_folder(name)))
    if about is None:
        raise OptionError(
            f"--resume goes on with a run, and there is none called {name!r}. "
            "Leave out --resume to start it, or check --run-name."
        )
    if about["task"] != task:
        raise OptionError(
            f"The run {name!r} was trained on {about['task']}, not on {task}. "
            f"Go on with: {PROGRAM} {about['task']} --run-name {name} --resume"
        )
    return options_in(about)


def _read_config(path: Path) -> dict[str, Any]:
    """Read a file of options, or one that a run has left.

    Returns:
        values by the name of their option, with _ for -; ``task`` may be one.

    Raises:
        OptionError: there is no such file, or no object of plain values in it.
    """
    content = read_whole(path, OptionError, "Check the name after --config.")
    try:
        found = json.loads(content, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise OptionError(
            f"--config {path} is not JSON ({said_by(error)}). Expected "
            'is an object such as {"lr": 0.01, "n_epochs": 20}.'
        ) from None
    if not isinstance(found, dict):
        raise OptionError(
            f"--config {path} should hold an object such as "
            f'{{"lr": 0.01, "n_epochs": 20}}, and holds {one_line(found)}.'
        )
    if "format" in found and isinstance(found.get("hyperparameters"), dict):
        return {"task": found.get("task"), **options_in(found)}
    values = {str(key).replace("-", "_"): found[key] for key in found}
    if len(values) < len(found):
        raise OptionError(
            f"--config {path} names an option twice, once with - and once "
            "with _. Remove one of them."
        )
    return values


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{one_line(twice)} is there twice")
    return found


def _as_words(
    values: dict[str, Any], kind: type[Options], file: str
) -> list[str]:
    """Turn values by name into the words of a command line.

    Raises:
        OptionError: a name or a value that is not that of an option.
    """
    fields = fields_of(kind)
    words = []
    for name, value in values.items():
        if name not in fields or name in NOT_IN_A_FILE:
            known = [name for name in fields if name not in NOT_IN_A_FILE]
            raise OptionError(
                f"{one_line(name)} in {file} is not an option of "
                f"{PROGRAM} {kind.NAME}.{near(name, known)} There are: "
                f"{', '.join(known)}."
            )
        words += _as_option(name, value, fields[name].default, file)
    return words


def _as_option(name: str, value: Any, default: Any, file: str) -> list[str]:
    is_switch = isinstance(default, bool) or name == "header"
    is_list = isinstance(default, tuple)
    if value is None and not is_switch:
        return []
    if is_switch:
        if name == "header" and value is None:
            return []
        if not isinstance(value, bool):
            raise OptionError(
                f"{name} in {file} should be true or false, and is "
                f"{one_line(value)}."
            )
        return [f"--{'' if value else 'no-'}{option(name)[2:]}"]
    items = value if isinstance(value, list) and is_list else [value]
    if not all(type(item) in (str, int, float) for item in items):
        kinds = "a list of names" if is_list else "a number or a text"
        raise OptionError(
            f"{name} in {file} should be {kinds}, and is {one_line(value)}."
        )
    if is_list:
        return [option(name), *map(str, items)] if items else []
    return [f"{option(name)}={value}"]


def show_any_letter() -> None:
    """Let the output replace a letter that this terminal does not have.

    A table may hold names in any script, and a training run must not end
    because one of them cannot be printed.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _listed(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"
