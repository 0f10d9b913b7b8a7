"""Challenge 1, two curves in TensorBoard."""

import functools

from helpers.check.chapter_07.logged_epoch import check_log
from helpers.practice.exercises import call, exercise, kind
from helpers.practice.verdict import wrong

WRITER = "exercise 07.1, and chapter 06, the section *A first scalar*"


@exercise(
    "C1.7", "Two curves in TensorBoard", minutes=8, level="easy", look=WRITER
)
def logger(make_logger):
    """Check ``make_logger(writer)``, which returns a function to log with."""

    def make_log(writer):
        log_epoch = call(make_logger, writer, shown="make_logger(writer)")
        _expect_logger(log_epoch)
        return functools.partial(
            call, log_epoch, shown="log_epoch(epoch, loss, val_loss)"
        )

    check_log(make_log)
    return "Two curves, in the one file of the run."


def _expect_logger(log_epoch) -> None:
    if not callable(log_epoch):
        wrong(
            "builder_returns_nothing",
            expected="`make_logger(writer)` returns a function.",
            found=f"It returns {kind(log_epoch)}.",
            cause="The inner function is not returned, or it is called at "
            "once.",
            look="chapter 01, the section *From powers to a builder*",
        )
