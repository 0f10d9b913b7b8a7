"""Exercise 11.4: one-hot rows by comparison."""

import torch

from helpers.check.chapter_11.common import expect_tensor
from helpers.practice import Seen, Signs, call, exercise, judge, judge_value

# labels, and how many classes; some classes are absent, and once N = classes
PROBES = (
    ([2, 0, 3, 1, 1, 3], 5),
    ([1, 1, 0], 3),
    ([4], 7),
    ([0, 0, 2, 1], 3),
)
SHAPES: Signs = {
    "turned": lambda s: s.has == s.shape[::-1] and s.n != s.n_classes,
    "one_too_many": lambda s: s.has == [s.n, s.n_classes + 1],
    "own_classes": lambda s: s.has == [s.n, s.n_present],
    "ten_classes": lambda s: s.has == [s.n, 10],
    "class_rows": lambda s: s.has == [s.n_classes, s.n_classes],
    "squeezed": lambda s: s.n == 1 and s.has == [s.n_classes],
    "one_row": lambda s: s.n != s.n_classes and s.has == [s.n_classes],
    "flat": lambda s: s.has in ([s.n], [s.n_classes], [s.n * s.n_classes]),
    "more_axes": lambda s: [n for n in s.has if n != 1] == s.plain,
}
SUSPECTS = {
    "turned": lambda s: s.right.T,
    "turned.reshaped": lambda s: s.right.T.reshape(s.right.shape),
    "inverted": lambda s: 1 - s.right,
    "up_to_class": lambda s: s.right.flip(1).cumsum(1).flip(1),
    "from_class_on": lambda s: s.right.cumsum(1),
    "counted_from_one": lambda s: s.one_off,
    "counted_from_one.up": lambda s: s.right.roll(1, dims=1),
    "counted_from_one.down": lambda s: s.right.roll(-1, dims=1),
    "up_to_class.strict": lambda s: s.right.flip(1).cumsum(1).flip(1) - s.right,
    "from_class_on.strict": lambda s: s.right.cumsum(1) - s.right,
    "whole_rows": lambda s: s.whole_rows,
    "label_everywhere": lambda s: (
        s.labels.unsqueeze(1).float().expand(s.right.shape)
    ),
    "label_itself": lambda s: s.right * s.labels.unsqueeze(1),
    "all_zeros": lambda s: 0 * s.right,
    "first_rows": lambda s: torch.eye(s.n, s.n_classes),
    "first_rows.again": lambda s: torch.eye(s.n_classes)[
        torch.arange(s.n) % s.n_classes
    ],
    "every_class_present": lambda s: s.right.amax(0).expand(s.right.shape),
}


@exercise
def one_hot(answer):
    """Check ``one_hot(labels, n_classes)``: [N] to float32 [N, n_classes]."""
    for classes, n_classes in PROBES:
        _judge_rows(answer, torch.tensor(classes), n_classes)


def _judge_rows(answer, labels: torch.Tensor, n_classes: int) -> None:
    n, given = len(labels), labels.clone()
    shown = f"one_hot(torch.tensor({labels.tolist()}), {n_classes})"
    found = call(answer, given, n_classes, shown=shown)
    seen = Seen(labels=labels, n=n, n_classes=n_classes, shown=shown)
    seen.right = torch.zeros(n, n_classes)  # [N, n_classes]
    seen.right[torch.arange(n), labels] = 1
    # as if labels were the numbers of rows
    seen.whole_rows = torch.zeros(n, n_classes)
    seen.whole_rows[labels[labels < n]] = 1
    # as if classes were counted from 1: class 0 has no place
    seen.one_off = torch.zeros(n, n_classes + 1)
    seen.one_off[torch.arange(n), labels] = 1
    seen.one_off = seen.one_off[:, 1:]
    judge({"changes_labels": lambda s: not torch.equal(given, labels)}, seen)
    expect_tensor(
        found,
        shown,
        [n, n_classes],
        SHAPES,
        n=n,
        n_classes=n_classes,
        n_present=int(labels.max()) + 1,
        plain=[length for length in (n, n_classes) if length != 1],
    )
    row = next(
        (k for k in range(n) if not torch.equal(found[k], seen.right[k])), 0
    )
    judge_value(
        SUSPECTS,
        seen,
        found=found,
        right=seen.right,
        row=row,
        label=int(labels[row]),
        given_row=found[row],
        right_row=seen.right[row],
    )
