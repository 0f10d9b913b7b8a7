"""Signs of gradients that get lost: thrown away, or no longer coming."""

from helpers.clinic.seen import Seen
from helpers.clinic.signs.parts import backward_looks, few

ENOUGH = 3  # looks with gradients, before it is said that they stopped


def thrown_away(seen: Seen) -> dict | None:
    """Gradients of several batches are cleared before they are used."""
    looks = [look for look in backward_looks(seen) if look.n_backward > 2]
    bad = [s for s in looks if len(s.dropped) > len(s.arrived) / 2]
    if not seen.is_single or len(bad) < 3 or len(bad) < 0.8 * len(looks):
        return None
    return {"n": len(bad), "n_backward": bad[-1].n_backward}


def stopped(seen: Seen) -> dict | None:
    """Parameters got gradients and get none any more."""
    looks = [s for s in backward_looks(seen) if s.arrived]
    if not seen.is_single or len(looks) < ENOUGH + 2:
        return None
    late = set().union(*(s.arrived for s in looks[-2:]))
    held = looks[-1].weights
    names = [
        name
        for name in held
        if name not in late
        and sum(name in s.arrived for s in looks) >= ENOUGH
        and name in looks[0].arrived
    ]
    if not names:
        return None
    last = max(s.step for s in looks if any(n in s.arrived for n in names))
    parameters = [seen.parameter(name) for name in names]
    is_frozen = all(p is not None and not p.requires_grad for p in parameters)
    how = "they are frozen" if is_frozen else "no backward pass reaches them"
    many = len(names) > len(held) / 2 and not is_frozen
    return {
        "names": few(names),
        "step": last + 1,
        "how": how,
        "level": "suspicion" if many else "note",
    }


SIGNS = {
    "gradients_thrown_away": ("suspicion", thrown_away),
    "gradients_stopped": ("note", stopped),
}
