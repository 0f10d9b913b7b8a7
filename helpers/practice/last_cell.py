"""How the cell that ran last ended: a verdict after an error would mislead.

A cell whose answer has a syntax error leaves the older function in place, and
a checker would judge that one.
"""

from IPython.core.getipython import get_ipython

_error: str = ""


def watch() -> None:
    """Note from here on how each cell ends; nothing outside of a page."""
    shell = get_ipython()
    if shell is None:
        return
    # a module that is loaded anew must not be told twice
    for callback in list(shell.events.callbacks["post_run_cell"]):
        if callback.__module__ == __name__:
            shell.events.unregister("post_run_cell", callback)
    shell.events.register("post_run_cell", _note)


def failed() -> str:
    """Return the name of the error that ended the last cell, "" if none did."""
    return _error


def _note(result) -> None:
    global _error
    error = result.error_before_exec or result.error_in_exec
    _error = type(error).__name__ if error is not None else ""


watch()
