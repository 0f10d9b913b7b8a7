"""The errors of the course: each message is a sentence to act on.

A message says what was expected, what was found, the likely cause and what
to do. All of them are a ``CourseError``.
"""

import reprlib
import traceback


class CourseError(Exception):
    """The base of every error that `helpers` raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """Tell IPython what to show in a page: the line, and the sentence.

        The calls in between are those of `helpers`, where nothing is wrong.
        """
        frames = traceback.extract_tb(self.__traceback__)
        cells = [f for f in frames if "ipykernel" in f.filename]
        lines = [f"line {f.lineno} of the cell: {f.line}" for f in cells[:1]]
        return [*lines, f"{type(self).__name__}: {self}"]


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


def one_line(value: object) -> str:
    """Show a value that may be anything in a few words, on one line."""
    limits = reprlib.Repr()
    limits.maxstring = limits.maxother = limits.maxlong = 60
    return " ".join(limits.repr(value).split())[:300]
