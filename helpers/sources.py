"""Show the versions from their own files: a source, or a difference of two."""

import difflib
import inspect
from types import ModuleType

from IPython.display import Markdown


def show_source(thing) -> Markdown:
    """Show the source of a module, function or class, as it stands on disk."""
    return _fenced(inspect.getsource(thing), "python")


def show_difference(before: ModuleType, after: ModuleType) -> Markdown:
    """Show how the file of one version became that of the next.

    A line that begins with - is gone, one that begins with + is new.
    """
    lines = difflib.unified_diff(
        inspect.getsource(before).splitlines(),
        inspect.getsource(after).splitlines(),
        fromfile=_name(before),
        tofile=_name(after),
        lineterm="",
        n=2,
    )
    return _fenced("\n".join(lines), "diff")


def _name(module: ModuleType) -> str:
    return module.__name__.replace(".", "/") + ".py"


def _fenced(text: str, language: str) -> Markdown:
    return Markdown(f"```{language}\n{text.rstrip()}\n```")
