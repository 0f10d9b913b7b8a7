"""Exercise 19.1: one batch, learned by heart on a copy."""

import copy
from typing import Any

import torch
from torch import nn, optim

from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    judge,
    judge_value,
)

CALL = "overfit(model, loss_fn, x_batch, y_batch, n_steps, lr)"
LOSSES = {
    "returns_nothing": lambda s: s.result is None,
    "no_list.number": lambda s: isinstance(s.result, float),
    "no_list": lambda s: not isinstance(s.result, list),
    "model_trained": lambda s: s.moved,
    "gradients_changed": lambda s: not agree(s.gradients, s.gradients_before),
    "mode_changed": lambda s: s.modes != s.modes_before,
    "holds_tensors": lambda s: any(
        isinstance(one, torch.Tensor) for one in s.result
    ),
    "no_floats": lambda s: any(type(one) is not float for one in s.result),
    "other_length": lambda s: len(s.result) != s.n_steps,
}
SUSPECTS = {
    "no_training": lambda s: [s.right[0]] * s.n_steps,
    "after_the_step": lambda s: _losses(s, first=1),
    "no_zero_grad": lambda s: _losses(s, clears=False),
    "swapped": lambda s: _losses(s, loss_fn=lambda yhat, y: s.loss_fn(y, yhat)),
    "other_loss": lambda s: _losses(s, loss_fn=nn.functional.mse_loss),
    "upwards": lambda s: _losses(s, maximize=True),
    "rounded": lambda s: (
        s.result
        if any([round(r, n) for r in s.right] == s.result for n in range(7))
        else None
    ),
    "other_optimizer": lambda s: _losses(s, kind=optim.Adam),
    "other_optimizer.momentum": lambda s: _losses(s, momentum=0.9),
    "eval_mode": lambda s: _losses(s, train=False) if s.has_norm else None,
    "first_update_only": lambda s: (
        s.result if len({*s.result[1:]}) == 1 else None
    ),
    "fixed_rate": lambda s: (
        s.result
        if any(agree(s.result, _losses(s, lr=r)) for r in (0.1, 0.01, 0.001))
        else None
    ),
}


def _loss(yhat, y):
    """Miss labels far from 0 more, so that the order of arguments counts."""
    return ((yhat - y).abs() * (1 + y.abs())).mean()


@exercise
def overfit(answer):
    """Check ``overfit``, which trains a copy and returns its losses."""
    for n_steps, lr, has_norm in ((5, 0.2, False), (4, 0.05, True)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(7)
            middle = nn.BatchNorm1d(4) if has_norm else nn.Tanh()
            model = nn.Sequential(nn.Linear(2, 4), middle, nn.Linear(4, 1))
            x, y = torch.randn(8, 2), torch.randn(8, 1)
        if has_norm:  # it was trained before, and validated
            model.eval()
            model(x).mean().backward()
        _judge(answer, model, (x, y), n_steps, lr, has_norm)


def _judge(answer, model, batch, n_steps, lr, has_norm) -> None:
    seen = Seen(n_steps=n_steps, lr=lr, has_norm=has_norm, batch=batch)
    seen.original, seen.loss_fn = copy.deepcopy(model), _loss
    seen.gradients_before = _gradients(model)
    seen.result = call(answer, model, _loss, *batch, n_steps, lr, shown=CALL)
    before, after = seen.original.state_dict(), model.state_dict()
    seen.moved = any(not torch.equal(before[k], after[k]) for k in before)
    seen.gradients = _gradients(model)
    seen.modes_before = [m.training for m in seen.original.modules()]
    seen.modes = [m.training for m in model.modules()]
    judge(LOSSES, seen)
    seen.right = _losses(seen)
    judge_value(SUSPECTS, seen, found=seen.result, right=seen.right)


def _gradients(model) -> list[torch.Tensor]:
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


def _losses(
    seen,
    *,
    first=0,
    clears=True,
    kind: Any = optim.SGD,
    train=True,
    lr=None,
    loss_fn=None,
    **more,
) -> list[float]:
    """Train a copy as somebody might, and return its losses."""
    model = copy.deepcopy(seen.original).train(train)
    optimizer = kind(model.parameters(), lr=lr or seen.lr, **more)
    losses = []
    for _ in range(seen.n_steps + first):
        if clears:
            optimizer.zero_grad()
        loss = (loss_fn or seen.loss_fn)(model(seen.batch[0]), seen.batch[1])
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses[first:]
