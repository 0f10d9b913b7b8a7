"""Exercise 04.2: only a few batches."""

import torch

from helpers.practice import (
    Seen,
    call,
    exercise,
    expect_number,
    judge,
    judge_value,
    wrong,
)
from helpers.practice.expect import roundings
from helpers.practice.probes.loaders import (
    NotedStep,
    check_batches_are_moved,
    check_recording,
    check_step_is_used,
    make_loader,
    same_batches,
)

SHOWN = "few_batches(device, data_loader, step_fn, n_batches)"
LOSSES = [3.0, 1.0, 8.5, 2.0, 7.0, 4.5, 0.5]
# rows, in batches of two, and how many batches; then loaders that are shorter
RUNS = ((14, 4), (14, 3), (14, 1), (14, 7), (14, 4), (5, 7), (6, 4))


def _again(s) -> list:
    """What a step sees if the loader begins again after its last batch."""
    return [s.batches[k % len(s.batches)] for k in range(len(s.got))]


STEPS = {
    "first_batch_again": lambda s: (
        len(s.got) > 1 and same_batches(s.got, s.batches[:1] * len(s.got))
    ),
    "begins_again": lambda s: (
        len(s.got) > len(s.batches) and same_batches(s.got, _again(s))
    ),
    "step_twice": lambda s: same_batches(
        s.got, [batch for batch in s.batches[: s.n] for _ in (1, 2)]
    ),
    "other_batches": lambda s: not same_batches(s.got, s.batches[: len(s.got)]),
    "whole_loader": lambda s: len(s.got) == len(s.batches),
    "only_one": lambda s: len(s.got) == 1,
    "one_too_many": lambda s: len(s.got) == s.n + 1,
    "one_too_few": lambda s: len(s.got) == s.n - 1,
    "other_number": lambda s: True,
}
DRAWN = {
    "two_passes": lambda s: s.drawn > s.n and s.passes > 1,
    "draws_one_more": lambda s: s.drawn == s.n + 1,
    "draws_all": lambda s: s.drawn > s.n,
}
MEANS = {
    "divides_by_n_batches": lambda s: sum(s.losses) / s.n_batches,
    "last_loss": lambda s: s.losses[-1],
    "sum": lambda s: sum(s.losses),
    "weighted_mean": lambda s: (
        sum(loss * n for loss, n in zip(s.losses, s.sizes, strict=True))
        / sum(s.sizes)
    ),
    "divides_by_loader": lambda s: sum(s.losses) / s.n_all,
    "divides_by_one_less": lambda s: sum(s.losses) / max(s.n - 1, 1),
    "divides_by_points": lambda s: sum(s.losses) / sum(s.sizes),
    "other_value.rounded": lambda s: roundings(sum(s.losses) / s.n),
}


@exercise
def few_batches(answer):
    """Check ``few_batches(device, data_loader, step_fn, n_batches)``.

    It runs the step function on the first batches only, draws no others, and
    returns the plain mean of their losses.
    """
    for n_rows, n_batches in RUNS:
        _judge_run(answer, n_rows, n_batches)
    check_batches_are_moved(
        lambda device, loader, step: answer(device, loader, step, 2)
    )


def _judge_run(answer, n_rows: int, n_batches: int) -> None:
    loader, step = make_loader(n_rows, 2), NotedStep(LOSSES)
    seen = Seen(n_all=len(loader), n_batches=n_batches, got=step.seen)
    seen.n = min(n_batches, seen.n_all)
    mean = _call(answer, loader, step, seen)
    seen.batches = list(make_loader(n_rows, 2))
    if not same_batches(step.seen, seen.batches[: seen.n]):
        check_step_is_used(step.seen, seen.batches, loader)
        judge(STEPS, seen, n_runs=len(step.seen))
    seen.drawn, seen.passes = loader.drawn, loader.passes
    judge(DRAWN, seen)
    check_recording(step)
    expect_number(mean, SHOWN, "the mean")
    seen.losses = LOSSES[: seen.n]
    seen.sizes = [len(x_batch) for x_batch, _ in seen.batches[: seen.n]]
    right = sum(seen.losses) / seen.n
    judge_value(MEANS, seen, found=mean, right=right)


def _call(answer, loader, step, seen):
    """Call the answer; a loader may be shorter than it expects."""
    device = torch.device("cpu")
    try:
        return call(answer, device, loader, step, seen.n_batches, shown=SHOWN)
    except (StopIteration, RuntimeError) as error:
        is_short = seen.n_batches > seen.n_all
        if not is_short or "StopIteration" not in repr(error):
            raise
    wrong("short_loader", seen)
