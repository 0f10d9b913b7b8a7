"""Exercise 19.3: the loss of an answer that ignores the features."""

import math

import torch

from helpers.practice import (
    Seen,
    call,
    exercise,
    expect_number,
    judge_value,
    wrong,
)

CALL = "baseline_loss(y)"
MEASURED = {
    "standard_deviation": lambda s: s.y.std(correction=0).item(),
    "unbiased": lambda s: s.y.var().item(),
    "of_zero": lambda s: (s.y**2).mean().item(),
    "absolute": lambda s: (s.y - s.y.mean()).abs().mean().item(),
    "the_answer": lambda s: s.y.mean().item(),
    "treated_as_classes": lambda s: math.log(s.y.numel()),
    "median": lambda s: ((s.y - s.y.median()) ** 2).mean().item(),
    "summed": lambda s: ((s.y - s.y.mean()) ** 2).sum().item(),
    "per_column": lambda s: (
        s.y.var(0, correction=0).mean().item() if s.y.ndim > 1 else None
    ),
}
COUNTED = {
    "equal_classes": lambda s: [
        math.log(s.n_classes),
        math.log(max(s.n_classes - 1, 1)),
        math.log(10),
        math.log(len(s.y.unique())),
    ],
    "treated_as_numbers": lambda s: [
        s.y.float().var(correction=0).item(),
        s.y.float().var().item(),
    ],
    "majority": lambda s: [
        -s.share.max().log().item(),
        1 - s.share.max().item(),
        s.share.max().item(),
    ],
    "other_base": lambda s: [s.entropy / math.log(2), s.entropy / math.log(10)],
    "sign": lambda s: -s.entropy,
    "softmax_of_shares": lambda s: _twice(s.share, s.y),
    "summed": lambda s: s.entropy * len(s.y),
    "mean_of_classes": lambda s: [
        s.entropy / s.n_classes,
        s.entropy / len(s.y.unique()),
    ],
    "unweighted": lambda s: -s.share[s.share > 0].log().mean().item(),
}


@exercise
def baseline_loss(answer):
    """Check ``baseline_loss(y)``."""
    generator = torch.Generator().manual_seed(3)
    for shape in ((17,), (9, 1), (6, 3)):
        noise = torch.rand(shape, generator=generator)
        y = 2 + 3 * noise**2 + torch.arange(shape[-1])
        seen = Seen(y=y, what="numbers")
        _judge(answer, MEASURED, seen, y.var(correction=0).item())
    for labels in ([0, 0, 0, 0, 1, 1, 2], [3, 3, 1, 3, 0, 3], [1, 4, 4, 4]):
        y = torch.tensor(labels)
        share = y.bincount() / len(y)
        some = share[share > 0]
        entropy = -(some * some.log()).sum().item()
        seen = Seen(y=y, share=share, entropy=entropy, what="classes")
        seen.n_classes = len(share)
        _judge(answer, COUNTED, seen, entropy)


def _judge(answer, suspects, seen, right: float) -> None:
    result = call(answer, seen.y, shown=CALL)
    expect_number(result, CALL, "the loss")
    if math.isnan(result):
        wrong("empty_class", seen)
    judge_value(suspects, seen, found=result, right=right)


def _twice(share, y) -> float:
    return torch.nn.functional.cross_entropy(share.expand(len(y), -1), y).item()
