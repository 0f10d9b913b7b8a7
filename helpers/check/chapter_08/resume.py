"""Exercise 08.2: a function that resumes."""

import tempfile
from pathlib import Path

import torch

from helpers.check.chapter_08.resumed import call_resume, judge_optimizer
from helpers.practice import Seen, agree, exercise, judge, wrong
from helpers.practice.probes.code_in_files import expect_no_call
from helpers.practice.probes.states import same_state, same_tensors
from helpers.practice.probes.training_runs import TrainingRun, fresh

RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "epoch_only": lambda s: isinstance(s.result, int),
    "no_three_values": lambda s: not isinstance(s.result, (tuple, list)),
    "no_three_values.others": lambda s: len(s.result) != 3,
}
MODEL = {
    "model_unchanged": lambda s: same_tensors(s.now, s.untrained),
    "model_partly": lambda s: s.different,
}
MODE = {
    "mode_of_the_top": lambda s: s.modes[0] and not all(s.modes),
    "eval_mode": lambda s: not s.modes[0] and s.leaves_train_mode(),
    "no_train_mode": lambda s: not s.modes[0],
}
VALUES = {
    "other_order": lambda s: (
        isinstance(s.epoch, (list, tuple))
        and any(type(part) is int for part in s.result)
    ),
    "other_epoch.kind": lambda s: not isinstance(s.epoch, int),
    "other_epoch": lambda s: not same_state(s.epoch, s.run.epoch),
    "swapped": lambda s: same_state(
        list(s.result[1:]), [s.run.val_losses, s.run.losses]
    ),
}
LOSSES = {
    "other_losses.number": lambda s: isinstance(s.losses, float),
    "other_losses": lambda s: not same_state(s.losses, s.kept),
}


@exercise
def resume(answer):
    """Check ``resume(path, model, optimizer)``.

    It reads a checkpoint into a model and an optimizer that are given, and
    returns epoch, losses and validation losses.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for number in (0, 1):
            _judge_one(answer, folder / f"run_{number}.pt", number)
        path, state = folder / "surprise.pt", TrainingRun().state()
        if not expect_no_call(lambda: answer(path, *fresh(0)), path, state):
            wrong("not_refused")
        _judge_other_names(answer, folder / "other_names.pt")


def _judge_one(answer, path: Path, number: int) -> None:
    run = TrainingRun(number)
    torch.save(run.state(), path)
    model, optimizer = fresh(number)
    parameters = list(model.parameters())
    model.eval()  # as a validation leaves it
    result = call_resume(answer, path, model, optimizer)
    n_values = len(result) if isinstance(result, (tuple, list)) else 1
    judge(RETURNED, Seen(result=result), n_values=n_values)
    for name, thing in (("model", model), ("optimizer", optimizer)):
        if "state_dict" in vars(thing):
            wrong("assigned", name=name)
    _judge_model(model, run)
    _judge_mode(answer, path, model, number)
    judge_optimizer(model, optimizer, parameters, run)
    judge(VALUES, Seen(result=result, epoch=result[0], run=run))
    kept_lists = {"losses": run.losses, "val_losses": run.val_losses}
    for losses, (name, kept) in zip(
        result[1:], kept_lists.items(), strict=True
    ):
        seen = Seen(name=name, losses=losses, kept=kept, n=len(kept))
        judge(LOSSES, seen)


def _judge_model(model, run: TrainingRun) -> None:
    saved, now = run.model.state_dict(), model.state_dict()
    different = [name for name in now if not agree(now[name], saved[name])]
    untrained = fresh(run.number)[0].state_dict()
    judge(MODEL, Seen(now=now, untrained=untrained, different=different))


def _judge_mode(answer, path: Path, model, number: int) -> None:
    def leaves_train_mode() -> bool:
        other, optimizer = fresh(number)  # this one is in train mode
        answer(path, other, optimizer)
        return not other.training

    modes = [module.training for module in model.modules()]
    judge(MODE, Seen(modes=modes, leaves_train_mode=leaves_train_mode))


def _judge_other_names(answer, path: Path) -> None:
    """Let it read a file of another model: a name less, a name more."""
    state = TrainingRun().state()
    saved = dict(state["model_state_dict"])
    fewer = {name: saved[name] for name in saved if name != "2.bias"}
    more = {**saved, "3.weight": torch.ones(1, 1)}
    for sign, names in (("fewer", fewer), ("more", more)):
        torch.save({**state, "model_state_dict": names}, path)
        try:
            answer(path, *fresh(0))
        except Exception:  # to refuse it is right, in whatever way
            continue
        if sign == "fewer":
            wrong("names_ignored.fewer")
        wrong("names_ignored.more")
