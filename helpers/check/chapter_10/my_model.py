"""Exercise 10.1: a configuration of your own."""

import itertools
from functools import partial

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.model_training import v6 as model_training
from helpers.pipeline import Configuration
from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.probes.traces import STEPS, trace_run, twin_of

PARTS = ("device", "model", "loss_fn", "optimizer", *STEPS, "writer")
OFF = ("weight_decay", "dampening", "nesterov", "maximize")

FILLED = {
    "returns_nothing": lambda s: s.box is None,
    "no_configuration": lambda s: not isinstance(s.box, Configuration),
    "missing_part": lambda s: s.missing,
    "writer": lambda s: s.box.writer is not None,
    "no_model": lambda s: not isinstance(s.box.model, nn.Module),
    "other_loss.class": lambda s: isinstance(s.box.loss_fn, type),
    "other_loss.called": lambda s: not callable(s.box.loss_fn),
    "no_function": lambda s: not callable(s.box.train_step_fn),
    "no_function.val": lambda s: not callable(s.box.val_step_fn),
    "no_optimizer": lambda s: not isinstance(s.box.optimizer, optim.Optimizer),
}
CONTENTS = {
    "device": lambda s: {*s.places} - {torch.device(s.box.device).type},
    "other_layers": lambda s: s.sizes != [1, 8, 8, 8],
    "frozen": lambda s: not all(p.requires_grad for p in s.parameters),
    "dtype": lambda s: s.dtypes != ["float32"],
    "other_parameters": lambda s: s.n_others or s.n_known < 4,
    "other_optimizer": lambda s: not isinstance(s.box.optimizer, optim.SGD),
    "lr_ignored": lambda s: not agree(s.rates, [s.lr]),
    "momentum": lambda s: s.momenta != [0.9],
    "other_settings": lambda s: s.settings,
}
TOGETHER = {
    "shared_model": lambda s: {*map(id, s.one)} & {*map(id, s.two)},
    "not_seeded": lambda s: not agree(s.one, s.two),
}
PREDICTED = {
    "other_layers.order": lambda s: s.error,
    "other_shape": lambda s: getattr(s.yhat, "shape", None) != s.x.shape,
    "other_layers.modes": lambda s: not agree(s.yhat, s.yhat_in_train_mode),
    "no_tanh.relu": lambda s: _fits(s, torch.relu),
    "no_tanh.sigmoid": lambda s: _fits(s, torch.sigmoid),
    "no_tanh.line": lambda s: _fits(s, lambda z: z),
    "no_tanh": lambda s: not _fits(s, torch.tanh),
    "other_loss.number": lambda s: isinstance(s.loss, float),
    "other_loss.kind": lambda s: getattr(s.loss, "shape", None) != (),
    "other_loss": lambda s: not agree(s.loss, s.right),
}
STEPPED = {
    "val_step_trains.no_graph": lambda s: s.error,
    "other_step.tensor": lambda s: isinstance(s.loss, torch.Tensor),
    "other_step.kind": lambda s: not isinstance(s.loss, (int, float)),
    "other_step": lambda s: not agree(s.loss, s.ours.loss),
    "val_step_trains": lambda s: s.strays and s.name == STEPS[1],
    "step_trains_nothing": lambda s: s.strays and agree(s.after, s.before),
    "other_optimizer_in_step": lambda s: s.strays and not s.optimizer.state,
    "other_update": lambda s: s.strays,
    "val_in_train_mode": lambda s: s.name == STEPS[1] and any(s.modes),
    "train_in_eval_mode": lambda s: s.name == STEPS[0] and not all(s.modes),
}


@exercise
def my_model(answer):
    """Check ``configure_my_model(lr)``, which returns a Configuration."""
    first = _configured(answer, 0.02)
    torch.rand(3)  # an answer that seeds by itself does not mind
    others = _configured(answer, 0.02), _configured(answer, 0.005)
    for other in others:
        judge(TOGETHER, Seen(one=first.parameters, two=other.parameters))
    for seen in (*others, first):
        _judge_model(seen)
        _judge_steps(seen)


def _configured(answer, lr: float) -> Seen:
    """Build a configuration, and look at what was put into it."""
    seen = Seen(lr=lr, shown=f"configure_my_model({lr})", parts=PARTS)
    seen.box = box = call(answer, lr, shown=seen.shown)
    seen.missing = [n for n in PARTS if n not in getattr(box, "__dict__", ())]
    judge(FILLED, seen)
    seen.parameters = list(box.model.parameters())
    seen.places = sorted({p.device.type for p in seen.parameters})
    seen.dtypes = sorted({str(p.dtype)[6:] for p in seen.parameters})
    seen.sizes = sorted(p.numel() for p in seen.parameters)
    groups, own = box.optimizer.param_groups, {*map(id, seen.parameters)}
    known = [id(p) in own for group in groups for p in group["params"]]
    seen.n_known, seen.n_others = known.count(True), known.count(False)
    seen.rates = sorted({float(group["lr"]) for group in groups})
    seen.momenta = sorted({float(g.get("momentum", 0)) for g in groups})
    seen.settings = [f"{n}={g[n]}" for g in groups for n in OFF if g.get(n)]
    judge(CONTENTS, seen)
    sgd = partial(optim.SGD, lr=lr, momentum=0.9)
    seen.twin = twin_of(box, nn.MSELoss(), sgd)
    return seen


def _points(device) -> tuple[torch.Tensor, torch.Tensor]:
    numbers = torch.Generator().manual_seed(3)
    x = 4 * torch.rand(32, 1, generator=numbers) - 2
    return x.to(device), torch.sin(3 * x).to(device)


def _judge_model(seen) -> None:
    """Compare with the formula of 8 tanh units, however it is written."""
    seen.x, y = _points(seen.box.device)
    seen.error, twin = None, seen.twin.model
    try:
        seen.yhat = twin.eval()(seen.x)
        seen.yhat_in_train_mode = twin.train()(seen.x)
    except RuntimeError as error:
        if "shapes cannot be multiplied" not in str(error):
            raise
        seen.error = error
    seen.loss = call(seen.box.loss_fn, seen.x, y, shown="loss_fn(yhat, y)")
    seen.right = ((seen.x - y) ** 2).mean().item()
    judge(PREDICTED, seen)


def _fits(seen, activation) -> bool:
    """Whether the numbers give these predictions, in some order."""
    parts = [part.flatten() for part in seen.twin.model.parameters()]
    *eights, last = sorted(parts, key=len, reverse=True)
    return any(
        agree((activation(seen.x * w + b) @ v)[:, None] + last, seen.yhat, 1e-4)
        for w, b, v in itertools.permutations(eights)
    )


def _judge_steps(seen) -> None:
    """Train with version 6, and compare each step with one of the course."""
    traces = trace_run(seen.box, _train), trace_run(seen.twin, _train)
    for step, step.ours in zip(*traces, strict=True):
        step.strays = not agree(step.after, step.ours.after)
        step.optimizer = seen.box.optimizer
        judge(STEPPED, step, right=step.ours.loss)


def _train(box) -> None:
    data = TensorDataset(*_points("cpu"))
    loader = DataLoader(data, 8, shuffle=True, generator=torch.Generator())
    model_training.train(box, loader, DataLoader(data, 16), n_epochs=3)
