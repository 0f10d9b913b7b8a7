"""Exercise 01.1: a line that remembers."""

from helpers.check.chapter_01.common import expect_value
from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    expect_function,
    judge_value,
    wrong,
)

XS = (0.0, 0.5, -2.0)
# Exact in binary numbers, as are the lines at XS; the first is built first.
LINES = ((4, 3), (1, 2), (-3, 0.5), (0, 7), (0.125, 0.0625))
# What a line at XS gives by mistake.
SUSPECTS = {
    "swapped": lambda s: _at(s.w, s.b),
    "constants": lambda s: _at(1, 2),
    "shared.first": lambda s: _at(*LINES[0]),
}


@exercise
def line(answer):
    """Check ``make_line(b, w)``, which returns a function of ``x``."""
    made = call(answer, *LINES[0], shown="make_line(4, 3)")
    expect_function(made, "make_line(4, 3)")
    value = call(made, 0.5, shown="line(0.5)")
    expect_value(value, "make_line(4, 3)(0.5)")
    for b, w in LINES:
        _judge_line([call(answer, b, w)(x) for x in XS], b, w)
        _judge_again(answer(b, w), b, w)
    first, second = call(answer, 1, 2), call(answer, 10, 20)
    if not (_same(first(1.0), 3) and _same(second(1.0), 30)):
        wrong("shared", value=float(first(1.0)))


def _at(b, w) -> list[float]:
    return [b + w * x for x in XS]


def _judge_line(values: list, b, w) -> None:
    for value in values:
        expect_value(value, f"make_line({b}, {w})(x)")
    judge_value(
        SUSPECTS,
        Seen(b=b, w=w),
        found=[float(value) for value in values],
        right=_at(b, w),
        otherwise="other_formula",
        tolerance=1e-9,
    )


def _judge_again(made, b, w) -> None:
    """Call one line several times; it has to stay the line that it is."""
    for x in (0.5, -2.0, 0.5):
        value, right = made(x), b + w * x
        if not _same(value, right):
            wrong("changes", b=b, w=w, x=x, value=float(value), right=right)


def _same(value, right) -> bool:
    return agree(float(value), right, 1e-9)
