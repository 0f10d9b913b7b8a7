"""Exercise 18.1: which rows of a batch a rank takes."""

import itertools

import numpy as np

from helpers.practice import Seen, call, exercise, judge

# rows and ranks; the first are told apart from every mistake
CASES = ((11, 4), (8, 4), (10, 4), (2, 5), (13, 3), (6, 1), (16, 5), (0, 3))
ONE = {
    "returns_nothing": lambda s: s.result is None,
    "no_pair.range": lambda s: isinstance(s.result, range | slice),
    "no_pair.rows": lambda s: hasattr(s.result, "__iter__") and not s.is_pair,
    "no_pair": lambda s: not s.is_pair,
    "no_integers": lambda s: not all(map(_is_whole, s.result)),
}
ALL = {
    "ignores_rank": lambda s: s.n > 1 and len({*s.found}) == 1 < s.n_rows,
    "last_included": lambda s: _moved(s, lambda a, b: (a, b - 1)),
    "start_and_size": lambda s: _moved(s, lambda a, b: (a, b - a)),
    "from_one": lambda s: s.n > 1 and s.found[1:] == s.right[:-1],
    "rest_dropped": lambda s: s.found == _even(s, s.n_rows // s.n),
    "rest_to_last": lambda s: (
        s.found[:-1] == _even(s, s.n_rows // s.n)[:-1]
        and s.found[-1][1] == s.n_rows
        and s.largest > s.smallest + 1
    ),
    "rounded_up.beyond": lambda s: s.rounds_up and s.beyond,
    "rounded_up": lambda s: s.rounds_up and s.largest > s.smallest + 1,
    "out_of_range": lambda s: s.beyond or s.smallest < 0,
    "rows_twice": lambda s: len(s.rows) > len({*s.rows}),
    "rows_missing": lambda s: len(s.rows) < s.n_rows,
    "other_order": lambda s: s.rows != sorted(s.rows),
    "uneven": lambda s: s.largest > s.smallest + 1,
}


@exercise
def share_of(answer):
    """Check ``share_of(n_rows, rank, world_size)``."""
    for n_rows, n in CASES:
        found = []
        for rank in range(n):
            shown = f"share_of({n_rows}, {rank}, {n})"
            result = call(answer, n_rows, rank, n, shown=shown)
            is_pair = isinstance(result, tuple | list) and len(result) == 2
            judge(ONE, Seen(result=result, is_pair=is_pair, shown=shown))
            found.append(tuple(map(int, result)))
        _judge(found, n_rows, n)


def _is_whole(value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _judge(found: list[tuple[int, int]], n_rows: int, n: int) -> None:
    """Judge the shares of all ranks together."""
    sizes = [stop - start for start, stop in found]
    seen = Seen(found=found, n_rows=n_rows, n=n, sizes=sizes)
    seen.largest, seen.smallest = max(sizes), min(sizes)
    seen.beyond = any(not 0 <= a <= n_rows >= b for a, b in found)
    seen.rows = [row for a, b in found for row in range(n_rows)[max(a, 0) : b]]
    bounds = [n_rows // n * k + min(k, n_rows % n) for k in range(n + 1)]
    seen.right = [*itertools.pairwise(bounds)]
    size = -(-n_rows // n)
    # as torch.chunk cuts, whatever is done where no rows are left
    seen.rounds_up = all(
        a == rank * size or a >= n_rows for rank, (a, _) in enumerate(found)
    )
    if found != seen.right:
        judge(ALL, seen)


def _moved(seen, mistake) -> bool:
    """Whether a mistake turns right shares into those found."""
    return seen.found == [mistake(*share) for share in seen.right]


def _even(seen, size: int) -> list[tuple[int, int]]:
    return [(rank * size, (rank + 1) * size) for rank in range(seen.n)]
