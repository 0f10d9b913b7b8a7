"""Exercise 12.4: freeze all layers but the last, and build its optimizer."""

import torch
from torch import nn, optim

from helpers.practice import Seen, call, exercise, judge
from helpers.practice.probes.states import note_model, same_state

CALL = "freeze_all_but_last(model, lr)"
RETURNED = {
    "returns_nothing": lambda s: s.found is None,
    "returns_class": lambda s: isinstance(s.found, type),
    "no_optimizer": lambda s: not isinstance(s.found, optim.Optimizer),
}
STRANGE = {
    "last_replaced": lambda s: s.model[-1] is not s.last,
    "copied": lambda s: (
        s.held
        and not s.held & (s.head | s.body)
        and same_state(s.before.want, s.now.want)
        and same_state(s.before.gradients, s.now.gradients)
    ),
    "holds_copies": lambda s: not s.held & (s.head | s.body),
}
HELD = {
    "holds_frozen": lambda s: s.held & s.body,
    "holds_too_little": lambda s: s.head - s.held,
    "holds_others": lambda s: s.held - s.head,
}
FLAGS = {
    "last_frozen": lambda s: not any(s.head_wants),
    "last_frozen.partly": lambda s: not all(s.head_wants),
    # flat layers were frozen; those inside others were not
    "not_frozen.inside": lambda s: s.nested and all(s.body_wants),
    "not_frozen": lambda s: all(s.body_wants),
    "not_frozen.partly": lambda s: any(s.body_wants),
}
MODEL = {
    "gradients_left": lambda s: any(
        gradient is not None and bool(gradient.any())
        for gradient in s.now.gradients
    ),
    "values_changed": lambda s: not same_state(s.before.values, s.now.values),
}
SETTINGS = {
    "no_sgd": lambda s: not isinstance(s.found, optim.SGD),
    "other_lr": lambda s: any(group["lr"] != s.lr for group in s.groups),
    "no_momentum": lambda s: any(not group["momentum"] for group in s.groups),
    "other_momentum": lambda s: any(g["momentum"] != 0.9 for g in s.groups),
    "other_settings": lambda s: any(
        group["weight_decay"] or group["nesterov"] or group["dampening"]
        for group in s.groups
    ),
}


def make_models() -> list[nn.Sequential]:
    """Build models of different depth, whose parameters have gradients.

    The last layers have two parameters, one, and several in a block.
    """
    body = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    block = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
    models = [
        nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)),
        nn.Sequential(body, nn.Tanh(), nn.Linear(4, 1, bias=False)),
        nn.Sequential(nn.Linear(3, 4), nn.ReLU(), block),
    ]
    for model in models:
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
    models[2].requires_grad_(False)  # frozen as a whole, before
    return models


@exercise
def frozen(answer):
    """Check ``freeze_all_but_last(model, lr)``."""
    for model, lr in zip(make_models(), (0.05, 0.2, 0.01), strict=True):
        before = note_model(model)
        last, nested = model[-1], isinstance(model[0], nn.Sequential)
        head = list(last.parameters())
        body = [p for layer in list(model)[:-1] for p in layer.parameters()]
        found = call(answer, model, lr, shown=CALL)
        seen = Seen(found=found, before=before, lr=lr, shown=CALL)
        seen.model, seen.last, seen.nested = model, last, nested
        seen.what = "an optimizer"
        judge(RETURNED, seen)
        seen.groups = found.param_groups
        seen.held = {p for group in seen.groups for p in group["params"]}
        seen.head, seen.body = set(head), set(body)
        seen.head_wants = [p.requires_grad for p in head]
        seen.body_wants = [p.requires_grad for p in body]
        seen.now = note_model(model)
        judge(STRANGE, seen)
        judge(FLAGS, seen)
        judge(HELD, seen)
        judge(MODEL, seen)
        judge(SETTINGS, seen)
