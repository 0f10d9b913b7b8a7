"""What signs of gradients and weights share: names of layers, looks."""

from torch import nn

from helpers.clinic.seen import Seen, StepLook


def backward_looks(seen: Seen) -> list[StepLook]:
    """Return the looked-at updates that a backward pass preceded."""
    return [look for look in seen.steps if look.n_backward and look.weights]


def layer(name: str) -> str:
    """Return the layer that a parameter belongs to."""
    layer = name.rpartition(".")[0]
    return layer or "model"


def last_layer(seen: Seen) -> str:
    """Return the layer that was met last in the first forward pass."""
    return next(reversed(seen.layers_called), "")


def last_weight(seen: Seen) -> set[str]:
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


def is_embedding(seen: Seen, name: str) -> bool:
    """Tell whether a parameter belongs to an embedding."""
    kind = seen.layers_called.get(layer(name), "")
    return "Embedding" in kind


def is_before_relu(seen: Seen, name: str) -> bool:
    """Tell whether a layer is of a kind that a ReLU may follow."""
    kind = seen.layers_called.get(layer(name), "")
    return kind == nn.Linear.__name__ or kind.startswith("Conv")


def few(names) -> str:
    """Name the first three of some parameters, and count the others."""
    names = [f"`{name}`" for name in names]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
