"""Exercise 03.3: every class as often."""

import numpy as np
import torch
from torch.utils.data import WeightedRandomSampler

from helpers.check.chapter_03.common import (
    ARGUMENTS,
    expect_loader,
    join_words,
    read_pass,
)
from helpers.practice.exercises import call, exercise
from helpers.practice.verdict import wrong

COUNTS = (2160, 630, 210)  # of the classes 0, 1 and 2


N_PASSES = 4


TOLERANCE = 0.03  # of a share; over four standard deviations of chance


@exercise(
    "03.3",
    "Every class as often",
    minutes=10,
    level="medium",
    look=ARGUMENTS,
)
def balanced(make_balanced_loader):
    """Check ``make_balanced_loader(features, labels, batch_size)``.

    It returns a loader whose passes have as many points as there are labels,
    drawn so that every class comes equally often.
    """
    for counts, batch_size in ((COUNTS, 50), ((1200, 300), 64)):
        torch.manual_seed(0)  # a loader may draw from the global state
        features, labels = _classes(counts)
        before = features.clone(), labels.clone()
        made = _build_balanced(
            make_balanced_loader, features, labels, batch_size
        )
        expect_loader(made)
        if not (
            torch.equal(features, before[0]) and torch.equal(labels, before[1])
        ):
            wrong(
                "in_place",
                expected="Features and labels stay as they are.",
                found="Numbers in them changed.",
                cause="Something was computed in place. Make new tensors.",
            )
        _check_balance(made, labels, counts, batch_size)
    return (
        "The weight of a point is one over the size of its class, so that all "
        "classes weigh the same together."
    )


def _classes(counts: tuple) -> tuple[torch.Tensor, torch.Tensor]:
    """Make features [N, 2] that tell the row, and labels [N], shuffled."""
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    numbers = torch.Generator().manual_seed(7)
    labels = labels[torch.randperm(len(labels), generator=numbers)]
    row = torch.arange(float(len(labels)))
    return torch.stack([row, labels + 0.5], dim=1), labels


def _build_balanced(make, features, labels, batch_size: int):
    shown = "make_balanced_loader(features, labels, batch_size)"
    try:
        return call(make, features, labels, batch_size, shown=shown)
    except ValueError as error:
        if "mutually exclusive" not in str(error):
            raise
    wrong(
        "sampler_and_shuffle",
        expected="A loader with a sampler.",
        found="`ValueError`: the loader got a sampler and `shuffle=True`, or "
        "`batch_size` and a sampler of whole batches.",
        cause="The sampler already decides the order. Give it, and leave "
        "`shuffle` out.",
    )


def _check_balance(made, labels, counts, batch_size: int) -> None:
    n = sum(counts)
    _expect_weights(made, labels)

    label_of = labels.tolist()

    def is_point(row, x, y):
        return 0 <= row < n and y == label_of[row] == x[1] - 0.5

    passes = []
    for _ in range(N_PASSES):
        rows, sizes = read_pass(made, n, is_point, torch.int64)
        _check_pass(rows, sizes, n, batch_size)
        passes.append(rows)
    drawn = torch.tensor(passes).flatten()
    shares = torch.bincount(labels[drawn], minlength=len(counts)) / len(drawn)
    if (shares - 1 / len(counts)).abs().max() > TOLERANCE:
        _diagnose_shares(shares.tolist(), counts, made)
    if sorted(passes[0]) == sorted(passes[1]):
        wrong(
            "drawn_once",
            expected="Each pass draws anew.",
            found="Two passes had the same points, each as often.",
            cause="The points were drawn once, before the loader got them. "
            "A sampler draws in each pass.",
        )
    _check_variety(drawn, labels, counts)


def _expect_weights(made, labels) -> None:
    """Say so if there is one weight for each class, not for each point."""
    sampler = made.sampler
    if isinstance(sampler, torch.Tensor) and sampler.is_floating_point():
        wrong(
            "weights_as_sampler",
            expected="A sampler, which gives row numbers.",
            found="The weights themselves stand in its place.",
            cause="`WeightedRandomSampler(weights, len(labels))` makes a "
            "sampler of weights.",
        )
    if not isinstance(sampler, WeightedRandomSampler):
        return
    n_weights, n = len(sampler.weights), len(labels)
    if n_weights != n:
        wrong(
            "weights_per_class",
            expected=f"One weight for each of the {n} points.",
            found=f"{n_weights} weights.",
            cause="With a weight for each class, the sampler knows only as "
            "many points as there are classes. Look the weight of each point "
            "up by its label: `class_weights[labels]`.",
        )


def _check_pass(rows, sizes, n: int, batch_size: int) -> None:
    if sizes and sizes[0] != batch_size and len(rows) >= batch_size:
        wrong(
            "batch_size",
            expected=f"Batches of {batch_size}.",
            found=f"Batches of {sizes[0]}.",
            cause="The argument `batch_size` goes to the loader.",
        )
    if len(rows) == n:
        return
    number = f"{len(rows)}" if len(rows) < 4 * n else "many times as many"
    wrong(
        "wrong_length",
        expected=f"A pass has as many points as there are labels, {n}.",
        found=f"It has {number}.",
        cause="The second argument of the sampler is how many points it "
        "draws in a pass: `len(labels)`. Or a last batch was dropped, or "
        "points of a class were left out or repeated by hand.",
    )


def _diagnose_shares(shares, counts, made) -> None:
    n = sum(counts)
    expected = f"Each of the {len(counts)} classes has a share of "
    expected += f"{1 / len(counts):.2f} in what is drawn."
    found = f"The shares are {join_words([f'{s:.1f}' for s in shares])}, in "
    found += "the order of the classes."
    as_before = _near(shares, [count / n for count in counts])
    sampler = made.sampler
    if isinstance(sampler, WeightedRandomSampler) and not sampler.replacement:
        wrong(
            "no_replacement",
            expected=expected,
            found=f"{found} Each point came once.",
            cause="With `replacement=False` no point comes twice, so a pass "
            "takes every point once, whatever the weights are. A rare class "
            "can only come more often if its points come again.",
        )
    if as_before:
        wrong(
            "not_balanced",
            expected=expected,
            found=f"{found} That is how often they occur.",
            cause="There is no sampler, or all points have nearly the same "
            "weight. Rare points need larger ones.",
        )
    if _near(shares, [count**2 for count in counts]):
        wrong(
            "not_inverted",
            expected=expected,
            found=f"{found} The frequent class came even more often.",
            cause="The weight is the size of the class. It has to be one over "
            "that size: the rarer, the heavier.",
        )
    ninefold = [count * (1 + 8 * (c == 1)) for c, count in enumerate(counts)]
    if _near(shares, ninefold):
        wrong(
            "numbers_of_the_page",
            expected=expected,
            found=found,
            cause="The weights are 9 for class 1 and 1 for all others, those "
            "of the example. They fit one set of labels. Count them: "
            "`torch.bincount(labels)`.",
        )
    wrong(
        "other_weights",
        expected=expected,
        found=found,
        cause="All points of a class together should weigh as much as those "
        "of any other: the weight of a point is one over the size of its "
        "class.",
    )


def _near(shares, weights) -> bool:
    total = sum(weights)
    return all(
        abs(share - weight / total) < TOLERANCE
        for share, weight in zip(shares, weights, strict=True)
    )


def _check_variety(drawn, labels, counts) -> None:
    """See that within a class every point has its chance."""
    for c, count in enumerate(counts):
        of_class = drawn[labels[drawn] == c]
        times = len(of_class) / count
        enough = 0.9 * count * (1 - np.exp(-times))
        middle = (labels == c).nonzero().flatten()[count // 2]
        front = (of_class < middle).double().mean().item()
        if len(of_class.unique()) > enough and abs(front - 0.5) < 0.06:
            continue
        wrong(
            "uneven_points",
            expected=f"Every point of class {c} has the same chance.",
            found=f"Some of the {count} points came far more often than "
            "others.",
            cause="The points of a class have different weights, or only "
            "some of them were taken.",
        )
