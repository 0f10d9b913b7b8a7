"""The boxes of a page: one look for each kind, in a light and a dark theme.

A writer puts ``<div class="box predict">`` into a Markdown cell; storing the
page adds the colours, and the box of an exercise. (JupyterLab has boxes too, of
the class ``alert``. They are hard to read in a dark theme, and nothing that a
page may say changes that.)
"""

import re

from helpers.page.colours import (
    FAINT,
    OTHER,
    TRAINING,
    VALIDATION,
    YOURS,
    see_through,
)

COLOURS = {
    "predict": TRAINING,
    "key-idea": OTHER,
    "careful": VALIDATION,
    "aside": FAINT,
    "exercise": YOURS,
}
_BOX = re.compile(r'<div class="box ([\w-]+)"[^>]*>')


def with_boxes(markdown: str) -> str:
    """Return the text of a cell with the look of its boxes.

    Raises:
        KeyError: there is no such kind of box.
    """
    return _BOX.sub(lambda box: _opening(box[1]), markdown)


def exercise_in_box(statement: str) -> str:
    """Return an exercise with everything below its heading in a box.

    The heading stays outside: inside of a box, no list of contents finds it.
    """
    heading, _, body = statement.partition("\n\n")
    if body.startswith('<div class="box exercise"'):
        return statement
    return f'{heading}\n\n<div class="box exercise">\n\n{body}\n\n</div>'


def _opening(kind: str) -> str:
    colour = COLOURS[kind]
    style = (
        f"background: {see_through(colour, 0.1)}; "
        f"border-left: 5px solid {colour}; padding: 0.1em 1em; margin: 1em 0"
    )
    return f'<div class="box {kind}" style="{style}">'
