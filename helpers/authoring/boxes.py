"""The boxes of a page: one look for each kind, in a light and a dark theme.

A writer puts ``<div class="alert alert-info">`` into a Markdown cell; storing
the page adds the colours. JupyterLab's own are hard to read in a dark theme.
"""

import re

from helpers.page.colours import FAINT, OTHER, TRAINING, VALIDATION, see_through

# What each kind is for: Predict, Key idea, Careful, Aside.
COLOURS = {
    "info": TRAINING,
    "success": OTHER,
    "warning": VALIDATION,
    "secondary": FAINT,
}
_BOX = re.compile(r'<div class="alert alert-(\w+)"[^>]*>')


def with_boxes(markdown: str) -> str:
    """Return the text of a cell with the look of its boxes."""
    return _BOX.sub(lambda box: _opening(box[1]), markdown)


def _opening(kind: str) -> str:
    colour = COLOURS[kind]
    style = (
        f"color: inherit; background: {see_through(colour, 0.1)}; border: 0; "
        f"border-left: 5px solid {colour}; padding: 0.4em 1em"
    )
    return f'<div class="alert alert-{kind}" style="{style}">'
