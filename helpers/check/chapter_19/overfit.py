"""Exercise 19.1: one batch, learned by heart on a copy."""

import copy

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
    "gradients_left": lambda s: s.has_gradients,
    "mode_changed": lambda s: s.mode != s.mode_before,
    "holds_tensors": lambda s: any(
        isinstance(one, torch.Tensor) for one in s.result
    ),
    "other_length": lambda s: len(s.result) != s.n_steps,
}
SUSPECTS = {
    "no_training": lambda s: [s.right_first] * s.n_steps,
    "after_the_step": lambda s: _losses(s, first=1),
    "no_zero_grad": lambda s: _losses(s, clears=False),
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


@exercise
def overfit(answer):
    """Check ``overfit``, which trains a copy and returns its losses."""
    for n_steps, lr, has_norm in ((5, 0.2, False), (4, 0.05, True)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(7)
            middle = nn.BatchNorm1d(4) if has_norm else nn.Tanh()
            model = nn.Sequential(nn.Linear(2, 4), middle, nn.Linear(4, 1))
            x, y = torch.randn(8, 2), torch.randn(8, 1)
        model.train(not has_norm)
        _judge(answer, model, nn.L1Loss(), (x, y), n_steps, lr, has_norm)


def _judge(answer, model, loss_fn, batch, n_steps, lr, has_norm) -> None:
    state = copy.deepcopy(model.state_dict())
    seen = Seen(n_steps=n_steps, lr=lr, has_norm=has_norm)
    seen.original, seen.loss_fn, seen.batch = (
        copy.deepcopy(model),
        loss_fn,
        batch,
    )
    seen.mode_before = model.training
    seen.result = call(
        answer, model, loss_fn, *batch, n_steps, lr, shown=CALL
    )
    after = model.state_dict()
    seen.moved = any(not torch.equal(state[k], after[k]) for k in state)
    seen.has_gradients = any(p.grad is not None for p in model.parameters())
    seen.mode = model.training
    judge(LOSSES, seen)
    right = _losses(seen)
    seen.right_first = right[0]
    judge_value(SUSPECTS, seen, found=seen.result, right=right)


def _losses(
    seen, *, first=0, clears=True, kind=optim.SGD, train=True, lr=None, **more
) -> list[float]:
    """Train a copy as somebody might, and return its losses."""
    model = copy.deepcopy(seen.original).train(train)
    optimizer = kind(model.parameters(), lr=lr or seen.lr, **more)
    losses = []
    for _ in range(seen.n_steps + first):
        if clears:
            optimizer.zero_grad()
        loss = seen.loss_fn(model(seen.batch[0]), seen.batch[1])
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses[first:]
