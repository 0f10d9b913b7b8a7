"""Exercise 07.3: how the weights spread."""

import torch
from torch import nn

from helpers.check.chapter_07.common import read_one_file
from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.probes.logs import scratch
from helpers.practice.probes.states import (
    expect_model_as_before,
    fill,
    note_model,
)
from helpers.practice.probes.writer_calls import refusals_explained

DIGITS = 1e-4  # of minimum, maximum and sum; a file keeps 32 bits of each

TAGS = {
    "no_histogram": lambda s: not s.tags,
    "buffers": lambda s: s.tags - s.names and s.tags - s.names <= s.buffers,
    "one_tag": lambda s: len(s.tags) == 1 and s.longest > s.n_epochs,
    "one_tag.joined": lambda s: len(s.tags) == 1 and not s.tags & s.names,
    "some_missing": lambda s: s.tags < s.names,
    "other_tags": lambda s: s.tags != s.names or s.other,
}
STEPS = {
    "no_step": lambda s: len(s.steps) == len(s.epochs) and not any(s.steps),
    "epochs_missing": lambda s: set(s.steps) < set(s.epochs),
    "other_steps": lambda s: s.steps != s.epochs,
}
VALUES = {
    "gradients": lambda s: s.gradient and agree(s.found, s.gradient, DIGITS),
    "not_all_values": lambda s: s.n_found != s.n,
    "other_values": lambda s: True,
}


@exercise
def logged_weights(answer):
    """Check ``log_weights(writer, model, epoch)``."""
    layers = (nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    frozen = nn.Sequential(nn.Linear(1, 5)).requires_grad_(False)
    nested = nn.ModuleDict({"body": frozen, "head": nn.Linear(5, 2)})
    with scratch() as here, refusals_explained():
        # epochs at which "only every tenth epoch" leaves some out
        model = nn.Sequential(*layers).train()
        _judge_one(answer, here, "run_a", model, (9, 10))
        _judge_one(answer, here, "run_b", nested.eval(), (0, 7), again=True)


def _judge_one(answer, here, run, model, epochs, again=False) -> None:
    from torch.utils.tensorboard import SummaryWriter

    _prepare(model)
    right = {name: [] for name, _ in model.named_parameters()}
    writer = SummaryWriter(f"ours/{run}")
    for epoch in epochs:
        before = note_model(model)
        shown = "log_weights(writer, model, epoch)"
        call(answer, writer, model, epoch, shown=shown)
        expect_model_as_before(model, before)
        for name, parameter in model.named_parameters():
            right[name].append((epoch, *_summary(parameter)))
        with torch.no_grad():  # what training would do until the next epoch
            for parameter in model.parameters():
                parameter.mul_(-2).add_(1)
    here.write_all()
    logged = read_one_file(run, again)
    _judge_tags(logged, model, n_epochs=len(epochs))
    for name, parameter in model.named_parameters():
        _judge_histograms(logged.histograms[name], right[name], name, parameter)


def _prepare(model: nn.Module) -> None:
    """Give parameters equal values too, and gradients unlike the values."""
    fill(model)
    with torch.no_grad():  # two equal values, and both of them count
        for parameter in model.parameters():
            parameter.view(-1)[-1] = parameter.view(-1)[0]
    for number, parameter in enumerate(model.parameters(), start=1):
        if parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 10.0 * number)


def _summary(values: torch.Tensor) -> tuple:
    """Return minimum, maximum, count and sum, as a histogram keeps them."""
    values = values.detach().double()
    low, high = values.min().item(), values.max().item()
    return low, high, values.numel(), values.sum().item()


def _judge_tags(logged, model: nn.Module, n_epochs: int) -> None:
    found, other = logged.histograms, sorted([*logged.scalars, *logged.other])
    seen = Seen(
        tags=set(found),
        names={name for name, _ in model.named_parameters()},
        buffers={name for name, _ in model.named_buffers()},
        other=other,
        longest=max(map(len, found.values()), default=0),
        n_epochs=n_epochs,
    )
    more = {
        "wanted": sorted(seen.names),
        "extra": sorted(seen.tags - seen.names),
        "missing": sorted(seen.names - seen.tags),
        "all_tags": sorted([*found, *other]),
    }
    judge(TAGS, seen, **more)


def _judge_histograms(found, right, name: str, parameter) -> None:
    steps, epochs = [row[0] for row in found], [row[0] for row in right]
    judge(STEPS, Seen(steps=steps, epochs=epochs, name=name))
    gradient = parameter.grad
    for (epoch, *summary), (_, *wanted) in zip(found, right, strict=True):
        if agree(summary, wanted, DIGITS):
            continue
        low, high, n, _ = wanted
        found_low, found_high, n_found, _ = summary
        seen = Seen(found=summary, n=n, n_found=n_found, name=name)
        seen.gradient = None if gradient is None else _summary(gradient)
        seen.epoch, seen.low, seen.high = epoch, low, high
        noun = "value" if n_found == 1 else "values"
        judge(VALUES, seen, f_low=found_low, f_high=found_high, noun=noun)
