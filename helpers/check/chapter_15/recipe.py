"""Exercise 15.1: hyperparameters that refuse nonsense."""

import dataclasses
import math

from helpers.practice import Seen, Wrong, call, exercise, judge, wrong

DEFAULTS = {"lr": 0.1, "batch_size": 16, "optimizer": "sgd"}
CLASS = {
    "instance": lambda s: (
        not isinstance(s.answer, type) and dataclasses.is_dataclass(s.answer)
    ),
    "no_class": lambda s: not isinstance(s.answer, type),
    "no_dataclass": lambda s: not dataclasses.is_dataclass(s.answer),
    "no_fields": lambda s: not s.names,
    "other_fields.order": lambda s: (
        s.names != s.right and sorted(s.names) == sorted(s.right)
    ),
    "other_fields": lambda s: s.names != s.right,
    "not_frozen": lambda s: not s.answer.__dataclass_params__.frozen,
}
GOOD = (
    (),
    (0.003, 512, "adam"),
    (1e-9, 1, "sgd"),
    (25.0, 7, "adam"),
)
RULES = {
    "lr": "a finite number above 0",
    "batch_size": "an int of at least 1",
    "optimizer": "sgd or adam",
}
# Each breaks the rule of its field.
BAD = (
    ("lr", 0.0),
    ("lr", -0.5),
    # not math.nan: `is` and `in` would find that one
    ("lr", float("nan")),
    ("lr", math.inf),
    ("lr", -math.inf),
    ("batch_size", 0),
    ("batch_size", -3),
    ("batch_size", 16.5),
    ("optimizer", "rmsprop"),
    ("optimizer", "ad"),
    ("optimizer", ""),
    ("optimizer", "SGD"),
    ("optimizer", "adam "),
    ("optimizer", "adamw"),
)
PASSES = {
    "zero_passes": lambda s: s.field == "lr" and s.value == 0,
    "nan_passes": lambda s: s.value != s.value,
    "infinity_passes": lambda s: s.value in (math.inf, -math.inf),
    "negative_passes": lambda s: s.field == "lr",
    "empty_batch_passes": lambda s: s.value == 0,
    "negative_batch_passes": lambda s: s.value == -3,
    "fraction_passes": lambda s: s.field == "batch_size",
    "name_passes": lambda s: s.value == "rmsprop",
    "part_of_name_passes": lambda s: s.value in ("ad", ""),
    "near_name_passes": lambda s: True,
}
MADE = {
    "assigns": lambda s: isinstance(s.error, dataclasses.FrozenInstanceError),
    "fails_on_good": lambda s: (
        s.error and not isinstance(s.error, (ValueError, AssertionError))
    ),
    "refuses_good": lambda s: s.error,
    "other_defaults": lambda s: not s.values and s.found != DEFAULTS,
    "changes_values": lambda s: s.found != s.right,
}
REFUSED = {
    "assertion": lambda s: isinstance(s.error, AssertionError),
    "other_error": lambda s: s.error and not isinstance(s.error, ValueError),
    "other_name": lambda s: (
        s.error
        and s.field not in s.message
        and any(name in s.message for name in DEFAULTS)
    ),
    "no_name": lambda s: s.error and s.field not in s.message,
}
TOGETHER = {
    "same_message": lambda s: any(
        one.message == other.message and one.field != other.field
        for one in s.seen
        for other in s.seen
    ),
}
CHANGED = {"not_by_replace": lambda s: not s.error}


@exercise
def recipe(answer):
    """Check the dataclass ``Recipe(lr, batch_size, optimizer)``."""
    is_ours = dataclasses.is_dataclass(answer)
    names = [f.name for f in dataclasses.fields(answer)] if is_ours else []
    judge(CLASS, Seen(answer=answer, names=names, right=list(DEFAULTS)))
    for values in GOOD:
        _judge_good(answer, values)
    seen = [_try(answer, *bad) for bad in BAD]
    if not any(one.error for one in seen):
        wrong("checks_nothing", seen[0])
    for one in seen:
        if not one.error:
            judge(PASSES, one)
        judge(REFUSED, one)
    judge(TOGETHER, Seen(seen=seen, message=seen[0].message))
    judge(CHANGED, _attempt(lambda: dataclasses.replace(answer(), lr=-1.0)))


def _judge_good(answer, values: tuple) -> None:
    shown = f"Recipe({', '.join(map(repr, values))})"
    right = {**DEFAULTS, **dict(zip(DEFAULTS, values, strict=False))}
    seen = _attempt(lambda: call(answer, *values, shown=shown))
    seen.values, seen.right, seen.shown = values, right, shown
    made = seen.result
    seen.found = {name: getattr(made, name, None) for name in DEFAULTS}
    judge(MADE, seen)


def _try(answer, field: str, value) -> Seen:
    """Make a recipe with one bad value, and see what it says."""
    seen = _attempt(lambda: answer(**{field: value}))
    seen.field, seen.value, seen.rule = field, value, RULES[field]
    seen.shown = f"Recipe({field}={value!r})".replace("nan", 'float("nan")')
    seen.shown = seen.shown.replace("=inf", '=float("inf")')
    seen.shown = seen.shown.replace("=-inf", '=-float("inf")')
    return seen


def _attempt(make) -> Seen:
    try:
        return Seen(result=make(), error=None, kind="", message="")
    except Wrong:  # it cannot be called like that
        raise
    except Exception as error:
        kind, message = type(error).__name__, str(error)
        return Seen(result=None, error=error, kind=kind, message=message)
