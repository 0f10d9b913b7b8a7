"""Exercise 11.3: every image with mean 0 and standard deviation 1."""

import torch

from helpers.check.chapter_11.common import expect_tensor
from helpers.practice import Seen, Signs, call, exercise, judge, judge_value

# [N, H, W]; in the second, images and columns cannot be told apart by length
PROBES = ((3, 4, 5), (4, 2, 4), (2, 3, 3), (1, 3, 2))
TOLERANCE = 1e-3  # leaves room for a tiny number added to the deviation
SHAPES: Signs = {
    "one_image": lambda s: (
        s.shape[0] > 1 and s.has in (s.shape[1:], [1, *s.shape[1:]])
    ),
    "dropped": lambda s: s.has[1:] == s.shape[1:] and s.has[0] < s.shape[0],
    "numbers_only": lambda s: s.has in ([s.shape[0]], [*s.shape[:1], 1]),
    "flattened": lambda s: len(s.has) < 3,
}
SUSPECTS = {
    "every_pixel": lambda s: _by(s.x, 0),
    "all_together": lambda s: _by(s.x, (0, 1, 2)),
    "rows": lambda s: _by(s.x, 2),
    "columns": lambda s: _by(s.x, 1),
    "no_keepdim": lambda s: _without_keepdim(s.x),
    "every_column": lambda s: _by(s.x, (0, 1)),
    "every_column.row": lambda s: _by(s.x, (0, 2)),
    "half_by_half": lambda s: (s.x - s.mean) / s.x.std(),
    "half_by_half.mean": lambda s: (s.x - s.x.mean()) / s.divisor,
    "no_mean": lambda s: s.x / s.divisor,
    "sum_subtracted": lambda s: (s.x - s.mean * s.x[0].numel()) / s.divisor,
    "median": lambda s: (s.x - s.median) / s.divisor,
    "root": lambda s: (s.x - s.mean) / s.divisor.sqrt(),
    "all_blank": lambda s: torch.zeros_like(s.x),
    "no_signs": lambda s: s.right.abs(),
    "no_deviation": lambda s: s.x - s.mean,
    "variance": lambda s: (s.x - s.mean) / s.divisor**2,
    "multiplied": lambda s: (s.x - s.mean) * s.deviation,
    "parentheses": lambda s: s.x - s.mean / s.divisor,
    "added": lambda s: (s.x + s.mean) / s.divisor,
    "turned_round": lambda s: (s.mean - s.x) / s.divisor,
    "population": lambda s: s.right * s.ratio,
    "constant_kept": lambda s: torch.where(s.blank, s.x, s.right),
    "constant_kept.ones": lambda s: torch.where(s.blank, 1.0, s.right),
    "at_least_one": lambda s: (s.x - s.mean) / s.deviation.clamp(min=1),
    "smallest_largest": lambda s: (
        (s.x - s.low) / (s.high - s.low).clamp(min=1e-9)
    ),
    "large_epsilon": lambda s: [
        (s.x - s.mean) / (s.deviation + 10.0**-n) for n in range(5)
    ],
}
FINITE = {
    "divides_by_zero": lambda s: (
        not s.found.isfinite().all() and s.others_finite
    ),
    "not_finite": lambda s: not s.found.isfinite().all(),
}


@exercise
def standardised(answer):
    """Check ``standardise(images)``: [N, H, W], each image by itself."""
    for seed, shape in enumerate(PROBES):
        draw = torch.Generator().manual_seed(seed)
        x = 3 * torch.randn(shape, generator=draw) + 5
        # one image is pale, and one is blank
        x[0] = x[0] / 20
        if len(x) > 1:
            x[1] = 4.0
        _judge_images(answer, x)


def _judge_images(answer, x: torch.Tensor) -> None:
    seen = Seen(x=x.clone())
    pixels = x.flatten(1)
    seen.mean, seen.median, seen.deviation, seen.low, seen.high = (
        value.reshape(-1, 1, 1)
        for value in (
            pixels.mean(1),
            pixels.median(1).values,
            pixels.std(1),
            pixels.amin(1),
            pixels.amax(1),
        )
    )
    seen.blank = seen.deviation == 0
    seen.divisor = torch.where(seen.blank, 1.0, seen.deviation)
    seen.right = (x - seen.mean) / seen.divisor
    n = pixels.shape[1]
    seen.ratio = (n / (n - 1)) ** 0.5
    shown = "standardise(images)"
    found = seen.found = call(answer, x, shown=shown)
    judge({"changes_input": lambda s: not torch.equal(x, s.x)}, seen)
    expect_tensor(found, shown, list(x.shape), SHAPES)
    kept = ~seen.blank.flatten()
    seen.others_finite = bool(found[kept].isfinite().all())
    judge(FINITE, seen)
    judge_value(
        {
            name: (lambda s, suspect=suspect: _finite(suspect(s)))
            for name, suspect in SUSPECTS.items()
        },
        seen,
        found=found,
        right=seen.right,
        tolerance=TOLERANCE,
    )


def _by(x: torch.Tensor, dim) -> torch.Tensor:
    """Standardise along other axes."""
    deviation = x.std(dim, keepdim=True)
    centred = x - x.mean(dim, keepdim=True)
    return centred / torch.where(deviation == 0, 1.0, deviation)


def _without_keepdim(x: torch.Tensor) -> torch.Tensor | None:
    """Let one number per image meet the columns, where the lengths agree."""
    if x.shape[0] != x.shape[2]:
        return None
    deviation = x.std((1, 2))
    return (x - x.mean((1, 2))) / torch.where(deviation == 0, 1.0, deviation)


def _finite(suspect):
    """Leave out what a mistake gives where it is not a number."""
    if suspect is None or isinstance(suspect, list):
        return suspect
    return suspect if suspect.isfinite().all() else None
