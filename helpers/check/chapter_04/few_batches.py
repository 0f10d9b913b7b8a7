"""Exercise 04.2: only a few batches."""

import math

import torch

from helpers.check.chapter_04.common import expect_float, which_value
from helpers.practice.exercises import call, exercise
from helpers.practice.probes.loaders import (
    NotedStep,
    check_batches_are_moved,
    check_recording,
    check_step_is_used,
    make_loader,
    same_batches,
)
from helpers.practice.verdict import wrong

LOOP = "chapter 04, the section *What does the inner loop need?*"


FEW = "few_batches(device, data_loader, step_fn, n_batches)"


LOSSES = [3.0, 1.0, 8.5, 2.0, 7.0, 4.5, 0.5]


@exercise("04.2", "Only a few batches", minutes=8, level="medium", look=LOOP)
def few_batches(function):
    """Check ``few_batches(device, data_loader, step_fn, n_batches)``.

    It runs the step function on the first batches only, draws no others, and
    returns the plain mean of their losses.
    """
    for n_rows, n_batches in ((12, 3), (12, 4), (12, 1), (12, 6), (12, 3)):
        _check_run(function, n_rows, n_batches)
    for n_rows, n_batches in ((5, 7), (6, 4)):  # the loader is shorter
        _check_run(function, n_rows, n_batches)
    check_batches_are_moved(
        lambda device, loader, step: function(device, loader, step, 2)
    )
    return "As many batches as needed, not one more, and their mean."


def _check_run(answer, n_rows: int, n_batches: int) -> None:
    loader, step = make_loader(n_rows, 2), NotedStep(LOSSES)
    try:
        mean = call(
            answer, torch.device("cpu"), loader, step, n_batches, shown=FEW
        )
    except (StopIteration, RuntimeError) as error:
        if n_batches <= len(loader) or "StopIteration" not in repr(error):
            raise
        wrong(
            "short_loader",
            expected=f"A loader of {len(loader)} batches, asked for "
            f"{n_batches}, gives the mean of its {len(loader)}.",
            found="A `StopIteration`: `next` was called after the last batch.",
            cause="The loader may be shorter than `n_batches`. A `for` loop "
            "over it ends by itself when there are no more batches.",
        )
    batches = list(make_loader(n_rows, 2))
    _check_seen(step.seen, batches, n_batches, loader)
    _check_drawn(loader, n_batches)
    check_recording(step)
    expect_float(mean, FEW, "the mean")
    n = min(n_batches, len(batches))
    sizes = [len(x_batch) for x_batch, _ in batches[:n]]
    _compare_mean(mean, n_batches, sizes)


def _check_seen(seen, batches, n_batches: int, loader) -> None:
    """Look at the batches that the step got."""
    n = min(n_batches, len(batches))
    if same_batches(seen, batches[:n]):
        return
    expected = (
        f"With `n_batches` = {n_batches} and a loader of {len(batches)} "
        f"batches, the step runs on the first {n}."
    )
    check_step_is_used(seen, batches, loader)
    ran = f"It ran {len(seen)} times" if len(seen) != 1 else "It ran once"
    if len(seen) > 1 and same_batches(seen, [batches[0]] * len(seen)):
        wrong(
            "first_batch_again",
            expected=expected,
            found=f"{ran}, each time on the first batch.",
            cause="`iter(data_loader)` begins a new pass, and in a loop it "
            "does so in each round. Call it once, before the loop, or let "
            "`for` do it.",
        )
    again = [batches[k % len(batches)] for k in range(len(seen))]
    if len(seen) > len(batches) and same_batches(seen, again):
        wrong(
            "begins_again",
            expected=expected,
            found=f"{ran}: after the last batch the first came again.",
            cause="A loop around the loop begins a new pass when the loader "
            "is through. At its end, return what there is.",
        )
    if not same_batches(seen, batches[: len(seen)]):
        wrong(
            "other_batches",
            expected=expected,
            found=f"{ran}, on other batches, in another order, or on batches "
            "that were changed.",
            cause="The first batches as the loader gives them are enough. "
            "Moving them to the device changes nothing else.",
        )
    _diagnose_count(len(seen), n, len(batches), expected, ran)


def _diagnose_count(found: int, n: int, n_all: int, expected, ran) -> None:
    if found == n_all:
        wrong(
            "whole_loader",
            expected=expected,
            found=f"{ran}, on all there are.",
            cause="Nothing ends the loop, or what should end it does not "
            "look at `n_batches`. `break` leaves a loop.",
        )
    if found == 1:
        wrong(
            "only_one",
            expected=expected,
            found=f"{ran}.",
            cause="`return` or `break` stands in the loop where it runs in "
            "the first round already. Is it indented too far?",
        )
    wrong(
        {1: "one_too_many", -1: "one_too_few"}.get(found - n, "other_number"),
        expected=expected,
        found=f"{ran}.",
        cause="The count is off. A counter that begins at 0, as that of "
        "`enumerate`, is `n_batches - 1` at the last batch.",
    )


def _check_drawn(loader, n_batches: int) -> None:
    n = min(n_batches, len(loader))
    if loader.drawn <= n:
        return
    expected = (
        f"The loader is asked for {n} batches, no more: making one may take "
        "long."
    )
    if loader.passes > 1:
        wrong(
            "two_passes",
            expected=expected,
            found=f"It was asked for {loader.drawn}, in {loader.passes} "
            "passes.",
            cause="Each `iter(data_loader)`, each `list(data_loader)` and each "
            "`for` begins a new pass. Look at a batch inside the one loop.",
        )
    if loader.drawn == n + 1:
        wrong(
            "draws_one_more",
            expected=expected,
            found="It was asked for one more, which nobody used.",
            cause="The loop ends only after it has taken another batch. Look "
            "at the count at the end of the round, not at the start of the "
            "next. (`zip` asks its arguments from left to right.)",
        )
    wrong(
        "draws_all",
        expected=expected,
        found=f"It was asked for {loader.drawn}.",
        cause="`list(data_loader)` takes every batch there is, and so does a "
        "loop that only skips what it does not use.",
    )


def _compare_mean(mean: float, n_batches: int, sizes: list[int]) -> None:
    n = len(sizes)
    losses = LOSSES[:n]
    right = sum(losses) / n
    if math.isclose(mean, right, abs_tol=1e-6):
        return
    n_rows = sum(sizes)
    pairs = list(zip(losses, sizes, strict=True))
    diagnoses = {
        "divides_by_n_batches": (
            [sum(losses) / n_batches] if n < n_batches else [],
            f"Only {n} batches came, and the sum was divided by {n_batches}. "
            "Divide by the number that came.",
        ),
        "last_loss": (
            [losses[-1]],
            "The loss of the last batch alone. The others are to be added.",
        ),
        "sum": ([sum(losses)], "The sum. It is still to be divided."),
        "weighted_mean": (
            [sum(loss * size for loss, size in pairs) / n_rows],
            "Each batch counts as often as it has points. For a loss over all "
            "points that is right (chapter 05). Here each batch counts once, "
            "as in `mini_batch`.",
        ),
        "divides_by_points": (
            [sum(losses) / n_rows],
            "The sum was divided by the number of points. Here it is the "
            "number of batches.",
        ),
    }
    shown = ", ".join(f"{loss:g}" for loss in losses)
    diagnosis, cause = which_value(
        mean,
        diagnoses,
        "The mean is the sum of the batch losses, divided by how many there "
        "were. Do both begin at 0, in each call?",
    )
    wrong(
        diagnosis,
        expected=f"Losses of {shown} have the mean {right:.4f}.",
        found=f"{mean:.4f}.",
        cause=cause,
    )
