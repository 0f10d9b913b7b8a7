"""Exercise 03.2: how many updates."""

import numpy as np

from helpers.check.chapter_03.common import ARGUMENTS
from helpers.practice.exercises import brief, call, exercise, kind
from helpers.practice.verdict import wrong

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


def _count(n_points, batch_size, drop_last, n_epochs) -> int:
    full, rest = divmod(n_points, batch_size)
    return n_epochs * (full + (rest > 0 and not drop_last))


@exercise("03.2", "How many updates", minutes=5, level="easy", look=ARGUMENTS)
def updates(count_updates):
    """Check ``count_updates(n_points, batch_size, drop_last, n_epochs)``."""
    found = []
    for case in CASES:
        shown = _call_of(case)
        value = call(count_updates, *case, shown=shown)
        _expect_whole(value, case)
        found.append(int(value))
    wanted = [_count(*case) for case in CASES]
    if found == wanted:
        return "Every batch is one update, in each epoch anew."
    place = next(i for i, v in enumerate(wanted) if found[i] != v)
    expected = f"`{_call_of(CASES[place])}` is {wanted[place]}."
    for name, (formula, seen, cause) in MISCOUNTS.items():
        if found == [formula(*case) for case in CASES]:
            wrong(
                name,
                expected=expected,
                found=f"{found[place]}: {seen}.",
                cause=cause,
            )
    wrong(
        "other_count",
        expected=expected,
        found=f"{brief(found[place])}.",
        cause="Count the batches of one epoch first: the full ones, and one "
        "more if points are left over and `drop_last` is false. Then multiply "
        "by the epochs.",
    )


def _call_of(case: tuple) -> str:
    return f"count_updates({', '.join(map(str, case))})"


def _expect_whole(value, case: tuple) -> None:
    shown = f"`{_call_of(case)}`"
    if value is None:
        wrong(
            "returns_nothing",
            expected=f"{shown} gives a number.",
            found="`None`.",
            cause="`return` is missing, or stands in one branch only.",
        )
    is_whole = isinstance(value, (int, np.integer))
    if isinstance(value, bool) or not is_whole:
        wrong(
            "no_int",
            expected=f"{shown} gives an `int`: updates are counted.",
            found=f"{kind(value)[:1].upper()}{kind(value)[1:]}.",
            cause="`/` gives a float, even where it comes out even. `//` "
            "divides whole numbers and drops the rest."
            if isinstance(value, (float, np.floating))
            else "More than the number is returned, or in another form.",
        )


MISCOUNTS = {
    "never_the_rest": (
        lambda n, b, drop, e: e * (n // b),
        "the last batch is never counted",
        "`//` drops the rest. Unless `drop_last` is true, the points that are "
        "left over make one more batch, and that is an update too.",
    ),
    "always_the_rest": (
        lambda n, b, drop, e: e * -(-n // b),
        "the last batch is always counted",
        "`drop_last` is not used. If it is true, a batch that is not full "
        "does not come.",
    ),
    "swapped": (
        lambda n, b, drop, e: _count(n, b, not drop, e),
        "that is the number for the other `drop_last`",
        "The two branches changed places: `drop_last=True` leaves the rest "
        "out.",
    ),
    "one_too_many": (
        lambda n, b, drop, e: e * (n // b + (not drop)),
        "one update too many in each epoch",
        "One was added without asking whether points are left over. Where the "
        "batch size divides the points, there is no further batch.",
    ),
    "over_the_epochs": (
        lambda n, b, drop, e: n * e // b if drop else -(-n * e // b),
        "the points of all epochs were cut into batches together",
        "Each epoch starts with a new batch, and its last one is not filled "
        "up from the next epoch. Count one epoch, then multiply.",
    ),
    "one_epoch": (
        lambda n, b, drop, e: _count(n, b, drop, 1),
        "that is one epoch",
        "`n_epochs` is not used.",
    ),
    "counts_points": (
        lambda n, b, drop, e: n * e,
        "that is the number of points seen",
        "One update takes a whole batch.",
    ),
    "one_too_few": (
        lambda n, b, drop, e: e * (-(-n // b) - drop),
        "one update too few in each epoch",
        "With `drop_last` one was taken away without asking whether points are "
        "left over. Where the batch size divides the points, the last batch is "
        "full and stays.",
    ),
    "rest_once": (
        lambda n, b, drop, e: e * (n // b) + (n % b > 0 and not drop),
        "the batch that is not full was counted once",
        "It comes in each epoch. Brackets are missing: first add it to the "
        "full batches, then multiply by the epochs.",
    ),
    "adds_points": (
        lambda n, b, drop, e: e * (n // b + (0 if drop else n % b)),
        "the points that are left over were added",
        "`%` says how many points are left over. Together they make one more "
        "batch.",
    ),
    "rounds": (
        lambda n, b, drop, e: e * (n // b if drop else round(n / b)),
        "the number of batches was rounded",
        "`round` drops a rest that is smaller than half a batch. Any rest is "
        "a batch: `math.ceil` rounds up.",
    ),
}
