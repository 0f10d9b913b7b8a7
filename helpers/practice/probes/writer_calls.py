"""Say which argument a `SummaryWriter` refused, where torch does not."""

import contextlib
import traceback
from pathlib import PurePath

from helpers.practice.signs import Seen, judge

METHODS = ("add_scalar", "add_histogram")
REFUSED = {
    "tag_not_first": lambda s: s.method and not isinstance(s.tag, str),
}


@contextlib.contextmanager
def refusals_explained():
    """Turn the error of a writer into a diagnosis, where the tag is no text.

    Raises:
        Wrong: a tag was something else.
    """
    try:
        yield
    except Exception as error:
        judge(REFUSED, _call_of(error))
        raise


def _call_of(error: Exception) -> Seen:
    """Return the method of the writer that raised an error, and its tag."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        is_writer = PurePath(frame.f_code.co_filename).name == "writer.py"
        if is_writer and frame.f_code.co_name in METHODS:
            return Seen(
                method=frame.f_code.co_name, tag=frame.f_locals.get("tag")
            )
    return Seen(method="", tag=None)
