"""Exercise 14.3: a warm start."""

import copy

import torch
from torch import nn

from helpers.check.chapter_14.common import Net, make_file
from helpers.practice import Seen, call, exercise, judge
from helpers.practice.probes.states import (
    expect_model_as_before,
    note_model,
    same_state,
    same_tensors,
)

SHOWN = "warm_start(model, state_dict)"
RAISED = {
    "size_mismatch": lambda s: "size mismatch" in s.text,
    "missing_keys": lambda s: "Missing key" in s.text,
    "extra_keys": lambda s: "Unexpected key" in s.text,
    "leaf_in_place": lambda s: "leaf Variable" in s.text,
    "no_such_name": lambda s: s.kind is KeyError,
    "no_such_name.attribute": lambda s: "no attribute" in s.text,
    "shapes_not_compared": lambda s: "must match the" in s.text,
    "refuses": lambda s: s.kind is ValueError,
}
MODEL = {
    "replaces_parameters": lambda s: s.replaced,
    "broadcasts": lambda s: s.changed & s.one_row,
    "reshapes": lambda s: s.changed & s.same_size,
    "copies_more": lambda s: s.extra,
    "copies_nothing": lambda s: not s.changed,
    "buffers_left": lambda s: s.left and s.left <= s.buffers,
    "copies_less": lambda s: s.left,
    "other_values": lambda s: s.other,
    "shares": lambda s: s.shared,
    "changes_state_dict": lambda s: not same_tensors(s.state_dict, s.file),
}
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_list.report": lambda s: hasattr(s.result, "missing_keys"),
    "no_list.model": lambda s: isinstance(s.result, nn.Module),
    "no_list.number": lambda s: isinstance(s.result, int),
    "no_list.several": lambda s: (
        isinstance(s.result, tuple)
        and any(isinstance(p, list) for p in s.result)
    ),
    "no_list": lambda s: not isinstance(s.result, list),
    "no_names": lambda s: not all(isinstance(one, str) for one in s.result),
    "twice": lambda s: len(set(s.result)) < len(s.result),
}
# Which names a wrong list has.
NAMES = {
    "unsorted": lambda s: {*s.result} == s.rest,
    "names_copied": lambda s: {*s.result} == s.fitting,
    "names_of_file": lambda s: {*s.result} == {*s.file} - s.fitting,
    "only_shapes": lambda s: {*s.result} == s.rest & {*s.file},
    "only_absent": lambda s: {*s.result} == s.rest - {*s.file},
    "both_sides": lambda s: {*s.result} == s.rest | {*s.file} - s.fitting,
    "no_buffers": lambda s: {*s.result} == s.rest - s.buffers,
    "other_names": lambda s: True,
}
NO_ERROR = {
    "changes_anyway": lambda s: not same_state(s.before, s.values),
    "no_error.returned": lambda s: isinstance(s.result, type | ValueError),
    "no_error.empty": lambda s: not s.error and not s.names,
    "no_error.shapes": lambda s: not s.error and s.has_names,
    "no_error": lambda s: not s.error,
    "other_error": lambda s: not isinstance(s.error, ValueError),
}


@exercise
def warm_start(answer):
    """Check ``warm_start(model, state_dict)``."""
    turned = {"extra.weight": torch.ones(2, 3)}  # the model has [3, 2]
    renamed = {"neck.weight": torch.ones(5, 4), "old.scale": torch.ones([])}
    usual = make_file(4, ("extra.bias", "scale"), turned | renamed)
    stem = {n: t for n, t in make_file(3).items() if n.startswith("stem")}
    for file in (usual, make_file(3), make_file(1), stem, usual):
        _judge_start(answer, file)
    prefixed = {f"module.{name}": t for name, t in make_file(3).items()}
    shapes = {"out.bias": torch.ones(1), **turned, "scale": torch.ones(1)}
    for file in (prefixed, shapes, {}):
        _judge_nothing_fits(answer, file)


def _judge_start(answer, file: dict) -> None:
    """Start from a file; compare each tensor, then what was returned."""
    model = Net(3, seed=1)
    before, own = note_model(model), copy.deepcopy(model.state_dict())
    parameters = list(model.parameters())
    state_dict = copy.deepcopy(file)
    try:
        result = call(answer, model, state_dict, shown=SHOWN)
    except (RuntimeError, KeyError, AttributeError, ValueError) as error:
        text = str(error)
        message = text or "no message"
        judge(RAISED, Seen(text=text, kind=type(error)), message=message)
        raise
    now = model.state_dict()
    both = own.keys() & file.keys()
    seen = Seen(result=result, file=file, state_dict=state_dict, shown=SHOWN)
    seen.fitting = {n for n in both if own[n].shape == file[n].shape}
    seen.rest = own.keys() - seen.fitting
    seen.right = sorted(seen.rest)
    seen.buffers = {name for name, _ in model.named_buffers()}
    seen.same_size = {
        n for n in both & seen.rest if own[n].numel() == file[n].numel()
    }
    seen.one_row = {n for n in both & seen.rest if len(file[n]) == 1}
    seen.changed = {n for n in own if not same_state(own[n], now[n])}
    seen.extra = seen.changed - seen.fitting
    seen.left = seen.fitting - seen.changed
    seen.other = {n for n in seen.fitting if not same_state(now[n], file[n])}
    places = {tensor.data_ptr() for tensor in state_dict.values()}
    seen.shared = {n for n in now if now[n].data_ptr() in places}
    pairs = zip(parameters, model.parameters(), strict=True)
    seen.replaced = any(one is not other for one, other in pairs)
    judge(MODEL, seen, **_in_order(seen))
    before.values = note_model(model).values  # those were judged
    expect_model_as_before(model, before)
    judge(RETURNED, seen)
    if result != seen.right:
        judge(NAMES, seen)


def _judge_nothing_fits(answer, file: dict) -> None:
    """Expect a ValueError, and a model as it was."""
    model = Net(3, seed=1)
    # a batch norm fills in its own count, and hides that nothing was loaded
    model.stem[1] = nn.LayerNorm(4)
    seen = Seen(before=note_model(model).values, result=None, error=None)
    try:
        seen.result = call(answer, model, copy.deepcopy(file), shown=SHOWN)
    except Exception as error:
        seen.error = error
    seen.values, seen.names = note_model(model).values, [*file][:2]
    seen.has_names = model.state_dict().keys() & file.keys()
    judge(NO_ERROR, seen, shown=SHOWN)


def _in_order(seen) -> dict[str, list]:
    """Sort the names for the words: those of a set come in any order."""
    found = vars(seen).items()
    return {key: sorted(names) for key, names in found if type(names) is set}
