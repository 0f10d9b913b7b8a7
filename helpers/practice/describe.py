"""Say in a few words what something is: a value, a kind, a list of numbers."""

import re
import reprlib

import numpy as np
import torch


def describe(thing) -> str:
    """Say what kind of thing something is, in a few words of Markdown."""
    if isinstance(thing, torch.Tensor):
        return f"a tensor of shape {list(thing.shape)}"
    if isinstance(thing, np.ndarray):
        return f"an array of shape {list(thing.shape)}"
    if isinstance(thing, type):
        return f"the class `{thing.__name__}`"
    if thing is None:
        return "`None`"
    if isinstance(thing, float):
        return f"`{thing:.4g}`, {_with_article(type(thing).__name__)}"
    if isinstance(thing, (bool, int, str)):
        name = _with_article(type(thing).__name__)
        return f"{inline_code(one_line(thing))}, {name}"
    return _with_article(type(thing).__name__)


def _with_article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} `{name}`"


def one_line(value) -> str:
    """Show a value in at most 200 characters, on one line."""
    if isinstance(value, str):
        text = value
    else:
        limits = reprlib.Repr()
        limits.maxother = limits.maxstring = limits.maxlong = 80
        text = limits.repr(value)
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(text.split()))
    return text if len(text) <= 200 else text[:197] + "..."


def inline_code(value) -> str:
    """Put a value or a text between backticks, on one line."""
    return f"`{one_line(value).replace('`', chr(39))}`"


def numbers(values, digits: int = 6) -> str:
    """Write numbers as a list of Python, with so many significant digits."""
    flat = torch.as_tensor(values).flatten().tolist()
    return "[" + ", ".join(f"{value:.{digits}g}" for value in flat) + "]"


def names(words) -> str:
    """Join code names as English does: `a`, `b` and `c`."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) < 2:
        return "".join(quoted) or "nothing"
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def shape(tensor) -> str:
    """Write the shape of a tensor or an array: "[4, 1]"."""
    return str(list(tensor.shape))
