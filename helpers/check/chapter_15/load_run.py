"""Exercise 15.3: a run from two files alone."""

import tempfile
from pathlib import Path

import torch
from torch import nn

from helpers.check.chapter_15.common import (
    Other,
    Plan,
    make_model,
    write_run,
)
from helpers.practice import Seen, call, exercise, judge, wrong
from helpers.practice.probes.code_in_files import expect_no_call
from helpers.practice.probes.states import same_tensors

CALL = "load_run(folder, kind, make_model)"

RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "one_only.model": lambda s: isinstance(s.result, nn.Module),
    "one_only.hparams": lambda s: isinstance(s.result, (s.kind, dict)),
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "pair_swapped": lambda s: isinstance(s.result[0], nn.Module),
    "dictionary": lambda s: isinstance(s.result[0], dict),
    "class_itself": lambda s: isinstance(s.result[0], type),
    "no_instance": lambda s: not isinstance(s.result[0], s.kind),
    "state_only": lambda s: isinstance(s.result[1], dict),
    "keys_only": lambda s: hasattr(s.result[1], "missing_keys"),
    "no_model": lambda s: not isinstance(s.result[1], nn.Module),
}
LOADED = {
    "defaults": lambda s: s.found != s.right and s.found == s.default,
    "other_values": lambda s: s.found != s.right,
    "other_model": lambda s: not any(s.model is one for one in s.made),
    "made_with_other": lambda s: s.right not in s.given,
    "not_loaded": lambda s: not same_tensors(s.model.state_dict(), s.state),
    "no_eval_mode": lambda s: any(m.training for m in s.model.modules()),
}
NAMES = {
    "not_raised": lambda s: s.error is None and s.result is None,
    "default_used": lambda s: s.error is None and s.missing,
    "name_dropped": lambda s: s.error is None,
    "type_error": lambda s: isinstance(s.error, TypeError),
    "key_error": lambda s: isinstance(s.error, KeyError),
    "assertion": lambda s: isinstance(s.error, AssertionError),
    "other_error": lambda s: not isinstance(s.error, ValueError),
    "names_nothing": lambda s: not any(n in s.message for n in s.odd),
}
# Names that are missing, and names that are there besides.
FAULTS = (
    (["width"], []),
    (["scaled"], []),
    ([], ["momentum"]),
    (["dropout"], ["drop_out"]),
)
VALUES = {"width": 6, "dropout": 0.25, "name": "first", "scaled": True}
# The same names in another order, as somebody may have written them.
OTHER_ORDER = {"width": 3, "scaled": True, "name": "first", "dropout": 0.25}


@exercise
def load_run(answer):
    """Check ``load_run(folder, kind, make_model)``."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _judge_good(answer, folder / "one", Plan, VALUES)
        _judge_good(answer, folder / "two", Plan, OTHER_ORDER)
        _judge_good(answer, folder / "three", Other, {"name": "a", "width": 5})
        for number, fault in enumerate(FAULTS):
            _judge_fault(answer, folder / str(number), *fault)
        _judge_misfit(answer, folder / "misfit")
        _judge_code(answer, folder / "code")


def _judge_good(answer, folder: Path, kind, values: dict) -> None:
    state, made, given = write_run(folder, values, values["width"]), [], []

    def make_noted(hparams):
        given.append(hparams)
        made.append(make_model(hparams))
        return made[-1]

    make_noted.__qualname__ = "make_model"  # as messages of Python say
    result = call(answer, folder, kind, make_noted, shown=CALL)
    what = "a pair"
    judge(RETURNED, Seen(result=result, kind=kind), shown=CALL, what=what)
    seen = Seen(found=result[0], right=kind(**values), model=result[1])
    seen.default = kind() if kind is Plan else None
    seen.made, seen.given, seen.state = made, given, state
    judge(LOADED, seen)


def _judge_fault(answer, folder: Path, missing: list, extra: list) -> None:
    """Leave names out and put others in; it has to say which."""
    values = {name: VALUES[name] for name in VALUES if name not in missing}
    width = values.get("width", Plan.width)
    write_run(folder, {**values, **dict.fromkeys(extra, 1)}, width)
    seen = Seen(missing=missing, extra=extra, odd=[*missing, *extra])
    seen.error, seen.kind, seen.message, seen.result = None, "", "", None
    try:
        seen.result = answer(folder, Plan, make_model)
    except Exception as error:
        seen.error, seen.kind = error, type(error).__name__
        seen.message = str(error)
    judge(NAMES, seen)


def _judge_misfit(answer, folder: Path) -> None:
    """Let the file lack a tensor of the model, and have one too many."""
    state = write_run(folder, VALUES, VALUES["width"])
    lacking = {name: state[name] for name in state if name != "2.bias"}
    if _takes(answer, folder, lacking):
        wrong("not_strict.lacks")
    if _takes(answer, folder, {**state, "3.bias": torch.zeros(1)}):
        wrong("not_strict.more")


def _takes(answer, folder: Path, state: dict) -> bool:
    torch.save(state, folder / "model.pt")
    try:
        answer(folder, Plan, make_model)
    except Exception:  # to refuse it is right, in whatever way
        return False
    return True


def _judge_code(answer, folder: Path) -> None:
    state = write_run(folder, VALUES, VALUES["width"])
    path = folder / "model.pt"
    expect_no_call(lambda: answer(folder, Plan, make_model), path, state)
