"""Exercise 10.2: the triangle by formula."""

import math

import torch
from torch import optim
from torch.optim.lr_scheduler import CyclicLR

from helpers.practice.exercises import call, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

CYCLE = "chapter 10, the section *Learning rates that move*"


@exercise(
    "10.2", "The triangle by formula", minutes=8, level="medium", look=CYCLE
)
def triangle(triangle):
    """Check ``triangle(step, base_lr, max_lr, step_size_up)``."""
    value = call(triangle, 0, 0.02, 0.4, 20, shown="triangle(0, 0.02, 0.4, 20)")
    _check_number(value)
    settings = ((0.02, 0.4, 20), (0.1, 0.3, 5), (0.0, 1.0, 1), (1e-3, 2.0, 7))
    for setting in settings:
        _compare_cycle(triangle, setting)
    for step in (7, 3, 59, 3, 0, 1007):  # in any order
        found = call(triangle, step, *settings[0])
        if not close(found, _triangle(step, *settings[0]), 1e-6):
            wrong(
                "remembers",
                expected=f"`triangle({step}, 0.02, 0.4, 20)` gives "
                f"{_triangle(step, *settings[0]):.4f}, whatever was asked "
                "before.",
                found=f"{found:.4f}.",
                cause="Something is counted or stored between two calls, or "
                "it holds for the first cycles only. A formula of the "
                "arguments is enough.",
            )
    return "It agrees with `CyclicLR` at every step, over six cycles."


def _check_number(value, step=0, setting=(0.02, 0.4, 20)) -> None:
    asked = f"`triangle({step}, {_listed(setting)})`"
    if value is None:
        wrong(
            "returns_nothing",
            expected=f"{asked} gives a number.",
            found="`None`.",
            cause="It computes or prints, and does not `return`."
            if step == 0
            else "Other steps got one. No branch of an `if` holds for this "
            "step, or the one that does has no `return`.",
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong(
            "no_number",
            expected=f"{asked} gives a number, a Python float.",
            found=f"{kind(value)}.",
            cause="It returns a list of all rates, a text, a tensor or a "
            "scheduler. Asked for is the rate of this one step, a float.",
        )


def _listed(setting) -> str:
    return ", ".join(f"{value:g}" for value in setting)


def _cyclic(base_lr, max_lr, step_size_up, n_steps) -> list[float]:
    """Return what CyclicLR of torch gives."""
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = CyclicLR(
        optimizer, base_lr, max_lr, step_size_up, cycle_momentum=False
    )
    lrs = []
    for _ in range(n_steps):
        lrs.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return lrs


def _triangle(step, base_lr, max_lr, step_size_up) -> float:
    """Return the rate of one step, by formula."""
    place = step % (2 * step_size_up)
    height = 1 - abs(place / step_size_up - 1)
    return base_lr + (max_lr - base_lr) * height


def _compare_cycle(triangle, setting) -> None:
    n_steps = 12 * setting[2] + 1
    expected = _cyclic(*setting, n_steps)
    found = []
    for step in range(n_steps):
        value = call(triangle, step, *setting)
        _check_number(value, step, setting)
        found.append(value)
    if close(found, expected, 1e-6):
        return
    _diagnose_cycle(found, expected, setting)


def _rise(step, base, top, up) -> float:
    """Return a straight line from base to top, that goes on for ever."""
    return base + (top - base) * step / up


def _height(step, up) -> float:
    """Return how many steps above the base a step is."""
    place = step % (2 * up)
    return min(place, 2 * up - place)


def _clipped(step, base, top, up) -> float:
    return _triangle(min(step, 2 * up), base, top, up)


SUSPECTS = {
    "saw_tooth": (
        lambda s, b, m, up: _rise(s % up, b, m, up),
        "the rate jumps back to `base_lr` after each rise",
        "The way down is missing. A cycle has `2 * step_size_up` steps: take "
        "the step modulo that, and mirror the second half.",
    ),
    "saw_tooth of the cycle": (
        lambda s, b, m, up: _rise(s % (2 * up), b, m, up),
        "the rate rises on, beyond `max_lr`, and jumps back after the cycle",
        "The way down is missing. The second half of a cycle mirrors the "
        "first.",
    ),
    "never_turns": (
        _rise,
        "the rate rises for ever",
        "The way down is missing: nothing turns the line at `step_size_up`.",
    ),
    "never_falls": (
        lambda s, b, m, up: _rise(min(s, up), b, m, up),
        "the rate rises to `max_lr` and stays there",
        "`min` holds it at the top. A cycle comes down again.",
    ),
    "never_repeats": (
        _clipped,
        "there is one triangle, and then the rate stays at `base_lr`",
        "The step counts on. Taken modulo `2 * step_size_up`, it begins "
        "anew in every cycle.",
    ),
    "never_repeats and falls on": (
        lambda s, b, m, up: b + (m - b) * (1 - abs(s / up - 1)),
        "after one triangle, the rate falls on, below `base_lr`",
        "The step counts on. Taken modulo `2 * step_size_up`, it begins "
        "anew in every cycle.",
    ),
    "off_by_one": (
        lambda s, b, m, up: _triangle(s + 1, b, m, up),
        "every rate comes one step too early",
        "Steps are counted from 0: at step 0 the rate is `base_lr`.",
    ),
    "off_by_one late": (
        lambda s, b, m, up: _triangle(s - 1, b, m, up),
        "every rate comes one step too late",
        "Steps are counted from 0: at step 0 the rate is `base_lr`.",
    ),
    "starts_high": (
        lambda s, b, m, up: _triangle(s + up, b, m, up),
        "the cycle begins at `max_lr` and falls first",
        "The triangle stands on its head: it rises first.",
    ),
    "no_base": (
        lambda s, b, m, up: _triangle(s, 0, m - b, up),
        "all rates are too small by `base_lr`",
        "The rise begins at `base_lr`, so that has to be added.",
    ),
    "too_high": (
        lambda s, b, m, up: _triangle(s, b, m + b, up),
        "the top is too high by `base_lr`",
        "From base to top it is `max_lr - base_lr`, not `max_lr`.",
    ),
    "from_zero": (
        lambda s, b, m, up: _triangle(s, 0, m, up),
        "the triangle begins at 0",
        "`base_lr` is not used, or only as a lower limit.",
    ),
    "cosine": (
        lambda s, b, m, up: b + (m - b) * (1 - math.cos(math.pi * s / up)) / 2,
        "the rate follows a cosine",
        "A triangle has straight sides.",
    ),
    "too_fast": (
        lambda s, b, m, up: _triangle(2 * s, b, m, up),
        "the whole triangle takes `step_size_up` steps",
        "That is the length of the rise alone. A cycle takes twice as many.",
    ),
    "too_slow_cycle": (
        lambda s, b, m, up: _triangle(s / 2, b, m, up),
        "the rise alone takes `2 * step_size_up` steps",
        "The rise takes `step_size_up` steps, the whole cycle twice as many.",
    ),
    "whole_division": (
        lambda s, b, m, up: b + (m - b) * (1 - abs(s % (2 * up) // up - 1)),
        "there are only two rates, `base_lr` and `max_lr`",
        "`//` divides without a remainder. `/` gives the fraction of the way.",
    ),
    "whole_division of the product": (
        lambda s, b, m, up: b + (m - b) * _height(s, up) // up,
        "the rate stays at `base_lr` until the rise is whole",
        "`//` divides without a remainder. `/` gives the fraction of the way.",
    ),
    "brackets": (
        lambda s, b, m, up: _rise(_height((s % 2) * up, up), b, m, up),
        "the rate jumps at every step",
        "`step % 2 * step_size_up` takes the step modulo 2 and multiplies "
        "then. Brackets help: `step % (2 * step_size_up)`.",
    ),
    "brackets of the way": (
        lambda s, b, m, up: b + m - b * _height(s, up) / up,
        "`max_lr` is added whole, and only `base_lr` is scaled",
        "The way from base to top needs brackets: `(max_lr - base_lr)`.",
    ),
    "too_long": (
        lambda s, b, m, up: _rise(
            min(p := s % (2 * up + 1), 2 * up - p), b, m, up
        ),
        "the base lasts two steps each time",
        "The base at the end of a cycle is the one at which the next begins: "
        "a cycle has `2 * step_size_up` steps, and not one more.",
    ),
    "stands_on_its_end": (
        lambda s, b, m, up: _rise(2 * up - _height(s, up), b, m, up),
        "the rate begins far above `max_lr`",
        "Of the two sides of the triangle, the lower one counts: `min`, not "
        "`max`.",
    ),
    "long_top": (
        lambda s, b, m, up: (
            _rise(s % (2 * up + 2), b, m, up)
            if s % (2 * up + 2) <= up
            else _rise(2 * up + 1 - s % (2 * up + 2), b, m, up)
        ),
        "top and base last two steps each",
        "Each of them belongs to one side only: the cycle has "
        "`2 * step_size_up` steps.",
    ),
    "uneven_way_down": (
        lambda s, b, m, up: (
            _rise(s % (2 * up), b, m, up)
            if s % (2 * up) < up
            else _rise(2 * up - 1 - s % (2 * up), b, m, up)
        ),
        "the way down is one step ahead of the way up",
        "Mirrored is `2 * step_size_up - step`, without a 1: the base is "
        "reached when the next cycle begins.",
    ),
}


def _diagnose_cycle(found, expected, setting) -> None:
    steps = range(len(expected))
    step = next(s for s in steps if not close(found[s], expected[s], 1e-6))
    asked = f"`triangle({step}, {_listed(setting)})` gives "
    asked += f"{expected[step]:.4f}."
    for name, (suspect, what, cause) in SUSPECTS.items():
        if close(found, [float(suspect(s, *setting)) for s in steps], 1e-6):
            wrong(
                name.split(" ")[0],
                expected=asked,
                found=f"{found[step]:.4f}; {what}.",
                cause=cause,
            )
    if f"{found[step]:.4f}" == f"{expected[step]:.4f}":
        wrong(
            "rounded",
            expected=f"{asked[:-1]} and some more digits.",
            found="The first four digits agree, and later ones do not.",
            cause="The rate was rounded. Return it as it is.",
        )
    wrong(
        "other_formula",
        expected=asked,
        found=f"{found[step]:.4f}.",
        cause="The first step where it differs from `CyclicLR` is "
        f"{step}. The rate rises in equal steps for `step_size_up` steps, "
        "falls for as many, and begins anew.",
    )
