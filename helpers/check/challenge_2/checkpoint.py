"""Challenge 2: stop and go on exactly."""

import contextlib
import tempfile
from pathlib import Path

import torch

from helpers.practice import Seen, agree, call, exercise, judge, wrong
from helpers.practice.probes.states import note_model, same_state
from helpers.practice.probes.training_runs import TrainingRun, fresh, train_on

SAVE = "save(path, epoch, model, optimizer, generator)"
RESUME = "resume(path, model, optimizer, generator)"
AFTER_SAVE = {
    "no_file": lambda s: not s.path.is_file(),
    "not_loadable": lambda s: s.refusal,
    "save_changes": lambda s: not same_state(vars(s.now), vars(s.before)),
    "save_changes.generator": lambda s: not torch.equal(s.draws, s.drawn),
}
RESUMED = {
    "no_epoch": lambda s: s.epoch is None,
    "epoch.kind": lambda s: type(s.epoch) is not int,
    "epoch.older": lambda s: s.epoch == s.older,
    "epoch": lambda s: s.epoch != s.right_epoch,
    "model_left_out": lambda s: not agree(*_of(s, "parameters")),
    "buffers_left_out": lambda s: not agree(*_of(s, "buffers")),
    "optimizer_left_out": lambda s: not same_state(s.memory, s.right_memory),
    "settings": lambda s: s.rate != s.right_rate,
    "no_train_mode": lambda s: not all(m.training for m in s.model.modules()),
    "global_generator": lambda s: (
        not torch.equal(s.state, s.right_state) and s.global_moved
    ),
    "begins_anew": lambda s: torch.equal(s.state, s.first_state),
    "generator_left_out": lambda s: torch.equal(s.state, s.own_state),
    "generator": lambda s: not torch.equal(s.state, s.right_state),
}


@exercise
def checkpoint(save, resume):
    """Check ``save`` and ``resume``, with the generator of a loader."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        contextlib.chdir(folder),
    ):
        for number in (1, 0):  # a line with Adam; batch norm and momentum
            run = TrainingRun(number)
            generator = torch.Generator().manual_seed(31 + number)
            torch.randperm(50 + number, generator=generator)
            path = Path(folder, f"run_{number}.pt")
            _judge_save(save, path, run, generator)
            _judge_resume(resume, path, run, generator)


def _judge_save(save, path: Path, run: TrainingRun, generator) -> None:
    seen = Seen(path=path, before=note_model(run.model))
    state = generator.get_state()
    parts = (run.model, run.optimizer, generator)
    for epoch in (0, run.epoch):  # the later one is in the file
        call(save, path, epoch, *parts, shown=SAVE)
    seen.now, seen.refusal = note_model(run.model), _refusal(path)
    seen.draws, seen.drawn = generator.get_state(), state
    judge(AFTER_SAVE, seen)


def _refusal(path: Path) -> str:
    """Say why torch does not load a file; "" if it does."""
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file raises almost anything
        return str(error) or type(error).__name__
    return ""


def _judge_resume(resume, path: Path, run: TrainingRun, generator) -> None:
    model, optimizer = fresh(run.number)
    model.eval()  # as a validation leaves it
    own = torch.Generator().manual_seed(8)
    seen = Seen(model=model, run=run, older=0, right_epoch=run.epoch)
    seen.own_state, seen.right_state = own.get_state(), generator.get_state()
    first = torch.Generator().manual_seed(31 + run.number)
    seen.first_state = first.get_state()
    before = torch.get_rng_state()
    seen.epoch = call(resume, path, model, optimizer, own, shown=RESUME)
    seen.global_moved = not torch.equal(before, torch.get_rng_state())
    seen.state = own.get_state()
    seen.memory = optimizer.state_dict()["state"]
    seen.right_memory = run.optimizer.state_dict()["state"]
    seen.rate = optimizer.param_groups[0]["lr"]
    seen.right_rate = run.optimizer.param_groups[0]["lr"]
    judge(RESUMED, seen)
    run.go_on()
    train_on(model, optimizer)
    if not agree(*_of(seen, "parameters")):
        wrong("goes_on_otherwise")


def _of(seen, part: str) -> tuple[list, list]:
    own, right = (getattr(m, part)() for m in (seen.model, seen.run.model))
    return list(own), list(right)
