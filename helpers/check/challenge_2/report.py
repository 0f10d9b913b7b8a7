"""Challenge 2: a report."""

import torch

from helpers.practice import Seen, call, exercise, judge, judge_value

CALL = "report(predicted, labels, class_names)"
KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair": lambda s: (
        not isinstance(s.result, (tuple, list)) or len(s.result) != 2
    ),
    "swapped": lambda s: torch.is_tensor(s.result[1]),
    "no_tensor": lambda s: not torch.is_tensor(s.result[0]),
    "other_shape": lambda s: s.result[0].shape != s.right.shape,
    "other_dtype": lambda s: s.result[0].dtype != torch.int64,
    "input_changed": lambda s: not all(map(torch.equal, s.given, s.before)),
}
MATRIX = {
    "transposed": lambda s: s.right.T,
    "ones": lambda s: (s.right > 0).long(),
    "mistakes_only": lambda s: s.right - s.right.diag().diag(),
    "right_only": lambda s: s.right.diag().diag(),
}
PAIR = {
    "no_three": lambda s: (
        not isinstance(s.pair, (tuple, list)) or len(s.pair) != 3
    ),
    "numbers": lambda s: not all(isinstance(n, str) for n in s.pair[:2]),
    "same_letter": lambda s: s.pair[0] == s.pair[1],
    "no_count": lambda s: type(s.pair[2]) is not int,
    "one_direction": lambda s: s.names == s.single and s.names != s.wanted,
    "one_direction.count": lambda s: (
        s.names == s.wanted and s.pair[2] in s.directions
    ),
    "rarest": lambda s: s.names == s.rare,
    "other_pair": lambda s: s.names != s.wanted,
    "double_count": lambda s: s.pair[2] == 2 * s.count,
    "other_count": lambda s: s.pair[2] != s.count,
    "order": lambda s: list(s.pair[:2]) != sorted(s.pair[:2]),
}
# Counts of mistakes, (true, predicted): the pair with the largest single count
# is not the one with the largest sum.
MISTAKES = (
    {(0, 1): 5, (3, 2): 4, (2, 3): 3, (1, 4): 2, (4, 0): 1},
    {(2, 0): 2, (0, 2): 5, (1, 2): 6, (3, 1): 1},
)
RIGHT = (9, 8, 7, 3, 0)


@exercise
def report(answer):
    """Check ``report``: a confusion matrix and the most confused pair."""
    _judge(answer, MISTAKES[0], ("A", "B", "C", "D", "E"), seed=1)
    _judge(answer, MISTAKES[1], ("K", "L", "M", "N"), seed=2)


def _judge(answer, mistakes: dict, names: tuple[str, ...], seed: int) -> None:
    n = len(names)
    cells = {(k, k): RIGHT[k] for k in range(n)} | mistakes
    rows = [cell for cell, count in cells.items() for _ in range(count)]
    numbers = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(rows), generator=numbers)
    labels, predicted = torch.tensor(rows)[order].T.contiguous()
    right = torch.zeros(n, n, dtype=torch.int64)
    for cell, count in cells.items():
        right[cell] = count
    before = [predicted.clone(), labels.clone()]
    result = call(answer, predicted, labels, names, shown=CALL)
    seen = Seen(result=result, right=right, before=before)
    seen.given = [predicted, labels]
    judge(KIND, seen, what="a matrix and a pair", shown=CALL)
    judge_value(MATRIX, seen, found=result[0], right=right)
    judge(PAIR, _look_at_pair(result[1], right, mistakes, names))


def _look_at_pair(pair, right, mistakes: dict, names) -> Seen:
    both = right + right.T
    sums = {
        (one, two): int(both[one, two])
        for one in range(len(names))
        for two in range(one)
    }
    most = max(sums, key=lambda cell: sums[cell])
    single = max(mistakes, key=lambda cell: mistakes[cell])
    rare = min(mistakes, key=lambda cell: int(both[cell]))
    seen = Seen(pair=pair, count=sums[most])
    seen.wanted, seen.single, seen.rare = (
        {names[k] for k in cell} for cell in (most, single, rare)
    )
    seen.first, seen.second = sorted(seen.wanted)
    seen.directions = {int(right[most]), int(right[most[::-1]])}
    whole = isinstance(pair, (tuple, list)) and len(pair) == 3
    texts = whole and all(isinstance(name, str) for name in pair[:2])
    seen.names = {*pair[:2]} if texts else set()
    seen.shown = list(pair) if whole else pair
    return seen
