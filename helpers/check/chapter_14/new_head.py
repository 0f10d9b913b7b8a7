"""Exercise 14.4: a new head on a frozen body."""

from torch import nn, optim

from helpers.check.chapter_14.common import Net
from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.probes.states import same_state

SHOWN = "new_head(model, n_classes, lr)"
RAISED = {
    "empty_optimizer": lambda s: "empty parameter list" in s.text,
    "no_such_part": lambda s: "'Net' object" in s.text,
    "no_leaf": lambda s: "leaf Variable" in s.text or "leaf Tensor" in s.text,
}
RETURNED = {
    "returns_nothing": lambda s: s.optimizer is None,
    "no_optimizer.model": lambda s: isinstance(s.optimizer, nn.Module),
    "no_optimizer.several": lambda s: isinstance(s.optimizer, (tuple, list)),
    "no_optimizer.class": lambda s: isinstance(s.optimizer, type),
    "no_optimizer": lambda s: not isinstance(s.optimizer, optim.Optimizer),
}
HEAD = {
    "no_linear": lambda s: not isinstance(s.out, nn.Linear),
    "no_new_head.attribute": lambda s: (
        s.out.weight is s.old[0] and s.out.out_features != s.n_before
    ),
    "no_new_head.resized": lambda s: (
        s.out.weight is s.old[0] and len(s.old[0]) != s.n_before
    ),
    "no_new_head.elsewhere": lambda s: (
        s.out.weight is s.old[0] and s.names != s.names_before
    ),
    "no_new_head": lambda s: s.out.weight is s.old[0],
    "other_sizes.swapped": lambda s: s.sizes == [s.n_features, s.n_classes],
    "other_sizes.features": lambda s: s.sizes[1] != s.n_features,
    "other_sizes": lambda s: s.sizes[0] != s.n_classes,
    "no_bias": lambda s: s.out.bias is None,
    "more_parts": lambda s: s.names != s.names_before,
    "other_device": lambda s: s.out.weight.device != s.old[0].device,
}
FROZEN = {
    "frozen_the_wrong_part": lambda s: not s.head_wants and s.body_wants,
    "head_frozen": lambda s: not s.head_wants,
    "not_frozen.attribute": lambda s: s.body_wants and s.misspelt,
    "not_frozen.mode": lambda s: s.body_wants and s.modes != s.modes_before,
    "not_frozen": lambda s: len(s.body_wants) == s.n_wanted,
    "not_frozen.some": lambda s: s.body_wants,
    "body_changed": lambda s: not same_state(s.values, s.values_before),
}
OPTIMIZER = {
    "old_head": lambda s: s.held & s.old_head and not s.held & s.head,
    "whole_model": lambda s: s.held > s.head,
    "part_of_head": lambda s: s.held < s.head,
    "other_parameters": lambda s: s.held != s.head,
    "other_optimizer": lambda s: (
        not isinstance(s.optimizer, optim.Adam)
        or isinstance(s.optimizer, optim.AdamW)
    ),
    "other_rate": lambda s: not all(agree(lr, s.lr) for lr in s.rates),
}


@exercise
def new_head(answer):
    """Check ``new_head(model, n_classes, lr)``."""
    for n_before, n_classes, lr in ((3, 7, 0.02), (4, 2, 0.005), (3, 3, 0.1)):
        for training in (True, False):
            model = Net(n_before, seed=n_classes).train(training)
            _judge_head(answer, model, n_classes, lr)
    # a device without numbers stands for a GPU
    _judge_head(answer, Net(3, seed=5).to("meta"), 6, 0.01)


def _judge_head(answer, model, n_classes: int, lr: float) -> None:
    """Look at the head, at what is frozen, and at the optimizer."""
    seen = Seen(n_classes=n_classes, lr=lr, shown=SHOWN)
    seen.old, seen.n_features = [*model.out.parameters()], model.out.in_features
    seen.n_before = model.out.out_features
    seen.names_before, seen.modes_before = _names(model), _modes(model)
    seen.n_wanted = len(_wanting(model))
    seen.values_before = _values(model)
    try:
        seen.optimizer = call(answer, model, n_classes, lr, shown=SHOWN)
    except (ValueError, RuntimeError, AttributeError, TypeError) as error:
        judge(RAISED, Seen(text=str(error)))
        raise
    judge(RETURNED, seen)
    seen.out, seen.names, seen.modes = model.out, _names(model), _modes(model)
    seen.sizes = [*getattr(model.out, "weight", seen.old[0]).shape]
    judge(HEAD, seen)
    head = [*model.out.parameters()]
    seen.head_wants = all(p.requires_grad for p in head)
    seen.body_wants, seen.misspelt = _wanting(model), _attributes(model)
    seen.values = _values(model)
    judge(FROZEN, seen)
    seen.rates = [group["lr"] for group in seen.optimizer.param_groups]
    given = (g["params"] for g in seen.optimizer.param_groups)
    seen.held = {id(p) for params in given for p in params}
    seen.head, seen.old_head = {*map(id, head)}, {*map(id, seen.old)}
    judge(OPTIMIZER, seen, n_held=len(seen.held))


def _names(model: nn.Module) -> list[str]:
    return sorted(model.state_dict())


def _modes(model: nn.Module) -> dict[str, bool]:
    """Note the mode of each layer; a new head may be in any."""
    modes = {name: layer.training for name, layer in model.named_modules()}
    return {n: mode for n, mode in modes.items() if not n.startswith("out")}


def _wanting(model: nn.Module) -> list[str]:
    """Return the names of the body's parameters that want gradients."""
    pairs = model.named_parameters()
    return [n for n, p in pairs if p.requires_grad and not _is_head(n)]


def _values(model: nn.Module) -> dict:
    """Copy parameters and buffers of the body, where they have numbers."""
    state = model.state_dict().items()
    return {n: t.clone() for n, t in state if not _is_head(n) and not t.is_meta}


def _attributes(model: nn.Module) -> list[str]:
    """Return attributes that were meant to freeze, and that nobody reads."""
    parts = [*model.modules(), *model.parameters()]
    found = {name for part in parts for name in vars(part)}
    return sorted(name for name in found if "grad" in name)


def _is_head(name: str) -> bool:
    return name.startswith("out.")
