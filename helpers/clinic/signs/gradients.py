"""Signs in gradients and updates: what backward and the optimizer did."""

import gc
import statistics

import torch
from torch.optim import Optimizer

from helpers.clinic.seen import Seen
from helpers.clinic.signs.parts import (
    backward_looks,
    few,
    is_before_relu,
    is_embedding,
    last_layer,
    last_weight,
    layer,
)

ENOUGH = 5  # looks, before something persistent is said


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
        ids = {
            id(p)
            for o in seen.optimizers
            for g in o.param_groups
            for p in g["params"]
        }
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
                "missing": few(missing),
                "n_missing": len(missing),
                "n_model": len(of_model),
            }
    return None


def not_in_optimizer(seen: Seen) -> dict | None:
    """Parameters get gradients, but no optimizer moves them."""
    if not seen.optimizers or not seen.reached:
        return None
    ids = {
        id(p)
        for o in seen.optimizers
        for g in o.param_groups
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
        "missing": few(missing),
        "n_missing": len(missing),
        "level": "suspicion" if after else "note",
    }


def no_gradient_at_step(seen: Seen) -> dict | None:
    """Updates are made, but no backward pass brought a gradient."""
    if seen.n_backward:
        return None
    steps = [s for s in seen.steps if s.weights]
    empty = [s for s in steps if not s.gradients and not s.arrived]
    if len(steps) < 2 or len(empty) < len(steps):
        return None
    return {"n": len(empty)}


def detached_loss(seen: Seen) -> dict | None:
    """Backward passes bring no gradient to any parameter."""
    if seen.n_backward < 2 or not seen.optimizers:
        return None
    if seen.reached:  # by the losses at first, not by those that came later
        n = seen.n_leaf_losses
        return {"n": n} if n >= max(10, 0.2 * seen.n_backward) else None
    if not any(p.requires_grad for m in seen.models for p in m.parameters()):
        return None
    if not any(look.weights for look in seen.steps):
        return None
    return {"n": seen.n_backward}


def cleared_before_step(seen: Seen) -> dict | None:
    """Backward brought gradients, and the step found none."""
    looks = backward_looks(seen)
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
    looks = [s for s in backward_looks(seen) if s.step and s.arrived]
    bad = [s for s in looks if len(s.uncleared) > len(s.arrived) / 2]
    if len(bad) < 2 or len(bad) < 0.5 * len(looks):
        is_since = len(bad) >= 2 and looks[-len(bad) :] == bad
        if len(looks) >= 6 and (len(bad) >= 3 or is_since):
            return {"n": len(bad), "n_looks": len(looks), "part": "some"}
        return None
    return {"n": len(bad), "n_looks": len(looks), "part": "all"}


def never_steps(seen: Seen) -> dict | None:
    """Backward runs and no update follows."""
    if not seen.optimizers or any(seen.n_updates) or seen.n_scaled:
        return None
    if seen.n_strangers:
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
    looks = backward_looks(seen)
    if len(looks) < ENOUGH or any(any(s.rates) for s in looks):
        return None
    return {"n": len(looks)}


def no_update(seen: Seen) -> dict | None:
    """Steps with gradients and a rate move nothing."""
    looks = backward_looks(seen)
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
    looks = backward_looks(seen)
    if len(looks) < 3 or not seen.reached:
        return None
    of_one = {look.optimizer: look for look in looks}
    held = [
        name
        for look in of_one.values()
        for name in look.weights
        if name not in seen.reached
    ]
    frozen = {
        seen.names[id(p)]
        for m in seen.models
        for p in m.parameters()
        if not p.requires_grad
    }
    held = [n for n in held if n not in frozen]
    known = seen.quiet_layers.union(seen.layers_called)
    called = [n for n in held if layer(n) in known]
    if not called:
        return None
    is_end = all(_comes_last(seen, name) for name in called)
    level = "note" if is_end else "fault"
    return {"names": few(called), "n": len(called), "level": level}


def _comes_last(seen: Seen, name: str) -> bool:
    """Tell whether only layers without a gradient follow in the same model.

    A head that nobody uses, next to others, is often left there on purpose.
    """
    order = list(seen.layers_called)
    parts = {
        layer(seen.names[id(p)]): seen.names[id(p)] in seen.reached
        for model in seen.models
        if any(seen.names.get(id(p)) == name for p in model.parameters())
        for p in model.parameters()
        if id(p) in seen.names
    }
    if layer(name) not in order or not any(parts.values()):
        return False
    later = order[order.index(layer(name)) :]
    return not any(parts.get(one) for one in later)


def unused(seen: Seen) -> dict | None:
    """A layer is never called."""
    looks = backward_looks(seen)
    if len(looks) < 3 or not seen.reached or not seen.layers_called:
        return None
    if not seen.is_single:
        return None
    names = [
        name
        for name in looks[-1].weights
        if name not in seen.reached
        and layer(name) not in seen.layers_called
        and layer(name) not in seen.quiet_layers
        and (p := seen.parameter(name)) is not None
        and p.requires_grad
    ]
    return {"names": few(names), "n": len(names)} if names else None


def identical_units(seen: Seen) -> dict | None:
    """All units of a hidden layer have the same weights."""
    if seen.rounds < ENOUGH:
        return None
    last = last_weight(seen)
    alike = seen.same_rows | seen.same_at_first
    names = [n for n in alike if n in seen.reached and n not in last]
    hidden = [n for n in names if not is_embedding(seen, n)]
    return {"names": few(sorted(hidden))} if hidden else None


def zero_gradients(seen: Seen) -> dict | None:
    """Gradients arrive and are exactly zero."""
    looks = backward_looks(seen)
    if len(looks) < ENOUGH or not seen.reached:
        return None
    names = [
        name
        for name in looks[-1].gradients
        if all(s.gradients.get(name, 0.0) == 0 for s in looks)
    ]
    all_weights = [n for n in looks[-1].gradients]
    matrices = [
        n for n in names if (p := seen.parameter(n)) is not None and p.ndim >= 2
    ]
    if not names or (not matrices and len(names) < len(all_weights)):
        return None
    return {
        "names": few(matrices or names),
        "n": len(matrices or names),
        "level": "fault" if len(names) == len(all_weights) else "suspicion",
    }


def dead_units(seen: Seen) -> dict | None:
    """Most units of a layer never speak, whatever comes."""
    if seen.rounds < ENOUGH:
        return None
    last = last_weight(seen)
    gets_some = any(
        look.gradients.get(name) for look in seen.steps for name in last
    )
    for name, mask in seen.silent_units.items():
        share = float(mask.float().mean())
        is_layer = not name.endswith(" ")
        if not gets_some and not is_layer:
            continue
        if not is_layer and (
            name.strip() in last or not is_before_relu(seen, name.strip())
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
        if name == last_layer(seen) or len(shares) < ENOUGH:
            continue
        if min(shares[1:]) > 0.8:
            return {"layer": name, "share": statistics.fmean(shares)}
    return None


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


def made_anew(seen: Seen) -> dict | None:
    """Again and again another optimizer moves the parameters."""
    return {"n": seen.n_strangers} if seen.n_strangers >= ENOUGH else None


def unregistered(seen: Seen) -> dict | None:
    """The loss depends on parameters that no model and no optimizer has."""
    found = [p for ref in seen.outside if (p := ref()) is not None]
    if not found:
        return None
    held = {
        id(p)
        for one in gc.get_objects()
        if issubclass(type(one), Optimizer)
        for group in one.param_groups
        for p in group["params"]
    }
    strange = [p for p in found if id(p) not in held]
    shapes = [str(list(p.shape)) for p in strange]
    return {"n": len(strange), "shapes": few(shapes)} if strange else None


SIGNS = {
    "optimizer_of_another_model": ("fault", other_model),
    "loss_detached": ("fault", detached_loss),
    "step_without_gradient": ("fault", no_gradient_at_step),
    "zero_grad_before_step": ("fault", cleared_before_step),
    "optimizer_made_anew": ("fault", made_anew),
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
}
COMMON = {
    "not_in_optimizer": ("suspicion", not_in_optimizer),
    "layers_unregistered": ("suspicion", unregistered),
    "unused_layer": ("note", unused),
    "graph_retained": ("note", retained),
    "half_precision_weights": ("note", half_weights),
    "in_two_optimizers": ("suspicion", in_two),
}
