"""Exercise 18.2: an exact mean over shares of different sizes."""

import math

import torch

from helpers.check.chapter_18.simulated import run
from helpers.practice import Seen, exercise, expect_number, judge, judge_value

SHOWN = "global_mean(rank, values)"
# what each rank holds; every mistake gives a value of its own for the first
CASES = (
    ([1.0, 2.0, 4.5], [10.0], [3.0, 4.0, 8.0, 6.0, 0.25], [7.0, 0.5]),
    ([1.0, 2.0], [], [8.0], []),
    ([-3.0], [5.0, 4.0]),
    ([2.0, 6.5, 1.0],),
)
ONE_BUDGET = 2  # numbers in the one all-reduce
RETURNED = {
    "only_some": lambda s: (
        None in s.returned and any(one is not None for one in s.returned)
    ),
}
VALUE = {
    "alone": lambda s: _mean(s.mine),
    "mean_of_means": lambda s: s.mean_of_means,
    "mean_of_means.not_empty": lambda s: s.mean_of_some,
    "not_divided": lambda s: sum(s.all),
    "by_ranks": lambda s: sum(s.all) / s.n,
    "upside_down": lambda s: 1 / s.right,
    "means_by_count": lambda s: s.mean_of_some * s.n_some / len(s.all),
    "empty_counts": lambda s: sum(s.all) / sum(max(1, len(c)) for c in s.case),
    "empty_is_zero": lambda s: None if s.mine else 0.0,
    "own_count": lambda s: sum(s.all) / len(s.mine) if s.mine else None,
    "own_sum": lambda s: sum(s.mine) / len(s.all),
    "own_sum.undivided": lambda s: sum(s.mine),
    "twice_divided": lambda s: s.right / s.n,
    "sum_of_means": lambda s: s.mean_of_means * s.n,
    "rounded": lambda s: [
        sum(math.floor(sum(one)) for one in s.case) / len(s.all),
        *(round(s.right, k) for k in range(5)),
    ],
}
NO_NUMBER = {"empty_is_nan": lambda s: s.result != s.result}
TAKEN = {
    "values_changed": lambda s: s.changed,
    "sends": lambda s: s.outcome.messages or s.outcome.unread,
    "gathers": lambda s: "all_gather" in s.names,
    "no_exchange": lambda s: s.n > 1 and not s.names,
    "several": lambda s: len(s.names) > 1,
    "too_many_numbers": lambda s: s.most > ONE_BUDGET,
}


@exercise
def global_mean(answer):
    """Check ``global_mean(rank, values)``, as every rank."""
    for case in CASES:
        kept = []  # what each rank was given, to see whether it is left alone

        def keeps(rank, values, kept=kept):
            kept.append((values, values.clone()))
            return answer(rank, values)

        values = [torch.tensor(one) for one in case]
        called = keeps if callable(answer) else answer
        outcome = run(called, values, shown=SHOWN)
        _judge(case, outcome, kept)


def _mean(values) -> float:
    return sum(values) / len(values) if values else math.nan


def _judge(case, outcome, kept) -> None:
    """Judge the value of each rank, then what it took."""
    everything = [value for one in case for value in one]
    means = [_mean(one) for one in case]
    some = [mean for mean in means if mean == mean]
    seen = Seen(case=case, all=everything, n=len(case), outcome=outcome)
    seen.returned, seen.right = outcome.returned, _mean(everything)
    seen.mean_of_means = sum(means) / len(means)
    seen.mean_of_some, seen.n_some = _mean(some), len(some)
    seen.names = [name for name, _ in outcome.collectives]
    seen.n_calls = len(seen.names)
    seen.most = max((max(given) for _, given in outcome.collectives), default=0)
    seen.changed = any(not torch.equal(a, b) for a, b in kept)
    judge(RETURNED, seen)
    for rank, (mine, result) in enumerate(
        zip(case, outcome.returned, strict=True)
    ):
        expect_number(result, SHOWN, "the mean")
        seen.mine, seen.rank, seen.result = mine, rank, result
        judge(NO_NUMBER, seen)
        judge_value(VALUE, seen, found=result, right=seen.right)
    judge(TAKEN, seen)
