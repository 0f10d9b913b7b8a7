"""Exercise 01.1: a line that remembers."""

import math

from helpers.check.chapter_01.common import (
    BUILDER,
    CLOSURE,
    expect_function,
    expect_number,
)
from helpers.practice.exercises import call, exercise
from helpers.practice.verdict import wrong


@exercise(
    "01.1", "A line that remembers", minutes=4, level="easy", look=BUILDER
)
def line(make_line):
    """Check ``make_line(b, w)``, which returns a function of ``x``."""
    make = "`make_line(1, 2)`"
    made = call(make_line, 1, 2, shown="make_line(1, 2)")
    expect_function(made, make)
    value = call(made, 0.5, shown="line(0.5)")
    expect_number(value, "`make_line(1, 2)(0.5)`")
    for b, w in ((1, 2), (-3, 0.5), (0, 7), (0.125, 0.0625)):
        for x in (0.0, 0.5, -2.0):
            _compare_line(call(make_line, b, w)(x), b, w, x)
        _check_again(make_line, b, w)
    first, second = call(make_line, 1, 2), call(make_line, 10, 20)
    if first(1.0) != 3 or second(1.0) != 30:
        wrong(
            "shared",
            expected="Two lines that know nothing of each other.",
            found="After `make_line(10, 20)`, the line of `make_line(1, 2)` "
            f"gives {first(1.0):g} at 1, where it gave 3.",
            cause="`b` and `w` are kept in one place for all, such as a global "
            "name or an attribute of the function. The arguments of the outer "
            "function are enough.",
            look=CLOSURE,
        )
    return (
        "Each call of `make_line` gives a line with a `b` and a `w` of its own."
    )


def _check_again(make_line, b, w) -> None:
    """Ask one line several times; it has to stay the line that it is."""
    made = make_line(b, w)
    for x in (0.5, -2.0, 0.5):
        value = made(x)
        if math.isclose(value, b + w * x, abs_tol=1e-9):
            continue
        wrong(
            "changes",
            expected=f"`line = make_line({b}, {w})` stays the same line, "
            "however often it is called.",
            found=f"In a later call, `line({x})` gives {value:g} in place of "
            f"{b + w * x:g}.",
            cause="The function changes what it remembers, such as by "
            "`nonlocal b`, or keeps a result and returns it again.",
            look=CLOSURE,
        )


def _compare_line(found, b, w, x) -> None:
    if math.isclose(found, b + w * x, abs_tol=1e-9):
        return
    asked = f"`make_line({b}, {w})({x})` gives {b + w * x:g}."
    if math.isclose(found, w + b * x, abs_tol=1e-9):
        wrong(
            "swapped",
            expected=asked,
            found=f"{found:g}, which is `w + b * x`.",
            cause="`b` and `w` changed places. `b` is where the line meets "
            "`x = 0`, `w` is its slope.",
        )
    if math.isclose(found, 1 + 2 * x, abs_tol=1e-9):
        wrong(
            "constants",
            expected=asked,
            found=f"{found:g}, which is `1 + 2 * x` whatever `b` and `w` are.",
            cause="The numbers of the example stand in the function, in place "
            "of the arguments.",
        )
    wrong(
        "other_formula",
        expected=asked,
        found=f"{found:g}.",
        cause="The formula is `b + w * x`. Is a sign, a bracket or a factor "
        "different?",
    )
