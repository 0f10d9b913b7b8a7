"""Pictures that move: one step at a time, chosen by whoever looks.

    MovingPicture("batches", still, scene, steps)

As the last line of a cell it shows itself, like any `Picture`. Its one form
needs no kernel and no script: a row of radio buttons, which the Tab and arrow
keys reach, and a drawing whose parts a style sheet shows and hides. A page that
is not trusted, GitHub and old browsers drop the style sheet; what they show is
the still, a drawing of the steps side by side, with the same words. Nothing
moves by itself, and nothing can be played where the reader's system asks for
less motion.

A page does not make one by hand: a figure function in `helpers.plots` does,
with `helpers.plots.moving.moving`.
"""

import html
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from matplotlib.figure import Figure

from helpers.page.colours import CARD, FAINT, FOCUS, MODEL, TRAINING
from helpers.page.markdown import INDENT, folded
from helpers.page.pictures import Picture

LEAST_WIDTH = 480  # pixels; on a phone, a wide drawing scrolls in its card
SECONDS = 1.2  # that a step is shown for while the picture plays
# JupyterLab leaves the arrow keys to an element that says so.
OWN_KEYS = "data-lm-suppress-shortcuts"
# A part is to be seen while --a <= --t <= --b, where --t is the step shown.
SEEN = (
    "calc(clamp(0, var(--t) - var(--a) + 1, 1) * "
    "clamp(0, var(--b) - var(--t) + 1, 1))"
)
STYLE = f"""
.course-moving .still {{ display: none }}
.course-moving .live {{ display: block !important }}
.course-moving fieldset {{
  border: 0; margin: 0; padding: 3px; min-width: 0; gap: 4px; display: flex;
  flex-wrap: wrap; justify-content: start; align-items: center;
}}
.course-moving fieldset.table {{ display: grid; overflow-x: auto }}
.course-moving label {{
  position: relative; display: block; padding: 1px 10px; cursor: pointer;
  border: 1px solid {FAINT}; border-radius: 6px; text-align: center;
  min-width: 1.6em; margin: 0;
}}
.course-moving input {{
  position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer;
  width: 100%; height: 100%;
}}
.course-moving label:has(:focus-visible) {{
  outline: 3px solid {FOCUS}; outline-offset: 1px;
}}
.course-moving label i {{
  position: absolute; inset: 0; border-radius: 5px; background: {TRAINING}40;
  box-shadow: inset 0 0 0 2px {TRAINING};
}}
.course-moving svg {{
  display: block; width: 100%; height: auto; margin: 6px 0 2px 0;
}}
.course-moving .said {{
  display: grid; max-width: 46em; min-height: 3em; margin-bottom: 6px;
}}
.course-moving .said > div {{ grid-area: 1 / 1 }}
.course-moving [style*="--a"] {{ opacity: {SEEN}; transition: opacity 0.2s }}
@media (prefers-reduced-motion: reduce) {{
  .course-moving [style*="--a"] {{ transition: none }}
  .course-moving .play {{ display: none }}
}}"""


Table = tuple[str, Sequence[str], Sequence[str]]


@dataclass(frozen=True)
class Drawing:
    """A drawing as SVG, without the tag around it.

    Attributes:
        inner: its parts.
        width: in the units of its parts.
        height: in the units of its parts.
        zoom: pixels of a page for each unit.
    """

    inner: str
    width: float
    height: float
    zoom: float = 1.0

    def svg(self, attributes: Mapping[str, str], sharper: float = 1.0) -> str:
        """Return the whole drawing.

        Args:
            attributes: of its outermost tag.
            sharper: how many dots it claims to have for each pixel of a page.
        """
        said = "".join(
            f' {name}="{html.escape(value)}"'
            for name, value in attributes.items()
        )
        scale = sharper * self.zoom
        width, height = scale * self.width, scale * self.height
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {self.width:g} '
            f'{self.height:g}" font-family="DejaVu Sans, Verdana, sans-serif"'
            f"{said}>{self.inner}</svg>"
        )


@dataclass(frozen=True)
class Choice:
    """A button: one step of a picture.

    Attributes:
        label: a word or a number on the button.
        caption: what the step shows, as plain text.
    """

    label: str
    caption: str


class MovingPicture(Picture):
    """A picture whose steps are chosen by buttons.

    Attributes:
        name: of the function that drew it; no other picture of a page has it.
        still: the steps beside each other, for where nothing can move.
        scene: all steps above each other; each part says when it is seen.
        choices: the buttons, one per step.
        start: the step that is shown first, counted from 1.
        table: where the buttons form a table: what stands in its corner, and
            the names of its rows and columns.
        play: whether the steps follow each other, and can be played.
        title: what the reader should see.
    """

    def __init__(
        self,
        name: str,
        title: str,
        alt: str,
        still: Drawing,
        scene: Drawing,
        choices: Sequence[Choice],
        *,
        start: int = 1,
        table: Table | None = None,
        play: bool = True,
        figure: Figure | None = None,
    ):
        if not choices:
            raise ValueError("A picture that moves needs a step.")
        self.name, self.title, self.alt = name, title, alt
        self.still, self.scene, self.choices = still, scene, list(choices)
        self.start, self.table, self.play = start, table, play
        self.figure = figure
        self.width = round(still.width)

    @cached_property
    def png(self) -> bytes:
        """The still as a PNG, for a log that takes pictures."""
        assert self.figure is not None
        return Picture.of(self.figure, self.alt).png

    def _html(self) -> str:
        rules = f"@supports selector(:has(*)) {{{self._style()}}}"
        card = (
            f"background: {CARD}; color: {MODEL}; border-radius: 8px; "
            f"padding: 10px 16px 8px 16px; margin: 10px 0 4px 0; "
            f"max-width: {round(self.scene.zoom * self.scene.width)}px"
        )
        words = f'<div style="max-width: 46em">{html.escape(self.alt)}</div>'
        # live is hidden until the style sheet, if it is there, says otherwise
        return (
            f'<div class="course-moving" style="padding-left: {INDENT}">'
            f"<style>{rules}</style>{self._still()}"
            f'<div class="live" hidden style="display: none; {card}">'
            f"{self._live()}</div>{folded('In words', words)}</div>"
        )

    def _style(self) -> str:
        """Return the rules that hold for all such pictures, and for this."""
        n = len(self.choices)
        steps = "".join(
            f'.course-moving:has([value="{k}"]:checked){{--t:{k}}}\n'
            for k in range(1, n + 1)
        )
        frames = " ".join(
            f"{100 * (k - 1) / n:.1f}%{{--t:{k}}}" for k in range(1, n + 1)
        )
        play = f"course-play-{n}"
        return (
            f"{STYLE}\n{steps}"
            f"@keyframes {play} {{ {frames} 100%{{--t:{n}}} }}\n"
            f".course-moving:has(.play-{n} :checked) {{ --t: 1; animation: "
            f"{play} {SECONDS * n:g}s step-end forwards }}\n"
        )

    def _still(self) -> str:
        words = html.escape(self.alt)
        drawn = self.still.svg({}, sharper=2)
        data = quote(drawn.replace('"', "'"), safe=" ='/:;,.()+-")
        style = "border-radius: 8px; margin: 10px 0 4px 0; max-width: 100%"
        return (
            f'<img alt="{words}" width="{self.width}" class="still" '
            f'style="{style}" src="data:image/svg+xml,{data}">'
        )

    def _live(self) -> str:
        title = html.escape(self.title)
        said = "".join(
            f'<div style="--a:{k};--b:{k}"><b>{self._place(k)}.</b> '
            f"{html.escape(choice.caption)}</div>"
            for k, choice in enumerate(self.choices, start=1)
        )
        width = round(self.scene.zoom * self.scene.width)
        size = f"max-width: {width}px; min-width: {min(width, LEAST_WIDTH)}px"
        drawn = self.scene.svg(
            {"role": "img", "aria-label": self.alt, "style": size}
        )
        return (
            f"<div><b>{title}</b></div>"
            f'<div style="overflow-x: auto">{drawn}</div>'
            f'<div class="said" aria-hidden="true">{said}</div>'
            f"{self._buttons()}"
        )

    def _place(self, k: int) -> str:
        if self.table is not None:
            _, rows, columns = self.table
            row = rows[(k - 1) // len(columns)]
            return f"{row}, {self.choices[k - 1].label}"
        return f"Step {k} of {len(self.choices)}"

    def _buttons(self) -> str:
        heads: dict[int, str] = {}
        layout = ""
        if self.table is not None:
            corner, rows, names = self.table
            columns = f"repeat({len(names) + 1}, auto)"
            layout = f' class="table" style="grid-template-columns: {columns}"'
            head = "".join(f"<span>{html.escape(one)}</span>" for one in names)
            heads = {
                1 + number * len(names): f"<span>{html.escape(row)}</span>"
                for number, row in enumerate(rows)
            }
            heads[1] = f"<span>{html.escape(corner)}</span>{head}{heads[1]}"
        buttons = "".join(
            heads.get(k, "") + self._button(f"{k}", choice.label, self._said(k))
            for k, choice in enumerate(self.choices, start=1)
        )
        if self.play:
            buttons += self._button("play", "Play", "Play all steps")
        legend = html.escape(self.title)
        return f'<fieldset aria-label="{legend}"{layout}>{buttons}</fieldset>'

    def _said(self, k: int) -> str:
        return f"{self._place(k)}: {self.choices[k - 1].caption}"

    def _button(self, value: str, label: str, said: str) -> str:
        """Return a button; a screen reader reads out what it shows."""
        # two pictures of a page may not share their buttons
        group = f"{self.name}-{zlib.crc32(self.alt.encode()) % 9973}"
        checked = " checked" if value == f"{self.start}" else ""
        mark = kind = ""
        if value == "play":
            kind = f' class="play play-{len(self.choices)}"'
        else:
            mark = f'<i style="--a:{value};--b:{value}"></i>'
        return (
            f'<label{kind}><input {OWN_KEYS} type="radio" name="{group}" '
            f'value="{value}" '
            f'aria-label="{html.escape(said)}"{checked}>{mark}'
            f"{html.escape(label)}</label>"
        )
