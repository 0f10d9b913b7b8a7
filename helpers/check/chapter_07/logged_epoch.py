"""Exercise 07.1: two curves in one file."""

import functools
from pathlib import Path

from helpers.check.chapter_07.common import METHODS, check_one_file
from helpers.practice.exercises import call, code, exercise
from helpers.practice.probes.logs import (
    Logged,
    compare_points,
    near,
    read_logged,
    scratch,
)
from helpers.practice.verdict import wrong

TRAINING, VALIDATION = "loss/training", "loss/validation"


@exercise(
    "07.1", "Two curves in one file", minutes=5, level="easy", look=METHODS
)
def logged_epoch(log_epoch):
    """Check ``log_epoch(writer, epoch, loss, val_loss)``."""

    def make_log(writer):
        shown = "log_epoch(writer, epoch, loss, val_loss)"
        return functools.partial(call, log_epoch, writer, shown=shown)

    check_log(make_log)
    return "Two tags, one run, one file, and the step is the epoch."


def check_log(make_log) -> None:
    """Look at what a function logs, epoch by epoch.

    Args:
        make_log: takes a writer; returns what is called with an epoch, its
            loss and its validation loss.
    """
    from torch.utils.tensorboard import SummaryWriter

    rows = [(3, 0.912345, 1.25), (4, 0.543219, 0.75), (5, 0.25, 0.375001)]
    other = [(epoch, loss / 2, val_loss * 2) for epoch, loss, val_loss in rows]
    with scratch() as here:
        log = make_log(SummaryWriter("ours/run_a"))
        for row in rows:
            log(*row)
        here.write_all()
        _check_curves("run_a", rows)
        # two runs at the same time, as when two models are compared
        logs = [make_log(SummaryWriter(f"ours/run_{k}")) for k in "bc"]
        for row, other_row in zip(rows, other, strict=True):
            logs[0](*row)
            logs[1](*other_row)
        here.write_all()
        _check_curves("run_b", rows, again=True)
        _check_curves("run_c", other, again=True)
        # a training that is killed soon
        make_log(SummaryWriter("ours/run_d"))(*rows[0])
        here.write_all()
        _check_curves("run_d", rows[:1])


def _check_curves(run: str, rows: list[tuple], again=False) -> None:
    logged = read_logged(Path("ours", run))
    check_one_file(logged, again)
    training = [(epoch, loss) for epoch, loss, _ in rows]
    validation = [(epoch, val_loss) for epoch, _, val_loss in rows]
    _check_two_tags(logged)
    if _same_values(logged.scalars[TRAINING], validation) and _same_values(
        logged.scalars[VALIDATION], training
    ):
        wrong(
            "swapped",
            expected=f"The training loss under `{TRAINING}`.",
            found="The validation loss.",
            cause="The two changed places, in the tags or in the values.",
        )
    for tag, other in ((TRAINING, validation), (VALIDATION, training)):
        if _same_values(logged.scalars[tag], other):
            wrong(
                "one_for_both",
                expected=f"Under `{tag}` its own loss.",
                found="The same values under both tags.",
                cause="One of the two losses was logged twice. Each tag gets "
                "its own.",
            )
    compare_points(logged.scalars[TRAINING], training, TRAINING)
    compare_points(logged.scalars[VALIDATION], validation, VALIDATION)


def _same_values(found, wanted) -> bool:
    return len(found) == len(wanted) and all(
        near(a, b) for (_, a), (_, b) in zip(found, wanted, strict=True)
    )


def _check_two_tags(logged: Logged) -> None:
    found = sorted([*logged.scalars, *logged.histograms, *logged.other])
    if found == sorted([TRAINING, VALIDATION]) == sorted(logged.scalars):
        return
    expected = f"Two tags, `{TRAINING}` and `{VALIDATION}`."
    if found == sorted([TRAINING, VALIDATION]):
        wrong(
            "no_scalar",
            expected="Single numbers under both tags, which make two curves.",
            found="Something else: a histogram or an image.",
            cause="`add_scalar` adds one number, a point of a curve.",
        )
    if found in ([TRAINING], [VALIDATION]) and len(logged.scalars) == 1:
        twice = len(logged.scalars[found[0]]) > 3
        wrong(
            "one_tag" if twice else "one_curve",
            expected=expected,
            found=f"Only {code(found[0])}.",
            cause="Both losses were logged under the same tag, so that they "
            "are one curve that jumps up and down."
            if twice
            else "The call for the other loss is missing.",
        )
    wrong(
        "one_tag" if len(found) == 1 else "other_tags",
        expected=expected,
        found=f"{code(str(found))}.",
        cause="Each curve needs a tag of its own."
        if len(found) == 1
        else "The tags are spelt differently, or more is logged than the two "
        "losses. TensorBoard groups by what stands before the slash.",
    )
