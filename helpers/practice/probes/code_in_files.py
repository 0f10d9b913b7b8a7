"""A file that asks its reader to call a function: a harmless one."""

from collections.abc import Callable
from pathlib import Path

import torch

from helpers.practice.signs import Seen, judge

_calls: list[str] = []
OBEYED = {"runs_code": lambda s: s.was_called}


class _Request:
    """Asks whoever unpickles it to call a function."""

    def __reduce__(self):
        return _leave_a_mark, ()


def _leave_a_mark() -> str:
    _calls.append("called")
    return "a note"


def expect_no_call(read: Callable[[], object], path: Path, state) -> bool:
    """Hide a request for a call in a file, and see whether it is granted.

    Args:
        read: reads the file at ``path``, with the reader's function.
        path: where the file is written.
        state: what else the file holds; a dictionary keeps its other keys.

    Returns:
        whether reading ended in an error, as it should.

    Raises:
        Wrong: the function was called.
    """
    is_dictionary = isinstance(state, dict)
    hostile = {**state, "note": _Request()} if is_dictionary else _Request()
    torch.save(hostile, path)
    _calls.clear()
    try:
        read()
        is_refused = False
    except Exception:  # to refuse it is right, in whatever way
        is_refused = True
    judge(OBEYED, Seen(was_called=bool(_calls)))
    return is_refused
