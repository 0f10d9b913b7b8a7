"""What several checkers of chapter 07 share."""

from pathlib import Path

import torch
from torch import nn

from helpers.practice.probes.logs import (
    Logged,
)
from helpers.practice.verdict import wrong

METHODS = "chapter 07, the section *The writer and its methods*"


COST = "chapter 07, the section *What `add_scalars` costs*"


def check_one_file(logged: Logged, again: bool) -> None:
    """Look whether all went through the writer that was given, which is open.

    Args:
        logged: of the folder of that writer, which is below `ours`.
        again: whether another writer was used before.
    """
    below = [f for f in Path("ours").rglob("*tfevents*") if len(f.parts) > 3]
    elsewhere = [
        f for f in Path().rglob("*tfevents*") if Path("ours") not in f.parents
    ]
    if below:
        wrong(
            "sub_runs",
            expected="One event file, in the folder of the run.",
            found=f"{len(below)} more, in folders inside it.",
            cause="`add_scalars`, with an *s*, makes a run of each curve. "
            "`add_scalar` adds a point to the run of this writer.",
            look=COST,
        )
    if elsewhere:
        wrong(
            "other_writer",
            expected="All goes through the writer that is passed.",
            found="An event file in another folder.",
            cause="A `SummaryWriter` is made in the function. Whoever calls it "
            "has one and passes it: use the argument `writer`.",
        )
    if logged.n_files > 1:
        wrong(
            "many_files",
            expected="One event file in the run, however often it is called.",
            found=f"{logged.n_files}.",
            cause="The writer was closed, so that the next call has to open a "
            "new file; or a second writer was opened for the same folder. "
            "Leave the writer open: who made it closes it.",
        )
    if logged.scalars or logged.histograms or logged.other or logged.n_graphs:
        return
    if again:
        not_through_this_writer()
    wrong(
        "nothing_logged",
        expected="Something in the event file.",
        found="Nothing.",
        cause="No `add_...` was called on the `writer` that was passed.",
    )


def not_through_this_writer() -> None:
    """Say that something was logged, and not by the writer that was given."""
    wrong(
        "shared",
        expected="Each call logs with the writer that it is given.",
        found="After a second writer was passed, nothing came through it.",
        cause="The first writer was kept, in a global name or in the default "
        "of an argument. Use the argument.",
    )


def fill(model: nn.Module, seed: int = 3) -> None:
    """Give every parameter its own numbers, the same on every machine."""
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=numbers))


def state(model: nn.Module) -> list[tuple]:
    """Note parameters, their gradients, and whether they want any."""
    return [
        (
            parameter.detach().clone(),
            None if parameter.grad is None else parameter.grad.clone(),
            parameter.requires_grad,
        )
        for parameter in model.parameters()
    ]


def check_unchanged(model: nn.Module, before: list[tuple], mode: bool) -> None:
    """Check that a model has its parameters, gradients and mode still."""
    modes = {module.training for module in model.modules()}
    if modes != {mode}:
        was, now = ("train", "eval") if mode else ("eval", "train")
        wrong(
            "mode_changed",
            expected=f"The model is in {was} mode, as it was.",
            found=f"It was left in {now} mode.",
            cause=f"`model.{now}()` was called. To look at a model should not "
            "change it.",
        )
    after = state(model)
    same = len(after) == len(before) and all(
        torch.equal(p, q) and _same_gradient(g, h) and wants == wanted
        for (p, g, wants), (q, h, wanted) in zip(after, before, strict=True)
    )
    if not same:
        wrong(
            "model_changed",
            expected="Parameters and gradients are as they were.",
            found="They are not, or a parameter no longer asks for a gradient.",
            cause="Something that changes a tensor in place, such as "
            "`detach_()`, `zero_grad()`, `requires_grad_(False)`, or a "
            "training step. Take a copy: `detach()` without the `_`.",
        )


def _same_gradient(a, b) -> bool:
    if a is None or b is None:
        return a is b
    return torch.equal(a, b)
