"""Exercise 10.2: the triangle by formula."""

import math
from functools import partial

import torch
from torch import optim
from torch.optim.lr_scheduler import CyclicLR

from helpers.practice import Seen, call, exercise, expect_number, renamed
from helpers.practice.expect import NUMBER
from helpers.practice.signs import judge_value, wrong

SETTINGS = ((0.02, 0.4, 20), (0.1, 0.3, 5), (0.0, 1.0, 1), (1e-3, 2.0, 7))
FLOAT = renamed(NUMBER, returns_tensor="no_number.tensor")


def _height(s, up):
    """Return how many steps above the base step s is."""
    place = s % (2 * up)
    return min(place, 2 * up - place)


def _fall(place, up, fall):
    """Rise as one should, and fall in a way of one's own."""
    return place if place < up else fall


# How many steps above the base an answer with one mistake is at step s.
HEIGHTS = {
    "saw_tooth": lambda s, up: s % up,
    "saw_tooth.cycle": lambda s, up: s % (2 * up),
    "never_turns": lambda s, up: s,
    "never_falls": min,
    "never_repeats": lambda s, up: _height(min(s, 2 * up), up),
    "never_repeats.falls_on": lambda s, up: min(s, 2 * up - s),
    "off_by_one": lambda s, up: _height(s + 1, up),
    "off_by_one.late": lambda s, up: _height(s - 1, up),
    "starts_high": lambda s, up: _height(s + up, up),
    "cosine": lambda s, up: up * (1 - math.cos(math.pi * s / up)) / 2,
    "cosine.sine": lambda s, up: up * abs(math.sin(math.pi * s / up / 2)),
    "shrinks": lambda s, up: _height(s, up) / 2 ** (s // (2 * up)),
    "too_fast": lambda s, up: _height(2 * s, up),
    "too_slow_cycle": lambda s, up: _height(s / 2, up),
    "too_low": lambda s, up: _height(s, up) / 2,
    "whole_division": lambda s, up: up * (s % (2 * up) // up),
    "whole_division.height": lambda s, up: up * (_height(s, up) // up),
    "whole_division.product": lambda s, up: 0,
    "brackets": lambda s, up: _height(s % 2 * up, up),
    "too_long": lambda s, up: min(p := s % (2 * up + 1), 2 * up - p),
    "stands_on_its_end": lambda s, up: 2 * up - _height(s, up),
    "long_top": lambda s, up: min(p := s % (2 * up + 2), 2 * up + 1 - p),
    "uneven_way_down": lambda s, up: _fall(s % (2 * up), up, -s % (2 * up) - 1),
    "not_shifted": lambda s, up: _fall(p := s % (2 * up), up, up - p),
    "not_shifted.later": lambda s, up: _fall(p := s % (2 * up), up + 1, up - p),
}
# Where the triangle of such an answer begins, and where it ends.
LIMITS = {
    "no_base": lambda base, top: (0, top - base),
    "too_high": lambda base, top: (base, top + base),
    "from_zero": lambda base, top: (0, top),
    "brackets.way": lambda base, top: (base + top, top),
}


def _rates(seen, height=_height, limits=None) -> torch.Tensor:
    """Return the rates of all steps; without a mistake, the right ones."""
    base, top, up = seen.setting
    base, top = limits(base, top) if limits else (base, top)
    steps = range(len(seen.rates))
    return _as_tensor(base + (top - base) * height(s, up) / up for s in steps)


def _as_tensor(rates) -> torch.Tensor:
    return torch.tensor([float(rate) for rate in rates], dtype=torch.float64)


ROUNDED = {
    "rounded.few": lambda s: [_rates(s).round(decimals=n) for n in (2, 3)],
    "rounded": lambda s: s.rates if f"{s.rate:.4f}" == f"{s.due:.4f}" else None,
}
SUSPECTS = {
    **{name: partial(_rates, height=h) for name, h in HEIGHTS.items()},
    **{name: partial(_rates, limits=pair) for name, pair in LIMITS.items()},
    **ROUNDED,
}


@exercise
def triangle(answer):
    """Check ``triangle(step, base_lr, max_lr, step_size_up)``."""
    for setting in SETTINGS:
        _compare_cycles(answer, setting)
    for step in (7, 3, 59, 3, 0, 1007):  # in any order
        rate = _rate(answer, step, SETTINGS[0])
        due = 0.02 + 0.38 * _height(step, 20) / 20
        if not math.isclose(rate, due, abs_tol=1e-6):
            wrong("remembers", step=step, rate=rate, due=due)


def _rate(answer, step: int, setting):
    """Ask for the rate of one step, which has to be a number."""
    shown = _shown(step, setting)
    rate = call(answer, step, *setting, shown=shown)
    if rate is None:
        wrong("returns_nothing.branch" if step else "returns_nothing", n=step)
    expect_number(rate, shown, "the rate of this step", FLOAT)
    return rate


def _shown(step: int, setting) -> str:
    return f"triangle({step}, {', '.join(f'{value:g}' for value in setting)})"


def _compare_cycles(answer, setting) -> None:
    """Compare six cycles with CyclicLR of torch."""
    right = _cyclic(*setting, n_steps=12 * setting[2] + 1)
    rates = _as_tensor(_rate(answer, s, setting) for s in range(len(right)))
    far = (~torch.isclose(rates, right, 1e-6, 1e-6)).nonzero()
    step = int(far[0]) if len(far) else 0
    rate, due = float(rates[step]), float(right[step])
    seen = Seen(rates=rates, setting=setting, step=step, rate=rate, due=due)
    judge_value(
        SUSPECTS,
        seen,
        found=rates,
        right=right,
        otherwise="other_formula",
        tolerance=1e-6,
        shown=_shown(step, setting),
    )


def _cyclic(base_lr, max_lr, step_size_up, *, n_steps: int) -> torch.Tensor:
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = CyclicLR(
        optimizer, base_lr, max_lr, step_size_up, cycle_momentum=False
    )
    lrs = []
    for _ in range(n_steps):
        lrs.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return _as_tensor(lrs)
