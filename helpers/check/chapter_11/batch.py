"""Exercise 11.1: a batch from pictures."""

import torch

from helpers.check.chapter_11.common import expect_tensor
from helpers.practice import Seen, Signs, call, exercise, judge, judge_value

# how many pictures, and [height, width, channels] of each
PROBES = ((2, (4, 5, 3)), (1, (2, 6, 1)), (3, (3, 3, 4)), (5, (6, 2, 3)))
SHAPES: Signs = {
    "one_picture": lambda s: (
        s.n > 1 and s.has in (s.shape[1:], [1, *s.shape[1:]])
    ),
    "squeezed": lambda s: s.has == [n for n in s.shape if n != 1],
    "joined": lambda s: len(s.has) == 3,
    "channels_last": lambda s: s.has == [s.n, s.h, s.w, s.c],
    "width_first": lambda s: s.has == [s.n, s.c, s.w, s.h],
    "batch_last": lambda s: s.has == [s.c, s.h, s.w, s.n],
    "stacked_elsewhere": lambda s: sorted(s.has) == sorted(s.shape),
}
SUSPECTS = {
    "not_scaled": lambda s: 255 * s.right,
    "whole_division": lambda s: s.right.floor(),
    "by_256": lambda s: s.right * 255 / 256,
    "by_16": lambda s: s.right * 255 / 16,
    "own_maximum": lambda s: s.right / s.right.max(),
    "own_maximum.each": lambda s: (
        s.right / s.right.amax(dim=(1, 2, 3), keepdim=True)
    ),
    "scaled_twice": lambda s: s.right / 255,
    "other_range": lambda s: 2 * s.right - 1,
    "own_maximum.and_minimum": lambda s: _to_full_range(s.right),
    "other_range.standardised": lambda s: (
        (s.right - s.right.mean()) / s.right.std()
    ),
    "rounded": lambda s: [s.right.round(decimals=n) for n in range(4)],
    "reshaped": lambda s: s.stacked.reshape(s.right.shape),
    "reshaped.not_scaled": lambda s: 255 * s.stacked.reshape(s.right.shape),
    "width_first": lambda s: _if_square(s, s.right.transpose(2, 3)),
    "turned_colours": lambda s: s.right.flip(1),
    "mirrored": lambda s: [s.right.flip(2), s.right.flip(3)],
    "other_order": lambda s: s.right.flip(0),
    "same_picture": lambda s: s.right[:1].expand(s.right.shape),
    "same_picture.last": lambda s: s.right[-1:].expand(s.right.shape),
}
KEPT = {
    "changes_list": lambda s: (
        len(s.given) != len(s.before)
        or any(a is not b for a, b in zip(s.given, s.pictures, strict=True))
    ),
    "changes_pictures": lambda s: (
        not all(
            torch.equal(a, b) for a, b in zip(s.pictures, s.before, strict=True)
        )
    ),
}


@exercise
def batch(answer):
    """Check ``make_batch(pictures)``: [H, W, C] in a list to [B, C, H, W]."""
    for seed, (n, shape) in enumerate(PROBES):
        draw = torch.Generator().manual_seed(seed)
        # none is as bright as 255
        pictures = [
            torch.randint(0, 251 - 9 * k, shape, generator=draw).byte()
            for k in range(n)
        ]
        _judge_batch(answer, pictures)


def _judge_batch(answer, pictures: list[torch.Tensor]) -> None:
    n, (h, w, c) = len(pictures), pictures[0].shape
    seen = Seen(n=n, h=h, w=w, c=c, pictures=pictures, given=[*pictures])
    seen.before = [picture.clone() for picture in pictures]
    seen.stacked = torch.stack(pictures).float() / 255  # [B, H, W, C]
    seen.right = seen.stacked.permute(0, 3, 1, 2)  # [B, C, H, W]
    shown = "make_batch(pictures)"
    found = call(answer, seen.given, shown=shown)
    judge(KEPT, seen)
    sizes = {"n": n, "h": h, "w": w, "c": c}
    expect_tensor(found, shown, [n, c, h, w], SHAPES, **sizes)
    judge_value(SUSPECTS, seen, found=found, right=seen.right)


def _to_full_range(batch: torch.Tensor) -> torch.Tensor:
    return (batch - batch.min()) / (batch.max() - batch.min())


def _if_square(seen, suspect: torch.Tensor) -> torch.Tensor | None:
    return suspect if seen.h == seen.w else None
