"""Call what a reader wrote, and put what it raised into a diagnosis."""

import builtins
import functools
import re
import tempfile
import tomllib
import traceback
from pathlib import Path
from typing import Any

from helpers import errors
from helpers.practice import sandbox
from helpers.practice.describe import inline_code, one_line
from helpers.practice.signs import Wrong, wrong

CAUSES = Path(__file__).with_name("causes.toml")


def call(function, *arguments, shown: str = "", **named) -> Any:
    """Call an answer as the exercise says it is called.

    Args:
        function: what the reader wrote.
        arguments: what it is given.
        shown: the call as a reader would write it, for the message.
        named: arguments given by name.

    Returns:
        what the function returned.

    Raises:
        Wrong: it cannot be called, or not with these arguments.
    """
    if not callable(function):
        wrong("not_callable", function=function)
    try:
        return function(*arguments, **named)
    except TypeError as error:
        if line_of(error):  # the reader's own code ran
            raise
        message = without_temporary(str(error))
        if shown and "takes no arguments" in message:
            wrong("signature.call.init", shown=shown, message=message)
        wrong(
            "signature.call" if shown else "signature",
            shown=shown,
            message=message,
        )


def line_of(error: BaseException) -> str:
    """Say which line of the reader's code raised an error; "" if none did."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if sandbox.is_readers_file(frame.filename):
            where = "It was raised"
            where += f" on line {frame.lineno}" if frame.lineno else ""
            where += " of the cell" if "ipykernel" in frame.filename else ""
            inside = (
                "" if frame.name.startswith("<") else f", in `{frame.name}`"
            )
            line = f": {inline_code(frame.line)}" if frame.line else ""
            return f"{where}{inside}{line}."
    return ""


def raised(error: BaseException) -> Wrong:
    """Return the diagnosis of an error that the reader's code raised."""
    message = one_line(without_temporary(str(error)) or "no message")
    what = f"`{type(error).__name__}`: {message}"
    if isinstance(error, SystemExit):
        what = "It ended the program (`exit`, `quit` or `sys.exit`)."
    if not what.endswith("..."):  # those say that it was cut off
        what = f"{what.rstrip('.')}."
    seen = {"what": what, "line": line_of(error), "cause": cause_of(error)}
    return Wrong("raises", seen)


def baffled(error: BaseException) -> Wrong:
    """Return the diagnosis of an error that a checker ran into."""
    text = without_temporary(str(error))
    if isinstance(error, TypeError) and (
        "positional argument" in text or "keyword argument" in text
    ):
        return Wrong("signature.method", {"message": text})
    seen = {
        "error": type(error).__name__,
        "message": one_line(text),
        "cause": _cause_by_text(str(error)),
    }
    return Wrong("baffled.known" if seen["cause"] else "baffled", seen)


def without_temporary(message: str) -> str:
    """Leave out what varies: colours, addresses, the checker's own folder."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)
    message = re.sub(r" at 0x[0-9A-Fa-f]+", "", message)
    folder = re.escape(tempfile.gettempdir())
    return re.sub(rf"{folder}[/\\]+tmp\w+[/\\]*", "", message)


def cause_of(error: BaseException) -> str:
    """Say what most likely led to an error, as far as it can be told."""
    cause = _cause_by_text(str(error))
    if cause:
        return cause
    for entry in _causes()["kind"]:
        kind = getattr(builtins, entry["error"], None)
        if isinstance(error, kind or getattr(errors, entry["error"])):
            return _joined(entry["cause"])
    return "See the message."


def _cause_by_text(text: str) -> str:
    for entry in _causes()["text"]:
        if entry["contains"] in text:
            return _joined(entry["cause"])
    return ""


def _joined(text: str) -> str:
    return " ".join(text.split())


@functools.cache
def _causes() -> dict:
    return tomllib.loads(CAUSES.read_text(encoding="utf-8"))
