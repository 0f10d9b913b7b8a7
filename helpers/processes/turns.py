"""Functions that take turns: each runs until it has to wait, then the next.

Each runs in a thread of its own, but only one at a time, in a fixed order: what
they do together is the same in every run.
"""

import contextvars
import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

SECONDS = 1.0  # that a thread gets to end, when it is stopped


class NobodyCanGoOn(Exception):
    """Each function that has not ended waits, and none can go on.

    Attributes:
        waits_for: of each in its turn, in words; "" where it has ended.
    """

    def __init__(self, waits_for: list[str]):
        super().__init__(waits_for)
        self.waits_for = waits_for


class _Stopped(SystemExit):
    """Raised in a function that is no longer needed.

    A SystemExit, as a thread that ends with one does so without a word.
    """


class Player:
    """A function that takes turns with others.

    Attributes:
        waits_for: in words, what it waits for; "" while it runs.
        ended: whether it has returned, or raised.
        returned: what it returned.
    """

    def __init__(self, work: Callable[[], Any]):
        self.waits_for = ""
        self.ended = False
        self.returned: Any = None
        self._error: BaseException | None = None
        self._ready: Callable[[], bool] = lambda: True
        self._stopped = False
        # one of the two is free at a time: either it runs, or the others do
        self._mine, self._others = (threading.Semaphore(0) for _ in range(2))
        context = contextvars.copy_context()  # what it prints goes to its cell
        target = lambda: context.run(self._run, work)  # noqa: E731
        self._thread = threading.Thread(target=target, daemon=True)
        self._thread.start()

    def wait(self, words: str, ready: Callable[[], bool]) -> None:
        """Let the others go on until something holds; called by the function.

        Args:
            words: what it waits for.
            ready: whether it can go on.
        """
        if ready() and not self._stopped:
            return
        self.waits_for, self._ready = words, ready
        self._others.release()
        self._my_turn()
        self.waits_for = ""

    def can_go_on(self) -> bool:
        """Whether it would do something if it had a turn."""
        return not self.ended and self._ready()

    def take_turn(self) -> None:
        """Let it run until it waits or ends.

        Raises:
            BaseException: whatever it raised.
        """
        self._mine.release()
        # short waits: on Windows a long one cannot be interrupted
        while not self._others.acquire(timeout=0.05):
            pass
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End it, even inside a loop that never ends."""
        self._stopped = True
        self._mine.release()
        number = ctypes.c_ulong(self._thread.ident or 0)
        self._thread.join(SECONDS if self.waits_for else 0.01)
        for _ in range(40):
            if not self._thread.is_alive():
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                number, ctypes.py_object(_Stopped)
            )
            self._thread.join(SECONDS / 40)

    def _my_turn(self) -> None:
        self._mine.acquire()
        if self._stopped:
            raise _Stopped

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self._my_turn()
            self.returned = work()
        except BaseException as error:  # it is raised where the turns are given
            self._error = error
        finally:
            self.ended = True
            self._others.release()


def take_turns(players: Sequence[Player]) -> None:
    """Give each a turn, again and again, until all have ended.

    Args:
        players: in the order of their turns. All are stopped at the end,
            however it comes.

    Raises:
        NobodyCanGoOn: all that have not ended wait for something that does
            not come.
        BaseException: whatever one of them raised.
    """
    try:
        while not all(player.ended for player in players):
            if not any(player.can_go_on() for player in players):
                raise NobodyCanGoOn([one.waits_for for one in players])
            for player in players:
                if player.can_go_on():
                    player.take_turn()
    finally:
        for player in players:
            player.stop()
