"""Exercise 06.3: a name that tells."""

import math
import re

from helpers.errors import RunNameError
from helpers.practice import Seen, call, exercise, judge
from helpers.runs import run_folder

SHOWN = "make_run_name(0.1, 16)"
# Pairs (lr, batch_size). Of the first three, each differs from the next in one
# way; the last two have the digits of the first, side by side.
SETTINGS = [(0.1, 16), (0.1, 32), (0.02, 32), (0.11, 6), (60.1, 1)]
CLOSE = [
    *((0.1, 16), (0.12, 16), (0.02, 16), (0.021, 16), (1e-5, 16), (2e-5, 16)),
    *((0.1, 16), (0.1000001, 16), (math.nextafter(0.1, 1), 16)),
    *((1e-8, 16), (2e-8, 16), (1e-12, 16), (2e-12, 16)),
    *((1e-20, 16), (2e-20, 16)),
    *((0.1, 128), (0.1, 129), (0.1, 1024), (0.1, 10240)),
]
NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
LR = r"(?:lr|learning[_-]?rate)"
BATCH_SIZE = r"(?:bs|batch[_-]?size)"


def _is_refused(name: str) -> bool:
    try:
        run_folder(name)
    except RunNameError:
        return True
    return False


NAME = {
    "no_text": lambda s: not isinstance(s.name, str),
    "full_path": lambda s: "/runs/ch06" in s.name.replace("\\", "/"),
    "no_f_string": lambda s: re.search(r"\{\w+\}", s.name),
    "not_allowed.characters": lambda s: s.strange and _is_refused(s.name),
    "not_allowed": lambda s: _is_refused(s.name),
    "not_in_group": lambda s: not s.name.startswith("ch06/"),
}
APART = {
    "constant": lambda s: s.names[0] == s.names[1] == s.names[2],
    "batch_size_left_out": lambda s: s.names[0] == s.names[1],
    "lr_left_out": lambda s: s.names[1] == s.names[2],
    "glued": lambda s: s.names[0] == s.names[3],
    "glued.batch_size_first": lambda s: s.names[0] == s.names[4],
}
ALIKE = {
    "rounded.batch_size": lambda s: s.other[1] != s.setting[1],
    "rounded": lambda s: s.other != s.setting,
}
TELLING = {
    "swapped": lambda s: s.beside and math.isclose(s.beside, s.other),
    "not_telling": lambda s: (
        not any(math.isclose(number, s.value) for number in s.numbers)
    ),
}


@exercise
def run_name(answer):
    """Check ``make_run_name(lr, batch_size)``, which returns a text."""
    names = [_name_of(answer, setting) for setting in SETTINGS]
    judge(APART, Seen(names=names))
    settings: dict[str, tuple] = {}
    for setting in CLOSE:
        other = settings.setdefault(_name_of(answer, setting), setting)
        judge(ALIKE, Seen(setting=setting, other=other))
    for setting in (*SETTINGS, *CLOSE):
        _judge_telling(_name_of(answer, setting), *setting)


def _name_of(answer, setting: tuple) -> str:
    name = call(answer, *setting, shown=SHOWN)
    strange = (
        re.findall(r"[^A-Za-z0-9_.=+/-]", name) if isinstance(name, str) else []
    )
    shown = [c if c.strip() else "blank" for c in sorted(set(strange))]
    judge(NAME, Seen(name=name, strange=shown, start=str(name)[:5]))
    return name


def _judge_telling(name: str, lr: float, batch_size: int) -> None:
    """Look for both numbers in a name."""
    own = name.removeprefix("ch06/")
    numbers = [float(number) for number in re.findall(NUMBER, own)]
    for what, words, value, other in (
        ("learning rate", LR, lr, batch_size),
        ("batch size", BATCH_SIZE, batch_size, lr),
    ):
        named = re.search(rf"(?i)(?<![a-z])({words})[=_-]?({NUMBER})", own)
        seen = Seen(what=what, numbers=numbers, value=value, other=other)
        seen.beside = float(named[2]) if named else None
        seen.word = named[1] if named else what
        judge(TELLING, seen)
