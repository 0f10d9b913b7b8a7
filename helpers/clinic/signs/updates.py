"""Signs in the size of gradients and updates, layer by layer."""

import math
import statistics

from helpers.clinic.seen import Seen, StepLook
from helpers.clinic.signs.curves import level_of
from helpers.clinic.signs.parts import (
    backward_looks,
    is_embedding,
)

ENOUGH = 5  # looks, before something persistent is said


def _depth_profile(seen: Seen) -> list[tuple[str, float]]:
    """Return each weight's root mean square gradient, in order of depth."""
    looks = backward_looks(seen)
    found = []
    if len(looks) < 3 or len(seen.models) != 1:
        return found
    for name in looks[-1].gradients:
        p = seen.parameter(name)
        if p is None or p.ndim < 2 or is_embedding(seen, name):
            continue
        norms = [s.gradients.get(name, 0.0) for s in looks]
        middle = statistics.median(norms) / math.sqrt(p.numel())
        found.append((name, middle))
    return found


def vanish(seen: Seen) -> dict | None:
    """Gradients shrink from the last layer to the first."""
    profile = _depth_profile(seen)
    profile = [(n, g) for n, g in profile if g > 0]
    if len(profile) < 4:
        return None
    first, last = profile[0], max(profile[-2:], key=lambda one: one[1])
    if first[1] > 0 and last[1] > 1e-12 and first[1] / last[1] < 1e-4:
        return {
            "first": first[0],
            "last": last[0],
            "times": last[1] / first[1],
        }
    return None


def explode(seen: Seen) -> dict | None:
    """Gradients are huge against the weights."""
    looks = backward_looks(seen)
    if len(looks) < 3:
        return None
    profile = _depth_profile(seen)
    if len(profile) >= 4 and profile[-1][1] > 0:
        times = profile[0][1] / profile[-1][1]
        if times > 1e4:
            return {"first": profile[0][0], "times": times}
    growth = [
        math.hypot(*s.gradients.values())
        / (math.hypot(*s.weights.values()) + 1e-9)
        for s in looks
        if s.gradients
    ]
    if len(growth) >= 3 and growth[-1] > 1e6 and growth[-1] > 100 * growth[0]:
        return {"first": "all layers", "times": growth[-1]}
    return None


def activations_large(seen: Seen) -> dict | None:
    """Before the first update, layers give far larger numbers than they get."""
    # of each layer the first call, as a closure makes several before a step
    of_layers = {a.layer: a for a in reversed(seen.activations) if not a.step}
    first = list(of_layers.values())[::-1]
    if not first or not seen.inputs or not seen.inputs[0]["finite"]:
        return None
    size = max(1.0, seen.inputs[0]["std"], abs(seen.inputs[0]["mean"]))
    large = [a for a in first if math.isfinite(a.spread)]
    top = max(large, key=lambda a: a.spread, default=None)
    if top is None or top.spread < 30 * size:
        return None
    return {"layer": top.layer, "spread": top.spread, "level": level_of(seen)}


def clipped_away(seen: Seen) -> dict | None:
    """What the step gets is far smaller than what backward brought."""
    shares = []
    for s in backward_looks(seen):
        brought = math.hypot(*s.arrived.values()) if s.arrived else 0
        got = math.hypot(*s.gradients.values()) if s.gradients else 0
        if brought > 0 and got > 0 and s.n_backward == 1:
            shares.append(got * s.scale / brought)
    if len(shares) >= ENOUGH and max(shares) < 0.01:
        return {"times": 1 / statistics.median(shares)}
    return None


def too_small(seen: Seen) -> dict | None:
    """Updates hardly move the weights, at any look."""
    looks = backward_looks(seen)
    if len(looks) < 10 or not seen.moved or not seen.is_single:
        return None
    tops = [max(s.ratios.values(), default=0) for s in looks]
    middle = [_middle_ratio(seen, s) for s in looks]
    top = max(middle)
    if 0 < top < 2e-6 and max(tops) < 1e-3:
        return {
            "ratio": top,
            "rate": max(looks[-1].rates),
            "steps": 1 / top,
        }
    return None


def too_large(seen: Seen) -> dict | None:
    """Updates replace the weights at every look."""
    looks = [s for s in backward_looks(seen) if s.step >= 2]
    if len(looks) < ENOUGH or not seen.is_single:
        return None
    ratios = [_middle_ratio(seen, s) for s in looks if s.ratios]
    ratios = [r for r in ratios if math.isfinite(r) and r > 0]
    values = seen.losses.numbers()
    worse = len(values) >= 10 and (
        statistics.median(values[len(values) // 2 :]) >= 0.9 * values[0]
        or max(values) > 5 * abs(values[0]) > 0
    )
    grown = max(looks[-1].weights.values()) > 20 * max(
        seen.steps[0].weights.values(), default=0.0
    )
    if (
        ratios
        and worse
        and (statistics.median(ratios) > 0.1 or (grown and max(ratios) > 0.3))
    ):
        return {
            "ratio": max(ratios),
            "rate": max(looks[-1].rates),
        }
    return None


def _middle_ratio(seen: Seen, look: StepLook) -> float:
    ratios = [
        r
        for name, r in look.ratios.items()
        if (p := seen.parameter(name)) is not None and p.ndim >= 2
    ] or list(look.ratios.values())
    return statistics.median(ratios) if ratios else 0.0


SIGNS = {
    "activations_large": ("suspicion", activations_large),
    "gradients_vanish": ("suspicion", vanish),
    "gradients_explode": ("suspicion", explode),
    "gradients_clipped_away": ("suspicion", clipped_away),
    "updates_too_large": ("suspicion", too_large),
    "updates_too_small": ("suspicion", too_small),
}
