"""Markdown, tables and frames: whatever a page shows as HTML.

All of it holds in a page that is not trusted, where JupyterLab drops scripts
and style sheets: styles stand in the tags themselves.
"""

import html
import re
from collections.abc import Iterable, Sequence

import mistune

# The width of text below a cell, as wide as a line can be read with ease.
WIDTH = "46em"
# JupyterLab indents its own text by this much: one left edge for all.
INDENT = "5px"

_render = mistune.create_markdown(escape=True)


def markdown(text: str) -> str:
    """Render Markdown as HTML; tags in it stay plain text."""
    return str(_render(text.strip()))


def as_html(text: str) -> str:
    """Render a line of Markdown without a paragraph; tags stay plain text."""
    rendered = markdown(text).strip()
    return re.sub(r"^<p>((?:(?!<p>).)*)</p>$", r"\1", rendered, flags=re.DOTALL)


def framed(inner: str, colour: str, role: str = "") -> str:
    """Put HTML beside a coloured bar: the one frame of the course.

    Args:
        inner: HTML, shown as it is.
        colour: of the bar, from `helpers.page.colours`.
        role: what it is to a screen reader: "status" has it read out at once.
    """
    style = (
        f"border-left: 5px solid {colour}; padding: 0.2em 1em; "
        f"margin: 0.3em 0; max-width: {WIDTH}"
    )
    said = f'role="{role}" ' if role else ""
    return f'<div {said}style="{style}">{inner}</div>'


def folded(summary: str, inner: str) -> str:
    """Fold HTML away below a line that opens it.

    Args:
        summary: plain text.
        inner: HTML, shown as it is.
    """
    line = html.escape(summary)
    return f"<details><summary>{line}</summary>{inner}</details>"


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Draw a table: the first column to the left, as its head is.

    Args:
        rows: texts, one for each column; Markdown within a line.
        head: names of the columns; none leaves the head out.
    """
    lines = [_row(cells, "td") for cells in rows]
    top = f"<thead>{_row(head, 'th')}</thead>" if head else ""
    # JupyterLab pushes a table to the right and centres its head
    style = f"margin: 0.3em 0 0.3em {INDENT}; border-collapse: collapse"
    body = f"<tbody>{''.join(lines)}</tbody>"
    return f'<table style="{style}">{top}{body}</table>'


def _row(cells: Sequence[str], tag: str) -> str:
    style = "text-align: left; padding: 0.25em 1em 0.25em 0.5em"
    inner = "".join(
        f'<{tag} style="{style}">{as_html(cell)}</{tag}>' for cell in cells
    )
    return f"<tr>{inner}</tr>"
