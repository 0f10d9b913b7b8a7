"""Exercise 17.4: a ratio of times that can be relied on."""

import statistics

import numpy as np

from helpers.practice import Seen, agree, call, exercise, judge, wrong

# The machine is slow in some rounds, and both loops feel it.
PROBES = (
    ([1.8, 3.75, 1.1, 2.65, 3.3], [0.9, 0.55, 3.5, 2.15, 1.95]),
    ([2.45, 0.45, 2.05, 1.3], [2.55, 3.95, 1.15, 1.85]),
    ([0.25], [0.5]),
)
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "one_number": lambda s: isinstance(s.result, (int, float, np.ndarray)),
    "no_tuple": lambda s: not isinstance(s.result, tuple),
    "not_three": lambda s: len(s.result) != 3,
    "no_floats": lambda s: not all(isinstance(v, float) for v in s.result),
    "changed": lambda s: (s.mine, s.plain) != s.before,
}
# What a mistake gives; the first that agrees is the diagnosis.
MISTAKES = {
    "upside_down": lambda s: _summary([1 / r for r in s.ratios]),
    "other_order": lambda s: (min(s.ratios), s.right[0], max(s.ratios)),
    "low_and_high_swapped": lambda s: (s.right[0], s.right[2], s.right[1]),
    "mean": lambda s: (statistics.fmean(s.ratios), *s.right[1:]),
    "unsorted_middle": lambda s: (
        s.ratios[len(s.ratios) // 2],
        *s.right[1:],
    ),
    "one_of_the_middle": lambda s: (
        statistics.median_high(s.ratios),
        *s.right[1:],
    ),
    "one_of_the_middle.low": lambda s: (
        statistics.median_low(s.ratios),
        *s.right[1:],
    ),
    "quartiles": lambda s: (
        s.right[0],
        *(float(v) for v in np.quantile(s.ratios, [0.25, 0.75])),
    ),
    "first_and_last": lambda s: (s.right[0], s.ratios[0], s.ratios[-1]),
    "differences": lambda s: _summary(
        [a - b for a, b in zip(s.mine, s.plain, strict=True)]
    ),
    "pairs_lost": lambda s: _summary(
        [a / b for a, b in zip(sorted(s.mine), sorted(s.plain), strict=True)]
    ),
    "ends_of_summaries": lambda s: (
        s.right[0],
        min(s.mine) / min(s.plain),
        max(s.mine) / max(s.plain),
    ),
    "ends_of_summaries.times": lambda s: (
        s.right[0],
        min(s.mine),
        max(s.mine),
    ),
    "one_plain_time": lambda s: _summary(
        [a / statistics.median(s.plain) for a in s.mine]
    ),
    "one_plain_time.mean": lambda s: _summary(
        [a / statistics.fmean(s.plain) for a in s.mine]
    ),
    "one_plain_time.best": lambda s: _summary(
        [a / min(s.plain) for a in s.mine]
    ),
    "one_plain_time.first": lambda s: _summary(
        [a / s.plain[0] for a in s.mine]
    ),
}
ROUNDED = {
    "rounded": lambda s: any(
        agree(s.result, [round(value, k) for value in s.right])
        for k in range(5)
    ),
}
# Of the first number alone, whatever the other two are.
MIDDLES = {
    "ratio_of_summaries": lambda s: (
        statistics.median(s.mine) / statistics.median(s.plain)
    ),
    "ratio_of_summaries.means": lambda s: sum(s.mine) / sum(s.plain),
    "ratio_of_summaries.best": lambda s: min(s.mine) / min(s.plain),
}


@exercise
def fair_ratio(answer):
    """Check ``fair_ratio(mine, plain)``."""
    for mine, plain in PROBES:
        seen = Seen(mine=[*mine], plain=[*plain], before=(mine, plain))
        seen.shown = "fair_ratio(mine, plain)"
        seen.result = call(answer, seen.mine, seen.plain, shown=seen.shown)
        judge(RETURNED, seen)
        seen.ratios = [a / b for a, b in zip(mine, plain, strict=True)]
        seen.right = _summary(seen.ratios)
        if agree(seen.result, seen.right):
            continue
        for table, found in (
            (MISTAKES, seen.result),
            (MIDDLES, seen.result[0]),
        ):
            for sign, suspect in table.items():
                if agree(found, suspect(seen)):
                    wrong(sign, seen)
        judge(ROUNDED, seen)
        wrong("other_value", seen)


def _summary(ratios: list[float]) -> tuple[float, float, float]:
    return statistics.median(ratios), min(ratios), max(ratios)
