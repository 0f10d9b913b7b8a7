"""Signs in what the loss compares: shapes, ranges, classes, its value."""

import math
import statistics

import torch

from helpers.clinic import looking
from helpers.clinic.seen import Seen

VALUES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def _share(calls, holds) -> float:
    return sum(map(bool, map(holds, calls))) / len(calls) if calls else 0.0


def nan_inputs(seen: Seen) -> dict | None:
    """Features hold nan or inf while the weights are finite."""
    if any(not one["finite"] for one in seen.inputs[:1]):
        return {"what": "features"}
    calls = seen.training_calls()
    if any(not c.facts["y_finite"] for c in calls):
        return {"what": "labels"}
    firsts = [i for i, one in enumerate(seen.inputs) if not one["finite"]]
    return {"what": "features"} if firsts else None


def not_finite(seen: Seen) -> dict | None:
    """The loss became nan or inf."""
    values = seen.losses.numbers()
    for i, value in enumerate(values):
        if not math.isfinite(value):
            before = [v for v in values[:i] if math.isfinite(v)]
            rates = [max(s.rates) for s in seen.steps if s.rates]
            return {
                "step": i * seen.losses.stride,
                "value": value,
                "before": before[-1] if before else value,
                "rate": rates[-1] if rates else 0.0,
            }
    return None


def broadcast(seen: Seen) -> dict | None:
    """Every label meets every prediction."""
    calls = seen.training_calls(*VALUES)
    for c in calls:
        if c.facts.get("broadcasts"):
            yhat, y = list(c.yhat_shape), list(c.y_shape)
            return {"what": f"labels of shape {y}", "yhat": yhat}
    if seen.paired is not None:
        yhat, table = map(list, seen.paired)
        return {"what": f"labels in a table of shape {table}", "yhat": yhat}
    return None


def softmax_twice(seen: Seen) -> dict | None:
    """Cross-entropy gets probabilities."""
    calls = seen.training_calls("cross_entropy")
    calls = [c for c in calls if c.facts.get("n_outputs", 0) > 1]
    if len(calls) >= 2 and _share(calls, lambda c: c.facts["sums_to_one"]) == 1:
        return {"n": len(calls)}
    return None


def sigmoid_twice(seen: Seen) -> dict | None:
    """BCE with logits gets probabilities."""
    calls = seen.training_calls("binary_cross_entropy_with_logits")
    if (
        len(calls) >= 2
        and _share(calls, lambda c: c.facts["function"] == "Sigmoid") == 1
    ):
        return {"n": len(calls)}
    return None


def no_log(seen: Seen) -> dict | None:
    """NLL loss gets numbers that are not log-probabilities."""
    calls = [c for c in seen.training_calls("nll_loss") if "is_log" in c.facts]
    if len(calls) >= 2 and not any(c.facts["is_log"] for c in calls):
        return {"n": len(calls)}
    return None


def kl_no_log(seen: Seen) -> dict | None:
    """KL divergence gets probabilities where it takes their logarithms."""
    calls = seen.training_calls("kl_div")
    if len(calls) >= 2 and all(c.facts["low"] >= 0 for c in calls):
        return {"n": len(calls)}
    return None


def one_class_output(seen: Seen) -> dict | None:
    """Cross-entropy over a single output is always zero."""
    calls = seen.training_calls("cross_entropy")
    if len(calls) >= 2 and all(c.facts.get("n_outputs") == 1 for c in calls):
        return {"n": len(calls)}
    return None


def relu_end(seen: Seen) -> dict | None:
    """The prediction ends in a ReLU and goes to a loss of logits."""
    calls = seen.training_calls(
        "cross_entropy", "binary_cross_entropy_with_logits"
    )
    if len(calls) >= 2 and all(c.facts["function"] == "Relu" for c in calls):
        return {"loss": calls[0].name}
    return None


def out_of_reach(seen: Seen) -> dict | None:
    """Labels lie where the last activation cannot get."""
    calls = [c for c in seen.training_calls(*VALUES) if "low" in c.facts]
    shares = [c.facts["out_of_reach"] for c in calls]
    if len(calls) >= 2 and statistics.fmean(shares) > 0.05:
        c = calls[0]
        return {
            "function": c.facts["function"].lower(),
            "low": min(c.facts["y_low"] for c in calls),
            "high": max(c.facts["y_high"] for c in calls),
            "share": statistics.fmean(shares),
        }
    return None


def labels_are_slopes(seen: Seen) -> dict | None:
    """The arguments of a loss were swapped: the labels need gradients."""
    calls = [c for c in seen.training_calls() if c.name != "kl_div"]
    swapped = [
        c for c in calls if c.facts["y_records"] and not c.facts["records"]
    ]
    if len(calls) >= 2 and len(swapped) == len(calls):
        return {"loss": calls[0].name}
    return None


def without_model(seen: Seen) -> dict | None:
    """The loss compares things that no model made."""
    calls = seen.training_calls()
    if len(calls) < 3 or seen.reached or seen.n_leaf_losses:
        return None
    if any(c.facts["records"] or c.facts["y_records"] for c in calls):
        return None
    return {"n": len(calls)}


def zero_loss(seen: Seen) -> dict | None:
    """The loss is exactly zero from the start."""
    values = seen.losses.numbers()
    if len(values) >= 10 and not any(values):
        return {"n": len(values)}
    return None


def negative(seen: Seen) -> dict | None:
    """A loss that cannot be negative is negated before backward."""
    calls = [c for c in seen.training_calls() if c.value is not None]
    values = seen.losses.numbers()[:10]
    if len(calls) < 3 or len(values) < 3 or not seen.is_single:
        return None
    names = ("kl_div", "binary_cross_entropy_with_logits")
    if any(c.name in names or (c.value or 0) < 0 for c in calls):
        return None
    if all(v < 0 for v in values) and all(
        any(math.isclose(-v, c.value or 0, rel_tol=1e-4) for c in calls)
        for v in values[:3]
    ):
        return {"value": values[0]}
    return None


def classes_unseen(seen: Seen) -> dict | None:
    """Some outputs belong to classes that no label names."""
    counts = seen.class_counts
    if counts is None or not 2 < len(counts) <= 30:
        return None
    n = int(counts.sum())
    missing = [i for i, c in enumerate(counts.tolist()) if not c]
    if not missing or n < 25 * len(counts):
        return None
    return {
        "missing": ", ".join(map(str, missing[:6])),
        "n_outputs": len(counts),
        "n": n,
        "level": "suspicion" if missing != [len(counts) - 1] else "note",
    }


def sorted_labels(seen: Seen) -> dict | None:
    """Each batch holds one class, and the classes differ."""
    n, counts = seen.n_class_batches, seen.class_counts
    if n < 5 or counts is None or seen.n_single_class < 0.7 * n:
        return None
    present = int((counts > 0).sum())
    if present < 2:
        return None
    return {"n": seen.n_single_class, "n_batches": n, "present": present}


def one_label(seen: Seen) -> dict | None:
    """All labels are the same."""
    if len(seen.kept_targets) < 8:
        return None
    y = torch.cat(seen.kept_targets)
    if len(y) >= 100 and bool((y == y[:1]).all()) and seen.is_single:
        return {"n": len(y), "value": float(y[0].reshape(-1)[0])}
    return None


def _recent(seen: Seen, at_least: int) -> list[float]:
    """Return the last losses, if there were enough and they are known."""
    values = [v for v in seen.losses.numbers() if math.isfinite(v)]
    if seen.losses.n < at_least or seen.n_scaled:
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
        if c.step >= 50
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
    level = "suspicion" if at_baseline(seen) else "note"
    return {"hits": hits, "level": level}


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


def maximizes(seen: Seen) -> dict | None:
    """The optimizer climbs, and the loss rises."""
    found = rises(seen)
    return found if found and found["maximize"] else None


def large_targets(seen: Seen) -> dict | None:
    """The labels of a regression are far from one."""
    calls = [c for c in seen.training_calls(*VALUES) if "y_std" in c.facts]
    if len(calls) < 2:
        return None
    size = max(
        max(abs(c.facts["y_low"]), abs(c.facts["y_high"])) for c in calls
    )
    stuck = seen.losses.n >= 50 and at_or_above(seen)
    if size > 50:
        return {"size": size, "level": "suspicion" if stuck else "note"}
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


CAUSES = {
    "nan_in_data": ("fault", nan_inputs),
    "broadcast_loss": ("fault", broadcast),
    "one_class_output": ("fault", one_class_output),
    "loss_zero": ("fault", zero_loss),
    "arguments_swapped": ("note", labels_are_slopes),
    "loss_without_model": ("fault", without_model),
    "loss_negated": ("fault", negative),
    "maximizes": ("fault", maximizes),
    "softmax_before_cross_entropy": ("fault", softmax_twice),
    "sigmoid_before_logits_loss": ("fault", sigmoid_twice),
    "nll_without_log": ("fault", no_log),
    "kl_without_log": ("fault", kl_no_log),
    "outputs_cannot_reach": ("fault", out_of_reach),
    "relu_at_the_end": ("suspicion", relu_end),
    "one_label": ("suspicion", one_label),
    "sorted_labels": ("suspicion", sorted_labels),
    "classes_never_seen": ("suspicion", classes_unseen),
    "targets_unscaled": ("note", large_targets),
}
SYMPTOMS = {
    "nan": ("fault", not_finite),
    "loss_rises": ("suspicion", rises),
    "outputs_constant": ("suspicion", constant),
    "majority_class": ("suspicion", majority),
    "loss_at_baseline": ("suspicion", at_baseline),
    "overfits": ("note", overfits),
}
