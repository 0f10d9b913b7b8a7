"""Exercise 07.1: two curves in one file."""

import functools

from helpers.check.chapter_07.common import read_one_file
from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.probes.logs import compare_points, scratch
from helpers.practice.probes.writer_calls import refusals_explained

TRAINING, VALIDATION = BOTH = ["loss/training", "loss/validation"]
# epoch 0, and whole tens: "only every tenth epoch" leaves points out
ROWS = [(0, 0.912345, 1.25), (9, 0.543219, 0.75), (10, 0.25, 0.375001)]
OTHER_ROWS = [(epoch, a / 2, b * 2) for epoch, a, b in ROWS]

TAGS = {
    "no_scalar": lambda s: s.tags == BOTH and s.curves != BOTH,
    "one_tag.twice": lambda s: s.longest > s.n_rows and _is_one_of_both(s),
    "one_curve": lambda s: _is_one_of_both(s),
    "one_tag": lambda s: len(s.tags) == 1,
    "other_tags": lambda s: s.tags != BOTH,
}
VALUES = {
    "other_order_of_arguments": lambda s: (
        _has(s, TRAINING, s.epochs) and _agrees(s, VALIDATION)
    ),
    "swapped": lambda s: _agrees(s, TRAINING) and _agrees(s, VALIDATION),
    "one_for_both": lambda s: _agrees(s, TRAINING) or _agrees(s, VALIDATION),
}


@exercise
def logged_epoch(answer):
    """Check ``log_epoch(writer, epoch, loss, val_loss)``."""

    def make_log(writer):
        shown = "log_epoch(writer, epoch, loss, val_loss)"
        return functools.partial(call, answer, writer, shown=shown)

    check_log(make_log)


def check_log(make_log) -> None:
    """Look at what a function logs, epoch by epoch.

    Args:
        make_log: takes a writer; returns what is called with an epoch, its
            loss and its validation loss.
    """
    from torch.utils.tensorboard import SummaryWriter

    with scratch() as here, refusals_explained():
        log = make_log(SummaryWriter("ours/run_a"))
        for row in ROWS:
            log(*row)
        here.write_all()
        _judge_curves("run_a", ROWS)
        # two runs at the same time, as when two models are compared
        logs = [make_log(SummaryWriter(f"ours/run_{k}")) for k in "bc"]
        for row, other_row in zip(ROWS, OTHER_ROWS, strict=True):
            logs[0](*row)
            logs[1](*other_row)
        here.write_all()
        _judge_curves("run_b", ROWS, again=True)
        _judge_curves("run_c", OTHER_ROWS, again=True)
        # a training run that is killed soon
        make_log(SummaryWriter("ours/run_d"))(*ROWS[0])
        here.write_all()
        _judge_curves("run_d", ROWS[:1])


def _judge_curves(run: str, rows: list[tuple], again: bool = False) -> None:
    logged = read_one_file(run, again)
    curves = logged.scalars
    seen = Seen(
        tags=sorted([*curves, *logged.histograms, *logged.other]),
        curves=sorted(curves),
        longest=max(map(len, curves.values()), default=0),
        n_rows=len(rows),
    )
    judge(TAGS, seen)
    wanted = {
        TRAINING: [(epoch, loss) for epoch, loss, _ in rows],
        VALIDATION: [(epoch, val_loss) for epoch, _, val_loss in rows],
    }
    epochs = [epoch for epoch, *_ in rows]
    judge(VALUES, Seen(curves=curves, wanted=wanted, epochs=epochs))
    for tag in BOTH:
        compare_points(curves[tag], wanted[tag], tag)


def _is_one_of_both(seen) -> bool:
    return seen.tags in ([TRAINING], [VALIDATION]) and seen.tags == seen.curves


def _agrees(seen, tag: str) -> bool:
    """Whether a curve has the values of the other one."""
    other = VALIDATION if tag == TRAINING else TRAINING
    return _has(seen, tag, [value for _, value in seen.wanted[other]])


def _has(seen, tag: str, values: list[float]) -> bool:
    return agree([value for _, value in seen.curves[tag]], values, 1e-6)
