"""Signs in modes and layers: train and eval, dropout, batch norm."""

from collections.abc import Iterator

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from helpers.clinic.seen import Seen
from helpers.clinic.signs.curves import at_baseline


def _depends(model: nn.Module) -> str:
    """Name the layers of the model that a mode changes, or nothing."""
    found = set()
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            found.add("batch norm")
        is_dropout = isinstance(module, _DropoutNd) and module.p > 0
        if is_dropout or (
            getattr(module, "dropout", 0)
            and isinstance(module, (nn.RNNBase, nn.MultiheadAttention))
        ):
            found.add("dropout")
    return " and ".join(sorted(found))


def _trains_mode(model: nn.Module) -> bool:
    """Tell whether eval mode would switch off something that trains."""
    for module in model.modules():
        if isinstance(module, _DropoutNd) and module.p > 0:
            return True
        if isinstance(module, _BatchNorm):
            weights = list(module.parameters(recurse=False))
            if not weights or any(p.requires_grad for p in weights):
                return True
    return False


def _dropouts(seen: Seen) -> Iterator[tuple[str, float]]:
    for model in seen.models:
        for name, module in model.named_modules():
            if isinstance(module, _DropoutNd):
                yield name, module.p


def not_back_to_train(seen: Seen) -> dict | None:
    """After validation, training goes on in eval mode."""
    found = _eval_training(seen)
    if found is None:
        return None
    first = found["at"]
    began = [at for at, i in seen.train_in_training if at + 1 < first]
    return found if began and seen.eval_phases else None


def eval_in_training(seen: Seen) -> dict | None:
    """Training steps run in eval mode, from the start."""
    return None if not_back_to_train(seen) else _eval_training(seen)


def _eval_training(seen: Seen) -> dict | None:
    for i, model in enumerate(seen.models):
        ats = [at for at, number in seen.eval_in_training if number == i]
        trained = any(p.requires_grad for p in model.parameters())
        if len(ats) >= 3 and trained and _trains_mode(model):
            return {"layer": _depends(model), "at": ats[0] + 1, "n": len(ats)}
    return None


def train_in_validation(seen: Seen) -> dict | None:
    """Predictions without gradients are made in train mode."""
    if len(seen.models) > 1 or not seen.train_in_validation:
        return None
    layer = _depends(seen.models[0])
    n = len(seen.train_in_validation)
    if not layer or n < 2 or any(at < 0 for at in seen.phase_updates):
        return None
    if seen.looking_forwards and n < 0.3 * min(seen.looking_forwards, 500):
        return None
    # one such forward per update is how targets are made, not validation
    has_loss = seen.val_losses_in_train_mode >= 2
    if not has_loss and seen.eval_phases > 0.5 * max(1, seen.rounds):
        return None
    return {
        "layer": layer,
        "n": n,
        "level": "fault" if has_loss else "suspicion",
    }


def dropout_high(seen: Seen) -> dict | None:
    """Dropout leaves next to nothing."""
    for name, p in _dropouts(seen):
        if p >= 0.9:
            return {
                "layer": name,
                "p": p,
                "level": "fault" if p == 1 else "suspicion",
            }
    return None


def small_batches(seen: Seen) -> dict | None:
    """Batch norm normalizes over one to three rows."""
    for name, sizes in seen.batch_norm_sizes.items():
        small = [rows for rows, _ in sizes if rows <= 3]
        if len(sizes) >= 3 and len(small) > len(sizes) / 2:
            values = min(v for rows, v in sizes if rows <= 3)
            return {
                "layer": name,
                "rows": max(small),
                "level": "suspicion"
                if values < 64 or max(small) == 1
                else "note",
            }
    return None


def dropout_at_end(seen: Seen) -> dict | None:
    """Dropout works on the prediction itself."""
    last = next(reversed(seen.layers_called), "")
    if (
        "Dropout" in seen.layers_called.get(last, "")
        and len(seen.layers_called) > 1
        and len(seen.models) == 1
    ):
        p = dict(_dropouts(seen)).get(last, 0)
        return {"layer": last, "p": p} if p > 0 else None
    return None


def batch_first(seen: Seen) -> dict | None:
    """A recurrent layer takes rows for steps."""
    calls = seen.training_calls()
    sizes = {c.y_shape[0] for c in calls if c.y_shape}
    bad = [
        one
        for one in seen.recurrent
        if not one["batch_first"]
        and one["shape"][0] != one["shape"][1]
        and one["shape"][0] in sizes
        and one["shape"][1] not in sizes
        and not any(c.y_shape[1:2] == one["shape"][1:2] for c in calls)
    ]
    if not bad and at_baseline(seen):  # as many rows as steps
        bad = [
            one
            for one in seen.recurrent
            if not one["batch_first"]
            and one["shape"][0] == one["shape"][1]
            and {one["shape"][0]} == sizes
            and all(len(c.y_shape) == 1 for c in calls)
        ]
    if len(bad) >= 2 and len(bad) > len(seen.recurrent) / 2:
        return {"layer": bad[0]["layer"], "shape": list(bad[0]["shape"])}
    return None


SIGNS = {
    "train_mode_not_restored": ("fault", not_back_to_train),
    "dropout_one": ("suspicion", dropout_high),
    "train_mode_in_validation": ("fault", train_in_validation),
    "eval_mode_in_training": ("suspicion", eval_in_training),
    "batch_norm_small_batches": ("suspicion", small_batches),
    "batch_first": ("suspicion", batch_first),
    "dropout_on_output": ("suspicion", dropout_at_end),
}
