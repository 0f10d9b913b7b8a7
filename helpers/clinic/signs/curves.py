"""Signs in the value of the loss: nan, the baseline, a curve that rises."""

import math
import statistics

from helpers.clinic import looking
from helpers.clinic.seen import Seen

VALUES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def not_finite(seen: Seen) -> dict | None:
    """The loss became nan or inf."""
    values = seen.losses.numbers()
    for i, value in enumerate(values):
        if not math.isfinite(value):
            before = [v for v in values[:i] if math.isfinite(v)]
            rates = [max(s.rates) for s in seen.steps if s.rates]
            return {
                "step": i * seen.losses.stride + 1,
                "value": value,
                "before": before[-1] if before else value,
                "rate": rates[-1] if rates else 0.0,
            }
    return None


def _recent(seen: Seen, at_least: int) -> list[float]:
    """Return the last losses, if there were enough and they are known."""
    values = [v for v in seen.losses.numbers() if math.isfinite(v)]
    if seen.losses.n < at_least:
        return []
    return values[-max(20, len(values) // 4) :]


def at_baseline(seen: Seen) -> dict | None:
    """The loss stays where a constant answer would put it."""
    values, base = _recent(seen, 100), looking.baseline(seen)
    if not values or base is None or base < 1e-4 or not seen.is_single:
        return None
    calls = [c.value for c in seen.training_calls() if c.value is not None]
    everything = seen.losses.numbers()
    if not calls or not everything:
        return None
    # the loss that was propagated has to be the one that was looked at
    if not math.isclose(calls[0], everything[0], rel_tol=1e-3):
        return None
    mean = statistics.fmean(values)
    scale = _name_scale(seen)
    if not 0.96 - 0.1 * scale < mean / base < 1.15 + 0.5 * scale:
        return None
    third = everything[-max(5, len(everything) // 3) :]
    half = len(third) // 2
    falls = statistics.fmean(third[half:]) < 0.95 * statistics.fmean(
        third[:half]
    ) or _has_fallen(everything)
    return None if falls else {"mean": mean, "base": base, "n": seen.losses.n}


def _has_fallen(values: list[float]) -> bool:
    """Tell whether the end lies below the beginning, beyond chance."""
    n = len(values) // 3
    first, last = values[n // 2 : n + n // 2], values[-n:]
    if n < 5:
        return False
    error = math.sqrt(
        (statistics.variance(first) + statistics.variance(last)) / n
    )
    drop = statistics.fmean(first) - statistics.fmean(last)
    return drop > 3 * error and drop > 0.003 * abs(statistics.fmean(first))


def _name_scale(seen: Seen) -> float:
    calls = seen.training_calls()
    return 0.1 if calls and calls[-1].name in VALUES else 0.0


def majority(seen: Seen) -> dict | None:
    """Every row gets the same class."""
    calls = [c for c in seen.training_calls("cross_entropy", "nll_loss")]
    late = [
        c
        for c in calls
        if c.step >= max(30, seen.rounds // 3)
        and c.facts.get("n_rows", 0) >= 8
        and len(c.yhat_shape) == 2
    ]
    if len(late) < 2 or not seen.is_single:
        return None
    if any(c.facts.get("n_answers", 2) > 1 for c in late):
        return None
    if not any(c.facts.get("n_classes", 1) > 1 for c in late):
        return None
    hits = statistics.fmean(c.facts.get("hits", 0.0) for c in late)
    # an answer may lean the right way long before it tips over
    is_stuck = at_baseline(seen) or (seen.losses.n >= 300 and _above(seen))
    return {"hits": hits, "level": "suspicion" if is_stuck else "note"}


def _above(seen: Seen) -> bool:
    """Tell whether the latest losses are worse than a constant's."""
    base, values = looking.baseline(seen), _recent(seen, 100)
    return (
        bool(values)
        and base is not None
        and (statistics.fmean(values) > 1.05 * base)
    )


def constant(seen: Seen) -> dict | None:
    """The model answers all rows alike."""
    late = [
        c
        for c in seen.training_calls()
        if c.step >= 20
        and c.facts.get("spread") is not None
        and c.facts.get("n_rows", 0) >= 4
    ]
    if len(late) < 2 or not seen.is_single:
        return None
    if all(c.facts["spread"] <= 1e-4 * (c.facts["size"] + 1e-6) for c in late):
        return {"n": len(late)}
    return None


def rises(seen: Seen) -> dict | None:
    """The loss rises over the run."""
    values = [v for v in seen.losses.numbers() if math.isfinite(v)]
    if len(values) < 20 or not seen.is_single:
        return None
    n = max(5, len(values) // 5)
    first, last = statistics.fmean(values[:n]), statistics.fmean(values[-n:])
    spread = statistics.stdev(values[:n])
    if first > 0 and last > 2 * first + 3 * spread:
        return {
            "first": first,
            "last": last,
            "maximize": any(
                g.get("maximize")
                for o in seen.optimizers
                for g in o.param_groups
            ),
        }
    return None


def at_or_above(seen: Seen) -> bool:
    """Tell whether the latest losses are no better than a constant."""
    base, values = looking.baseline(seen), seen.losses.numbers()
    late = values[-max(5, len(values) // 5) :]
    if base is None or not late:
        return False
    return statistics.fmean(late) > 0.95 * base


def overfits(seen: Seen) -> dict | None:
    """The validation loss has risen far above its lowest."""
    values = [v for v in seen.val_losses.numbers() if math.isfinite(v)]
    if len(values) < 20:
        return None
    n = max(3, len(values) // 6)
    means = [
        statistics.fmean(values[i : i + n])
        for i in range(0, len(values) - n + 1, n)
    ]
    if min(means) > 0 and means[-1] > 1.5 * min(means):
        return {"low": min(means), "last": means[-1]}
    return None


def level_of(seen: Seen) -> str:
    """Say how bad it is: the loss may fall nicely all the same."""
    values = [v for v in seen.losses.numbers() if math.isfinite(v)]
    if len(values) < 20:
        return "suspicion"
    n = max(3, len(values) // 5)
    first, last = values[0], sorted(values[-n:])[n // 2]
    is_learning = 0 <= last < 0.3 * first and not at_or_above(seen)
    return "note" if is_learning else "suspicion"


SYMPTOMS = {
    "nan": ("fault", not_finite),
    "loss_rises": ("suspicion", rises),
    "outputs_constant": ("suspicion", constant),
    "majority_class": ("suspicion", majority),
    "loss_at_baseline": ("suspicion", at_baseline),
    "overfits": ("note", overfits),
}
