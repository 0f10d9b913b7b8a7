"""Exercise 01.2: a function for each exponent."""

from helpers.check.chapter_01.common import expect_value
from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    expect_function,
    judge,
    judge_value,
    wrong,
)

EXPONENTS = [2, 3, 4]
MADE = {
    "builder_returns_nothing": lambda s: s.result is None,
    "one_function": lambda s: (
        callable(s.result) and not isinstance(s.result, (list, tuple))
    ),
    "no_list": lambda s: not isinstance(s.result, (list, tuple)),
}
# What the functions of [2, 3, 4] give at 5, by mistake.
SUSPECTS = {
    "late_binding": lambda s: [625, 625, 625],
    "swapped": lambda s: [2**5, 3**5, 4**5],
    "caret": lambda s: [5 ^ 2, 5 ^ 3, 5 ^ 4],
    "positions": lambda s: [5**0, 5**1, 5**2],
    "wrong_order": lambda s: s.values if sorted(s.values) == s.right else None,
}
# Exponents that are not sorted, one of them twice, and of every kind.
OTHER = [3, 0.5, 0, -1.0, 3]
LENGTH = {
    "wrong_length.one_less": lambda s: s.n == len(EXPONENTS) - 1,
    "wrong_length": lambda s: s.n != len(EXPONENTS),
}
N_OTHER = {
    "shared.longer": lambda s: s.n == len(EXPONENTS) + len(OTHER),
    "wrong_length.fewer": lambda s: s.n != len(OTHER),
}
OTHER_VALUES = {
    "wrong_order.sorted": lambda s: agree(sorted(s.values), sorted(s.right)),
}


@exercise
def powers(answer):
    """Check ``make_powers(exponents)``, which returns a list of functions."""
    shown = "make_powers([2, 3, 4])"
    made = call(answer, list(EXPONENTS), shown=shown)
    judge(MADE, Seen(result=made, shown=shown))
    judge(LENGTH, Seen(n=len(made)))
    if None in made:
        wrong("builder_returns_nothing.entries", shown=shown)
    for function in made:
        expect_function(function, "powers[0]")
    values = [call(function, 5, shown="powers[0](5)") for function in made]
    _judge_values(values)
    _judge_other_powers(answer)
    if [f(5) for f in made] != values:
        wrong("shared")


def _judge_values(values: list) -> None:
    for value in values:
        expect_value(value, "powers[0](5)")
    right = [5**exponent for exponent in EXPONENTS]
    judge_value(
        SUSPECTS,
        Seen(values=values, right=right),
        found=values,
        right=right,
        otherwise="other_formula",
        tolerance=1e-9,
    )


def _judge_other_powers(answer) -> None:
    made = list(answer(list(OTHER)))
    shown = f"make_powers({OTHER})"
    judge(N_OTHER, Seen(n=len(made), shown=shown))
    for x in (4, 2):
        values = [function(x) for function in made]
        right = [x**exponent for exponent in OTHER]
        if not agree(values, right):
            seen = Seen(values=values, right=right, x=x, shown=shown)
            judge(OTHER_VALUES, seen)
            wrong("one_example", seen)
