"""What exercise 08.3 saves, and what lies in the folder afterwards."""

from pathlib import Path

import torch

from helpers.practice import Seen, judge, wrong
from helpers.practice.probes.states import same_state

CONTENT = {
    "other_content": lambda s: not isinstance(s.loaded, dict),
    "other_content.keys": lambda s: not same_state(s.loaded, s.right),
}


def state_of(number: int) -> dict:
    """Return a checkpoint that differs from those of other numbers."""
    values = torch.arange(3.0 * number, 3.0 * number + 3)
    losses = [1.0 / (k + 1) for k in range(number)]
    return {
        "epoch": number,
        "model_state_dict": {"weight": values},
        "loss": losses,
    }


def judge_content(path: Path, number: int) -> None:
    """Load a file, and compare it with `state_of` its number.

    Raises:
        Wrong: torch refuses it, or it holds something else.
    """
    try:
        loaded = torch.load(path, weights_only=True)
    except Exception:  # a foreign file raises almost anything
        if path.stat().st_size == 0:
            wrong("not_loadable.empty")
        wrong("not_loadable")
    keys = list(loaded)[:4] if isinstance(loaded, dict) else []
    judge(CONTENT, Seen(loaded=loaded, right=state_of(number), keys=keys))


def content_of(path: Path) -> bytes | None:
    """Return what is in a file; None if there is no such file."""
    return path.read_bytes() if path.is_file() else None


def others_of(path: Path) -> set[Path]:
    """Return what else lies in the folder of a file."""
    return set(path.parent.rglob("*")) - {path}
