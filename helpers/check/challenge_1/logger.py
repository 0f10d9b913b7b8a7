"""Challenge 1, two curves in TensorBoard."""

import functools

from helpers.check.chapter_07.logged_epoch import check_log
from helpers.practice import call, exercise
from helpers.practice.expect import expect_function


@exercise
def logger(answer):
    """Check ``make_logger(writer)``, which returns a function to log with."""

    def make_log(writer):
        log_epoch = call(answer, writer, shown="make_logger(writer)")
        expect_function(log_epoch, "make_logger(writer)")
        shown = "log_epoch(epoch, loss, val_loss)"
        return functools.partial(call, log_epoch, shown=shown)

    check_log(make_log)
