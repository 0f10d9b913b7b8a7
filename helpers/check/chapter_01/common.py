"""What several checkers of chapter 01 share."""

from helpers.practice.exercises import kind
from helpers.practice.verdict import wrong

BUILDER = "chapter 01, the section *From powers to a builder*"


CLOSURE = "chapter 01, the section *A look into the closure*"


def expect_function(made, builder: str) -> None:
    """Say what is wrong if a builder returned something that is no function."""
    if made is None:
        wrong(
            "builder_returns_nothing",
            expected=f"{builder} returns a function.",
            found="It returns `None`.",
            cause="The inner function is defined and never handed out. The "
            "last line of the outer function should return it, by its name.",
        )
    if not callable(made):
        wrong(
            "called_too_soon",
            expected=f"{builder} returns a function.",
            found=f"It returns {kind(made)}.",
            cause=cause_of_no_function(made),
        )


def cause_of_no_function(made) -> str:
    """Say why a builder may have returned something that is no function."""
    if isinstance(made, (tuple, list)):
        return "Return the inner function alone, without brackets around it."
    if hasattr(made, "__dict__"):  # an object of the reader's own class
        return (
            "An object is a function if its class has the method `__call__`, "
            "with two underscores on each side."
        )
    return (
        "The inner function was called, `return inner(...)`, and its result "
        "returned. Return the function itself: `return inner`."
    )


def expect_number(value, shown: str) -> None:
    """Say what is wrong if a call gave something that is no number."""
    if value is None:
        wrong(
            "returns_nothing",
            expected=f"{shown} gives a number.",
            found="It gives `None`.",
            cause="The inner function computes and does not `return`, or it "
            "prints in place of returning.",
        )
    if callable(value):
        wrong(
            "one_layer_too_many",
            expected=f"{shown} gives a number.",
            found="It gives another function.",
            cause="There is one `def` or `lambda` too many.",
        )
    if not isinstance(value, (int, float, complex)) and not hasattr(
        value, "__float__"
    ):
        wrong(
            "no_number",
            expected=f"{shown} gives a number.",
            found=f"It gives {kind(value)}.",
            cause="Brackets or quotes too many around the result?",
        )
