"""Exercise 16.1: some combinations of a grid, at random."""

import copy
import itertools
import random

import numpy as np
import torch

from helpers.practice import Seen, call, exercise, judge, wrong

SMALL = {"lr": [0.1, 0.01], "width": [3, 5, 8]}
GRIDS = (
    SMALL,
    {"seed": [4, 2, 9, 7, 1], "model": ["mlp", "conv"], "lr": [0.3, 0.2]},
    {"batch_size": [16, 32, 64, 128, 256, 512]},
)
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_list.one": lambda s: hasattr(s.result, "_fields"),
    "no_list.lazy": lambda s: hasattr(s.result, "__next__"),
    "no_list": lambda s: not isinstance(s.result, list),
    "all_of_them": lambda s: len(s.result) == s.total > s.n_runs,
    "other_number": lambda s: len(s.result) != s.n_runs,
    "no_names.dictionaries": lambda s: any(
        isinstance(run, dict) for run in s.result
    ),
    "no_names": lambda s: not all(hasattr(r, "_fields") for r in s.result),
    "other_fields": lambda s: any(r._fields != s.fields for r in s.result),
    "lists_as_values": lambda s: any(
        isinstance(value, (list, tuple)) for run in s.result for value in run
    ),
    "not_in_grid": lambda s: any(tuple(r) not in s.grid for r in s.result),
    "twice": lambda s: len(set(s.result)) < len(s.result),
    "parameters_changed": lambda s: s.parameters != s.before,
    "seeds_everybody": lambda s: s.moved,
}
AGAIN = {
    "not_repeated": lambda s: s.result != s.again,
    "always_first": lambda s: all({*draw} == {*s.first} for draw in s.results),
    "always_same": lambda s: len(set(map(tuple, s.results))) == 1,
    "one_stretch": lambda s: all(_is_stretch(s, d) for d in s.results),
    "never_drawn.last": lambda s: s.never == {s.grid[-1]},
    "never_drawn": lambda s: s.never,
}
TOO_MANY = {
    "no_error.returned": lambda s: isinstance(s.result, type | ValueError),
    "no_error": lambda s: s.error is None,
    "other_error": lambda s: not isinstance(s.error, ValueError),
}


@exercise
def random_runs(answer):
    """Check ``random_runs(parameters, n_runs, seed)``."""
    for number, parameters in enumerate(GRIDS):
        for n_runs in (2, 1, 5):
            _draw(answer, parameters, n_runs, seed=number)
    _judge_draws(answer)
    for parameters in GRIDS[::-1]:
        total = len([*itertools.product(*parameters.values())])
        _draw(answer, parameters, total, seed=3)
        _judge_too_many(answer, parameters, total + 1)


def _draw(answer, parameters: dict, n_runs: int, seed: int) -> list:
    """Draw once and judge what comes; return the runs as plain tuples."""
    seen = Seen(parameters=copy.deepcopy(parameters), before=parameters)
    seen.n_runs, seen.fields = n_runs, tuple(parameters)
    seen.grid = list(itertools.product(*parameters.values()))
    seen.total = len(seen.grid)
    shown = seen.shown = f"random_runs(parameters, {n_runs}, {seed})"
    before = _states()
    try:
        seen.result = call(answer, seen.parameters, n_runs, seed, shown=shown)
    except ValueError as error:
        wrong("refuses", seen, message=str(error) or "no message")
    seen.moved = _moved(before)
    _describe(seen)
    judge(RETURNED, seen)
    return [tuple(run) for run in seen.result]


def _describe(seen) -> None:
    """Note what the words speak of, where it is there."""
    runs = seen.result if isinstance(seen.result, list) else []
    seen.n_found, seen.first = len(runs), next(iter(runs), None)
    seen.found_fields = getattr(seen.first, "_fields", ())
    plain = [tuple(run) for run in runs if isinstance(run, tuple)]
    seen.stranger = next((run for run in plain if run not in seen.grid), None)


def _states() -> tuple:
    state = np.random.get_state(legacy=False)["state"]
    numpy_state = (state["key"].tolist(), state["pos"])
    return random.getstate(), numpy_state, torch.get_rng_state().tolist()


def _moved(before: tuple) -> list[str]:
    names = ("random", "np.random", "torch")
    pairs = zip(names, before, _states(), strict=True)
    return [name for name, old, new in pairs if old != new]


def _is_stretch(seen, draw: list) -> bool:
    """Whether the runs of a draw are neighbours, in the order of the grid."""
    start = seen.grid.index(draw[0])
    return draw == seen.grid[start : start + len(draw)]


def _judge_draws(answer) -> None:
    """Draw many times: the same seed, other seeds, every combination."""
    seen = Seen(grid=list(itertools.product(*SMALL.values())))
    seen.first = seen.grid[:2]
    seen.result, seen.again = (_draw(answer, SMALL, 2, 5) for _ in range(2))
    draws = [_draw(answer, SMALL, 2, seed) for seed in range(60)]
    seen.results = draws
    seen.never = set(seen.grid) - {run for draw in draws for run in draw}
    judge(AGAIN, seen)


def _judge_too_many(answer, parameters: dict, n_runs: int) -> None:
    seen = Seen(n_runs=n_runs, total=n_runs - 1, result=None, error=None)
    seen.shown = f"random_runs(parameters, {n_runs}, 0)"
    given = copy.deepcopy(parameters)
    try:
        seen.result = call(answer, given, n_runs, 0, shown=seen.shown)
    except Exception as error:
        seen.error = error
    judge(TOO_MANY, seen)
