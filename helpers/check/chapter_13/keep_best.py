"""Exercise 13.4: a callback that keeps the best weights."""

import copy
import inspect

import torch
from torch import nn

from helpers.check.chapter_13.common import aliases, fill, is_state
from helpers.practice import Seen, agree, call, exercise, judge, wrong
from helpers.practice.expect import is_rounded
from helpers.practice.probes.states import note_model, same_state

CALL = "KeepBest()"
HOOKS = ("before_fit", "after_batch", "after_epoch")
# The first, the best, the highest, the one with the lowest loss of a batch, an
# equal of the best, and the last are six different epochs.
LOSSES = [0.8, 0.4321, 0.9, 0.6, 0.4321, 0.7]
LOWEST_BATCH = 3
WORSE = [2.0, 1.5, 1.5]
CLOSE = [0.5004, 0.5001]
MADE = {
    "returns_nothing": lambda s: s.keeper is None,
    "misspelt_hook": lambda s: "after_epoch" not in s.hooks and s.others,
    "no_hook": lambda s: "after_epoch" not in s.hooks,
}
RESULT = {
    "no_best_state": lambda s: not hasattr(s.keeper, "best_state"),
    "no_best_loss": lambda s: not hasattr(s.keeper, "best_loss"),
    "state_is_none.lowered": lambda s: (
        s.keeper.best_state is None and s.keeper.best_loss == min(s.losses)
    ),
    "state_is_none": lambda s: s.keeper.best_state is None,
    "whole_model": lambda s: isinstance(s.keeper.best_state, nn.Module),
    "no_state.method": lambda s: callable(s.keeper.best_state),
    "no_state": lambda s: not is_state(s.keeper.best_state),
    "reference": lambda s: aliases(s.keeper.best_state, s.model),
    "other_keys": lambda s: set(s.keeper.best_state) != set(s.right),
    "not_reset": lambda s: s.earlier and _epoch(s) == -1,
    "batch_loss": lambda s: _epoch(s) == LOWEST_BATCH != s.best,
    "last_of_equals": lambda s: (
        _epoch(s) > s.best and s.losses[_epoch(s)] == s.losses[s.best]
    ),
    "too_choosy": lambda s: s.losses == CLOSE and _epoch(s) == 0,
    "highest": lambda s: _epoch(s) == s.losses.index(max(s.losses)) != s.best,
    "first_kept": lambda s: _epoch(s) == 0 != s.best,
    "last_kept": lambda s: _epoch(s) == len(s.losses) - 1 != s.best,
    "other_weights": lambda s: (
        not same_state(dict(s.keeper.best_state), s.right)
    ),
    "tensor_loss": lambda s: isinstance(s.keeper.best_loss, torch.Tensor),
    "other_best_loss.rounded": lambda s: is_rounded(
        s.keeper.best_loss, s.losses[s.best]
    ),
    "other_best_loss": lambda s: (
        not agree(float(s.keeper.best_loss), s.losses[s.best])
    ),
}
UNTOUCHED = {
    "changes_model": lambda s: not same_state(vars(s.now), vars(s.before)),
    "stops": lambda s: s.learner.stop,
    "changes_learner": lambda s: s.changed,
}


@exercise
def keep_best(answer):
    """Check ``KeepBest``, a callback of the page's ``Learner``."""
    keeper = _make(answer)
    _fit_and_judge(keeper, LOSSES)
    _fit_and_judge(keeper, WORSE, earlier=True)
    _fit_and_judge(keeper, sorted(LOSSES)[::-1])
    _fit_and_judge(keeper, CLOSE)
    one, two = _make(answer), _make(answer)
    _fit_and_judge(one, [0.5, 0.3])
    kept = copy.deepcopy(dict(one.best_state)), one.best_loss
    _fit_and_judge(two, LOSSES)
    if not same_state(kept, (dict(one.best_state), one.best_loss)):
        wrong("shared")


def _make(answer):
    keeper = call(answer, shown=CALL)
    own = [name for name in dir(keeper) if not name.startswith("_")]
    # a property may not be ready before a fit: look without calling it
    own = [n for n in own if callable(inspect.getattr_static(keeper, n, None))]
    seen = Seen(
        keeper=keeper,
        hooks=[name for name in own if name in HOOKS],
        others=[name for name in own if name not in HOOKS],
    )
    judge(MADE, seen, shown=CALL, what="a callback")
    return keeper


def _fit_and_judge(keeper, losses, earlier=False) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    learner = Seen(model=model, stop=False, callbacks=[keeper], epoch=0)
    learner.opt = torch.optim.SGD(model.parameters(), lr=0.1)
    learner.loss_func = nn.CrossEntropyLoss()
    _call(learner, keeper, "before_fit")
    states = []
    for epoch, val_loss in enumerate(losses):
        learner.epoch = epoch
        for part in ("train", "eval"):
            model.train(part == "train")
            learner.loss = 0.01 * (1 + abs(epoch - LOWEST_BATCH))
            _call(learner, keeper, "after_batch")
        fill(model, 10 * len(losses) + epoch)  # what training leaves
        states.append(copy.deepcopy(model.state_dict()))
        learner.val_loss = val_loss
        _call(learner, keeper, "after_epoch")
    best = losses.index(min(losses))
    seen = Seen(keeper=keeper, model=model, losses=losses, states=states)
    seen.best, seen.right, seen.earlier = best, dict(states[best]), earlier
    judge(RESULT, seen)


def _call(learner, keeper, hook: str) -> None:
    run = getattr(keeper, hook, lambda learner: None)
    had, before = dict(vars(learner)), note_model(learner.model)
    try:
        run(learner)
    except AttributeError as error:
        if error.obj is learner:
            wrong("not_of_learner", name=error.name, hook=hook)
        if error.obj is keeper:
            wrong("never_set", name=error.name, hook=hook)
        raise
    has = vars(learner)
    changed = [name for name in has if has[name] is not had.get(name, had)]
    now = note_model(had["model"])
    judge(
        UNTOUCHED,
        Seen(learner=learner, before=before, now=now, changed=changed),
    )


def _epoch(seen) -> int:
    """Return the epoch that the kept weights belong to; -1 for none."""
    state = dict(seen.keeper.best_state)
    same = [
        k for k, one in enumerate(seen.states) if same_state(state, dict(one))
    ]
    return same[0] if same else -1
