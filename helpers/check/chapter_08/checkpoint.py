"""Exercise 08.1: all that a training run needs."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn, optim

from helpers.check.chapter_08.saved_state import (
    judge_saved_model,
    judge_saved_optimizer,
    numpy_in,
    through_a_file,
)
from helpers.practice import Seen, call, exercise, judge, wrong
from helpers.practice.probes.files import no_file_written
from helpers.practice.probes.states import note_model, same_state
from helpers.practice.probes.training_runs import TrainingRun

STATES = {"model": "model_state_dict", "optimizer": "optimizer_state_dict"}
LOSS_KEYS = ("loss", "val_loss")
KEYS = ("epoch", *STATES.values(), *LOSS_KEYS)

RETURNED = {
    "returns_nothing": lambda s: s.state is None,
    "no_dictionary": lambda s: not isinstance(s.state, dict),
    "no_optimizer": lambda s: s.lacks == [STATES["optimizer"]] and not s.has,
    "no_epoch": lambda s: s.lacks == ["epoch"] and not s.has,
    "keys": lambda s: s.lacks,
}
STATE_DICT = {
    "whole_model": lambda s: isinstance(s.value, nn.Module),
    "whole_optimizer": lambda s: isinstance(s.value, optim.Optimizer),
    "brackets_missing": lambda s: callable(s.value),
    "parameters_only": lambda s: s.name == "model" and _has_no_names(s.value),
    "groups_only": lambda s: _has_no_names(s.value),
    "no_state_dict": lambda s: not isinstance(s.value, Mapping),
    "optimizer_parts": lambda s: s.name == "optimizer" and s.missing,
}
NUMPY = {
    "numpy_array.tensors": lambda s: (
        s.is_array and s.where.startswith(tuple(STATES))
    ),
    "numpy_array": lambda s: s.is_array,
    "numpy_scalar.epoch": lambda s: s.where == "epoch",
    "numpy_scalar": lambda s: True,
}
LOSSES = {
    "tensor_losses": lambda s: any(
        isinstance(value, torch.Tensor) for value in (s.losses, *s.parts)
    ),
    "last_only": lambda s: isinstance(s.losses, (int, float)),
    "no_list": lambda s: not isinstance(s.losses, list),
    "no_floats": lambda s: s.other,
}
LOADED = {
    "other_epoch": lambda s: not same_state(s.epoch, s.run.epoch),
    "swapped": lambda s: (
        s.loss != s.run.losses and same_state(s.loss, s.run.val_losses)
    ),
}
LOADED_LOSSES = {
    "other_number": lambda s: len(s.losses) != len(s.right),
    "other_losses": lambda s: not same_state(s.losses, s.right),
}
AFTERWARDS = {
    "changes_the_training.mode": lambda s: s.now.modes != s.before.modes,
    "changes_the_training": lambda s: (
        not same_state(vars(s.now), vars(s.before))
        or not same_state(s.optimizer, s.optimizer_before)
        or s.lists != s.lists_before
    ),
}


@exercise
def checkpoint(answer):
    """Check ``make_checkpoint(epoch, model, optimizer, losses, val_losses)``.

    It returns the dictionary of the page, which has to survive a file.
    """
    first = _judge_one(answer, TrainingRun(0))
    second = _judge_one(answer, TrainingRun(1))
    if first is second or not same_state(first["epoch"], TrainingRun(0).epoch):
        wrong("shared")
    _judge_loaded(first, TrainingRun(0))
    for n_epochs in (1, 0):  # the first loss is a plain float, then none
        run = TrainingRun(1)
        run.keep_epochs(n_epochs)
        _judge_one(answer, run)


def _judge_one(answer, run: TrainingRun) -> dict:
    """Make a checkpoint of one training run, and look at all of it."""
    before, twin = note_model(run.model), TrainingRun(run.number)
    arguments = (run.epoch, run.model, run.optimizer, *run.mixed_losses())
    shown = "make_checkpoint(epoch, model, optimizer, losses, val_losses)"
    with no_file_written():
        state = call(answer, *arguments, shown=shown)
    _judge_dictionary(state)
    loaded = through_a_file(state)
    _judge_loaded(loaded, run)
    judge_saved_model(loaded["model_state_dict"], run.number)
    judge_saved_optimizer(loaded, run.number)
    seen = Seen(before=before, now=note_model(run.model))
    seen.optimizer = run.optimizer.state_dict()
    seen.optimizer_before = twin.optimizer.state_dict()
    seen.lists = [list(losses) for losses in arguments[3:]]
    seen.lists_before = [run.losses, run.val_losses]
    judge(AFTERWARDS, seen)
    return state


def _judge_dictionary(state) -> None:
    """Look for what is missing, and for what `weights_only=True` refuses."""
    is_dictionary = isinstance(state, dict)
    lacks = [key for key in KEYS if is_dictionary and key not in state]
    has = [key for key in state if key not in KEYS] if is_dictionary else []
    judge(RETURNED, Seen(state=state, lacks=lacks, has=has, keys=KEYS))
    for name, key in STATES.items():
        parts = state[key] if isinstance(state[key], Mapping) else {}
        missing = sorted({"state", "param_groups"} - set(parts))
        judge(STATE_DICT, Seen(name=name, value=state[key], missing=missing))
    for where, value in numpy_in(state):
        is_array = isinstance(value, np.ndarray)
        seen = Seen(where=where, value=value, is_array=is_array)
        judge(NUMPY, seen, type_name=type(value).__name__)
    for key in LOSS_KEYS:
        losses = state[key]
        parts = losses if isinstance(losses, (list, tuple)) else []
        other = [loss for loss in parts if type(loss) is not float][:1]
        seen = Seen(key=key, losses=losses, parts=parts, other=other)
        judge(LOSSES, seen, odd=other[0] if other else None)
    if type(state["epoch"]) is not int:
        wrong("epoch_kind", epoch=state["epoch"])


def _has_no_names(value) -> bool:
    is_mapping = isinstance(value, (Mapping, str))
    return hasattr(value, "__iter__") and not is_mapping


def _judge_loaded(loaded: dict, run: TrainingRun) -> None:
    judge(LOADED, Seen(epoch=loaded["epoch"], loss=loaded["loss"], run=run))
    for key, right in zip(LOSS_KEYS, (run.losses, run.val_losses), strict=True):
        seen = Seen(key=key, losses=loaded[key], right=right)
        judge(LOADED_LOSSES, seen, n=len(right), n_found=len(seen.losses))
