"""Exercise 19.2: update-to-weight ratios of one step."""

import torch
from torch import nn, optim

from helpers.practice import (
    Seen,
    call,
    exercise,
    expect_number,
    judge,
    judge_value,
)

CALL = "update_ratios(model, optimizer)"
KIND = {
    "returns_nothing": lambda s: s.result is None,
    "no_dictionary": lambda s: not isinstance(s.result, dict),
    "no_step": lambda s: s.n_steps == 0,
    "other_steps": lambda s: s.n_steps != 1,
    "gradient_lost": lambda s: s.stood_still,
    "other_names": lambda s: {*map(str, s.result)} != {*s.names},
}
SUSPECTS = {
    "no_copy": lambda s: 0.0 if s.change else None,
    "divided_by_after": lambda s: s.change / s.after,
    "not_divided": lambda s: s.change,
    "of_gradient": lambda s: [
        s.gradient / s.before,
        s.lr * s.gradient / s.before,
    ],
    "norms_compared": lambda s: [
        abs(s.after - s.before) / s.before,
        (s.after - s.before) / s.before,
        s.after / s.before,
    ],
    "upside_down": lambda s: s.before / s.change if s.change else None,
    "percent": lambda s: 100 * s.change / s.before,
    "whole_model": lambda s: s.whole,
    "other_norm": lambda s: s.other_norms,
    "squared": lambda s: (s.change / s.before) ** 2,
    "element_by_element": lambda s: [s.mean_ratio, s.norm_ratio],
}


@exercise
def update_ratios(answer):
    """Check ``update_ratios(model, optimizer)``."""
    for make, is_frozen in (
        (lambda p: optim.SGD(p, lr=0.3, momentum=0.9), False),
        (lambda p: optim.Adam(p, lr=0.02), True),
    ):
        model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        model[0].weight.requires_grad_(not is_frozen)
        model.register_buffer("n_seen", torch.ones(1))  # not a parameter
        generator = torch.Generator().manual_seed(5)
        with torch.no_grad():
            for parameter in model.parameters():
                drawn = torch.rand(parameter.shape, generator=generator)
                parameter.copy_(drawn + 0.2)
        optimizer = make(model.parameters())
        x = torch.rand(6, 3, generator=generator)
        for _ in range(2):  # so that momentum has something to add
            optimizer.zero_grad()
            (model(x) ** 2).mean().backward()
            _judge(answer, model, optimizer)


def _judge(answer, model, optimizer) -> None:
    before = [p.detach().clone() for p in model.parameters()]
    gradients = [
        torch.zeros_like(p) if p.grad is None else p.grad.clone()
        for p in model.parameters()
    ]
    steps = []
    handle = optimizer.register_step_post_hook(lambda *_: steps.append(1))
    try:
        result = call(answer, model, optimizer, shown=CALL)
    finally:
        handle.remove()
    after = [p.detach() for p in model.parameters()]
    names = [name for name, _ in model.named_parameters()]
    seen = Seen(result=result, names=names, n_steps=len(steps))
    pairs = zip(before, after, strict=True)
    seen.stood_still = all(torch.equal(old, new) for old, new in pairs)
    judge(KIND, seen)
    whole = _norm([*map(torch.sub, after, before)]) / _norm(before)
    parts = zip(names, before, gradients, after, strict=True)
    for name, old, gradient, new in parts:
        found = result[name]
        expect_number(found, f'{CALL}["{name}"]', "the ratio")
        each = ((new - old) / old).abs()
        one = Seen(
            name=name,
            before=old.norm().item(),
            after=new.norm().item(),
            change=(new - old).norm().item(),
            gradient=gradient.norm().item(),
            lr=optimizer.param_groups[0]["lr"],
            whole=whole,
            other_norms=[
                ((new - old).norm(p) / old.norm(p)).item()
                for p in (1, float("inf"))
            ],
            mean_ratio=each.mean().item(),
            norm_ratio=each.norm().item(),
        )
        right = one.change / one.before
        judge_value(SUSPECTS, one, found=found, right=right)


def _norm(parts) -> float:
    return torch.cat([part.flatten() for part in parts]).norm().item()
