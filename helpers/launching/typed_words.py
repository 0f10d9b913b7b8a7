"""The words of a command line, looked at one by one before they are read.

tyro reads them. What it would refuse is refused here first, in one sentence
that says which option is meant, what it takes, and which one is near.
"""

import dataclasses
import re
import typing
from collections.abc import Iterable, Sequence
from typing import Any

from helpers.errors import one_line
from helpers.launching.options import (
    TASKS,
    OptionError,
    fields_of,
    near,
    option,
)

HELP = ("-h", "--help")
SWITCH, LIST = "switch", "list"


def check_words(
    words: Sequence[str], kind: Any, program: str, positional: str | None = None
) -> None:
    """Refuse words that fill no dataclass of this kind.

    Args:
        words: the options, as typed; with --help among them all is well.
        kind: the dataclass; those in it are groups of options.
        program: what the help calls the command.
        positional: the field that has no name on the command line.

    Raises:
        OptionError: an option that there is not, or one without its value, or
            with a value of another type; a word too many; one that is missing.
    """
    if any(word in HELP for word in words):
        return
    fields = _flat(kind)
    named = {name: f for name, f in fields.items() if name != positional}
    found: set[str] = set()
    left = list(words)
    while left:
        word = left.pop(0)
        if word.startswith("-"):
            found.add(_take_option(word, left, named, program))
        elif positional is not None and positional not in found:
            found.add(positional)
        else:
            raise OptionError(
                f"{program} has no use for the word {one_line(word)}. Options "
                "begin with two hyphens, and a value with a space in it needs "
                "quotes."
            )
    _check_complete(fields, found, program, positional)


def _take_option(
    word: str,
    left: list[str],
    named: dict[str, dataclasses.Field],
    program: str,
) -> str:
    """Take an option, and its values out of the words left; return its name."""
    typed, equals, value = word.partition("=")
    name = typed.lstrip("-").replace("-", "_")
    is_off = name.startswith("no_") and name[3:] in named
    base = name[3:] if is_off else name
    if not typed.startswith("--") or base not in named:
        raise OptionError(_about_unknown(typed, named, program))
    what = _type_of(named[base])
    if is_off and (what != SWITCH or base in ("resume", "json")):
        raise OptionError(_about_unknown(typed, named, program))
    if what == SWITCH:
        if equals:
            raise OptionError(
                f"{typed} is a switch and takes no value, and got "
                f"{one_line(value)}."
            )
        return base
    values = [value] if equals else []
    while left and not equals and _is_value(left[0]):
        values.append(left.pop(0))
        if what != LIST:
            break
    if what != LIST:
        if not values:
            raise OptionError(f"{typed} needs a value after it.{_such(left)}")
        _check_type(typed, values[0], what)
    return base


def _such(left: list[str]) -> str:
    if not left:
        return ""
    return (
        f" {one_line(left[0])} begins with a hyphen, as options do: write "
        "--option=VALUE if it is the value."
    )


def _is_value(word: str) -> bool:
    """Tell whether a word is a value: it may be a negative number."""
    return not word.startswith("-") or _is_number(word) or word == "-"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text


def _check_type(typed: str, value: str, what: Any) -> None:
    """Refuse what is no number, and what only Python takes for one: 1_0."""
    if what is int and not re.fullmatch(r" *[-+]?[0-9]{1,1000} *", value):
        raise OptionError(
            f"{typed} should be a whole number, and is {one_line(value)}."
        )
    if what is float and not _is_number(value):
        comma = value.replace(",", ".")
        hint = f" Did you mean {comma}?" if _is_number(comma) else ""
        raise OptionError(
            f"{typed} should be a number, and is {one_line(value)}.{hint}"
        )


def _about_unknown(
    typed: str, named: dict[str, dataclasses.Field], program: str
) -> str:
    name = typed.lstrip("-").replace("-", "_")
    others = [
        kind.NAME
        for kind in TASKS.values()
        if name not in named and name in fields_of(kind)
    ]
    options = [option(name) for name in named]
    if others:
        why = f"It is one of train {' and train '.join(others)}."
    else:
        why = near(option(name), options).strip()
    listed = f"There are: {', '.join(options)}."
    return " ".join(
        filter(None, [f"{program} has no option {typed}.", why, listed])
    )


def _check_complete(
    fields: dict[str, dataclasses.Field],
    found: Iterable[str],
    program: str,
    positional: str | None,
) -> None:
    missing = [
        "a RUN" if name == positional else f"{option(name)} {_metavar(field)}"
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and name not in found
    ]
    if missing:
        raise OptionError(
            f"{program} needs {' and '.join(missing)} as well; --help explains "
            "them."
        )


def _flat(kind: Any) -> dict[str, dataclasses.Field]:
    """Return the fields of a dataclass and of those in it, by name."""
    found = {}
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(field.type):
            found |= _flat(field.type)
        else:
            found[field.name] = field
    return found


def _type_of(field: dataclasses.Field) -> Any:
    """Return "switch", "list", int, float, or str for all others."""
    found: Any = field.type
    if hasattr(found, "__metadata__"):
        found = found.__origin__
    kinds = typing.get_args(found) or (found,)
    if bool in kinds:
        return SWITCH
    if typing.get_origin(found) is tuple:
        return LIST
    return next((kind for kind in (int, float) if kind in kinds), str)


def _metavar(field: dataclasses.Field) -> str:
    more = getattr(field.type, "__metadata__", ())
    names = (getattr(item, "metavar", None) for item in more)
    return next((name for name in names if name), "VALUE")
