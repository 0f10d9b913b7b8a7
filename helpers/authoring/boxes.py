"""The boxes of a page: one look for each kind, in a light and a dark theme.

A writer puts ``<div class="box predict">`` into a Markdown cell; storing the
page adds the colours. (JupyterLab has boxes too, of the class ``alert``. They
are hard to read in a dark theme, and nothing that a page may say changes that.)
"""

import re

from helpers.page.colours import FAINT, OTHER, TRAINING, VALIDATION, see_through

COLOURS = {
    "predict": TRAINING,
    "key-idea": OTHER,
    "careful": VALIDATION,
    "aside": FAINT,
}
_BOX = re.compile(r'<div class="box ([\w-]+)"[^>]*>')


def with_boxes(markdown: str) -> str:
    """Return the text of a cell with the look of its boxes.

    Raises:
        KeyError: there is no such kind of box.
    """
    return _BOX.sub(lambda box: _opening(box[1]), markdown)


def _opening(kind: str) -> str:
    colour = COLOURS[kind]
    style = (
        f"background: {see_through(colour, 0.1)}; "
        f"border-left: 5px solid {colour}; padding: 0.1em 1em; margin: 1em 0"
    )
    return f'<div class="box {kind}" style="{style}">'
