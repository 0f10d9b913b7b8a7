"""What a learning-rate schedule changes while it runs, and what it keeps.

A resume has to take the first from the file and to compare the second. Which
is which is read from the schedule's own ``step``: what it assigns changes, and
everything else is as the constructor left it. So there is no list of names
here, and schedules of the next torch, or of one's own, are judged alike.
"""

import dis
import functools
import inspect
from collections import Counter
from collections.abc import Iterator
from types import CodeType
from typing import Any

from helpers.checkpoints.comparing import is_alike, is_equal
from helpers.checkpoints.plain_values import plain
from helpers.errors import CheckpointError


def changed_settings(scheduler: Any) -> set[str]:
    """Name the settings of an optimizer that a schedule may change.

    Args:
        scheduler: a schedule, perhaps made of several; None changes nothing.

    Returns:
        names such as ``lr`` and ``momentum``: all that its ``step`` mentions.
    """
    if scheduler is None:
        return set()
    mentioned = {
        constant
        for code in _code_of_a_step(type(scheduler))
        for constant in code.co_consts
        if isinstance(constant, str)
    }
    for inner in _schedules_in(scheduler):
        mentioned |= changed_settings(inner)
    return mentioned


def differing_parts(
    scheduler: Any, own: dict[str, Any], saved: Any
) -> list[str]:
    """Name the parts of a saved schedule that cannot go into this one.

    Args:
        scheduler: the schedule here.
        own: its state, of plain values.
        saved: that of the file.

    Returns:
        names of settings that differ and of counters of another kind.
    """
    if not isinstance(saved, dict):
        return ["its state"]
    if own.keys() != saved.keys():
        return sorted(map(str, own.keys() ^ saved.keys()))
    changing = {
        instruction.argval
        for code in _code_of_a_step(type(scheduler))
        for instruction in dis.get_instructions(code)
        if instruction.opname == "STORE_ATTR"
    }
    return [
        name
        for name, here in own.items()
        if not _fits(scheduler, name, here, saved[name], name in changing)
    ]


def in_its_own_types(scheduler: Any, saved: dict[str, Any]) -> dict[str, Any]:
    """Return a saved schedule with counters where the schedule has some.

    `MultiStepLR` counts its milestones in a ``Counter``, which is a plain
    dictionary in a file.
    """
    return {
        name: Counter(value)
        if isinstance(_attributes(scheduler).get(name), Counter)
        else value
        for name, value in saved.items()
    }


def _fits(
    scheduler: Any, name: str, here: Any, there: Any, is_changing: bool
) -> bool:
    """Compare one part of a schedule's state."""
    inner = _attributes(scheduler).get(name)
    if isinstance(inner, (list, tuple)) and any(map(_has_state, inner)):
        return (
            isinstance(there, (list, tuple))
            and len(there) == len(inner)
            and not any(map(differing_parts, inner, here, there))
        )
    is_setting = not is_changing and _is_stored_as_it_is(inner, here)
    return (is_equal if is_setting else is_alike)(here, there)


def _is_stored_as_it_is(attribute: Any, here: Any) -> bool:
    """Tell an attribute of the schedule from what it makes for the file."""
    try:
        return is_equal(plain(attribute), here)
    except CheckpointError:  # functions, of which the file knows little
        return False


def _attributes(scheduler: Any) -> dict[str, Any]:
    return getattr(scheduler, "__dict__", {})


def _has_state(value: Any) -> bool:
    return hasattr(value, "state_dict") and hasattr(value, "step")


def _schedules_in(scheduler: Any) -> Iterator[Any]:
    """Give the schedules that a schedule is made of."""
    for value in _attributes(scheduler).values():
        if isinstance(value, (list, tuple)):
            yield from filter(_has_state, value)


@functools.cache
def _code_of_a_step(kind: type) -> list[CodeType]:
    """Return the code of ``step`` and of the methods it calls by name."""
    found, seen, waiting = [], set(), ["step"]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for base in kind.__mro__:
            function = inspect.unwrap(vars(base).get(name, None))
            code = getattr(function, "__code__", None)
            if code is not None:
                found.append(code)
                waiting.extend(code.co_names)
    return found
