"""Exercise 10.3: a step that keeps a record."""

import copy
import re

import torch
from torch import nn, optim

from helpers.practice import Seen, agree, call, exercise, judge, wrong
from helpers.practice.probes.traces import numbers_of
from helpers.step_functions import make_train_step_fn

BUILT = {
    "runs_at_once": lambda s: s.calls,
    "touches_record": lambda s: s.record != s.before,
    "builder_returns_nothing": lambda s: s.made is None,
    "no_function": lambda s: not callable(s.made),
    "not_wrapped": lambda s: s.made is s.step,
}
CALLED = {
    "never_asked": lambda s: not s.calls,
    "twice": lambda s: len(s.calls) > 1,
    "swapped": lambda s: _same(s.calls[0], s.batch[::-1]),
    "other_batch": lambda s: not _same(s.calls[0], s.batch),
}
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "returns_record": lambda s: isinstance(s.result, list),
    "returns_other": lambda s: (
        not isinstance(s.result, float) or s.result != s.loss
    ),
}
RECORDED = {
    "not_recorded": lambda s: (
        len(s.record) < len(s.right) and s.record == s.right[: len(s.record)]
    ),
    "other_entries": lambda s: (
        len(s.record) == len(s.right)
        and not all(type(value) is float for value in s.record)
    ),
    "wrong_order": lambda s: s.record == s.right[::-1] != s.right,
    "too_many": lambda s: len(s.record) > len(s.right),
    "entries_lost": lambda s: len(s.record) < len(s.right),
    "other_entries.changed": lambda s: s.record != s.right,
}


@exercise
def with_record(answer):
    """Check ``with_record(train_step_fn, record)``, which returns a step."""
    seen = _build(answer, losses=[0.7512345, 0.5, 0.25], record=[])
    result = _do(seen, seed=1)
    judge(CALLED, seen, n_calls=len(seen.calls))
    judge(RETURNED, Seen(result=result, loss=0.7512345))
    _judge_record(seen, [0.7512345], "one call")
    _judge_two_steps(answer)
    _judge_on_top(answer)


def _build(answer, losses: list, record: list) -> Seen:
    """Build the new step; nothing may have happened yet."""
    calls, rest = [], iter(losses)

    def train_step_fn(x, y):
        calls.append((x, y))
        return next(rest, 0.0)

    seen = Seen(
        calls=calls, step=train_step_fn, record=record, before=list(record)
    )
    shown = "with_record(train_step_fn, record)"
    seen.made = call(answer, train_step_fn, record, shown=shown)
    judge(BUILT, seen)
    return seen


def _do(seen, seed: int):
    """Call the new step; an assignment to the list inside gets a name."""
    seen.batch = _batch(seed)
    try:
        return call(seen.made, *seen.batch, shown="recorded_step_fn(x, y)")
    except UnboundLocalError as error:
        name = (re.findall(r"'(\w+)'", str(error)) or ["record"])[0]
        wrong("assigns_inside", message=str(error), name=name)


def _batch(seed: int) -> tuple[torch.Tensor, ...]:
    numbers = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(4, 1, generator=numbers) for _ in range(2))


def _same(found, batch) -> bool:
    return all(
        isinstance(a, torch.Tensor) and torch.equal(a, b)
        for a, b in zip(found, batch, strict=True)
    )


def _judge_record(seen, right: list, when: str) -> None:
    judge(RECORDED, Seen(record=seen.record, right=right, when=when))


def _judge_two_steps(answer) -> None:
    """Two steps and two lists, one of which has an entry already."""
    one = _build(answer, losses=[0.3, 0.0, 0.0], record=[9.0])
    two = _build(answer, losses=[7.0, 6.0], record=[])
    results = [_do(one, 1), _do(two, 2), _do(one, 3), _do(one, 1)]
    if len(one.calls) == 3 and results[0] != 0.3:
        wrong("returns_other.made_of_list", result=results[0], loss=0.3)
    if results != [0.3, 7.0, 0.0, 0.0]:
        wrong("shared", results=results)
    _judge_record(one, [9.0, 0.3, 0.0, 0.0], "an old entry and three calls")
    _judge_record(two, [7.0], "one call of a second step")
    judge(CALLED, two, n_calls=len(two.calls))


def _judge_on_top(answer) -> None:
    """Train really, with a record of a record: one step per call."""
    model = nn.Linear(1, 1)
    loss_fn, batch = nn.MSELoss(), _batch(5)
    twin = copy.deepcopy(model)
    step, own_step = (
        make_train_step_fn(m, loss_fn, optim.SGD(m.parameters(), lr=0.1))
        for m in (model, twin)
    )
    inner, outer = [], []
    fn = call(answer, call(answer, step, inner), outer)
    results = [fn(*batch) for _ in range(3)]
    right = [own_step(*batch) for _ in range(3)]
    same_model = agree(numbers_of(model), numbers_of(twin))
    if not (same_model and agree(results, right)) or (
        not inner == outer == results
    ):
        wrong("not_on_top")
