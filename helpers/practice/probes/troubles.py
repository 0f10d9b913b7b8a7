"""What can go wrong in the middle of a save; the list is ``troubles.toml``."""

import threading
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers.practice.probes.files import (
    Moments,
    is_open,
    is_rename,
    is_sync,
    is_write,
)


def _is_nothing(_function) -> bool:
    """No built-in function makes the trouble: a note in the state does."""
    return False


STEPS: dict[str, Callable[[object], bool]] = {
    "serialise": _is_nothing,
    "open": is_open,
    "write": is_write,
    "sync": is_sync,
    "rename": is_rename,
}
ERRORS: dict[str, tuple] = {
    "disk_full": (OSError, 28, "No space left on device"),
    # Windows refuses while another program reads the old file
    "refused": (PermissionError, 13, "Permission denied"),
    "ctrl_c": (KeyboardInterrupt,),
    "lock": (TypeError,),  # raised by pickle itself
    "no_memory": (MemoryError,),
}


class _Interrupts:
    def __reduce__(self):
        raise KeyboardInterrupt


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong in the middle of a save.

    Attributes:
        what: in words, beginning with "If".
        step: a key of `STEPS`.
        error: a key of `ERRORS`.
        has_old: whether there is an older file.
    """

    what: str
    step: str
    error: str
    has_old: bool = True

    @property
    def is_ctrl_c(self) -> bool:
        """Whether the reader wants to stop."""
        return self.error == "ctrl_c"

    @property
    def is_over_soon(self) -> bool:
        """Whether a second try may succeed: a disk is full for a while."""
        return self.error in ("disk_full", "refused")

    def in_state(self, state: dict) -> dict:
        """Return the state that is saved, with what makes trouble in it."""
        if self.step != "serialise":
            return state
        note = threading.Lock() if self.error == "lock" else _Interrupts()
        return {**state, "note": note}

    def happen(self, save: Callable[[], object], path: Path) -> tuple:
        """Save while it happens.

        Args:
            save: saves to ``path``.
            path: of the file.

        Returns:
            the error that came out or None, and whether the trouble was met.
        """
        kind, *arguments = ERRORS[self.error]
        with Moments(path, STEPS[self.step], kind(*arguments)) as moments:
            try:
                save()
            except (Exception, KeyboardInterrupt) as caught:
                return caught, moments.fired or self.step == "serialise"
        return None, moments.fired or self.step == "serialise"


def troubles() -> list[Trouble]:
    """Return all of them, in the order in which they are tried."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return [Trouble(**entry) for entry in tomllib.loads(text)["trouble"]]
