"""Challenge 2: a small sweep."""

import numpy as np

from helpers.practice import Seen, call, exercise, judge, judge_value

CALL = "find_best(lrs, seeds, measure)"
# Accuracies on the validation fonts and on the test font, a row per rate. The
# best mean, the best single run, the best first seed, the best last seed, the
# best worst run and the best on the test font are different rates.
LRS = [0.1, 0.003, 0.03, 0.01, 0.001, 0.3]
SEEDS = [4, 0, 7]
VAL = [
    [0.10, 0.12, 0.11],  # diverged: the lowest
    [0.88, 0.90, 0.86],  # the best mean
    [0.80, 0.97, 0.78],  # the best single run
    [0.91, 0.70, 0.83],  # the best first seed
    [0.79, 0.81, 0.93],  # the best last seed
    [0.87, 0.87, 0.87],  # the best worst run
]
TEST = [
    [0.11, 0.10, 0.12],
    [0.80, 0.82, 0.81],
    [0.83, 0.84, 0.82],
    [0.84, 0.85, 0.83],
    [0.91, 0.93, 0.92],  # the best on the test font
    [0.70, 0.71, 0.72],
]
RUNS = {
    "no_measure": lambda s: not s.runs,
    "swapped": lambda s: any(one in s.seeds for one, _ in s.runs),
    "other_runs": lambda s: not {*s.runs} <= {*s.wanted},
    "missing": lambda s: {*s.runs} < {*s.wanted},
    "repeated": lambda s: len(s.runs) > len({*s.runs}),
}
KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "swapped_results": lambda s: isinstance(s.result[0], dict),
    "no_dictionary": lambda s: not isinstance(s.result[1], dict),
    "other_keys": lambda s: {*s.result[1]} != {*s.lrs},
    "no_floats": lambda s: (
        not all(
            isinstance(v, (float, np.floating)) for v in s.result[1].values()
        )
    ),
    "input_changed": lambda s: [s.lrs, s.seeds] != s.before,
}
MEANS = {
    "means_of_test": lambda s: s.test.mean(1).tolist(),
    "means_of_both": lambda s: ((s.val + s.test) / 2).mean(1).tolist(),
    "best_seed": lambda s: s.val.max(1).tolist(),
    "last_seed": lambda s: s.val[:, -1].tolist(),
    "first_seed": lambda s: s.val[:, 0].tolist(),
    "sums": lambda s: s.val.sum(1).tolist(),
    "worst_seed": lambda s: s.val.min(1).tolist(),
    "medians": lambda s: np.median(s.val, 1).tolist(),
}
BEST = {
    "index": lambda s: type(s.best) is int and s.best not in s.lrs,
    "value": lambda s: s.best not in s.lrs,
    "chosen_on_test": lambda s: s.best == s.lrs[int(s.test.mean(1).argmax())],
    "lowest": lambda s: s.best == s.lrs[int(s.val.mean(1).argmin())],
    "lucky_run": lambda s: s.best == s.lrs[int(s.val.max(1).argmax())],
    "other_best": lambda s: True,
}


@exercise
def sweep(answer):
    """Check ``find_best``: the best rate, and the mean of each."""
    _judge(answer, LRS, SEEDS, np.array(VAL), np.array(TEST))
    rows, seeds = [3, 1, 4], [5]  # a single seed, other rates first
    val, test = (np.array(one)[rows, :1] for one in (VAL, TEST))
    _judge(answer, [0.2, 0.02, 0.002], seeds, val, test)


def _judge(answer, lrs: list, seeds: list, val, test) -> None:
    runs: list[tuple] = []

    def measure(lr, seed) -> tuple[float, float]:
        runs.append((lr, seed))
        if lr not in lrs or seed not in seeds:
            return 0.5, 0.5  # the diagnosis comes afterwards
        place = lrs.index(lr), seeds.index(seed)
        return float(val[place]), float(test[place])

    before = [list(lrs), list(seeds)]
    result = call(answer, lrs, seeds, measure, shown=CALL)
    seen = Seen(result=result, runs=runs, lrs=lrs, seeds=seeds, before=before)
    seen.wanted = [(lr, seed) for lr in lrs for seed in seeds]
    seen.n, seen.n_wanted = len(runs), len(seen.wanted)
    judge(RUNS, seen)
    judge(KIND, seen, what="a rate and a dictionary", shown=CALL)
    seen.val, seen.test, seen.best = val, test, result[0]
    found = [float(result[1][lr]) for lr in lrs]
    right = val.mean(1).tolist()
    seen.best_lr = lrs[int(val.mean(1).argmax())]
    judge_value(MEANS, Seen(val=val, test=test), found=found, right=right)
    if seen.best != seen.best_lr:
        judge(BEST, seen)
