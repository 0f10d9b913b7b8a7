"""Challenge 1, checkpoint and resume."""

import contextlib
import functools
import tempfile
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from helpers.check.chapter_08.resumed import call_resume
from helpers.practice import Seen, agree, call, exercise, judge, wrong
from helpers.practice.probes.code_in_files import expect_no_call
from helpers.practice.probes.states import note_model, same_state
from helpers.practice.probes.training_runs import TrainingRun, fresh, train_on

AFTER_SAVE = {
    "no_file": lambda s: not s.path.is_file(),
    "numpy_in_it": lambda s: "numpy" in s.refusal,
    "not_loadable": lambda s: s.refusal,
    "save_changes.mode": lambda s: s.now.modes != s.before.modes,
    "save_changes": lambda s: not same_state(vars(s.now), vars(s.before)),
    "save_changes.lists": lambda s: s.lists != s.right,
}
RETURNED = {
    "no_three": lambda s: (
        not isinstance(s.returned, (tuple, list)) or len(s.returned) != 3
    ),
    "epoch.older": lambda s: isinstance(s.epoch, int) and s.epoch == 0,
    "epoch": lambda s: (
        not isinstance(s.epoch, (int, np.integer)) or s.epoch != s.right_epoch
    ),
}
LOSSES = {
    "losses.kind": lambda s: None in s.lists,
    "losses_swapped": lambda s: s.lists == s.right[::-1] != s.right,
    "losses.number": lambda s: s.n_losses != s.n_right,
    "losses": lambda s: s.lists != s.right,
}
RESUMED = {
    "model_not_loaded": lambda s: not _agree(s.model, s.run, "parameters"),
    "buffers_left_out": lambda s: not _agree(s.model, s.run, "buffers"),
    "optimizer_left_out": lambda s: not same_state(s.memory, s.right_memory),
    "settings": lambda s: s.rate != s.right_rate,
    "freezes": lambda s: not all(p.requires_grad for p in s.model.parameters()),
    "mode_of_the_top": lambda s: s.modes[0] and not all(s.modes),
    "no_train_mode": lambda s: not s.modes[0],
}


@exercise
def checkpoint(save, resume):
    """Check ``save(path, ...)`` and ``resume(path, model, optimizer)``."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        contextlib.chdir(folder),  # a name of its own makes a file in there
    ):
        for number in (1, 0):  # a line with Adam; batch norm and momentum
            run, path = TrainingRun(number), Path(folder, f"run_{number}.pt")
            right = _judge_save(save, path, run)
            _judge_resume(resume, path, run, right)
            state = torch.load(path, map_location="cpu", weights_only=True)
            read = functools.partial(resume, path, *fresh(number))
            expect_no_call(read, path, state)  # in the reader's own file


def _judge_save(save, path: Path, run: TrainingRun) -> list:
    """Save; return the two lists of losses, as Python floats."""
    before = note_model(run.model)
    losses, val_losses = run.mixed_losses()
    if run.number == 0:  # as 32 bits these would lose digits
        losses = [float(loss) for loss in losses]
    val_losses[0] = np.float32(val_losses[0])
    right = [_floats(losses), _floats(val_losses)]
    shown = "save(path, epoch, model, optimizer, losses, val_losses)"
    arguments = (run.model, run.optimizer, losses, val_losses)
    for epoch in (0, run.epoch):  # the later one is in the file
        call(save, path, epoch, *arguments, shown=shown)
    seen = Seen(path=path, before=before, now=note_model(run.model))
    seen.refusal = _refusal(path)
    seen.lists, seen.right = [_floats(losses), _floats(val_losses)], right
    judge(AFTER_SAVE, seen)
    return right


def _refusal(path: Path) -> str:
    """Say why torch does not load a file; "" if it does."""
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file raises almost anything
        return str(error) or type(error).__name__
    return ""


def _judge_resume(resume, path: Path, run: TrainingRun, right: list) -> None:
    model, optimizer = fresh(run.number)
    model.eval()  # as a validation leaves it
    returned = call_resume(resume, path, model, optimizer)
    epoch = returned[0] if isinstance(returned, (tuple, list)) else None
    seen = Seen(returned=returned, epoch=epoch, right_epoch=run.epoch)
    judge(RETURNED, seen)
    lists = [_floats(part) for part in returned[1:]]
    seen = Seen(lists=lists, right=right)
    seen.odd = returned[2] if lists[1] is None else returned[1]
    seen.n_losses = [len(part or []) for part in lists]
    seen.n_right = [len(part) for part in right]
    found = chain.from_iterable(part or [] for part in lists)
    pairs = zip(found, chain.from_iterable(right), strict=False)
    loss, right_loss = next((p for p in pairs if p[0] != p[1]), (0.0, 0.0))
    judge(LOSSES, seen, loss=loss, right_loss=right_loss)
    _judge_going_on(model, optimizer, run)


def _judge_going_on(model, optimizer, run: TrainingRun) -> None:
    seen = Seen(
        model=model,
        run=run,
        memory=optimizer.state_dict()["state"],
        right_memory=run.optimizer.state_dict()["state"],
        rate=optimizer.param_groups[0]["lr"],
        right_rate=run.optimizer.param_groups[0]["lr"],
        modes=[module.training for module in model.modules()],
    )
    judge(RESUMED, seen)
    run.go_on()
    train_on(model, optimizer)
    if not _agree(model, run, "parameters"):
        wrong("goes_on_otherwise")


def _agree(model, run: TrainingRun, part: str) -> bool:
    """Compare the "parameters" or "buffers" with those of a run."""
    return agree(list(getattr(model, part)()), list(getattr(run.model, part)()))


def _floats(losses) -> list[float] | None:
    """Return losses as Python floats; None if they are no list of numbers."""
    try:
        return [float(loss) for loss in losses]
    except (TypeError, ValueError, RuntimeError):
        return None
