"""A progress bar for long work, silent where nobody watches."""

import os
from collections.abc import Iterable, Iterator, Sized
from typing import Any

from tqdm.auto import tqdm
from tqdm.notebook import tqdm as notebook_tqdm

from helpers.processes import is_first


class _QuietBar(notebook_tqdm):
    """A bar that stays away when the work fails before it is shown."""

    def display(self, *args, bar_style=None, **settings):
        # a failure turns the bar red; one that nobody has seen yet would be
        # an empty bar above the error
        if bar_style == "danger" and not self.displayed:
            return
        super().display(*args, bar_style=bar_style, **settings)


def progress(steps: Iterable, description: str = "epochs") -> Iterable:
    """Show a bar while iterating, after a second; remove it at the end.

    In a page it is a widget. In a terminal it is a line; when the output
    goes to a file there is none. ``TQDM_DISABLE=1`` turns it off: `make
    notebooks` and the tests do, so that no bar is stored in a page. A single
    step gets none: training one epoch at a time would leave a thousand
    widgets behind in the page.
    """
    if is_off() or (isinstance(steps, Sized) and len(steps) < 2):
        return steps
    return _make_bar(steps, desc=description)


def progress_in_bytes(
    chunks: Iterable[bytes], description: str, n_bytes: int, n_before: int = 0
) -> Iterator[bytes]:
    """Show a bar that counts bytes, while passing chunks on.

    It appears, stays away and is turned off as that of ``progress``.

    Args:
        chunks: what comes, in pieces of any length.
        description: what it is, such as the name of a file.
        n_bytes: how many there will be in all.
        n_before: how many of them are there already.
    """
    if is_off():
        yield from chunks
        return
    with _make_bar(
        desc=description,
        total=n_bytes,
        initial=n_before,
        unit="B",
        unit_scale=True,
    ) as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def is_off() -> bool:
    """Tell whether what is shown while work goes on is turned off.

    Of several processes of a run only the first shows anything.
    """
    if not is_first():
        return True
    # tqdm heeds this variable in a terminal, and not in a page
    return os.environ.get("TQDM_DISABLE", "") not in ("", "0")


def _make_bar(steps: Iterable | None = None, **options: Any) -> Any:
    """Make a bar that shows after a second, and goes away at the end."""
    options |= {"leave": False, "delay": 1}
    if issubclass(tqdm, notebook_tqdm):
        return _QuietBar(steps, **options)
    # In a page the output is never a terminal, so only elsewhere may tqdm
    # decide by that (disable=None).
    return tqdm(steps, disable=None, **options)
