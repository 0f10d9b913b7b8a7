"""Exercise 01.2: a function for each exponent."""

from helpers.check.chapter_01.common import (
    CLOSURE,
    expect_function,
    expect_number,
)
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong


@exercise(
    "01.2",
    "A function for each exponent",
    minutes=8,
    level="medium",
    look=CLOSURE,
)
def powers(make_powers):
    """Check ``make_powers(exponents)``, which returns a list of functions."""
    exponents = [2, 3, 4]
    made = call(make_powers, exponents, shown="make_powers([2, 3, 4])")
    _expect_list(made)
    if len(made) != 3:
        wrong(
            "wrong_length",
            expected="Three exponents, three functions.",
            found=f"{len(made)} of them.",
            cause="`return` inside the loop ends it at once, or the list is "
            "made anew in each round.",
        )
    for function in made:
        expect_function(function, "Each entry of the list")
    values = [call(function, 5, shown="powers[0](5)") for function in made]
    for value in values:
        expect_number(value, "`powers[0](5)`")
    if values != [25, 125, 625]:
        _diagnose_powers(values)
    _check_other_powers(make_powers)
    if [f(5) for f in made] != values:
        wrong(
            "shared",
            expected="A second call of `make_powers` leaves the first alone.",
            found="The first functions changed.",
            cause="A list or a name outside of `make_powers` is used again by "
            "each call. What a function needs belongs to the call that made "
            "it.",
        )
    return "Each function keeps an exponent of its own, not the loop's last."


def _expect_list(made) -> None:
    if callable(made) and not isinstance(made, (list, tuple)):
        wrong(
            "one_function",
            expected="A list of functions, one for each exponent.",
            found="A single function.",
            cause="`return` stands inside the loop, or the list is missing.",
        )
    if made is None:
        expect_function(made, "`make_powers([2, 3, 4])`")
    if not isinstance(made, (list, tuple)):
        wrong(
            "no_list",
            expected="A list of functions, so that `powers[0]` is the first.",
            found=f"{kind(made)}.",
            cause="A generator or a `map` gives its functions once and has no "
            "numbers; a dictionary has keys. `list(...)` makes a list.",
        )


def _check_other_powers(make_powers) -> None:
    """Ask for other exponents: unsorted, one of them twice, not all whole."""
    exponents = [3, 0.5, 1, 3]
    made = list(make_powers(list(exponents)))
    shown = f"`make_powers({exponents})`"
    if len(made) != 4:
        wrong(
            "shared" if len(made) == 7 else "wrong_length",
            expected=f"{shown} gives four functions.",
            found=f"{len(made)} of them.",
            cause="A list outside of `make_powers`, or in the default of an "
            "argument, is used again by each call. Make the list inside."
            if len(made) == 7
            else "A set or a dictionary keeps each exponent once, and a list "
            "of fixed length fits one example. Take the exponents one by one.",
        )
    for x in (4, 2):
        values = [function(x) for function in made]
        right = [x**exponent for exponent in exponents]
        if close(values, right):
            continue
        wrong(
            "wrong_order" if sorted(values) == sorted(right) else "one_example",
            expected=f"The functions of {shown} give {_listed_numbers(right)} "
            f"at {x}.",
            found=f"{_listed_numbers(values)}.",
            cause="The functions stand in another order than the exponents. A "
            "set or `sorted` gives up the order they came in."
            if sorted(values) == sorted(right)
            else "What worked for [2, 3, 4] at 5 does not fit other numbers. "
            "Is an exponent or an `x` written down, or a result rounded?",
        )


def _listed_numbers(values) -> str:
    return ", ".join(f"{value:.5g}" for value in values)


def _diagnose_powers(values) -> None:
    if values == [625] * 3:
        wrong(
            "late_binding",
            expected="25, 125 and 625 at 5.",
            found="625 three times.",
            cause="All functions look up one and the same name, the variable "
            "of the loop, and they look when they are *called*: by then the "
            "loop is over and the name holds 4. Each needs a place of its own: "
            "build it by a call of another function, whose argument it keeps.",
        )
    if values == [2**5, 3**5, 4**5]:
        wrong(
            "swapped",
            expected="25, 125 and 625 at 5: `x**exponent`.",
            found="32, 243 and 1024, which is `exponent**x`.",
            cause="Base and exponent changed places.",
        )
    if sorted(values) == [25, 125, 625]:
        wrong(
            "wrong_order",
            expected="The functions in the order of the exponents.",
            found=f"{values} at 5.",
            cause="The list is filled from the other end, or sorted.",
        )
    wrong(
        "other_formula",
        expected="25, 125 and 625 at 5.",
        found=f"{code(str(values))}.",
        cause="Each function should return `x**exponent`, with its exponent.",
    )
