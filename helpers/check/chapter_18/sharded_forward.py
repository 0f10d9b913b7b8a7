"""Exercise 18.4: a model that no rank holds whole, one layer at a time."""

import itertools

import torch

from helpers.check.chapter_18.simulated import run
from helpers.practice import Seen, exercise, judge, judge_value

SHOWN = "sharded_forward(rank, x, shards)"
# ranks, rows of x, sizes from the input to the output; the first are all alike
CASES = (
    (8, 2, [32] * 11),
    (8, 3, [30, 34, 33, 35, 32, 31, 34, 30, 33, 31, 34]),
)
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_tensor": lambda s: not isinstance(s.result, torch.Tensor),
    "a_share": lambda s: s.result.shape[-1:] == s.share_shape,
    "rows_of_all": lambda s: s.result.shape[:1] == (s.n * len(s.right),),
    "other_shape": lambda s: s.result.shape != s.right.shape,
}
VALUE = {
    "transposed": lambda s: _forward(s, transposed=True),
    "no_relu": lambda s: _forward(s, relu=lambda x, last: x),
    "last_linear": lambda s: _forward(
        s, relu=lambda x, last: x if last else x.relu()
    ),
    "only_last": lambda s: _forward(
        s, relu=lambda x, last: x.relu() if last else x
    ),
    "backwards": lambda s: _forward(s, order=-1),
    "layer_left_out": lambda s: [
        _forward(s, weights=s.weights[:k] + s.weights[k + 1 :])
        for k in range(len(s.weights))
    ],
    "one_layer": lambda s: _forward(s, stop=1),
    "other_x": lambda s: [_forward(s, x=x) for x in s.others],
}
MISFIT = {"misfit": lambda s: "cannot be multiplied" in s.message}
TAKEN = {
    "sends": lambda s: s.outcome.messages or s.outcome.unread,
    "no_gather": lambda s: not s.outcome.collectives,
    "holds_too_much": lambda s: s.held > s.most,
    "too_many_gathers": lambda s: len(s.outcome.collectives) > s.n_layers,
}


@exercise
def sharded_forward(answer):
    """Check ``sharded_forward(rank, x, shards)``, as every rank."""
    for n, n_rows, sizes in CASES:
        generator = torch.Generator().manual_seed(n_rows)
        weights = [
            torch.randn(n_out, n_in, generator=generator) / n_in**0.5
            for n_in, n_out in itertools.pairwise(sizes)
        ]
        x = torch.randn(n, n_rows, sizes[0], generator=generator)
        shards = [
            [weight.tensor_split(n)[rank].clone() for weight in weights]
            for rank in range(n)
        ]
        try:
            outcome = run(answer, list(x), shards, shown=SHOWN)
        except RuntimeError as error:
            judge(MISFIT, Seen(message=str(error)))
            raise
        _judge(weights, list(x), outcome)


def _forward(
    seen, x=None, order=1, transposed=False, stop=None, relu=None, weights=None
) -> torch.Tensor | None:
    """Compute what an answer gives, perhaps with a mistake."""
    x = seen.x if x is None else x
    layers = (weights or seen.weights)[::order][:stop]
    for place, weight in enumerate(layers, start=1):
        matrix = weight if transposed else weight.T
        if x.shape[-1] != matrix.shape[0]:
            return None  # torch would have refused it
        x = x @ matrix
        x = relu(x, place == len(layers)) if relu else x.relu()
    return x


def _judge(weights, x, outcome) -> None:
    """Judge what each rank computed, then what it took."""
    seen = Seen(weights=weights, n=len(x), outcome=outcome)
    for rank, result in enumerate(outcome.returned):
        seen.rank, seen.result, seen.x = rank, result, x[rank]
        seen.others = [one for one in x if one is not x[rank]]
        seen.right = _forward(seen)
        share = weights[-1].tensor_split(seen.n)[rank]
        seen.share_shape = share.shape[:1]
        judge(RETURNED, seen)
        pair = {"found": result, "right": seen.right, "tolerance": 1e-4}
        judge_value(VALUE, seen, **pair)
    total = sum(weight.numel() for weight in weights)
    seen.total, seen.most, seen.held = total, total // 2, max(outcome.held)
    seen.n_layers, seen.n_gathers = len(weights), len(outcome.collectives)
    judge(TAKEN, seen)
