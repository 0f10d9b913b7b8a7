"""Ctrl-C and its like: a run that is told to stop says so, and ends."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from helpers.runs import after_writing

# Signal -> how a person would call it. Not every system has every one.
NAMES = {
    "SIGINT": "Ctrl-C",
    "SIGTERM": "a request to end (SIGTERM)",
    "SIGHUP": "the end of its terminal (SIGHUP)",
}


class Stopped(BaseException):
    """A signal asked this process to end.

    Not an Exception: what handles errors is not to handle it.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number
        self.reason = NAMES[signal.Signals(number).name]
        self.status = 128 + number  # what a shell would report


class Interruptions:
    """What has arrived so far.

    Attributes:
        stopped: the first signal; None before one has arrived.
    """

    stopped: Stopped | None = None

    def end_if_asked(self) -> None:
        """Raise what has arrived, for the case that nobody has seen it.

        Python ignores an exception in a destructor or in a callback of the
        garbage collector, and one that a signal raises may fall into these.
        """
        if self.stopped is not None:
            raise self.stopped


@contextlib.contextmanager
def interruptible() -> Iterator[Interruptions]:
    """Raise `Stopped` in the block when a signal asks this process to end.

    The exception may come out as another one, if it arrives while torch calls
    Python: whoever catches that looks at ``stopped``. It may also be lost: a
    long block calls `Interruptions.end_if_asked` now and then. A second signal
    ends the process as it does without this block, and a signal that was
    ignored before stays ignored (as ``nohup`` wishes).
    """
    arrived = Interruptions()
    before = {}

    def stop(number: int, _frame: FrameType | None) -> None:
        for other in before:
            signal.signal(other, signal.SIG_DFL)
        arrived.stopped = stopped = Stopped(number)

        def end() -> None:
            raise stopped

        after_writing(end)

    if threading.current_thread() is threading.main_thread():
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is not None:
                handler = signal.getsignal(number)
                if handler not in (signal.SIG_IGN, None):
                    before[number] = handler
        for number in before:
            signal.signal(number, stop)
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
