"""Signs in schedulers and in what an optimizer was told."""

from typing import Any

from torch.optim import Adam, lr_scheduler

from helpers.clinic.seen import Seen


def before_optimizer(seen: Seen) -> dict | None:
    """The scheduler steps before the first update."""
    if not seen.early_scheduler_steps or seen.n_scaled:
        return None
    if not any(seen.n_updates):
        return None
    return {"n": seen.early_scheduler_steps}


def _batches_per_epoch(seen: Seen) -> int:
    """Return how many updates an epoch has, or 0 if that is unknown."""
    sizes = []
    for one in seen.loaders.values():
        if one.n_training > one.n_looking:
            try:
                sizes.append(len(one.loader))
            except TypeError:
                continue
    if sizes:
        return max(sizes)
    gaps = [
        b - a
        for a, b in zip(
            seen.phase_updates, seen.phase_updates[1:], strict=False
        )
    ]
    return max(gaps) if len(gaps) >= 2 else 0


def per_batch(seen: Seen) -> dict | None:
    """A schedule meant for epochs is stepped per batch."""
    length = _batches_per_epoch(seen)
    for key, n in seen.scheduler_steps.items():
        scheduler = seen.scheduler_objects[key]
        if n < 10 or n < 0.8 * max(seen.n_updates):
            continue
        if length == 1:
            continue
        name = type(scheduler).__name__
        if _is_too_fast(scheduler, length or 50, bool(length)):
            rates = [g["lr"] for g in scheduler.optimizer.param_groups]
            first = getattr(scheduler, "base_lrs", rates)
            return {
                "name": name,
                "n": n,
                "first": float(first[0]),
                "last": float(rates[0]),
            }
    return None


def _is_too_fast(scheduler: Any, length: int, is_known: bool) -> bool:
    if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
        return True
    if isinstance(scheduler, lr_scheduler.ExponentialLR):
        return scheduler.gamma**length < 0.4
    if isinstance(scheduler, lr_scheduler.StepLR):
        return scheduler.step_size <= length and scheduler.gamma < 0.95
    if isinstance(scheduler, lr_scheduler.MultiStepLR):
        last = max(scheduler.milestones, default=length)
        return last <= 3 * length if is_known else last <= 20
    if type(scheduler) is lr_scheduler.CosineAnnealingLR:
        return is_known and scheduler.T_max < 2 * length
    return False


def per_epoch(seen: Seen) -> dict | None:
    """A schedule of a fixed number of updates is stepped per epoch."""
    for key, n in seen.scheduler_steps.items():
        scheduler = seen.scheduler_objects[key]
        total = getattr(scheduler, "total_steps", 0)
        is_one_cycle = isinstance(scheduler, lr_scheduler.OneCycleLR)
        n_updates = max(seen.n_updates)
        if is_one_cycle and 3 * n < n_updates and 0.9 * total <= n_updates:
            return {"n": n, "n_updates": n_updates, "total": total}
    return None


def never_stepped(seen: Seen) -> dict | None:
    """A scheduler was made for the optimizer and never steps."""
    if seen.scheduler_steps or max(seen.n_updates, default=0) < 50:
        return None
    length = _batches_per_epoch(seen)
    if not length or max(seen.n_updates) < 2 * length:
        return None
    for optimizer in seen.optimizers:
        if any("initial_lr" in g for g in optimizer.param_groups):
            return {"n": max(seen.n_updates)}
    return None


def fallen(seen: Seen) -> dict | None:
    """The learning rate has fallen to next to nothing early."""
    for look in seen.steps[-1:]:
        own = [s for s in seen.steps if s.optimizer == look.optimizer]
        top = max(max(s.rates) for s in own)
        groups = seen.optimizers[look.optimizer].param_groups
        now = max(float(group["lr"]) for group in groups)
        low = [s for s in own if s.step and max(s.rates) < 1e-4 * top]
        # and it has not come back since: a cycle has an end as well
        if len(low) < 2 or own[-len(low) :] != low or now >= 1e-4 * top:
            continue
        if low[0].step < 0.6 * seen.n_updates[look.optimizer]:
            last = max(low[0].rates)
            return {"first": top, "last": last, "step": low[0].step + 1}
    return None


def decay_in_adam(seen: Seen) -> dict | None:
    """Plain Adam with weight decay."""
    for optimizer in seen.optimizers:
        decays = [g.get("weight_decay", 0) for g in optimizer.param_groups]
        if type(optimizer) is Adam and max(decays) > 0:
            if any(
                g.get("decoupled_weight_decay") for g in optimizer.param_groups
            ):
                continue
            level = "suspicion" if max(decays) >= 0.005 else "note"
            return {"decay": max(decays), "level": level}
    return None


def decay_large(seen: Seen) -> dict | None:
    """Weight decay pulls the weights to zero faster than they can learn."""
    for optimizer in seen.optimizers:
        name = type(optimizer).__name__
        for group in optimizer.param_groups:
            decay = group.get("weight_decay", 0) or 0
            if name == "AdamW" and decay * float(group["lr"]) > 5e-3:
                return {"decay": decay, "name": name}
            if name == "SGD" and decay >= 0.1:
                return {"decay": decay, "name": name}
    return None


SIGNS = {
    "scheduler_before_optimizer": ("fault", before_optimizer),
    "scheduler_per_batch": ("suspicion", per_batch),
    "scheduler_per_epoch": ("suspicion", per_epoch),
    "scheduler_never_steps": ("suspicion", never_stepped),
    "learning_rate_gone": ("suspicion", fallen),
    "weight_decay_large": ("suspicion", decay_large),
    "weight_decay_in_adam": ("note", decay_in_adam),
}
