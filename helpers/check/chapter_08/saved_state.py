"""What was saved by the answer of exercise 08.1 goes on, or does not."""

import io
from collections.abc import Iterator, Mapping

import numpy as np
import torch

from helpers.practice import Seen, agree, judge, wrong
from helpers.practice.probes.states import same_tensors
from helpers.practice.probes.training_runs import TrainingRun, fresh, train_on

NAMES = {
    "no_buffers": lambda s: s.missing and set(s.missing) <= s.buffers,
}
GOES_ON = {
    "other_optimizer.refused": lambda s: s.error,
    "no_memory": lambda s: not s.is_right and not s.saved["state"],
    "other_optimizer": lambda s: not s.is_right,
}


def numpy_in(value, where: str = "") -> Iterator[tuple]:
    """Give each NumPy value in nested dictionaries and lists."""
    if isinstance(value, (np.generic, np.ndarray)):
        yield where, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from numpy_in(item, f"{where}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from numpy_in(item, f"{where}[{number}]")


def through_a_file(state: dict) -> dict:
    """Save and load, as a resumed training run will.

    Raises:
        Wrong: torch cannot write it, or refuses to read it.
    """
    buffer = io.BytesIO()
    try:
        torch.save(state, buffer)
    except Exception as error:  # of whatever an odd value raises
        wrong("cannot_save", error=type(error).__name__)
    buffer.seek(0)
    try:
        return torch.load(buffer, weights_only=True)
    except Exception:  # mostly an UnpicklingError
        wrong("refused")


def judge_saved_model(saved, number: int) -> None:
    """Load what was saved into a model that was built anew.

    Args:
        saved: what stands under `model_state_dict`.
        number: of the training run.

    Raises:
        Wrong: it is not the state of that model.
    """
    model, _ = fresh(number)
    missing = [name for name in model.state_dict() if name not in saved]
    buffers = {name for name, _ in model.named_buffers()}
    judge(NAMES, Seen(missing=missing, buffers=buffers))
    try:
        model.load_state_dict(saved)
    except Exception:  # torch compares names and shapes
        wrong("other_model_state", keys=list(saved)[:4])
    right = TrainingRun(number).model.state_dict()
    if not same_tensors(model.state_dict(), right):
        wrong("other_weights")


def judge_saved_optimizer(loaded: dict, number: int) -> None:
    """Go on with what was saved, and without a stop; compare.

    Args:
        loaded: the checkpoint, whose model is right.
        number: of the training run.

    Raises:
        Wrong: the next steps lead elsewhere.
    """
    saved = loaded["optimizer_state_dict"]
    model, optimizer = fresh(number)
    model.load_state_dict(loaded["model_state_dict"])
    error, straight = None, TrainingRun(number)
    straight.go_on()
    try:
        optimizer.load_state_dict(saved)
        train_on(model, optimizer)
    except Exception as caught:  # other shapes show only in the next step
        error = caught
    pairs = list(model.parameters()), list(straight.model.parameters())
    seen = Seen(saved=saved, error=error, is_right=agree(*pairs))
    judge(GOES_ON, seen)
