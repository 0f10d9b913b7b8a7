"""Exercise 18.3: the sum over all ranks, sent around a ring in parts."""

import torch

from helpers.check.chapter_18.simulated import run
from helpers.practice import Seen, exercise, judge, judge_value

SHOWN = "ring_all_reduce(rank, mine)"
# ranks, and the numbers that each holds
CASES = ((4, 8), (4, 11), (4, 9), (5, 13), (2, 7), (3, 3), (8, 16), (1, 4))
RETURNED = {
    "returns_nothing": lambda s: s.result is None,
    "no_tensor": lambda s: not isinstance(s.result, torch.Tensor),
    "one_part": lambda s: 0 < s.result.numel() < s.size,
    "other_shape": lambda s: s.result.shape != s.right.shape,
    "rest_left_out": lambda s: s.rest_alone,
    "not_handed_on": lambda s: 1 <= s.n_done < s.n and s.rest_lags,
}
VALUE = {
    "unchanged": lambda s: s.mine,
    "a_mean": lambda s: s.right / s.n,
    "counted_twice": lambda s: s.right + s.mine,
    "neighbours": lambda s: s.mine + s.left,
    "neighbours.both": lambda s: s.mine + s.left + s.nearby,
    "neighbours.left": lambda s: s.left,
    "without_own": lambda s: s.right - s.mine,
}
TAKEN = {
    "collective": lambda s: s.outcome.collectives,
    "one_for_all": lambda s: (
        s.most_sent > s.most and max(s.outcome.sent) > min(s.outcome.sent) * 2
    ),
    "sends_whole": lambda s: s.most_sent > s.most,
    "too_many_exchanges": lambda s: s.outcome.exchanges > s.rounds,
    "unread": lambda s: s.outcome.unread,
}


@exercise
def ring_all_reduce(answer):
    """Check ``ring_all_reduce(rank, mine)``, as every rank."""
    for n, size in CASES:
        # powers of two: a sum tells which ranks are in it
        given = [
            2.0**rank + torch.arange(float(size)) * 2**n for rank in range(n)
        ]
        is_ragged = size % n > 0
        outcome = run(answer, given, shown=SHOWN, ragged=is_ragged)
        _judge(given, outcome)


def _judge(given: list[torch.Tensor], outcome) -> None:
    """Judge the sums of all ranks, then what they took."""
    n, size = len(given), len(given[0])
    seen = Seen(n=n, size=size, right=sum(given), outcome=outcome)
    for rank, result in enumerate(outcome.returned):
        seen.rank, seen.result, seen.mine = rank, result, given[rank]
        seen.left, seen.nearby = given[rank - 1], given[(rank + 1) % n]
        _note_parts(seen)
        judge(RETURNED, seen)
        judge_value(VALUE, seen, found=result, right=seen.right)
    seen.most, seen.rounds = 2 * size, 2 * (n - 1)
    seen.names = sorted({name for name, _ in outcome.collectives})
    seen.exchanges = outcome.exchanges
    seen.sent, seen.most_sent = outcome.sent, max(outcome.sent)
    judge(TAKEN, seen)


def _note_parts(seen) -> None:
    """Note in how many parts the sum is complete, and whether others lag."""
    seen.n_done, seen.rest_lags, seen.rest_alone = 0, False, False
    result = seen.result
    if not isinstance(result, torch.Tensor) or result.shape != seen.right.shape:
        return
    is_right = result == seen.right
    n_equal = seen.size // seen.n * seen.n  # numbers in equal parts
    seen.rest_alone = bool(is_right[:n_equal].all()) and not is_right.all()
    parts = is_right.tensor_split(seen.n)
    seen.n_done = sum(bool(part.all()) for part in parts)
    seen.rest_lags = bool((result <= seen.right).all())
