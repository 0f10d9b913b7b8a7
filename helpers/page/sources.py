"""Show the versions from their own files: a source, or a difference of two."""

import difflib
import html
import inspect
from types import ModuleType

from IPython.display import HTML, Markdown

# What is gone, what is new: the blue and orange of the figures, see-through.
BACKGROUND = {"-": "rgba(213, 94, 0, 0.18)", "+": "rgba(0, 114, 178, 0.18)"}


def show_source(thing) -> Markdown:
    """Show the source of a module, function or class, as it stands on disk."""
    return _fenced(inspect.getsource(thing), "python")


def show_difference(before: ModuleType, after: ModuleType) -> HTML:
    """Show how the file of one version became that of the next.

    A line that begins with - is gone, one that begins with + is new. The
    colours only repeat that, and suit a light and a dark page.
    """
    lines = difflib.unified_diff(
        inspect.getsource(before).splitlines(),
        inspect.getsource(after).splitlines(),
        fromfile=_name(before),
        tofile=_name(after),
        lineterm="",
        n=2,
    )
    return HTML(f"<pre>{''.join(map(_coloured, lines))}</pre>")


def _coloured(line: str) -> str:
    text = html.escape(line) or " "
    if line.startswith(("---", "+++")):
        return f"<b>{text}</b>\n"
    colour = BACKGROUND.get(line[:1])
    if colour is None:
        return f"{text}\n"
    style = f"display:inline-block;min-width:100%;background:{colour}"
    return f'<span style="{style}">{text}</span>\n'


def _name(module: ModuleType) -> str:
    return module.__name__.replace(".", "/") + ".py"


def _fenced(text: str, language: str) -> Markdown:
    return Markdown(f"```{language}\n{text.rstrip()}\n```")
