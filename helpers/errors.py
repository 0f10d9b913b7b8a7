"""The errors of the course: each message is a sentence to act on.

A message says what was expected, what was found, the likely cause and what
to do. All of them are a ``CourseError``.
"""

import reprlib
import textwrap
import traceback
import warnings
from pathlib import Path

HELPERS = Path(__file__).parent
WIDTH = 88  # columns: JupyterLab would break longer lines within a word
FEW = 6  # lines on the way to an error; of more, the middle is left out


def in_short(error: BaseException) -> list[str]:
    """Tell an error in short: its message first, then the way to it.

    The way leads through the cells of a page and the files of `helpers`. What
    happens inside torch rarely helps and fills the page;
    ``traceback.print_exception(error)`` shows all.

    Args:
        error: as it was caught.

    Returns:
        Lines without colours, which would be hard to read on one ground or
        the other.
    """
    lines = _message(error)
    # the sentence of a CourseError says its cause itself
    if error.__cause__ is not None and not isinstance(error, CourseError):
        lines += _message(error.__cause__, "because of ")
    return [*lines, "", *_way_to(error)]


def _message(error: BaseException, before: str = "") -> list[str]:
    """Return name and message of an error, wrapped between words."""
    notes = getattr(error, "__notes__", [])
    # what str() adds to the message of a SyntaxError is the name of a file
    said = error.msg if isinstance(error, SyntaxError) else error
    text = "\n".join([f"{before}{type(error).__name__}: {said}", *notes])
    lines = []
    for line in text.rstrip(": \n").split("\n"):
        # lines of a message that stand indented stay so
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return lines


def _way_to(error: BaseException) -> list[str]:
    """Name the lines of cells and of `helpers` that led to an error."""
    lines = []
    if isinstance(error, SyntaxError) and error.text:
        text, column = error.text.rstrip(), (error.offset or 1) - 1
        head = f"line {error.lineno}: "
        return [head + text, " " * (len(head) + column) + "^"]
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if "ipykernel" in frame.filename:
            place = "of a cell" if lines else "of the cell"
        elif path.is_relative_to(HELPERS):
            place = f"of {path.relative_to(HELPERS.parent).as_posix()}"
        else:
            continue
        lines.append(f"line {frame.lineno} {place}: {frame.line}")
    if isinstance(error, CourseError):
        lines = lines[:1]  # nothing is wrong with the lines of `helpers`
    if len(lines) > FEW:
        half = FEW // 2
        lines = [*lines[:half], "...", *lines[-half:]]
    return lines


class CourseError(Exception):
    """The base of every error that `helpers` raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """Tell IPython what to show in a page: the sentence, and the line."""
        return in_short(self)


class PairingError(CourseError):
    """Versions of two stages were put together that do not fit."""


class DataError(CourseError):
    """Features, labels or a loader are not what the pipeline can use."""


class DeviceError(CourseError):
    """A device was asked for that this machine does not have."""


class RunNameError(CourseError):
    """A run name would leave ``runs/`` or fail on another system."""


class CheckpointError(CourseError):
    """A checkpoint cannot be written, read, or loaded into this model."""


class ModelFileError(CourseError):
    """An exported model cannot be written, read, or used."""


class FirstBatchError(CourseError):
    """The first batches of a training show a fault of the loop."""


class DivergenceError(CourseError):
    """The loss stopped being a finite number."""


class ServiceError(CourseError):
    """A server did not start or did not answer."""


class CourseWarning(UserWarning):
    """Something looks like a mistake, and may be meant."""


def warn(sentence: str) -> None:
    """Warn a reader in a sentence, without the file that noticed it.

    A page shows it below its cell, in lines that a reader can read.
    """

    def shown(message, category, *_) -> str:
        text = f"{category.__name__}: {message}"
        return textwrap.fill(text, WIDTH, break_on_hyphens=False) + "\n"

    before = warnings.formatwarning
    warnings.formatwarning = shown
    try:
        # each time: Python would be silent when a cell is run again
        warnings.warn_explicit(CourseWarning(sentence), None, "helpers", 0)
    finally:
        warnings.formatwarning = before


def one_line(value: object) -> str:
    """Show a value that may be anything in a few words, on one line."""
    limits = reprlib.Repr()
    limits.maxstring = limits.maxother = limits.maxlong = 60
    return " ".join(limits.repr(value).split())[:300]
