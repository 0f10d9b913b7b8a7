"""A picture that shows itself, with its alternative text.

It reaches a page as HTML, an ``<img alt>``: JupyterLab drops the alternative
text of a bare PNG, and so does its export. Whoever cannot see the picture, or
would rather read, opens the words below it.
"""

import base64
import html
import io
from collections.abc import Sequence

from matplotlib.figure import Figure
from PIL import Image

from helpers.page.markdown import INDENT, folded

DPI = 200  # two dots for each pixel of a page: sharp on any screen
PIXELS_PER_INCH = 100  # of a page


class Picture:
    """A picture of a page.

    As the last line of a cell it shows itself; elsewhere `display` shows it.

    Attributes:
        png: the picture, as the bytes of a PNG file with few colours: figures
            have few, and pages stay a third as large.
        alt: what it shows, in words; the tests compare it with the stored
            page, as pictures differ between machines.
        width: in pixels of a page.
        figure: what it was drawn from, for a log that takes figures; None
            where matplotlib did not draw it.
    """

    def __init__(
        self, png: bytes, alt: str, width: int, figure: Figure | None = None
    ):
        self.png, self.alt, self.width = png, alt, width
        self.figure = figure

    @classmethod
    def of(cls, figure: Figure, alt: str, zoom: float = 1.0) -> "Picture":
        """Make a picture of a figure.

        Args:
            figure: as wide as the picture will be, in inches.
            alt: what it shows, in words.
            zoom: how much larger than that it is shown, words included.
        """
        dots, dpi = io.BytesIO(), DPI * zoom
        figure.savefig(dots, format="rgba", dpi=dpi)
        columns = int(figure.get_figwidth() * dpi)
        rows = len(dots.getbuffer()) // (4 * columns)  # four bytes a dot
        image = Image.frombytes("RGBA", (columns, rows), dots.getvalue())
        width = columns * PIXELS_PER_INCH // DPI
        return cls(_small_png(image), alt, width, figure)

    @classmethod
    def of_png(cls, png: bytes, alt: str) -> "Picture":
        """Make a picture of a PNG that another program drew at `DPI`."""
        image = Image.open(io.BytesIO(png))
        width = image.width * PIXELS_PER_INCH // DPI
        return cls(_small_png(image), alt, width)

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self._html(), "text/plain": repr(self)}

    def _html(self) -> str:
        words = html.escape(self.alt)
        data = base64.b64encode(self.png).decode("ascii")
        # a margin above, or titles stick to the line before
        style = "border-radius: 8px; margin: 10px 0 4px 0; max-width: 100%"
        image = (
            f'<img alt="{words}" width="{self.width}" style="{style}" '
            f'src="data:image/png;base64,{data}">'
        )
        text = f'<div style="max-width: 46em">{words}</div>'
        return (
            f'<div style="padding-left: {INDENT}">{image}'
            f"{folded('In words', text)}</div>"
        )


def _small_png(image: Image.Image) -> bytes:
    palette = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    palette.save(buffer, format="PNG")
    return buffer.getvalue()


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence does: a, b and c."""
    *head, last = map(str, names)
    return f"{', '.join(head)} and {last}" if head else last
