"""Exercise 05.3: a vote for each point."""

import math

import torch

from helpers.check.chapter_04.common import expect_float, which_value
from helpers.practice.exercises import call, exercise
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
from helpers.practice.verdict import wrong

RAGGED = "chapter 05, the section *The ragged batch*"


PASS = "mini_batch(device, data_loader, step_fn)"


LOSSES = [3.0, 1.0, 8.0, 2.0]


@exercise(
    "05.3", "A vote for each point", minutes=8, level="medium", look=RAGGED
)
def epoch_loss(mini_batch):
    """Check ``mini_batch(device, data_loader, step_fn)``.

    It returns the mean over all points of a pass, whatever the batch sizes.
    """
    check_epoch_loss(mini_batch)
    return "Each point has one vote, whatever batch it came in."


def check_epoch_loss(mini_batch) -> None:
    """Look at a pass over a loader that takes the mean over all points.

    Args:
        mini_batch: takes device, data_loader, step_fn; returns the mean.

    Raises:
        Wrong: see the cases below.
    """
    for make in (
        lambda: make_loader(10, 4),  # 4, 4, 2
        lambda: make_loader(10, 4, drop_last=True),  # 4, 4
        lambda: make_loader(8, 4),  # 4, 4
        lambda: make_loader(7, 4),  # 4, 3
        lambda: make_loader(10, 3),  # 3, 3, 3, 1
        lambda: make_loader(3, 5),  # 3
        _uneven_loader,
    ):
        _check_pass(mini_batch, make)
    check_batches_are_moved(mini_batch)


def _uneven_loader() -> CountingLoader:
    rows = [[3, 1], [0, 2, 4, 9, 5], [8, 6, 7]]
    return CountingLoader(numbered_dataset(10), batch_sampler=rows)


def _check_pass(answer, make) -> None:
    loader, step, batches = make(), NotedStep(LOSSES), list(make())
    mean = call(answer, torch.device("cpu"), loader, step, shown=PASS)
    if not same_batches(step.seen, batches):
        _diagnose_seen(step.seen, batches, loader)
    if loader.passes > 1 or loader.drawn > len(batches):
        wrong(
            "two_passes",
            expected="One pass over the loader.",
            found=f"{loader.passes} were begun.",
            cause="Sizes and losses can be taken in the same loop. A second "
            "pass reads all data again, and a shuffled loader gives another "
            "order.",
        )
    check_recording(step)
    expect_float(mean, PASS, "the mean")
    sizes = [len(x_batch) for x_batch, _ in batches]
    _compare_epoch_loss(mean, sizes, len(loader.dataset))


def _diagnose_seen(seen, batches, loader) -> None:
    check_step_is_used(seen, batches, loader)
    n = len(batches)
    sizes = [len(x_batch) for x_batch, _ in batches]
    times = f"{len(seen)} times" if len(seen) != 1 else "once"
    expected = f"The step runs on each of the {n} batches, once."
    if len(seen) == 1 and len(seen[0][0]) == sum(sizes):
        wrong(
            "all_at_once",
            expected=expected,
            found="It ran once, on all points together.",
            cause="The batches were joined. The loss is right that way, and a "
            "training step would update once an epoch in place of once a "
            "batch.",
        )
    if same_batches(seen, batches[: len(seen)]):
        wrong(
            "left_out" if len(seen) > 1 or n == 2 else "only_one",
            expected=expected,
            found=f"It ran {times}.",
            cause="Points that are never looked at are no better than points "
            "that count too much: the small batch is to count, with its size."
            if len(seen) > 1
            else "`return` stands inside the loop. Is it indented too far?",
        )
    twice = [batch for batch in batches for _ in (1, 2)]
    if same_batches(seen, twice):
        wrong(
            "step_twice",
            expected=expected,
            found="It ran twice on each.",
            cause="`step_fn(x_batch, y_batch)` stands there twice. A training "
            "step would update twice. Keep its result in a name.",
        )
    wrong(
        "other_batches",
        expected=expected,
        found=f"It ran {times}, on other batches, in another order, or on "
        "batches that were changed.",
        cause="The batches as the loader gives them are enough. Moving them "
        "to the device changes nothing else.",
    )


def _compare_epoch_loss(mean: float, sizes: list[int], n_rows: int) -> None:
    losses = LOSSES[: len(sizes)]
    pairs = list(zip(losses, sizes, strict=True))
    total, n = sum(loss * size for loss, size in pairs), sum(sizes)
    right = total / n
    if math.isclose(mean, right, abs_tol=1e-6):
        return
    plain = sum(losses)
    diagnoses = {
        "plain_mean": (
            [plain / len(sizes)],
            "Every batch has one vote. `data_loader.batch_size` as a weight "
            "comes to the same, as it is one number for all. Weigh each loss "
            "by the size of its own batch, `len(x_batch)`.",
        ),
        "divides_by_dataset": (
            [total / n_rows] if n_rows != n else [],
            f"The data set has {n_rows} points, and the loader gave only {n} "
            "of them. Count what came.",
        ),
        "weighs_full_size": (
            [plain * max(sizes) / n, plain * max(sizes) / n_rows],
            "The last batch was weighed as if it were full, such as by "
            "`data_loader.batch_size`. Its own size is `len(x_batch)`.",
        ),
        "divides_by_batches": (
            [total / len(sizes)],
            "The losses are weighed, and the sum is divided by the number of "
            "batches. Divide by the sum of the weights.",
        ),
        "counts_full_batches": (
            [total / (len(sizes) * max(sizes))],
            "The sum was divided as if every batch were full. Count the "
            "points that came.",
        ),
        "no_weights": (
            [plain / n, plain / n_rows],
            "The losses were added without their weights, and divided by the "
            "number of points.",
        ),
        "counts_numbers": (
            [2 * right],
            "Each batch was weighed by how many *numbers* it has, as `numel` "
            "tells, two features a point. Divide by the same, or count points.",
        ),
        "last_size": (
            [plain * sizes[-1] / n],
            "The size of the last batch was taken for all. It belongs into "
            "the loop.",
        ),
        "last_loss": ([losses[-1]], "The loss of the last batch alone."),
        "sum": ([total, plain], "The sum. It is still to be divided."),
    }
    diagnosis, cause = which_value(
        mean,
        diagnoses,
        "The mean is the sum of loss times batch size, divided by the number "
        "of points. Do both begin at 0, in each call?",
    )
    shown = [", ".join(f"{v:g}" for v in values) for values in (losses, sizes)]
    wrong(
        diagnosis,
        expected=f"Batch losses of {shown[0]} in batches of {shown[1]} points "
        f"make {right:.4f} a point.",
        found=f"{mean:.4f}.",
        cause=cause,
    )
