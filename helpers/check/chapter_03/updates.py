"""Exercise 03.2: how many updates."""

import numpy as np

from helpers.practice import Seen, call, exercise, judge, judge_value

# points, batch size, drop_last, epochs
CASES = (
    (80, 16, False, 1),
    (80, 32, False, 10),
    (80, 32, True, 10),
    (100, 16, False, 3),
    (100, 16, True, 3),
    (96, 32, True, 7),
    (96, 32, False, 7),
    (33, 32, False, 4),
    (63, 32, False, 4),
    (63, 32, True, 5),
    (5, 16, False, 6),
    (5, 16, True, 6),
    (80, 80, False, 2),
    (80, 1, True, 2),
    (1797, 64, False, 12),
    (1797, 64, True, 12),
    (10, 3, False, 0),
)
MOST = 10**9  # above every count that a mistake in the table below gives

WHOLE = {
    "returns_nothing": lambda s: s.result is None,
    "no_int.float": lambda s: isinstance(s.result, (float, np.floating)),
    "no_int": lambda s: (
        isinstance(s.result, bool)
        or not isinstance(s.result, (int, np.integer))
    ),
}


def _count(n_points, batch_size, drop_last, n_epochs) -> int:
    full, rest = divmod(n_points, batch_size)
    return n_epochs * (full + (rest > 0 and not drop_last))


def _by(formula):
    """Make a suspect: what an answer with this formula gives in all cases."""
    return lambda seen: [formula(*case) for case in CASES]


MISCOUNTS = {
    "never_the_rest": _by(lambda n, b, drop, e: e * (n // b)),
    "always_the_rest": _by(lambda n, b, drop, e: e * -(-n // b)),
    "swapped": _by(lambda n, b, drop, e: _count(n, b, not drop, e)),
    "one_too_many": _by(lambda n, b, drop, e: e * (n // b + (not drop))),
    "one_too_many.always": _by(lambda n, b, drop, e: e * (n // b + 1)),
    "over_the_epochs": _by(
        lambda n, b, drop, e: n * e // b if drop else -(-n * e // b)
    ),
    "over_the_epochs.up": _by(lambda n, b, drop, e: -(-n * e // b)),
    "over_the_epochs.down": _by(lambda n, b, drop, e: n * e // b),
    "one_epoch": _by(lambda n, b, drop, e: _count(n, b, drop, 1)),
    "counts_points": _by(lambda n, b, drop, e: n * e),
    "one_too_few": _by(lambda n, b, drop, e: e * (-(-n // b) - drop)),
    "rest_once": _by(
        lambda n, b, drop, e: e * (n // b) + (n % b > 0 and not drop)
    ),
    "rest_once.always": _by(lambda n, b, drop, e: e * (n // b) + (not drop)),
    "adds_points": _by(
        lambda n, b, drop, e: e * (n // b + (0 if drop else n % b))
    ),
    "rounds": _by(lambda n, b, drop, e: e * (n // b if drop else round(n / b))),
}


@exercise
def updates(answer):
    """Check ``count_updates(n_points, batch_size, drop_last, n_epochs)``."""
    found = [_counted(answer, case) for case in CASES]
    right = [_count(*case) for case in CASES]
    if found == right:
        return
    triples = zip(CASES, found, right, strict=True)
    case, n_found, n_right = next(t for t in triples if t[1] != t[2])
    judge_value(
        MISCOUNTS,
        Seen(call=_call_of(case), n_found=n_found, n_right=n_right),
        found=[max(-MOST, min(count, MOST)) for count in found],
        right=right,
        otherwise="other_count",
    )


def _counted(answer, case: tuple) -> int:
    shown = _call_of(case)
    result = call(answer, *case, shown=shown)
    judge(WHOLE, Seen(result=result, shown=shown, what="a number"))
    return int(result)


def _call_of(case: tuple) -> str:
    return f"count_updates({', '.join(map(str, case))})"
