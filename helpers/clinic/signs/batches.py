"""Signs in the batches: their order, their scale, their labels."""

import math
from typing import Any

import torch
from torch.utils.data import (
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
)

from helpers.clinic import looking
from helpers.clinic.seen import LoaderSeen, Seen
from helpers.clinic.signs.curves import level_of

MOST_HASHED = 20_000
KEPT_ROWS = 60  # rows, before neighbours are asked for labels


def _training_loaders(seen: Seen) -> list[LoaderSeen]:
    return [
        one
        for one in seen.loaders.values()
        if one.n_training > one.n_looking and one.n_training >= 2
    ]


def _length(loader: Any) -> int:
    try:
        return len(loader)
    except TypeError:
        return 0


def same_batch(seen: Seen) -> dict | None:
    """The same batch comes again and again."""
    prints = seen.batches[:40]
    if len(prints) < 8 or len(set(prints)) > 1 or not seen.is_single:
        return None
    restarted = [
        one
        for one in seen.loaders.values()
        if _length(one.loader) > 1 and one.n_iterations >= len(prints) - 2
    ]
    if restarted:
        return {"n": len(prints), "level": "suspicion"}
    return {"n": len(prints), "level": "note"}


def restarted(seen: Seen) -> dict | None:
    """A loader is started anew for each batch."""
    for one in _training_loaders(seen):
        n = _length(one.loader)
        if (
            n > 2
            and one.n_iterations >= 10
            and one.n_iterations >= 0.9 * one.n_training
            and len(set(seen.batches[:40])) > 1
        ):
            return {"n": one.n_iterations, "n_batches": n}
    return None


def same_order(seen: Seen) -> dict | None:
    """Every epoch has the rows in the same order."""
    of_dataset: dict[int, list[LoaderSeen]] = {}
    for one in _training_loaders(seen):
        # some make a loader anew for each epoch
        of_dataset.setdefault(id(one.loader.dataset), []).append(one)
    for group in of_dataset.values():
        n = _length(group[0].loader)
        starts = sum(one.n_iterations for one in group)
        batches = sum(one.n_training for one in group)
        prints = [p for one in group for p in one.first_batches]
        if n < 3 or len(prints) < 2 or len(set(prints)) > 1:
            continue
        if starts >= 0.9 * batches or len(set(seen.batches)) < 2:
            continue  # the same batch each time is another matter
        sampler = getattr(group[0].loader, "sampler", None)
        is_random = isinstance(sampler, RandomSampler)
        if is_random or isinstance(sampler, SequentialSampler):
            return {
                "n": starts,
                "how": "shuffled alike" if is_random else "not shuffled",
                "level": "suspicion" if is_random else "note",
            }
    prints = seen.batches[:12]
    for period in range(2, len(prints) // 2 + 1):
        if seen.loaders or not seen.is_single:
            break
        if prints[period:] == prints[:-period] and len(set(prints)) > 1:
            return {"n": 2, "how": "not shuffled", "level": "note"}
    return None


def _rows_of(dataset: Any) -> tuple[Any, torch.Tensor] | None:
    """Return the features of a dataset in memory, and the rows it uses."""
    indices = None
    while isinstance(dataset, Subset):
        these = torch.as_tensor(list(dataset.indices))
        indices = these if indices is None else these[indices]
        dataset = dataset.dataset
    if not isinstance(dataset, TensorDataset):
        return None
    x = dataset.tensors[0]
    if indices is None:
        indices = torch.arange(len(x))
    return x, indices


def _hashes(x: torch.Tensor, indices: torch.Tensor) -> list[bytes]:
    rows = x[indices[:MOST_HASHED]].detach().cpu().contiguous()
    return [row.numpy().tobytes() for row in rows.reshape(len(rows), -1)]


def validation_in_training(seen: Seen) -> dict | None:
    """Some rows of the validation loader are rows of the training loader."""
    for train in _training_loaders(seen):
        ours = _rows_of(getattr(train.loader, "dataset", None))
        for val in seen.loaders.values():
            if val is train or val.n_training or not val.n_looking:
                continue
            theirs = _rows_of(getattr(val.loader, "dataset", None))
            if ours is None or theirs is None:
                continue
            if ours[0][:1].numel() < 3 or len(theirs[1]) < 10:
                continue
            known = set(_hashes(*ours))
            rows = _hashes(*theirs)
            n = sum(row in known for row in rows)
            if n >= max(3, 0.02 * len(rows)):
                # the training rows themselves are often looked at on purpose
                is_whole = n == len(rows) and len(rows) >= len(ours[1])
                return {
                    "n": n,
                    "n_rows": len(rows),
                    "level": "note" if is_whole else "suspicion",
                }
    return None


def inputs_constant(seen: Seen) -> dict | None:
    """All rows of a batch are the same."""
    if len(seen.inputs) < 5 or any(one["n"] < 4 for one in seen.inputs):
        return None
    if any(one["rows_differ"] for one in seen.inputs):
        return None
    return {"n": len(seen.inputs), "layer": seen.first_layer}


def unscaled(seen: Seen) -> dict | None:
    """Features lie far from zero mean and unit spread."""
    if len(seen.inputs) < 2 or not seen.inputs[0]["finite"]:
        return None
    kind = seen.layers_called.get(seen.first_layer, "")
    if "Norm" in kind or "Embedding" in kind:
        return None
    one = seen.inputs[0]
    mean, std = one["mean"], one["std"]
    if abs(mean) > 20 or std > 20 or 0 < std < 0.01:
        return {
            "mean": mean,
            "std": std,
            "layer": seen.first_layer,
            "level": level_of(seen),
        }
    means, stds = one["means"], one["stds"]
    if stds is None or len(stds) < 2:
        return None
    size = (means.abs() + stds).sort().values
    size = size[size > 0]
    if len(size) > 1 and size[-1] > 10 and size[-1] > 300 * size[0]:
        return {
            "mean": mean,
            "std": std,
            "layer": seen.first_layer,
            "level": level_of(seen),
        }
    return None


@torch.no_grad()
def shuffled_labels(seen: Seen) -> dict | None:
    """Neighbours among the rows have labels as different as any two."""
    if seen.losses.n < 30 or not seen.is_single or not seen.kept_rows:
        return None
    x, y = torch.cat(seen.kept_rows), torch.cat(seen.kept_labels)
    x, first = x.unique(dim=0, return_inverse=True)
    where = torch.zeros(len(x), dtype=torch.long)
    where[first] = torch.arange(len(first))
    y = y[where]
    if len(x) < KEPT_ROWS or y.shape[1] > 4 or x.shape[1] < 1:
        return None
    if not x.isfinite().all() or not y.isfinite().all():
        return None
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    distances = torch.cdist(x, x)
    distances.fill_diagonal_(math.inf)
    near = distances.topk(3, largest=False).indices
    calls = seen.training_calls()
    is_classes = calls and calls[-1].name in ("cross_entropy", "nll_loss")
    is_classes = is_classes or len(y.unique()) == 2
    if is_classes:
        y = y[:, 0]
        agree = float((y[near] == y[:, None]).float().mean())
        p = torch.stack([(y == c).float().mean() for c in y.unique()])
        chance = float((p * p).sum())
    else:
        y = (y - y.mean(0)) / (y.std(0) + 1e-9)
        agree = float((y[near].mean(1) * y).mean())
        chance = 0.0
    spread = math.sqrt(max(chance * (1 - chance), 0.33) / (2 * len(x)))
    if agree > chance + 2 * spread or chance > 0.9:
        return None
    return {"agree": agree, "chance": chance, "n": len(x)}


def learns_nothing(seen: Seen) -> bool:
    """Tell whether the loss on new rows stays at that of a constant."""
    from_val = [v for v in seen.val_losses.numbers() if math.isfinite(v)]
    values = from_val or seen.losses.numbers()
    n = max(1, len(values) // 4) if from_val else max(5, len(values) // 4)
    first, late = sum(values[:n]) / n, sum(values[-n:]) / n
    base = looking.baseline(seen)
    if base is not None and late < 0.8 * base:
        return False  # it was well below, perhaps from its first batch on
    return bool(values) and late > (0.9 if from_val else 0.8) * first


def shuffled(seen: Seen) -> dict | None:
    """Labels do not depend on the rows, and nothing is learnt."""
    if not learns_nothing(seen):
        return None
    return shuffled_labels(seen)


SIGNS = {
    "inputs_constant": ("suspicion", inputs_constant),
    "same_batch": ("suspicion", same_batch),
    "validation_in_training": ("suspicion", validation_in_training),
    "inputs_unscaled": ("suspicion", unscaled),
    "same_order": ("note", same_order),
    "loader_restarted": ("note", restarted),
}
# what is said only after everything that is surer
LAST = {"shuffled_labels": ("suspicion", shuffled)}
