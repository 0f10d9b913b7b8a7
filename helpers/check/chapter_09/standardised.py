"""Exercise 09.2: mean and spread on board."""

import copy

import torch
from torch import nn

from helpers.practice import Seen, agree, call, exercise, judge, wrong
from helpers.practice.probes.states import fill, same_tensors
from helpers.practice.signs import judge_value

SETTINGS = (([53.0], [20.0]), ([53.0, 7.5], [20.0, 3.5]), ([65.0], [24.0]))
BUILT = {
    "no_module": lambda s: not isinstance(s.made, nn.Module),
    "sets_mode.at_once": lambda s: not s.model.training,
    "changes_model.registers": lambda s: len(s.now) > len(s.before),
    "changes_model": lambda s: not same_tensors(s.now, s.before),
}
ANSWERED = {
    "changes_input": lambda s: not torch.equal(s.given, s.x),
    "no_tensor": lambda s: not isinstance(s.yhat, torch.Tensor),
    "other_shape": lambda s: s.yhat.shape != s.right.shape,
    "remembers": lambda s: agree(s.yhat, s.right) > agree(s.again, s.right),
}
SUSPECTS = {
    "not_scaled": lambda s: s.twin(s.x),
    "multiplied": lambda s: s.twin((s.x - s.mean) * s.spread),
    "other_order": lambda s: s.twin(s.x / s.spread - s.mean),
    "brackets": lambda s: s.twin(s.x - s.mean / s.spread),
    "added": lambda s: s.twin((s.x + s.mean) / s.spread),
    "swapped": lambda s: s.twin((s.x - s.spread) / s.mean),
    "no_model": lambda s: (s.x - s.mean) / s.spread,
    "no_mean": lambda s: s.twin(s.x / s.spread),
    "no_spread": lambda s: s.twin(s.x - s.mean),
    "way_back": lambda s: s.twin(s.x * s.spread + s.mean),
    "variance": lambda s: s.twin((s.x - s.mean) / s.spread**2),
    "first_only": lambda s: s.twin((s.x - s.mean[0]) / s.spread[0]),
    "turned_round": lambda s: s.twin((s.mean - s.x) / s.spread),
    "of_the_batch": lambda s: s.twin((s.x - s.x.mean(0)) / s.x.std(0)),
    "scales_answer": lambda s: (s.twin(s.x) - s.mean[0]) / s.spread[0],
}
INSIDE = {
    "trained": lambda s: s.ours < s.theirs,
    "copies_model": lambda s: s.ours != s.theirs and len(s.theirs) >= 4,
    "model_not_registered.parameters": lambda s: s.ours != s.theirs,
    "not_persistent": lambda s: s.missing and s.unsaved,
    "other_names": lambda s: s.missing and s.moved,
    "plain_attributes": lambda s: s.missing,
    "other_buffer": lambda s: s.changed,
    "more_entries": lambda s: len(s.state) > 6,
    "model_not_registered": lambda s: len(s.state) < 6,
}
TRAINED = {
    "sets_mode": lambda s: s.model.training is not s.mode,
    "no_graph": lambda s: not s.yhat.requires_grad,
}
LOADED = {
    "buffer_not_used": lambda s: not agree(s.yhat, s.right),
    "stays_behind": lambda s: s.place != "meta",
}


@exercise
def standardised(answer):
    """Check the module ``Standardised(model, mean, spread)``."""
    for mean, spread in (SETTINGS[0], SETTINGS[1]):
        seen = _build(answer, mean, spread)
        _judge_inside(seen)
        _judge_formula(seen)
        for seen.mode in (True, False):
            seen.made.train(seen.mode)
            seen.yhat = seen.made(seen.x)
            judge(TRAINED, seen)
    one, two = _build(answer, *SETTINGS[0]), _build(answer, *SETTINGS[2])
    _judge_formula(one, there_are_two=True)
    _judge_formula(two, there_are_two=True)
    _judge_load(one, two)


def _build(answer, mean: list, spread: list) -> Seen:
    """Build their module around a model; the model has to stay as it is."""
    model = nn.Sequential(nn.Linear(len(mean), 4), nn.Tanh(), nn.Linear(4, 1))
    fill(model, seed=int(mean[0]))
    seen = Seen(model=model, twin=copy.deepcopy(model))
    seen.mean, seen.spread = torch.tensor(mean), torch.tensor(spread)
    seen.x = torch.linspace(30, 80, 4 * len(mean)).reshape(4, -1)[[3, 0, 2, 1]]
    shown = f"Standardised(model, {mean}, {spread})"
    try:
        seen.made = call(answer, model, [*mean], [*spread], shown=shown)
    except AttributeError as error:
        if "before Module.__init__" not in str(error):
            raise
        wrong("no_super", message=str(error))
    seen.now, seen.before = model.state_dict(), seen.twin.state_dict()
    judge(BUILT, seen, shown=shown)
    return seen


def _judge_formula(seen, there_are_two: bool = False) -> None:
    """Compare the answers for four rows, and for one."""
    for x in (seen.x, seen.x[:1]):
        now = Seen(**{**vars(seen), "x": x, "given": x.clone()})
        try:
            now.yhat = call(seen.made, now.given, shown="module(readings)")
            now.again = seen.made(x.clone())
        except NotImplementedError:
            wrong("no_forward")
        now.right = seen.twin((x - seen.mean) / seen.spread)  # [N, 1]
        judge(ANSWERED, now)
        judge_value(
            SUSPECTS,
            now,
            found=now.yhat,
            right=now.right,
            otherwise="shared" if there_are_two else "other_formula",
        )


def _judge_inside(seen) -> None:
    """Look at parameters, buffers and the `state_dict`."""
    seen.theirs = {id(p) for p in seen.made.parameters()}
    seen.ours = {id(p) for p in seen.model.parameters()}
    seen.state = state = seen.made.state_dict()
    due = {"mean": seen.mean, "spread": seen.spread}
    seen.missing = [name for name in due if name not in state]
    seen.unsaved = {*seen.missing} & {*dict(seen.made.named_buffers())}
    seen.moved = {
        n for n in state for m in seen.missing if _is(state[n], due[m])
    }
    seen.changed = [n for n in due if n in state and not _is(state[n], due[n])]
    judge(INSIDE, seen, n_theirs=len(seen.theirs), n_entries=len(state))


def _is(buffer, value) -> bool:
    return buffer.dtype == torch.float32 and agree(buffer.flatten(), value)


def _judge_load(one, two) -> None:
    """Load the state of one into the other: both have to answer the same."""
    two.made.load_state_dict(copy.deepcopy(one.made.state_dict()))
    yhat, right = two.made(one.x), one.made(one.x)
    try:  # a device without numbers: what is not registered stays behind
        place = one.made.to("meta")(one.x.to("meta")).device.type
    except RuntimeError:
        place = "cpu"
    judge(LOADED, Seen(yhat=yhat, right=right, place=place))
