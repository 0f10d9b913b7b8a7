"""Signs in gradients and updates: what backward and the optimizer did."""

import math
import statistics

import torch
from torch import nn

from helpers.clinic.seen import Seen, StepLook

ENOUGH = 5  # looks, before something persistent is said


def _backward_looks(seen: Seen) -> list[StepLook]:
    return [look for look in seen.steps if look.n_backward and look.weights]


def other_model(seen: Seen) -> dict | None:
    """The optimizer holds parameters that the model does not have."""
    for optimizer in seen.optimizers:
        held = [p for g in optimizer.param_groups for p in g["params"]]
        strange = [p for p in held if id(p) not in seen.names]
        of_model = [
            name
            for model in seen.models
            for p in model.parameters()
            if p.requires_grad and (name := seen.names.get(id(p)))
        ]
        ids = {id(p) for o in seen.optimizers for g in o.param_groups
               for p in g["params"]}
        missing = [
            name
            for model in seen.models
            for p in model.parameters()
            if p.requires_grad
            and id(p) not in ids
            and (name := seen.names.get(id(p)))
        ]
        if strange and missing:
            return {
                "n_strange": len(strange),
                "n_held": len(held),
                "missing": _few(missing),
                "n_missing": len(missing),
                "n_model": len(of_model),
            }
    return None


def not_in_optimizer(seen: Seen) -> dict | None:
    """Parameters get gradients, but no optimizer moves them."""
    if not seen.optimizers or not seen.reached:
        return None
    ids = {
        id(p) for o in seen.optimizers for g in o.param_groups
        for p in g["params"]
    }
    order = [
        (name, id(p) in ids)
        for model in seen.models
        for p in model.parameters()
        if p.requires_grad and (name := seen.names.get(id(p)))
    ]
    missing = [n for n, held in order if not held and n in seen.reached]
    if not missing or not any(held for _, held in order):
        return None
    first_held = next(i for i, (_, held) in enumerate(order) if held)
    after = any(
        not held and n in seen.reached for n, held in order[first_held:]
    )
    return {
        "missing": _few(missing),
        "n_missing": len(missing),
        "level": "suspicion" if after else "note",
    }


def no_gradient_at_step(seen: Seen) -> dict | None:
    """Updates are made, but no backward pass brought a gradient."""
    if seen.n_leaf_losses:
        return None
    steps = [s for s in seen.steps if s.weights]
    empty = [s for s in steps if not s.gradients and not s.arrived]
    if len(steps) < 2 or len(empty) < len(steps):
        return None
    return {"n": len(empty), "n_backward": seen.n_backward}


def detached_loss(seen: Seen) -> dict | None:
    """A loss without a graph was made to require a gradient."""
    if seen.n_leaf_losses < 1 or seen.reached:
        return None
    return {"n": seen.n_leaf_losses}


def cleared_before_step(seen: Seen) -> dict | None:
    """Backward brought gradients, and the step found none."""
    looks = _backward_looks(seen)
    bad = [
        s
        for s in looks
        if any(s.arrived.values())
        and not any(s.gradients.get(name) for name in s.arrived)
    ]
    if len(bad) >= 2 and len(bad) > len(looks) / 2:
        return {"n": len(bad), "n_looks": len(looks)}
    return None


def no_zero_grad(seen: Seen) -> dict | None:
    """Gradients of earlier steps were still there."""
    looks = [s for s in _backward_looks(seen) if s.step and s.arrived]
    bad = [
        s for s in looks if len(s.uncleared) > len(s.arrived) / 2
    ]
    if len(bad) < 2 or len(bad) < 0.5 * len(looks):
        if len(bad) >= 3 and len(looks) >= 6:
            return {"n": len(bad), "n_looks": len(looks), "part": "some"}
        return None
    return {"n": len(bad), "n_looks": len(looks), "part": "all"}


def never_steps(seen: Seen) -> dict | None:
    """Backward runs and no update follows."""
    if not seen.optimizers or any(seen.n_updates) or seen.n_scaled:
        return None
    return {"n": seen.n_backward} if seen.n_backward >= 10 else None


def one_never_steps(seen: Seen) -> dict | None:
    """One of several optimizers makes no update."""
    idle = [i for i, n in enumerate(seen.n_updates) if not n]
    if len(seen.optimizers) < 2 or not idle or max(seen.n_updates) < 20:
        return None
    return {"which": idle[0], "n": max(seen.n_updates)}


def rate_zero(seen: Seen) -> dict | None:
    """Every learning rate is zero at every look."""
    looks = _backward_looks(seen)
    if len(looks) < ENOUGH or any(any(s.rates) for s in looks):
        return None
    return {"n": len(looks)}


def no_update(seen: Seen) -> dict | None:
    """Steps with gradients and a rate move nothing."""
    looks = _backward_looks(seen)
    if len(looks) < ENOUGH or seen.moved:
        return None
    if not any(any(s.gradients.values()) for s in looks):
        return None
    return {"n": len(looks)} if any(any(s.rates) for s in looks) else None


def weights_reset(seen: Seen) -> dict | None:
    """The weights stand again where they began."""
    return {"n": seen.was_reset} if seen.was_reset >= 2 else None


def unreached(seen: Seen) -> dict | None:
    """A parameter that the optimizer moves never gets a gradient."""
    looks = _backward_looks(seen)
    if len(looks) < 3 or not seen.reached or not seen.is_single:
        return None
    held = [n for n in looks[-1].weights if n not in seen.reached]
    frozen = {
        seen.names[id(p)]
        for m in seen.models
        for p in m.parameters()
        if not p.requires_grad
    }
    held = [n for n in held if n not in frozen]
    called = [n for n in held if _layer(n) in seen.layers_called]
    if not called:
        return None
    return {"names": _few(called), "n": len(called)}


def unused(seen: Seen) -> dict | None:
    """A layer is never called."""
    looks = _backward_looks(seen)
    if len(looks) < 3 or not seen.reached or not seen.layers_called:
        return None
    if not seen.is_single:
        return None
    names = [
        name
        for name in looks[-1].weights
        if name not in seen.reached
        and _layer(name) not in seen.layers_called
        and (p := seen.parameter(name)) is not None
        and p.requires_grad
    ]
    return {"names": _few(names), "n": len(names)} if names else None


def identical_units(seen: Seen) -> dict | None:
    """All units of a hidden layer have the same weights."""
    if seen.rounds < ENOUGH:
        return None
    last = _last_weight(seen)
    names = [n for n in seen.same_rows if n in seen.reached and n not in last]
    hidden = [n for n in names if not _is_embedding(seen, n)]
    return {"names": _few(sorted(hidden))} if hidden else None


def zero_gradients(seen: Seen) -> dict | None:
    """Gradients arrive and are exactly zero."""
    looks = _backward_looks(seen)
    if len(looks) < ENOUGH or not seen.reached:
        return None
    names = [
        name
        for name in looks[-1].gradients
        if all(s.gradients.get(name, 0.0) == 0 for s in looks)
    ]
    all_weights = [n for n in looks[-1].gradients]
    matrices = [n for n in names if (p := seen.parameter(n)) is not None
                and p.ndim >= 2]
    if not names or (not matrices and len(names) < len(all_weights)):
        return None
    return {
        "names": _few(matrices or names),
        "n": len(matrices or names),
        "level": "fault" if len(names) == len(all_weights) else "suspicion",
    }


def dead_units(seen: Seen) -> dict | None:
    """Most units of a layer never speak, whatever comes."""
    if seen.rounds < ENOUGH:
        return None
    last = _last_weight(seen)
    for name, mask in seen.silent_units.items():
        share = float(mask.float().mean())
        is_layer = not name.endswith(" ")
        if not is_layer and (
            name.strip() in last
            or not _is_before_relu(seen, name.strip())
        ):
            continue
        if share > 0.8 and len(mask) >= 4:
            return {
                "layer": name.strip(),
                "share": share,
                "level": "fault" if share == 1 else "suspicion",
            }
    return None


def saturated(seen: Seen) -> dict | None:
    """A sigmoid or tanh stands at its ends."""
    for name, shares in seen.saturated.items():
        if name == _last_layer(seen) or len(shares) < ENOUGH:
            continue
        if min(shares[1:]) > 0.8:
            return {"layer": name, "share": statistics.fmean(shares)}
    return None


def _depth_profile(seen: Seen) -> list[tuple[str, float]]:
    """Return each weight's root mean square gradient, in order of depth."""
    looks = _backward_looks(seen)
    found = []
    if len(looks) < 3 or len(seen.models) != 1:
        return found
    for name in looks[-1].gradients:
        p = seen.parameter(name)
        if p is None or p.ndim < 2 or _is_embedding(seen, name):
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
    looks = _backward_looks(seen)
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


def clipped_away(seen: Seen) -> dict | None:
    """What the step gets is far smaller than what backward brought."""
    if seen.n_scaled:
        return None
    shares = []
    for s in _backward_looks(seen):
        brought = math.hypot(*s.arrived.values()) if s.arrived else 0
        got = math.hypot(*s.gradients.values()) if s.gradients else 0
        if brought > 0 and got > 0 and s.n_backward == 1:
            shares.append(got / brought)
    if len(shares) >= ENOUGH and max(shares) < 0.01:
        return {"times": 1 / statistics.median(shares)}
    return None


def too_small(seen: Seen) -> dict | None:
    """Updates hardly move the weights, at any look."""
    looks = _backward_looks(seen)
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
    looks = [s for s in _backward_looks(seen) if s.step >= 2]
    if len(looks) < ENOUGH or not seen.is_single:
        return None
    ratios = [_middle_ratio(seen, s) for s in looks if s.ratios]
    ratios = [r for r in ratios if math.isfinite(r) and r > 0]
    values = seen.losses.numbers()
    worse = len(values) >= 10 and (
        statistics.median(values[len(values) // 2 :]) >= 0.9 * values[0]
    )
    grown = max(looks[-1].weights.values()) > 20 * max(
        seen.steps[0].weights.values(), default=0.0
    )
    if ratios and worse and (
        statistics.median(ratios) > 0.1 or (grown and max(ratios) > 0.3)
    ):
        return {
            "ratio": max(ratios), "rate": max(looks[-1].rates),
        }
    return None


def _middle_ratio(seen: Seen, look: StepLook) -> float:
    ratios = [
        r
        for name, r in look.ratios.items()
        if (p := seen.parameter(name)) is not None and p.ndim >= 2
    ] or list(look.ratios.values())
    return statistics.median(ratios) if ratios else 0.0


def retained(seen: Seen) -> dict | None:
    """Every backward pass keeps its graph, though one follows each step."""
    n = seen.n_backward
    if n >= 10 and seen.n_retained > 0.9 * n and seen.is_single:
        return {"n": seen.n_retained}
    return None


def half_weights(seen: Seen) -> dict | None:
    """The weights are stored in half precision."""
    for model in seen.models:
        for p in model.parameters():
            if p.requires_grad and p.dtype == torch.float16:
                return {"dtype": "float16", "level": "suspicion"}
            if p.requires_grad and p.dtype == torch.bfloat16:
                return {"dtype": "bfloat16"}
    return None


def in_two(seen: Seen) -> dict | None:
    """A parameter belongs to two optimizers."""
    held: dict[int, int] = {}
    for i, optimizer in enumerate(seen.optimizers):
        for group in optimizer.param_groups:
            for p in group["params"]:
                if held.setdefault(id(p), i) != i:
                    return {"name": seen.names.get(id(p), "a parameter")}
    return None


def _layer(name: str) -> str:
    layer = name.rpartition(".")[0]
    return layer or "model"


def _last_layer(seen: Seen) -> str:
    return next(reversed(seen.layers_called), "")


def _last_weight(seen: Seen) -> set[str]:
    """Return the last matrix of each model, its head."""
    last = set()
    for model in seen.models:
        names = [
            seen.names[id(p)]
            for p in model.parameters()
            if p.ndim >= 2 and id(p) in seen.names
        ]
        last.update(names[-1:])
    return last


def _is_embedding(seen: Seen, name: str) -> bool:
    kind = seen.layers_called.get(_layer(name), "")
    return "Embedding" in kind


def _is_before_relu(seen: Seen, name: str) -> bool:
    kind = seen.layers_called.get(_layer(name), "")
    return kind == nn.Linear.__name__ or kind.startswith("Conv")


def _few(names) -> str:
    names = [f"`{name}`" for name in names]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


SIGNS = {
    "optimizer_of_another_model": ("fault", other_model),
    "loss_detached": ("fault", detached_loss),
    "step_without_gradient": ("fault", no_gradient_at_step),
    "zero_grad_before_step": ("fault", cleared_before_step),
    "optimizer_never_steps": ("fault", never_steps),
    "one_optimizer_never_steps": ("suspicion", one_never_steps),
    "learning_rate_zero": ("fault", rate_zero),
    "no_zero_grad": ("fault", no_zero_grad),
    "no_update": ("fault", no_update),
    "weights_reset": ("suspicion", weights_reset),
    "unreached_parameter": ("fault", unreached),
    "units_identical": ("fault", identical_units),
    "dead_relu": ("suspicion", dead_units),
    "gradients_zero": ("suspicion", zero_gradients),
    "saturated": ("suspicion", saturated),
    "gradients_vanish": ("suspicion", vanish),
    "gradients_explode": ("suspicion", explode),
    "gradients_clipped_away": ("suspicion", clipped_away),
    "updates_too_large": ("suspicion", too_large),
    "updates_too_small": ("suspicion", too_small),
    "not_in_optimizer": ("suspicion", not_in_optimizer),
    "unused_layer": ("note", unused),
    "graph_retained": ("note", retained),
    "half_precision_weights": ("note", half_weights),
    "in_two_optimizers": ("suspicion", in_two),
}
