"""Exercise 05.2: a mode for each layer."""

import contextlib
import types

import torch
from torch import nn

from helpers.practice import Seen, call, exercise, judge, wrong
from helpers.practice.probes.states import make_nested, note_model, same_state

LEND = "evaluating_layers(model)"
# Which layers are in train mode, by their names; "" is the whole model.
EVERY = ("", "0", "1", "1.0", "1.1", "1.2", "1.2.0", "2")
MIXED = (
    EVERY,
    (),
    tuple(name for name in EVERY if name != "1.0"),  # batch norm kept in eval
    tuple(name for name in EVERY if name != "1"),  # but not what is in it
    ("1.2.0",),  # a single one trains
)
MANAGER = {
    "no_decorator": lambda s: isinstance(s.manager, types.GeneratorType),
    "no_context_manager": lambda s: (
        not isinstance(s.manager, contextlib.AbstractContextManager)
    ),
}
YIELDS = {
    "no_single_yield.twice": lambda s: "generator didn't stop" in s.text,
    "no_single_yield": lambda s: (
        "generator didn't" in s.text or "not an iterator" in s.text
    ),
}
INSIDE = {
    "yields_nothing": lambda s: s.lent is None,
    "yields_other.manager": lambda s: hasattr(type(s.lent), "__exit__"),
    "yields_other": lambda s: s.lent is not s.model,
    "nested_left_out": lambda s: s.n_left and "" not in s.left,
    "not_in_eval_mode.outermost": lambda s: s.left == [""],
    "not_in_eval_mode": lambda s: s.n_left,
    "recording_off": lambda s: not torch.is_grad_enabled(),
}
MODES = {
    "not_put_back": lambda s: not any(s.after.values()),
    "one_mode.block": lambda s: s.changes_mode and all(s.after.values()),
    "one_mode": lambda s: set(s.after.values()) == {s.before[""]},
    "always_train": lambda s: all(s.after.values()),
    "other_modes": lambda s: True,
}


@exercise
def evaluating_layers(answer):
    """Check ``evaluating_layers(model)``, a context manager."""
    for training in MIXED:
        _judge_lending(answer, training)
    _judge_lending(answer, EVERY[:4], changes_mode=True)
    _judge_two_lent(answer)
    for training in MIXED:
        _judge_failing_block(answer, training)


def _modes(model: nn.Module) -> dict[str, bool]:
    return {name: layer.training for name, layer in model.named_modules()}


def _rest(model: nn.Module) -> tuple:
    """Note what stays as it is: weights, gradients, and which want any."""
    noted = note_model(model)
    return noted.values, noted.gradients, noted.want


@contextlib.contextmanager
def _entered(answer, model: nn.Module):
    """Enter the reader's context manager, or say what is wrong with it."""
    manager = call(answer, model, shown=LEND)
    judge(MANAGER, Seen(manager=manager))
    try:
        with manager as lent:
            yield lent
    except (RuntimeError, TypeError) as error:
        judge(YIELDS, Seen(text=str(error)))
        raise


def _judge_lending(answer, training, changes_mode: bool = False) -> None:
    model = make_nested(training)
    modes, rest = _modes(model), _rest(model)
    with _entered(answer, model) as lent:
        left = [name for name, mode in _modes(model).items() if mode]
        seen = Seen(lent=lent, model=model, left=left, n_left=len(left))
        judge(INSIDE, seen, n=len(modes))
        if changes_mode:  # and trains, too
            model.train()
            with torch.no_grad():
                next(model.parameters()).add_(1)
            rest = _rest(model)
    _judge_modes(modes, _modes(model), changes_mode)
    if not torch.is_grad_enabled() or not same_state(rest, _rest(model)):
        wrong("changes_more")


def _judge_modes(before: dict, after: dict, changes_mode: bool) -> None:
    other = [name for name in before if before[name] != after[name]]
    if not other:
        return
    layer = "model" + "".join(f"[{p}]" for p in other[-1].split(".") if p)
    seen = Seen(before=before, after=after, changes_mode=changes_mode)
    judge(MODES, seen, n_other=len(other), n=len(before), layer=layer)


def _judge_two_lent(answer) -> None:
    """Lend two models at once, one block in the other."""
    one, two = make_nested(MIXED[2]), make_nested(MIXED[4])
    before = _modes(one), _modes(two)
    with _entered(answer, one), _entered(answer, two):
        pass
    if (_modes(one), _modes(two)) != before:
        wrong("shared")
    one.train()
    with _entered(answer, one):  # once more, from other modes
        pass
    if not all(_modes(one).values()):
        wrong("shared.earlier")


class _BlockError(Exception):
    """Raised in a block on purpose."""


def _judge_failing_block(answer, training) -> None:
    model = make_nested(training)
    before = _modes(model)
    try:
        with _entered(answer, model):
            raise _BlockError("an error inside the block")
    except _BlockError:
        pass
    else:
        wrong("swallows")
    if _modes(model) != before:
        wrong("no_finally")
