"""Answers to the exercises of chapter 16."""

import functools
import itertools
import math
import operator
import random
import statistics
from collections import defaultdict, namedtuple
from itertools import product

import numpy as np
import torch

from tests.answers.common import Answers

# ------------------------------------------------------------------- 16.1


def grid(parameters):
    Run = namedtuple("Run", parameters)
    return [Run(*values) for values in product(*parameters.values())]


def draw_course(parameters, n_runs, seed):
    return random.Random(seed).sample(grid(parameters), n_runs)


def draw_numpy(parameters, n_runs, seed):
    runs = grid(parameters)
    if n_runs > len(runs):
        raise ValueError("too few")
    order = np.random.default_rng(seed).permutation(len(runs))
    return [runs[i] for i in order[:n_runs]]


def draw_torch(parameters, n_runs, seed):
    runs = grid(parameters)
    if len(runs) < n_runs:
        raise ValueError(f"{len(runs)} < {n_runs}")
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(runs), generator=generator)
    return [runs[i] for i in order[:n_runs]]


def draw_until_enough(parameters, n_runs, seed):
    Run = namedtuple("Run", list(parameters))
    total = math.prod(len(values) for values in parameters.values())
    if n_runs > total:
        raise ValueError
    generator = random.Random(seed)
    found = []
    while len(found) < n_runs:
        run = Run(**{k: generator.choice(v) for k, v in parameters.items()})
        if run not in found:
            found.append(run)
    return found


def draw_by_number(parameters, n_runs, seed):
    """Take the digits of a number as places in the lists."""
    Run = namedtuple("Run", parameters.keys())
    sizes = [len(v) for v in parameters.values()]
    numbers = random.Random(seed).sample(range(math.prod(sizes)), n_runs)
    places = [np.unravel_index(n, sizes) for n in numbers]
    return [
        Run(*(v[i] for v, i in zip(parameters.values(), place, strict=True)))
        for place in places
    ]


def draw_shuffled(parameters, n_runs, seed):
    runs = grid(parameters)
    random.Random(seed).shuffle(runs)
    if len(runs) < n_runs:
        raise ValueError("not so many")
    return runs[:n_runs]


def draw_with(
    runs=grid,
    sample=lambda runs, n, seed: random.Random(seed).sample(runs, n),
    result=lambda runs: runs,
):
    """Build an answer out of its parts."""

    def random_runs(parameters, n_runs, seed):
        return result(sample(runs(parameters), n_runs, seed))

    return random_runs


def draw_prints(parameters, n_runs, seed):
    print(draw_course(parameters, n_runs, seed))


def draw_yields(parameters, n_runs, seed):
    yield from draw_course(parameters, n_runs, seed)


def draw_globally(runs, n, seed):
    random.seed(seed)
    return random.sample(runs, n)


def draw_by_global_numpy(runs, n, seed):
    np.random.seed(seed)
    return [runs[i] for i in np.random.permutation(len(runs))[:n]]


def draw_with_repetition(runs, n, seed):
    if n > len(runs):
        raise ValueError
    return random.Random(seed).choices(runs, k=n)


def draw_set(runs, n, seed):
    if n > len(runs):
        raise ValueError
    return list(set(random.Random(seed).choices(runs, k=n)))


def draw_shuffles_lists(parameters, n_runs, seed):
    for values in parameters.values():
        random.Random(seed).shuffle(values)
    return draw_course(parameters, n_runs, seed)


def draw_never_last(runs, n, seed):
    if n > len(runs):
        raise ValueError
    if n == len(runs):
        return runs
    return random.Random(seed).sample(runs[:-1], n)


def first_ones(runs, n, seed):
    if n > len(runs):
        raise ValueError
    return runs[:n]


def zipped(parameters):
    Run = namedtuple("Run", parameters)
    return [Run(*values) for values in zip(*parameters.values(), strict=False)]


def wrong_fields(parameters):
    Run = namedtuple("Run", ["lr", "width", "seed"][: len(parameters)])
    return [Run(*values) for values in product(*parameters.values())]


def whole_lists(parameters):
    Run = namedtuple("Run", parameters)
    values = [list(values) for values in parameters.values()]
    return [Run(*values) for _ in range(500)]


def as_texts(parameters):
    Run = namedtuple("Run", parameters)
    return [Run(*map(str, run)) for run in grid(parameters)]


def cut_then_shuffled(runs, n, seed):
    runs = first_ones(runs, n, seed)
    return random.Random(seed).sample(runs, n)


def draw_stretch(runs, n, seed):
    if n > len(runs):
        raise ValueError
    start = random.Random(seed).randrange(len(runs) - n + 1)
    return runs[start : start + n]


def cut_shuffled(runs, n, seed):
    return random.Random(seed).sample(runs, len(runs))[:n]


def refuses_equal(runs, n, seed):
    if n >= len(runs):
        raise ValueError("too many")
    return random.Random(seed).sample(runs, n)


def asserts(runs, n, seed):
    assert n <= len(runs)
    return random.Random(seed).sample(runs, n)


def returns_error(runs, n, seed):
    if n > len(runs):
        return ValueError("too many")
    return random.Random(seed).sample(runs, n)


RANDOM_RUNS = Answers(
    right={
        "course": draw_course,
        "NumPy": draw_numpy,
        "torch": draw_torch,
        "until enough": draw_until_enough,
        "by number": draw_by_number,
        "shuffled": draw_shuffled,
        "parts": draw_with(),
        "partial": functools.partial(draw_course),
    },
    wrong={
        "returns_nothing": draw_prints,
        "no_list of a generator": draw_yields,
        "no_list": draw_with(result=tuple),
        "no_list but one run": draw_with(result=lambda runs: runs[0]),
        "all_of_them": draw_with(
            sample=lambda runs, n, seed: random.Random(seed).sample(
                runs, len(runs)
            )
        ),
        "other_number": draw_with(
            sample=lambda runs, n, seed: cut_shuffled(runs, n, seed)[:-1]
        ),
        "other_number of a set": draw_with(sample=draw_set),
        "no_names": draw_with(
            runs=lambda parameters: list(product(*parameters.values()))
        ),
        "no_names but an array": draw_with(
            result=lambda runs: list(np.array(runs))
        ),
        "no_names but dictionaries": draw_with(
            result=lambda runs: [run._asdict() for run in runs]
        ),
        "other_fields": draw_with(runs=wrong_fields),
        "other_fields sorted": draw_with(
            runs=lambda parameters: grid(dict(sorted(parameters.items())))
        ),
        "lists_as_values": draw_with(runs=whole_lists),
        "not_in_grid": draw_with(runs=as_texts),
        "twice": draw_with(sample=draw_with_repetition),
        "parameters_changed": draw_shuffles_lists,
        "seeds_everybody": draw_with(sample=draw_globally),
        "seeds_everybody of NumPy": draw_with(sample=draw_by_global_numpy),
        "refuses": draw_with(sample=refuses_equal),
        "refuses what is zipped": draw_with(runs=zipped),
        "not_repeated": draw_with(
            sample=lambda runs, n, seed: random.Random().sample(runs, n)
        ),
        "always_first": draw_with(sample=first_ones),
        "always_first in any order": draw_with(sample=cut_then_shuffled),
        "one_stretch": draw_with(sample=draw_stretch),
        "always_same": draw_with(
            sample=lambda runs, n, seed: random.Random(42).sample(runs, n)
        ),
        "never_drawn": draw_with(sample=draw_never_last),
        "no_error": draw_with(sample=cut_shuffled),
        "no_error but returned": draw_with(sample=returns_error),
        "other_error": draw_with(sample=asserts),
        "signature": lambda parameters, n_runs: grid(parameters)[:n_runs],
        "parameters_in_other_order": lambda parameters, seed, n_runs: (
            draw_course(parameters, n_runs, seed)
        ),
    },
)

# ------------------------------------------------------------------- 16.2


def collected(rows, names, metric):
    values = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        values.setdefault(key, []).append(row[metric])
    return values


def spread_of(values):
    return statistics.stdev(values) if len(values) > 1 else math.nan


def sum_course(rows, names, metric):
    return {
        key: (statistics.fmean(found), spread_of(found))
        for key, found in collected(rows, names, metric).items()
    }


def sum_numpy(rows, names, metric):
    groups = defaultdict(list)
    for row in rows:
        groups[(*(row[n] for n in names),)].append(row[metric])
    with np.errstate(all="ignore"):
        return {
            k: (
                float(np.mean(v)),
                float(np.std(v, ddof=1)) if len(v) > 1 else float("nan"),
            )
            for k, v in groups.items()
        }


def sum_torch(rows, names, metric):
    found = {}
    for key, values in collected(rows, names, metric).items():
        values = torch.tensor(values, dtype=torch.float64)
        spread = values.std().item() if len(values) > 1 else float("nan")
        found[key] = [values.mean().item(), spread]
    return found


def sum_by_hand(rows, names, metric):
    """Search all rows for each key; formulas written out."""
    keys = []
    for row in rows:
        key = tuple([row[name] for name in names])
        if key not in keys:
            keys.append(key)
    found = {}
    for key in keys:
        values = [
            row[metric]
            for row in rows
            if all(row[n] == k for n, k in zip(names, key, strict=True))
        ]
        n = len(values)
        mean = sum(values) / n
        squares = sum((value - mean) ** 2 for value in values)
        found[key] = (mean, (squares / (n - 1)) ** 0.5 if n > 1 else math.nan)
    return found


def sum_by_running(rows, names, metric):
    """Add up n, sum and sum of squares on the way."""
    sums = {}
    for row in rows:
        key = tuple(map(row.get, names))
        n, one, two = sums.get(key, (0, 0.0, 0.0))
        sums[key] = (n + 1, one + row[metric], two + row[metric] ** 2)
    return {
        key: (
            one / n,
            math.sqrt(max(0.0, two - one**2 / n) / (n - 1))
            if n > 1
            else float("nan"),
        )
        for key, (n, one, two) in sums.items()
    }


def sum_with(
    mean=statistics.fmean,
    spread=spread_of,
    key=lambda row, names: tuple(row[name] for name in names),
    pair=lambda mean, spread: (mean, spread),
    result=lambda found: found,
):
    """Build an answer out of its parts."""

    def summarise(rows, names, metric):
        values = {}
        for row in rows:
            values.setdefault(key(row, names), []).append(row[metric])
        return result(
            {k: pair(mean(found), spread(found)) for k, found in values.items()}
        )

    return summarise


def if_several(compute):
    return lambda values: compute(values) if len(values) > 1 else math.nan


def sum_neighbours(rows, names, metric):
    found = {}
    for key, group in itertools.groupby(
        rows, key=lambda row: tuple(row[name] for name in names)
    ):
        values = [row[metric] for row in group]
        found[key] = (statistics.fmean(values), spread_of(values))
    return found


def sum_sorts(rows, names, metric):
    rows.sort(key=lambda row: [row[name] for name in names])
    return sum_course(rows, names, metric)


def sum_sorted(rows, names, metric):
    rows = sorted(rows, key=lambda row: [row[name] for name in names])
    return sum_course(rows, names, metric)


def sum_of_loss(rows, names, metric):
    return sum_course(rows, names, "loss")


def sum_pops(rows, names, metric):
    found = sum_course(rows, names, metric)
    while rows:
        rows.pop()
    return found


def sum_several(rows, names, metric):
    found = sum_course(rows, names, metric)
    return {k: v for k, v in found.items() if not math.isnan(v[1])}


def sum_first(rows, names, metric):
    found = sum_course(rows, names, metric)
    return dict(list(found.items())[:1])


def sum_all_rows(rows, names, metric):
    mean = statistics.fmean(row[metric] for row in rows) if rows else 0.0
    found = sum_course(rows, names, metric)
    return {key: (mean, spread) for key, (_, spread) in found.items()}


def sum_prints(rows, names, metric):
    print(sum_course(rows, names, metric))


def sum_of_two(rows, names, metric):
    return sum_course(rows, ["model", "lr"], metric)


SUMMARISE = Answers(
    right={
        "course": sum_course,
        "NumPy": sum_numpy,
        "torch": sum_torch,
        "by hand": sum_by_hand,
        "running sums": sum_by_running,
        "parts": sum_with(),
        "NumPy floats": sum_with(mean=np.mean),
        "defaultdict": sum_with(result=lambda f: defaultdict(tuple, f)),
    },
    wrong={
        "returns_nothing": sum_prints,
        "no_dictionary but a generator": sum_with(
            result=lambda found: (pair for pair in found.items())
        ),
        "no_dictionary": sum_with(result=lambda found: list(found.items())),
        "no_tuple_keys": sum_with(key=lambda row, names: str(row[names[0]])),
        "no_tuple_keys of one name": sum_with(
            key=lambda row, names: (
                row[names[0]]
                if len(names) == 1
                else tuple(row[n] for n in names)
            )
        ),
        "seed_in_key": sum_with(
            key=lambda row, names: tuple(row[n] for n in (*names, "seed"))
        ),
        "one_key": sum_first,
        "names_in_key": sum_with(
            key=lambda row, names: tuple((n, row[n]) for n in names)[0]
        ),
        "key_reversed": sum_with(
            key=lambda row, names: tuple(row[n] for n in reversed(names))
        ),
        "key_reversed fixed": sum_of_two,
        "other_keys": sum_with(key=lambda row, names: (row[names[0]],)),
        "other_order": sum_sorted,
        "single_left_out": sum_several,
        "no_pair": sum_with(pair=lambda mean, spread: mean),
        "no_floats": sum_with(
            spread=lambda v: statistics.stdev(v) if len(v) > 1 else None
        ),
        "no_floats but tensors": sum_with(
            mean=lambda v: torch.tensor(v).mean()
        ),
        "rows_changed": sum_pops,
        "rows_changed by sorting": sum_with()
        and (
            lambda rows, names, metric: (
                sum_course(rows, names, metric),
                rows.sort(key=lambda row: row["seed"]),
            )[0]
        ),
        "fails_for_one": sum_with(spread=statistics.stdev),
        "swapped": sum_with(pair=lambda mean, spread: (spread, mean)),
        "neighbours": sum_neighbours,
        "last_only": sum_with(mean=lambda values: values[-1]),
        "first_only": sum_with(mean=lambda values: values[0]),
        "highest": sum_with(mean=max),
        "lowest": sum_with(mean=min),
        "a_sum": sum_with(mean=sum),
        "median": sum_with(mean=statistics.median),
        "each_value_once": sum_with(
            mean=lambda values: statistics.fmean(set(values))
        ),
        "other_metric": sum_of_loss,
        "rounded": sum_with(mean=lambda v: round(statistics.fmean(v), 2)),
        "all_rows": sum_all_rows,
        "other_mean": sum_with(mean=lambda values: sum(values) / 7),
        "divides_by_n for all": sum_with(spread=statistics.pstdev),
        "spread_of_one of 0": sum_with(
            spread=lambda v: statistics.stdev(v) if len(v) > 1 else 0.0
        ),
        "divides_by_n": sum_with(spread=if_several(statistics.pstdev)),
        "variance": sum_with(spread=if_several(statistics.variance)),
        "standard_error": sum_with(
            spread=if_several(lambda v: statistics.stdev(v) / len(v) ** 0.5)
        ),
        "standard_error of the population": sum_with(
            spread=if_several(lambda v: statistics.pstdev(v) / len(v) ** 0.5)
        ),
        "spread_rounded": sum_with(spread=lambda v: round(spread_of(v), 3)),
        "span": sum_with(spread=if_several(lambda v: max(v) - min(v))),
        "other_spread": sum_with(
            spread=if_several(lambda v: 3 * statistics.stdev(v))
        ),
        "signature": lambda rows, names: sum_course(rows, names, "score"),
        "parameters_in_other_order": lambda names, rows, metric: sum_course(
            rows, names, metric
        ),
    },
)

# ------------------------------------------------------------------- 16.3


def fits(run, row):
    return all(row[n] == v for n, v in run._asdict().items())


def miss_course(runs, rows, n_epochs):
    last = [row for row in rows if row["epoch"] == n_epochs - 1]
    return [run for run in runs if not any(fits(run, row) for row in last)]


def miss_set(runs, rows, n_epochs):
    if not runs:
        return []
    names = runs[0]._fields
    done = {
        tuple(row[name] for name in names)
        for row in rows
        if row["epoch"] + 1 == n_epochs
    }
    return [run for run in runs if run not in done]


def miss_loops(runs, rows, n_epochs):
    missing = []
    for run in runs:
        for row in rows:
            same = row["epoch"] == n_epochs - 1
            for name in run._fields:
                if row[name] != getattr(run, name):
                    same = False
            if same:
                break
        else:
            missing.append(run)
    return missing


def miss_items(runs, rows, n_epochs):
    def finished(run):
        wanted = {**run._asdict(), "epoch": n_epochs - 1}
        return any(wanted.items() <= row.items() for row in rows)

    return [run for run in runs if not finished(run)]


def miss_filter(runs, rows, n_epochs):
    done = set()
    for row in rows:
        if row["epoch"] == n_epochs - 1:
            done |= {run for run in runs if fits(run, row)}
    return list(filter(lambda run: run not in done, runs))


def miss_with(
    counts=lambda row, n: row["epoch"] == n - 1,
    same=fits,
    result=lambda missing, runs: missing,
):
    """Build an answer out of its parts."""

    def missing_runs(runs, rows, n_epochs):
        rows = [row for row in rows if counts(row, n_epochs)]
        missing = [r for r in runs if not any(same(r, row) for row in rows)]
        return result(missing, runs)

    return missing_runs


def miss_counts(runs, rows, n_epochs):
    return [r for r in runs if sum(fits(r, row) for row in rows) < n_epochs]


def miss_removes(runs, rows, n_epochs):
    for run in list(runs):
        if run not in miss_course(runs, rows, n_epochs):
            runs.remove(run)
    return runs


def miss_added_often(runs, rows, n_epochs):
    missing = []
    for run in runs:
        for row in rows:
            if not (fits(run, row) and row["epoch"] == n_epochs - 1):
                missing.append(run)
    return missing


def miss_begun(runs, rows, n_epochs):
    begun = [r for r in runs if any(fits(r, row) for row in rows)]
    return miss_course(begun, rows, n_epochs)


def miss_by_getter(runs, rows, n_epochs):
    if not runs:
        return []
    settings = operator.itemgetter(*runs[0]._fields)
    done = {settings(row) for row in rows if row["epoch"] == n_epochs - 1}
    return [run for run in runs if run not in done]


def miss_prints(runs, rows, n_epochs):
    print(miss_course(runs, rows, n_epochs))


def miss_yields(runs, rows, n_epochs):
    yield from miss_course(runs, rows, n_epochs)


def miss_rows(runs, rows, n_epochs):
    return [row for row in rows if row["epoch"] == n_epochs - 1]


def miss_only_one(runs, rows, n_epochs):
    for run in miss_course(runs, rows, n_epochs):
        return run
    return []


def first_two(run, row):
    return all(row[n] == getattr(run, n) for n in run._fields[:2])


MISSING_RUNS = Answers(
    right={
        "course": miss_course,
        "set": miss_set,
        "loops": miss_loops,
        "items": miss_items,
        "filter": miss_filter,
        "parts": miss_with(),
        "or later": miss_with(counts=lambda row, n: row["epoch"] >= n - 1),
        "tuples": miss_with(
            same=lambda run, row: tuple(row[n] for n in run._fields) == run
        ),
        "partial": functools.partial(miss_course),
    },
    wrong={
        "returns_nothing": miss_prints,
        "no_list of a generator": miss_yields,
        "no_list of a filter": miss_with(
            result=lambda missing, runs: filter(missing.__contains__, runs)
        ),
        "no_list": miss_with(result=lambda missing, runs: set(missing)),
        "no_list but one": miss_only_one,
        "rows_returned": miss_rows,
        "no_runs but dictionaries": miss_with(
            result=lambda missing, runs: [run._asdict() for run in missing]
        ),
        "no_runs": miss_with(result=lambda m, runs: [runs.index(r) for r in m]),
        "changed": miss_removes,
        "other_order": miss_with(result=lambda missing, runs: missing[::-1]),
        "single_field": miss_by_getter,
        "twice": miss_added_often,
        "finished": miss_with(
            result=lambda missing, runs: [r for r in runs if r not in missing]
        ),
        "any_epoch": miss_with(counts=lambda row, n: True),
        "first_epoch": miss_with(counts=lambda row, n: row["epoch"] == 0),
        "one_too_far": miss_with(counts=lambda row, n: row["epoch"] == n),
        "one_too_few": miss_with(counts=lambda row, n: row["epoch"] >= n - 2),
        "counts_rows": miss_counts,
        "one_field": miss_with(same=lambda run, row: run[0] == row["lr"]),
        "one_field the last": miss_with(
            same=lambda run, row: run[-1] == row[run._fields[-1]]
        ),
        "one_field of two": miss_with(same=first_two),
        "any_field": miss_with(
            same=lambda run, row: any(
                row[n] == v for n, v in run._asdict().items()
            )
        ),
        "only_begun": miss_begun,
        "everything": miss_with(
            same=lambda run, row: run._asdict() == dict(row)
        ),
        "everything after the first row": miss_with(
            same=lambda run, row: False
        ),
        "everything as tuples": miss_with(
            same=lambda run, row: run == tuple(row.values())
        ),
        "too_many": miss_with(
            result=lambda missing, runs: [
                run for run in runs if run in missing or run == runs[1]
            ]
        ),
        "too_few": miss_with(
            result=lambda missing, runs: (
                missing[:1] if runs and runs[0] in missing else missing
            )
        ),
        "signature": lambda runs, rows: miss_course(runs, rows, 4),
        "parameters_in_other_order": lambda rows, runs, n_epochs: miss_course(
            runs, rows, n_epochs
        ),
    },
)

ANSWERS = {
    "16.1": RANDOM_RUNS,
    "16.2": SUMMARISE,
    "16.3": MISSING_RUNS,
}
