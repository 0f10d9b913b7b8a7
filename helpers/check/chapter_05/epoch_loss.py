"""Exercise 05.3: a vote for each point."""

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
from helpers.practice.expect import expect_no_generator, roundings
from helpers.practice.probes.loaders import (
    CountingLoader,
    NotedStep,
    check_batches_are_moved,
    check_recording,
    check_step_is_used,
    make_loader,
    numbered_dataset,
    same_batches,
)

PASS = "mini_batch(device, data_loader, step_fn)"
LOSSES = [2.5, 1.25, 8.5, 2.0]
LOADERS = (
    lambda: make_loader(16, 6),  # 6, 6, 4: mistakes give different numbers
    lambda: make_loader(10, 4, drop_last=True),  # 4, 4
    lambda: make_loader(8, 4),  # 4, 4
    lambda: make_loader(7, 4),  # 4, 3
    lambda: make_loader(10, 3),  # 3, 3, 3, 1
    lambda: make_loader(3, 5),  # 3
    lambda: _uneven_loader(),  # 2, 5, 3
)
BATCHES = {
    "all_at_once": lambda s: (
        len(s.got) == 1 and len(s.got[0][0]) == sum(s.sizes)
    ),
    "left_out": lambda s: _are_first(s) and len(s.got) > 1,
    "only_one": lambda s: _are_first(s),
    "step_twice": lambda s: same_batches(
        s.got, [batch for batch in s.batches for _ in (1, 2)]
    ),
}
# What a mistake makes of the losses; `n_rows` counts those of the dataset.
SUSPECTS = {
    "plain_mean": lambda s: s.plain / s.n_batches,
    "divides_by_dataset": lambda s: (
        s.total / s.n_rows if s.n_rows != s.n else None
    ),
    "weighs_full_size": lambda s: [
        s.plain * max(s.sizes) / n for n in (s.n, s.n_rows)
    ],
    "divides_by_batches": lambda s: s.total / s.n_batches,
    "counts_full_batches": lambda s: s.total / (s.n_batches * max(s.sizes)),
    "no_weights": lambda s: [s.plain / s.n, s.plain / s.n_rows],
    "counts_numbers": lambda s: 2 * s.total / s.n,
    "counts_features": lambda s: 2 * s.plain / s.n,
    "last_size": lambda s: s.plain * s.sizes[-1] / s.n,
    "last_loss": lambda s: s.losses[-1],
    "not_added": lambda s: s.losses[-1] * s.sizes[-1] / s.n,
    "not_added.count": lambda s: s.total / s.sizes[-1],
    "sum": lambda s: [s.total, s.plain],
    "other_value.rounded": lambda s: roundings(s.total / s.n),
}


@exercise
def epoch_loss(answer):
    """Check ``mini_batch(device, data_loader, step_fn)``.

    It returns the mean over all points of a pass, whatever the batch sizes.
    """
    check_epoch_loss(answer)


def check_epoch_loss(mini_batch) -> None:
    """Look at a pass over a loader that takes the mean over all points.

    Args:
        mini_batch: takes device, data_loader, step_fn; returns the mean.

    Raises:
        Wrong: see the tables above.
    """
    for make in LOADERS:
        _judge_pass(mini_batch, make(), list(make()))
    check_batches_are_moved(mini_batch)


def _uneven_loader() -> CountingLoader:
    rows = [[3, 1], [0, 2, 4, 9, 5], [8, 6, 7]]
    return CountingLoader(numbered_dataset(10), batch_sampler=rows)


def _judge_pass(answer, loader: CountingLoader, batches: list) -> None:
    step = NotedStep(LOSSES)
    mean = call(answer, torch.device("cpu"), loader, step, shown=PASS)
    expect_no_generator(mean, PASS, "the mean")
    sizes = [len(x_batch) for x_batch, _ in batches]
    seen = Seen(got=step.seen, batches=batches, sizes=sizes)
    seen.n_batches, seen.n_calls = len(batches), len(step.seen)
    if not same_batches(step.seen, batches):
        check_step_is_used(step.seen, batches, loader)
        judge(BATCHES, seen)
        wrong("other_batches", seen)
    if loader.passes > 1 or loader.drawn > len(batches):
        wrong("two_passes", passes=loader.passes)
    check_recording(step)
    if not torch.is_grad_enabled():
        wrong("recording_left_off")
    expect_number(mean, PASS, "the mean")
    seen.losses = LOSSES[: len(sizes)]
    pairs = zip(seen.losses, sizes, strict=True)
    seen.total = sum(loss * size for loss, size in pairs)
    seen.plain, seen.n = sum(seen.losses), sum(sizes)
    seen.n_rows = len(loader.dataset)  # type: ignore[arg-type]
    judge_value(SUSPECTS, seen, found=mean, right=seen.total / seen.n)


def _are_first(seen) -> bool:
    """Whether the step got the first batches, and no more."""
    return same_batches(seen.got, seen.batches[: len(seen.got)])
