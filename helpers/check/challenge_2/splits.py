"""Challenge 2: two splits, and which of them to believe."""

import numpy as np
import torch

from helpers.practice import Seen, agree, call, exercise, judge, judge_value

CALL = "compare_splits(families, measure)"
NAMES = ("random", "by family")
# What is added to the accuracies, in the order of the calls: wherever the
# families begin, first, last, lowest, highest and median differ.
EXTRA = (0.006, 0.012, 0.0, 0.05, 0.03, 0.041, 0.025, 0.017)
ROWS = {
    "masks": lambda s: s.is_mask,
    "tuples": lambda s: s.n_axes != {1},
    "empty": lambda s: not s.train or not s.val,
    "overlap": lambda s: {*s.train} & {*s.val},
    "families_as_rows": lambda s: len(s.val) == 1 or len(s.train) <= s.k,
    "rows_left_out": lambda s: {*s.train} | {*s.val} != {*range(s.n)},
    "swapped": lambda s: len(s.val) > len(s.train),
}
RUNS = {
    "no_measure": lambda s: not s.runs,
    "no_random": lambda s: not s.random,
    "not_shuffled": lambda s: any(map(_is_block, s.random)),
    "several_families": lambda s: any(len(r.held_out) > 1 for r in s.apart),
    "no_family": lambda s: not s.apart,
    "family_missing": lambda s: (
        {f for r in s.apart for f in r.held_out} != {*s.families.tolist()}
    ),
    "family_twice": lambda s: len(s.apart) > s.k,
    "share": lambda s: any(
        not 0.15 < len(r.val) / s.n < 0.25 for r in s.random
    ),
    "input_changed": lambda s: not np.array_equal(s.families, s.before),
}
KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_three": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 3
    ),
    "no_floats": lambda s: (
        not all(isinstance(v, (float, np.floating)) for v in s.result[:2])
    ),
    "no_name": lambda s: s.result[2] not in NAMES,
}
RANDOM = {
    "swapped_numbers": lambda s: s.mean,
    "one_of_several": lambda s: [r.score for r in s.random],
}
FAMILY = {
    "last_family": lambda s: s.apart[-1].score,
    "first_family": lambda s: s.apart[0].score,
    "worst_family": lambda s: min(r.score for r in s.apart),
    "best_family": lambda s: max(r.score for r in s.apart),
    "sum": lambda s: sum(r.score for r in s.apart),
    "median": lambda s: float(np.median([r.score for r in s.apart])),
    "weighted": lambda s: float(
        np.average(
            [r.score for r in s.apart], weights=[len(r.val) for r in s.apart]
        )
    ),
}
BELIEF = {
    "believes_random": lambda s: s.first == s.second == "random",
    "believes_higher": lambda s: s.first == "random",
    "believes_lower": lambda s: s.second == "random",
}

SEEDED = {"not_seeded": lambda s: s.first != s.again}


@exercise
def splits(answer):
    """Check ``compare_splits``: two accuracies, and a name."""
    flat = np.repeat([0, 1, 2, 3, 4], [44, 36, 40, 44, 36])
    mixed = np.random.RandomState(3).permutation(np.repeat([2, 9, 5, 7], 30))
    first = _compare(answer, flat, random=0.97, apart=0.8)
    second = _compare(answer, mixed, random=0.7, apart=0.85)
    again = _compare(answer, flat, random=0.97, apart=0.8)
    judge(BELIEF, Seen(first=first.name, second=second.name))
    judge(SEEDED, Seen(first=first.val, again=again.val))


def _compare(answer, families: np.ndarray, random: float, apart: float) -> Seen:
    runs: list[Seen] = []
    n, k = len(families), len(set(families.tolist()))

    def measure(train_index, val_index) -> float:
        train, val = np.asarray(train_index), np.asarray(val_index)
        seen = Seen(is_mask=bool in (train.dtype, val.dtype), n=n, k=k)
        seen.train, seen.val = train.tolist(), val.tolist()
        seen.n_axes = {train.ndim, val.ndim}
        seen.n_train, seen.n_val = train.size, val.size
        judge(ROWS, seen)
        held_out = {*families[val].tolist()} - {*families[train].tolist()}
        whole = {*families[val].tolist()} == held_out
        seen.held_out = held_out if whole else set()
        level = apart if whole else random
        seen.score = level + EXTRA[len(runs) % len(EXTRA)]
        runs.append(seen)
        return seen.score

    before = families.copy()
    result = call(answer, families, measure, shown=CALL)
    seen = Seen(result=result, runs=runs, families=families, before=before)
    seen.n, seen.k = n, k
    seen.random = [run for run in runs if not run.held_out]
    seen.apart = [run for run in runs if run.held_out]
    judge(RUNS, seen)
    judge(KIND, seen, what="two accuracies and a name", shown=CALL)
    seen.mean = float(np.mean([run.score for run in seen.apart]))
    right = float(np.mean([run.score for run in seen.random]))
    if agree(result[0], seen.mean) and agree(result[1], right):
        judge({"swapped_numbers": lambda s: True}, seen)
    judge_value(RANDOM, seen, found=result[0], right=right)
    judge_value(FAMILY, seen, found=result[1], right=seen.mean)
    return Seen(name=result[2], val=[run.val for run in seen.random])


def _is_block(run: Seen) -> bool:
    """Whether the validation rows are the first, or the last, of all."""
    rows = sorted(run.val)
    return rows[-1] - rows[0] == len(rows) - 1 or bool(
        torch.tensor(rows).diff().unique().numel() == 1
    )
