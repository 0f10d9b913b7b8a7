"""Outputs of a page, as a reader without a kernel needs them."""

import base64
import hashlib
import io
import re

import nbformat
from nbformat import NotebookNode
from PIL import Image

from helpers.page.markdown import as_html
from helpers.practice.verdict import NOT_STARTED, NOTHING_THERE

PICTURES = "pictures"  # a folder of the site
_PICTURE = re.compile(r'src="data:image/png;base64,([^"]+)"')
FRAME_NOTE = (
    "<p>While this page runs in JupyterLab, TensorBoard opens here. The "
    "picture further down shows what there is to see.</p>"
)
NO_KERNEL = (
    "This page cannot run code. Work it out on paper, or in the notebook, "
    "where your answer is checked at once; then open what helps."
)


def note_on_frame() -> NotebookNode:
    """Return what stands in place of TensorBoard's frame."""
    return nbformat.v4.new_output("display_data", {"text/html": FRAME_NOTE})


def prepared(
    output: NotebookNode, up: str, pictures: dict[str, bytes]
) -> NotebookNode:
    """Return an output, changed where a kernel or a wide screen is missing.

    Args:
        output: as it is stored; it is changed.
        up: what leads from its page to the folder of the site.
        pictures: gains the pictures of the output, by the names of their files.
    """
    text = output.get("data", {}).get("text/html")
    if text:
        text = with_files(text, up, pictures)
        output.data["text/html"] = prepared_html(text)
    return output


def prepared_html(text: str) -> str:
    """Return the HTML of an output for the site.

    An exercise that was not started says where it can be, and a table scrolls
    within itself where the screen is narrow.
    """
    if as_html(NOTHING_THERE) in text:
        text = text.replace(as_html(NOTHING_THERE), as_html(NO_KERNEL))
        text = text.replace(f": {NOT_STARTED}.</b>", "</b>", 1)
    text = re.sub(r"<table\b", '<div class="scrolling"><table', text)
    return text.replace("</table>", "</table></div>")


def with_files(text: str, up: str, pictures: dict[str, bytes]) -> str:
    """Return HTML whose pictures are files of their own.

    Args:
        text: HTML with pictures in it.
        up: what leads to the folder of the site.
        pictures: gains the pictures, by the names of their files.
    """

    def filed(found: re.Match) -> str:
        picture = smaller(base64.b64decode(found[1]))
        name = f"{hashlib.sha256(picture).hexdigest()[:12]}.webp"
        pictures[name] = picture
        return f'src="{up}{PICTURES}/{name}"'

    return _PICTURE.sub(filed, text)


def smaller(png: bytes) -> bytes:
    """Return a picture as WebP without any loss, a third smaller than PNG."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    image.save(buffer, format="WEBP", lossless=True, method=2, quality=30)
    return buffer.getvalue()
