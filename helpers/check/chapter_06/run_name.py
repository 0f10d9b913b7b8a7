"""Exercise 06.3: a name that tells."""

import math
import re

from helpers.check.chapter_06.common import NAMES
from helpers.errors import RunNameError
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.verdict import wrong

SHARED = "chapter 06, the section *Why two runs must not share a folder*"


# Pairs (lr, batch_size), each of which differs from the next in one way.
SETTINGS = [(0.1, 16), (0.1, 32), (0.02, 32), (0.11, 6)]


CLOSE = [(0.1, 16), (0.12, 16), (0.02, 16), (0.021, 16), (1e-5, 16), (2e-5, 16)]


VERY_CLOSE = [
    *((0.1, 16), (0.1000001, 16), (math.nextafter(0.1, 1), 16)),
    *((1e-8, 16), (2e-8, 16), (1e-12, 16), (2e-12, 16)),
    *((1e-20, 16), (2e-20, 16)),
]


@exercise("06.3", "A name that tells", minutes=6, level="easy", look=NAMES)
def run_name(make_run_name):
    """Check ``make_run_name(lr, batch_size)``, which returns a text."""
    for setting in SETTINGS:
        _check_name(_name_of(make_run_name, *setting), *setting)
    _check_apart(make_run_name)
    for lr, batch_size in (*SETTINGS, *CLOSE, *VERY_CLOSE):
        _check_telling(_name_of(make_run_name, lr, batch_size), lr, batch_size)
    return (
        "Each setting has a folder of its own, and who reads the name knows "
        "both numbers."
    )


def _name_of(make_run_name, lr, batch_size):
    return call(make_run_name, lr, batch_size, shown="make_run_name(0.1, 16)")


def _check_name(name, lr, batch_size) -> None:
    from helpers.runs import run_folder

    if not isinstance(name, str):
        wrong(
            "no_text",
            expected="The name, a text such as `'ch06/something'`.",
            found=f"{kind(name)}.",
            cause="`return` is missing, or the folder or the parts of the name "
            "are returned in its place.",
        )
    if "/runs/ch06" in name.replace("\\", "/"):
        wrong(
            "full_path",
            expected="The name of the run, a text such as `'ch06/something'`.",
            found="The whole path of a folder.",
            cause="`run_folder` makes a folder of a name. Here the name alone "
            "is asked for, which whoever trains passes on to it.",
        )
    try:
        run_folder(name)
    except RunNameError:
        if "{" in name:
            wrong(
                "no_f_string",
                expected="A name with the numbers in it.",
                found=f"{code(name)}, the same for all settings.",
                cause="The `f` in front of the quotes is missing. It is what "
                "makes Python replace the braces.",
            )
        strange = sorted(set(re.findall(r"[^\w.=+/-]", name)))
        bad = ", ".join(code(c) if c.strip() else "a blank" for c in strange)
        wrong(
            "not_allowed",
            expected="A name that `run_folder` takes: letters, digits and `_ . "
            "= + -`, with `/` between a group and a run.",
            found=f"It has {bad} in it."
            if bad
            else "A part of it is empty, too long, begins with a sign or ends "
            "with a dot.",
            cause="A blank, a colon, a bracket or a comma has to go; `=` and "
            "`_` may stand for them. Nothing may begin with a `-` or end with "
            "a dot.",
        )
    if not name.startswith("ch06/"):
        wrong(
            "not_in_group",
            expected="A name in the group of this chapter: it begins with "
            "`ch06/`.",
            found=f"It begins with {code(name[:5])}.",
            cause="The group is missing, or written in another way.",
        )


def _check_apart(make_run_name) -> None:
    """Compare names of settings, first very different ones, then close ones."""
    a, b, c, d = (_name_of(make_run_name, *setting) for setting in SETTINGS)
    if a == b == c:
        wrong(
            "constant",
            expected="Different settings, different names.",
            found="The same name for all of them.",
            cause="The name does not depend on the arguments. A time alone "
            "stays the same for a whole second, and says nothing about the "
            "settings.",
            look=SHARED,
        )
    if a == b:
        wrong(
            "batch_size_left_out",
            expected="Batch sizes of 16 and 32 have names of their own.",
            found="Both have the same name.",
            cause="`batch_size` is not in the name.",
            look=SHARED,
        )
    if b == c:
        wrong(
            "lr_left_out",
            expected="Learning rates of 0.1 and 0.02 have names of their own.",
            found="Both have the same name.",
            cause="`lr` is not in the name, or only its first digit is.",
            look=SHARED,
        )
    if a == d:
        wrong(
            "glued",
            expected="0.1 with 16, and 0.11 with 6, have names of their own.",
            found="Both have the same name.",
            cause="The two numbers stand side by side, so that nobody knows "
            "where the first ends. Put a text between them.",
            look=SHARED,
        )
    _check_close(make_run_name)


def _check_close(make_run_name) -> None:
    names: dict[str, tuple] = {}
    for setting in (*CLOSE, *VERY_CLOSE):
        name = _name_of(make_run_name, *setting)
        _check_name(name, *setting)
        other = names.setdefault(name, setting)
        if other != setting:
            wrong(
                "rounded",
                expected=f"Learning rates of {other[0]} and {setting[0]} have "
                "names of their own.",
                found="Both have the same name.",
                cause="The number was rounded on its way into the name, as by "
                "`:.2f`, `:g` or `:.16f`. `{lr}` alone keeps all digits.",
                look=SHARED,
            )


NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"


LR = r"(?:lr|learning[_-]?rate)"


BATCH_SIZE = r"(?:bs|batch[_-]?size)"


def _check_telling(name: str, lr: float, batch_size: int) -> None:
    """Look for both numbers in a name."""
    own = name.removeprefix("ch06/")
    numbers = [float(number) for number in re.findall(NUMBER, own)]
    for what, word, other in (
        ("learning rate", LR, batch_size),
        ("batch size", BATCH_SIZE, lr),
    ):
        named = re.search(rf"(?i)(?<![a-z])({word})[=_-]?({NUMBER})", own)
        if named and math.isclose(float(named[2]), other):
            wrong(
                "swapped",
                expected=f"Behind `{named[1]}` the {what}.",
                found=f"There stands {named[2]}, the other number.",
                cause="The two numbers changed places.",
            )
    for word, value in (("lr", lr), ("batch_size", batch_size)):
        if not any(math.isclose(number, value) for number in numbers):
            wrong(
                "not_telling",
                expected=f"For `{word}` {value}, this number in the name.",
                found="This number is not in it.",
                cause="The name differs from others, but nobody can read the "
                "setting from it. Put the number itself into the name.",
            )
