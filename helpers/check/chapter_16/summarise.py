"""Exercise 16.2: means and spreads over seeds."""

import copy
import math
import statistics

from helpers.practice import Seen, agree, call, exercise, judge, judge_value
from helpers.practice.expect import roundings
from helpers.practice.signs import wrong


def _row(model: str, lr: float, seed: int, value: float) -> dict:
    more = {"epoch": 4, "loss": 9.0 - value, "run": f"{model}-{lr}-{seed}"}
    return {"model": model, "lr": lr, "seed": seed, **more, "score": value}


# each mistake gives a value of its own for the first setting
CELLS = (
    *(("mlp", 0.3, 0, 0.4), ("conv", 0.1, 0, 0.7), ("mlp", 0.3, 1, 0.9)),
    *(("mlp", 0.1, 0, 0.25), ("mlp", 0.3, 5, 0.2), ("mlp", 0.3, 3, 0.4)),
    *(("conv", 0.1, 2, 0.2), ("conv", 0.3, 0, 0.125), ("conv", 0.1, 1, 0.6)),
    *(("mlp", 0.3, 2, 0.6), ("mlp", 0.3, 4, 0.7)),
)
ROWS = [_row(*cells) for cells in CELLS]
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_dictionary": lambda s: not isinstance(s.result, dict),
    "no_tuple_keys": lambda s: not all(isinstance(k, tuple) for k in s.result),
    "one_key": lambda s: len(s.result) == 1 < len(s.right),
    "seed_in_key": lambda s: len(s.result) == len(s.rows) > len(s.right),
    "names_in_key": lambda s: any(s.names[0] in key for key in s.result),
    "key_reversed": lambda s: (
        {key[::-1] for key in s.result} == {*s.right} != {*s.result}
    ),
    "single_left_out": lambda s: {*s.result} == s.several != {*s.right},
    "other_keys": lambda s: {*s.result} != {*s.right},
    "other_order": lambda s: [*s.result] != [*s.right],
    "no_pair": lambda s: not all(map(_has_two, s.result.values())),
    "no_floats": lambda s: any(map(_is_odd, s.result.values())),
    "rows_changed": lambda s: s.rows != s.before,
}
VALUE = {
    "swapped": lambda s: s.is_pair(s.found[::-1], s.pair),
    "neighbours": lambda s: s.n > 1 and s.is_pair(s.found, s.last_stretch),
}
# What a mistake makes of the mean, and of the spread of several values.
SINGLE = {"spread_of_one": lambda s: s.n == 1}
MEANS = {
    "last_only": lambda s: s.of[-1],
    "first_only": lambda s: s.of[0],
    "highest": lambda s: max(s.of),
    "lowest": lambda s: min(s.of),
    "a_sum": lambda s: sum(s.of),
    "median": lambda s: statistics.median(s.of),
    "each_value_once": lambda s: statistics.fmean(set(s.of)),
    "all_rows": lambda s: statistics.fmean(row["score"] for row in s.rows),
    "rounded": lambda s: roundings(s.mean),
    "other_metric": lambda s: 9.0 - statistics.fmean(s.of),
}
SPREADS = {
    "divides_by_n": lambda s: statistics.pstdev(s.of),
    "variance": lambda s: statistics.variance(s.of),
    "standard_error": lambda s: [
        f(s.of) / math.sqrt(s.n) for f in (statistics.stdev, statistics.pstdev)
    ],
    "spread_rounded": lambda s: roundings(s.spread),
    "span": lambda s: max(s.of) - min(s.of),
}


@exercise
def summarise(answer):
    """Check ``summarise(rows, names, metric)``."""
    for names in (["model", "lr"], ["lr", "model"], ["lr"]):
        _judge(answer, ROWS, names)
    for rows in (ROWS[::-1], []):
        _judge(answer, rows, ["model", "lr"])


def _has_two(value) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _is_odd(value) -> bool:
    """Whether a value is something other than a pair of floats."""
    floats = _has_two(value) and [isinstance(v, float) for v in value]
    return not floats or not all(floats)


def _right(values: list[float]) -> tuple[float, float]:
    spread = statistics.stdev(values) if values[1:] else math.nan
    return statistics.fmean(values), spread


def _is_pair(found, pair) -> bool:
    """Compare two pairs; nan agrees with nan."""
    pairs = zip(found, pair, strict=True)
    return all(agree(a, b) or (a != a and b != b) for a, b in pairs)


def _judge(answer, rows: list[dict], names: list[str]) -> None:
    """Sum up once; judge the keys, then each mean and spread."""
    seen = Seen(rows=copy.deepcopy(rows), before=rows, names=names)
    shown = seen.shown = f'summarise(rows, {names}, "score")'
    seen.values, stretches = {}, {}
    for row, before in zip(rows, [{}, *rows], strict=False):
        key = tuple(row[name] for name in names)
        seen.values.setdefault(key, []).append(row["score"])
        is_new = any(row[name] != before.get(name) for name in names)
        stretches[key] = [] if is_new else stretches[key]
        stretches[key].append(row["score"])
    seen.right = {key: _right(one) for key, one in seen.values.items()}
    try:
        result = call(answer, seen.rows, [*names], "score", shown=shown)
    except statistics.StatisticsError as error:
        wrong("fails_for_one", seen, message=str(error))
    seen.result = result
    if isinstance(result, dict):
        seen.keys, seen.n_keys = [*result], len(result)
        seen.value = next(filter(_is_odd, result.values()), None)
    seen.right_keys, seen.n_right = [*seen.right], len(seen.right)
    seen.several = {key for key, one in seen.values.items() if one[1:]}
    seen.first_key = next(iter(seen.right), None)
    judge(RETURNED, seen)
    for key, pair in seen.right.items():
        seen.found, seen.pair, seen.is_pair = result[key], pair, _is_pair
        seen.both, (seen.mean, seen.spread) = seen.found, pair
        seen.key, seen.of, seen.n = key, seen.values[key], len(seen.values[key])
        seen.last_stretch = _right(stretches[key])
        _judge_pair(seen)


def _judge_pair(seen) -> None:
    if _is_pair(seen.found, seen.pair):
        return
    judge(VALUE, seen)
    mean, spread = seen.found
    judge_value(
        MEANS if seen.n > 1 else {},
        seen,
        found=mean,
        right=seen.mean,
        otherwise="other_mean",
    )
    judge(SINGLE, seen)
    judge_value(
        SPREADS, seen, found=spread, right=seen.spread, otherwise="other_spread"
    )
