"""Signs in what the loss compares: shapes, ranges, classes."""

import math
import statistics

import torch
from torch import nn
from torch.utils.data import SequentialSampler, TensorDataset

from helpers.clinic.seen import Seen
from helpers.clinic.signs.curves import VALUES, at_or_above, rises


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


def broadcast(seen: Seen) -> dict | None:
    """Every label meets every prediction."""
    calls = seen.training_calls(*VALUES)
    for c in calls:
        if c.facts.get("broadcasts"):
            yhat, y = list(c.yhat_shape), list(c.y_shape)
            return {"what": f"labels of shape {y}", "yhat": yhat}
    if seen.paired is not None:
        yhat, table = map(list, seen.paired)
        return {
            "what": f"labels so that a table of shape {table} comes out",
            "yhat": yhat,
        }
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
        return None if over_rows(seen) else {"n": len(calls)}
    return None


def over_rows(seen: Seen) -> dict | None:
    """A softmax normalizes over the rows of a batch."""
    calls = seen.training_calls("cross_entropy", "nll_loss")
    calls = [c for c in calls if len(c.yhat_shape) == 2]
    calls = [c for c in calls if c.yhat_shape[0] > 1 < c.yhat_shape[1]]
    if len(calls) >= 2 and all(c.facts.get("over_rows") for c in calls):
        return {"loss": calls[0].name, "n": len(calls)}
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


def outside_range(seen: Seen) -> dict | None:
    """Labels of a binary loss are not between 0 and 1."""
    calls = [c for c in seen.training_calls() if c.name.startswith("binary")]
    lows = [c.facts["y_low"] for c in calls]
    highs = [c.facts["y_high"] for c in calls]
    if len(calls) >= 2 and (min(lows) < 0 or max(highs) > 1):
        return {"low": min(lows), "high": max(highs), "loss": calls[0].name}
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
    if len(values) < 3 or not seen.is_single:
        return None
    names = ("kl_div", "binary_cross_entropy_with_logits")
    known = [c.value or 0.0 for c in calls if c.name not in names]
    known += seen.loss_values
    if len(known) < 3 or min(known) < 0:
        return None
    if all(v < 0 for v in values) and all(
        any(math.isclose(-v, one, rel_tol=1e-4) for one in known)
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
        "level": "note" if _are_tokens(seen, missing) else "suspicion",
    }


def _are_tokens(seen: Seen, missing: list[int]) -> bool:
    """Tell whether some classes may be missing, as padding and the like."""
    n = len(seen.class_counts)
    embeddings = (
        module.num_embeddings
        for model in seen.models
        for module in model.modules()
        if isinstance(module, (nn.Embedding, nn.EmbeddingBag))
    )
    return missing == [n - 1] or n in embeddings


def sorted_labels(seen: Seen) -> dict | None:
    """Each batch holds one class, and the classes differ."""
    n, counts = seen.n_class_batches, seen.class_counts
    if n < 5 or counts is None or seen.n_single_class < 0.7 * n:
        return _sorted_in_loader(seen)
    present = int((counts > 0).sum())
    if present < 2:
        return None
    return {"n": seen.n_single_class, "n_batches": n, "present": present}


def _sorted_in_loader(seen: Seen) -> dict | None:
    """A loader that does not shuffle goes through one class after another."""
    for one in seen.loaders.values():
        loader = one.loader
        dataset = getattr(loader, "dataset", None)
        is_in_order = isinstance(
            getattr(loader, "sampler", None), SequentialSampler
        )
        if not is_in_order or not isinstance(dataset, TensorDataset):
            continue
        y, size = dataset.tensors[-1], loader.batch_size or 1
        if one.n_training < 5 or one.n_training <= one.n_looking:
            continue
        if y.ndim != 1 or y.is_floating_point() or len(dataset.tensors) < 2:
            continue
        batches = [part.unique() for part in y.detach().cpu().split(size)]
        present, single = len(y.unique()), sum(len(b) == 1 for b in batches)
        if present >= 2 and size >= 4 and single >= 0.5 * len(batches) > 1:
            return {
                "n": single,
                "n_batches": len(batches),
                "present": present,
            }
    return None


def one_label(seen: Seen) -> dict | None:
    """All labels are the same."""
    if len(seen.kept_targets) < 8:
        return None
    y = torch.cat(seen.kept_targets)
    if len(y) >= 100 and bool((y == y[:1]).all()) and seen.is_single:
        return {"n": len(y), "value": float(y[0].reshape(-1)[0])}
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
    "softmax_over_rows": ("fault", over_rows),
    "nll_without_log": ("fault", no_log),
    "kl_without_log": ("fault", kl_no_log),
    "labels_not_shares": ("fault", outside_range),
    "outputs_cannot_reach": ("fault", out_of_reach),
    "relu_at_the_end": ("suspicion", relu_end),
    "one_label": ("suspicion", one_label),
    "sorted_labels": ("suspicion", sorted_labels),
    "classes_never_seen": ("suspicion", classes_unseen),
    "targets_unscaled": ("note", large_targets),
}
