"""Exercise 16.3: the runs of a sweep that are not finished."""

import copy
from collections import namedtuple

from helpers.practice import Seen, call, exercise, judge

Run = namedtuple("Run", ["lr", "model", "seed"])
Other = namedtuple("Other", ["width"])
RUNS = [
    Run(0.3, "mlp", 0),
    Run(0.3, "mlp", 1),
    Run(0.1, "conv", 1),
    Run(0.1, "conv", 0),
    Run(0.1, "mlp", 0),
    Run(0.3, "conv", 1),
    Run(0.5, "conv", 2),
]
OTHERS = [Other(3), Other(5)]


def _rows(run, epochs) -> list[dict]:
    more = {"loss": 0.5, "val_accuracy": 0.25}
    return [{**run._asdict(), "epoch": epoch, **more} for epoch in epochs]


# Of four epochs, the second, the fourth and the sixth have the last one.
ROWS = [
    *_rows(RUNS[3], [0, 1, 2, 3]),
    *_rows(RUNS[0], [0, 1, 2]),
    *_rows(Run(0.7, "mlp", 0), [0, 1, 2, 3]),
    *_rows(RUNS[1], [3, 2, 1, 0]),
    *_rows(RUNS[4], [0]),
    *_rows(RUNS[5], [2, 3]),
]
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_list.one": lambda s: hasattr(s.result, "_fields"),
    "no_list.lazy": lambda s: hasattr(s.result, "__next__"),
    "no_list": lambda s: not isinstance(s.result, list),
    "rows_returned": lambda s: any(r in s.rows for r in s.result),
    "no_runs": lambda s: not all(hasattr(r, "_fields") for r in s.result),
    "changed": lambda s: (s.runs, s.rows) != (s.runs_before, s.rows_before),
}
# Which runs a mistake returns.
MISTAKES = {
    "other_order": lambda s: _same_but_order(s.result, s.right),
    "single_field": lambda s: s.result == s.runs == OTHERS,
    "twice": lambda s: any(s.result.count(run) > 1 for run in s.result),
    "finished": lambda s: (
        s.result == [run for run in s.runs if run not in s.right]
    ),
    "any_epoch": lambda s: s.result == _without(s, lambda row: True),
    "first_epoch": lambda s: (
        s.result == _without(s, lambda row: row["epoch"] == 0)
    ),
    "one_too_far": lambda s: (
        s.result == _without(s, lambda row: row["epoch"] == s.n_epochs)
    ),
    "one_too_few": lambda s: (
        s.result == _without(s, lambda row: row["epoch"] >= s.n_epochs - 2)
    ),
    "counts_rows": lambda s: (
        s.result == [run for run in s.runs if _count(s, run) < s.n_epochs]
    ),
    "any_field": lambda s: s.result == _by_any_field(s),
    "only_begun": lambda s: (
        s.result == [run for run in s.right if _count(s, run)]
    ),
    "one_field.first": lambda s: s.result == _by_fields(s, slice(1)),
    "one_field.last": lambda s: s.result == _by_fields(s, slice(-1, None)),
    "one_field.two": lambda s: s.result == _by_fields(s, slice(2)),
    "everything": lambda s: s.result == s.runs,
    "too_many": lambda s: s.extra,
    "too_few": lambda s: True,
}


@exercise
def missing_runs(answer):
    """Check ``missing_runs(runs, rows, n_epochs)``."""
    _judge(answer, RUNS, ROWS, 3)
    _judge(answer, RUNS, ROWS, 4)
    _judge(answer, RUNS[::-1], ROWS[::-1], 4)
    _judge(answer, RUNS[:3], [], 4)
    _judge(answer, [], ROWS, 4)
    _judge(answer, OTHERS, _rows(OTHERS[1], range(2)), 2)


def _agrees(run, row: dict) -> bool:
    return all(row.get(name) == value for name, value in run._asdict().items())


def _without(seen, is_done) -> list:
    """Return the runs that have no row which would count as done."""
    return [
        run
        for run in seen.runs
        if not any(_agrees(run, row) and is_done(row) for row in seen.rows)
    ]


def _same_but_order(found: list, right: list) -> bool:
    return len(found) == len(right) and all(run in right for run in found)


def _count(seen, run) -> int:
    return sum(_agrees(run, row) for row in seen.rows)


def _by_fields(seen, part: slice) -> list:
    """Return the runs that are missing if only some fields are compared."""
    last = [row for row in seen.rows if row["epoch"] == seen.n_epochs - 1]
    return [
        run
        for run in seen.runs
        if not any(
            all(
                row.get(name) == getattr(run, name)
                for name in run._fields[part]
            )
            for row in last
        )
    ]


def _by_any_field(seen) -> list:
    """Return the runs that share no value with any finished one."""
    last = [row for row in seen.rows if row["epoch"] == seen.n_epochs - 1]
    return [
        run
        for run in seen.runs
        if not any(run._asdict().items() & row.items() for row in last)
    ]


def _judge(answer, runs: list, rows: list[dict], n_epochs: int) -> None:
    """Look for what is missing once, and compare."""
    seen = Seen(runs_before=runs, rows_before=rows, n_epochs=n_epochs)
    seen.runs, seen.rows = copy.deepcopy((runs, rows))
    shown = seen.shown = f"missing_runs(runs, rows, {n_epochs})"
    seen.result = call(answer, seen.runs, seen.rows, n_epochs, shown=shown)
    judge(RETURNED, seen)
    seen.right = _without(seen, lambda row: row["epoch"] == n_epochs - 1)
    if seen.result == seen.right:
        return
    seen.extra = [run for run in seen.result if run not in seen.right]
    seen.lost = [run for run in seen.right if run not in seen.result]
    judge(MISTAKES, seen)
