"""Exercise 12.3: one update from micro-batches of different sizes."""

import torch

from helpers.practice import (
    Seen,
    agree,
    call,
    exercise,
    expect_function,
    expect_number,
    judge,
    judge_value,
    renamed,
    wrong,
)
from helpers.practice.expect import NUMBER, expect_no_generator
from helpers.practice.probes.steps import (
    Bench,
    graph_is_kept,
    lopsided,
    make_batches,
)

SHOWN = "make_accumulating_step_fn(model, loss_fn, optimizer, size)"
CALL = "step(x, y)"
PREDICTED = {
    "other_model": lambda s: not s.sizes,
    "whole_batch": lambda s: s.sizes[0] == len(s.x) > s.size,
    "two_predictions": lambda s: sum(s.sizes) > len(s.x),
    "empty_part": lambda s: 0 in s.sizes,
    "wrong_size": lambda s: max(s.sizes) != min(s.size, len(s.x)),
    "rows_left_out": lambda s: sum(s.sizes) < len(s.x),
    "no_train_mode": lambda s: not any(s.modes),
    "mode_set_once": lambda s: not all(s.modes),
    "other_loss": lambda s: not s.losses,
    "swapped": lambda s: not s.first.requires_grad and s.second.requires_grad,
    "no_graph": lambda s: not s.first.requires_grad,
    "shapes": lambda s: s.first.shape != s.second.shape,
}
UPDATES = {
    "no_backward": lambda s: "backward" not in s.events,
    "backward_once": lambda s: s.events.count("backward") < len(s.parts),
    "other_optimizer": lambda s: "step" not in s.events and s.moved,
    "no_step": lambda s: "step" not in s.events,
    "step_each_time": lambda s: s.events.count("step") > 1,
    "step_before_backward": lambda s: not s.has("backward", "step"),
    "zeroed_too_early": lambda s: not any(map(torch.any, s.gradients[0])),
}
# What the optimizer finds, where each part has a weight: n of N rows.
GRADIENTS = {
    "stale": lambda s: s.stale,
    "added_up": lambda s: weighted(s, lambda n: 1),
    "plain_mean": lambda s: weighted(s, lambda n: 1 / len(s.parts)),
    "wrong_share.of_size": lambda s: weighted(s, lambda n: n / s.size),
    "wrong_share": lambda s: weighted(s, lambda n: s.size / len(s.x)),
    "wrong_share.of_none": lambda s: weighted(s, lambda n: n),
    "wrong_share.of_rows": lambda s: weighted(s, lambda n: 1 / len(s.x)),
    "cleared_each_time": lambda s: last(s, 1),
    "cleared_each_time.weighted": lambda s: last(s, s.parts[-1].n / len(s.x)),
}
LOSSES = {
    "loss.after": lambda s: s.after.loss,
    "loss.last": lambda s: s.parts[-1].loss,
    "loss.last_weighted": lambda s: s.parts[-1].loss * s.parts[-1].n / len(s.x),
    "loss.added_up": lambda s: sum(part.loss for part in s.parts),
    "loss.plain_mean": lambda s: sum(p.loss for p in s.parts) / len(s.parts),
    "loss.sum_of_rows": lambda s: sum(part.n * part.loss for part in s.parts),
}
GRAPHS = {
    "graphs_kept": lambda s: (
        s.has("forward", "forward") and not s.has("backward", "forward")
    ),
    "graphs_kept.on": lambda s: any(graph_is_kept(p) for p, _ in s.losses),
}


def weighted(s, weigh) -> list[torch.Tensor]:
    """Add up the gradients of all parts, each times a weight of its rows."""
    return [
        torch.stack([weigh(p.n) * p.gradients[k] for p in s.parts]).sum(0)
        for k in range(2)
    ]


def last(s, weight: float) -> list[torch.Tensor]:
    """Return the gradients of the last part alone, times a weight."""
    return [weight * gradient for gradient in s.parts[-1].gradients]


def look_at(model, x, y) -> Seen:
    """Compute loss and gradients of some rows, without a trace."""
    loss = lopsided(model.layer(x), y)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    return Seen(n=len(x), loss=loss.item(), gradients=list(gradients))


@exercise
def accumulating_step(answer):
    """Check ``make_accumulating_step_fn(model, loss_fn, optimizer, size)``."""
    # the last part is smaller, as large as the others, and the only one
    for n, size in ((7, 3), (8, 4), (3, 6)):
        bench = Bench(seed=n)
        step = call(answer, *bench.parts, size, shown=SHOWN)
        if bench.diary.events:
            wrong("runs_at_once", events=bench.diary.events)
        expect_function(step, SHOWN)
        for x, y in make_batches(3, n=n, seed=n, steepness=10):
            _judge_call(bench, step, x, y, size)
    _judge_two_steps(answer)


def _judge_call(bench, step, x, y, size: int) -> None:
    """Call the step once; look at its parts, its update and its result."""
    model, before = bench.model, bench.parameters()
    pairs = zip(x.split(size), y.split(size), strict=True)
    parts = [look_at(model, *pair) for pair in pairs]
    whole, left = look_at(model, x, y), [p.grad for p in model.parameters()]
    stale = None
    if all(grad is not None for grad in left) and any(map(torch.any, left)):
        stale = [a + b for a, b in zip(left, whole.gradients, strict=True)]
    model.eval()
    bench.diary.clear()
    loss = call(step, x.clone(), y.clone(), shown=CALL)
    expect_no_generator(loss, CALL, "the loss")
    noted = bench.diary.copy()
    seen = Seen(**vars(noted), has=noted.has, x=x, size=size, parts=parts)
    seen.sizes, seen.stale = [len(part) for part in seen.inputs], stale
    seen.first, seen.second = seen.losses[0] if seen.losses else (None, None)
    seen.moved = not agree(bench.parameters(), before, 1e-8)
    judge(PREDICTED, seen)
    judge(UPDATES, seen)
    found, right = seen.gradients[0], whole.gradients
    seen.found_bias, seen.right_bias = found[1], right[1]
    judge_value(GRADIENTS, seen, found=found, right=right, otherwise="gradient")
    signs = renamed(NUMBER, returns_nothing="step_returns_nothing")
    expect_number(loss, CALL, "the loss", signs)
    seen.after = look_at(model, x, y)
    judge_value(LOSSES, seen, found=loss, right=whole.loss, otherwise="loss")
    judge(GRAPHS, seen)


def _judge_two_steps(answer) -> None:
    one, two = Bench(seed=1), Bench(seed=5)
    step = answer(*one.parts, 2)
    answer(*two.parts, 3)
    step(*make_batches(1)[0])
    if two.diary.events or max(map(len, one.diary.inputs)) != 2:
        wrong("shared")
