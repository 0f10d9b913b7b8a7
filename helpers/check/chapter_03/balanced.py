"""Exercise 03.3: every class as often."""

import math

import torch
from torch.utils.data import WeightedRandomSampler

from helpers.check.chapter_03.common import expect_loader, read_pass
from helpers.practice import Seen, call, exercise, judge, wrong

CASES = (((2160, 630, 210), 50), ((1200, 300), 64))  # class sizes, batch size
SHOWN = "make_balanced_loader(features, labels, batch_size)"
N_PASSES = 4
TOLERANCE = 0.03  # of a share; over four standard deviations of chance


def _is_weighted(sampler) -> bool:
    return isinstance(sampler, WeightedRandomSampler)


def _is_share(s, weights) -> bool:
    """Whether the shares of the classes are those of these weights."""
    total = sum(weights)
    return all(
        abs(share - weight / total) < TOLERANCE
        for share, weight in zip(s.shares, weights, strict=True)
    )


MADE = {
    "in_place": lambda s: (
        not (
            torch.equal(s.features, s.before[0])
            and torch.equal(s.labels, s.before[1])
        )
    ),
    "weights_as_sampler": lambda s: (
        torch.is_tensor(s.sampler) and s.sampler.is_floating_point()
    ),
    "weights_per_class": lambda s: (
        _is_weighted(s.sampler) and len(s.sampler.weights) == len(s.counts)
    ),
    "other_number_of_weights": lambda s: (
        _is_weighted(s.sampler) and len(s.sampler.weights) != s.n
    ),
}
PASS = {
    "batch_size.sizes": lambda s: (
        s.sizes and s.sizes[0] != s.batch_size and len(s.rows) >= s.batch_size
    ),
    "wrong_length.many": lambda s: len(s.rows) >= 4 * s.n,
    "wrong_length": lambda s: len(s.rows) != s.n,
}
SHARES = {
    "no_replacement": lambda s: (
        _is_weighted(s.sampler) and not s.sampler.replacement
    ),
    "not_balanced": lambda s: _is_share(s, s.counts),
    "not_inverted": lambda s: _is_share(s, [n**2 for n in s.counts]),
    "numbers_of_the_page": lambda s: _is_share(
        s, [n * (9 if c == 1 else 1) for c, n in enumerate(s.counts)]
    ),
    "other_weights": lambda s: True,
}
DRAWN = {
    "drawn_once": lambda s: sorted(s.passes[0]) == sorted(s.passes[1]),
}
POINTS = {
    "uneven_points": lambda s: (
        s.n_different <= s.n_enough or abs(s.front - 0.5) >= 0.06
    ),
}


@exercise
def balanced(answer):
    """Check ``make_balanced_loader(features, labels, batch_size)``.

    It returns a loader whose passes have as many points as there are labels,
    drawn so that every class comes equally often.
    """
    for counts, batch_size in CASES:
        torch.manual_seed(0)  # a loader may draw from the global state
        features, labels = _classes(counts)
        before = features.clone(), labels.clone()
        made = _build(answer, features, labels, batch_size)
        expect_loader(made, SHOWN)
        seen = Seen(features=features, labels=labels, before=before)
        seen.counts, seen.n, seen.batch_size = counts, len(labels), batch_size
        seen.sampler = made.sampler
        n_weights = len(getattr(made.sampler, "weights", ()))
        judge(MADE, seen, n_weights=n_weights)
        _judge_passes(made, seen)


def _classes(counts: tuple) -> tuple[torch.Tensor, torch.Tensor]:
    """Make features [N, 2] that tell the row, and labels [N], shuffled."""
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    numbers = torch.Generator().manual_seed(7)
    labels = labels[torch.randperm(len(labels), generator=numbers)]
    row = torch.arange(float(len(labels)))
    return torch.stack([row, labels + 0.5], dim=1), labels


def _build(answer, features, labels, batch_size: int):
    try:
        return call(answer, features, labels, batch_size, shown=SHOWN)
    except ValueError as error:
        if "mutually exclusive" not in str(error):
            raise
    wrong("sampler_and_shuffle")


def _judge_passes(made, seen) -> None:
    label_of = seen.labels.tolist()

    def is_point(row, x, y):
        return 0 <= row < seen.n and y == label_of[row] == x[1] - 0.5

    seen.passes = []
    for _ in range(N_PASSES):
        seen.rows, seen.sizes = read_pass(made, seen.n, is_point, torch.int64)
        n_rows, first = len(seen.rows), (seen.sizes or [0])[0]
        judge(PASS, seen, n_rows=n_rows, first=first)
        seen.passes.append(seen.rows)
    drawn = torch.tensor(seen.passes).flatten()
    of_class = torch.bincount(seen.labels[drawn], minlength=len(seen.counts))
    seen.shares = (of_class / len(drawn)).tolist()
    seen.right = 1 / len(seen.counts)
    if not _is_share(seen, [1] * len(seen.counts)):
        rounded = [round(share, 1) for share in seen.shares]
        judge(SHARES, seen, n_classes=len(seen.counts), rounded=rounded)
    judge(DRAWN, seen)
    _judge_variety(drawn, seen)


def _judge_variety(drawn, seen) -> None:
    """See that within a class every point has its chance."""
    for c, count in enumerate(seen.counts):
        of_class = drawn[seen.labels[drawn] == c]
        n_enough = 0.9 * count * (1 - math.exp(-len(of_class) / count))
        middle = (seen.labels == c).nonzero().flatten()[count // 2]
        front = (of_class < middle).double().mean().item()
        n_different = len(of_class.unique())
        of_it = Seen(n_different=n_different, n_enough=n_enough, front=front)
        judge(POINTS, of_it, c=c, count=count)
