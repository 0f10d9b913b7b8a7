"""A picture in steps: one at a time while a kernel runs, a still elsewhere.

    SteppedPicture(still, steps)

As the last line of a cell it shows itself, like any `Picture`. While a kernel
runs it is a widget: one step, its caption, and two buttons, Back and Next,
which the Tab key reaches and Enter or Space presses. The form that is stored
beside it in the same output needs no kernel: all steps in one figure, the
still, with its alternative text. `helpers.page.saving` leaves the widget out of
the file, and so does `make notebooks`. Strict nbval compares the still's words.

A page does not make one by hand: a figure function in `helpers.plots` does,
with `helpers.plots.steps.stepped`.
"""

import base64
import functools
import html
from collections.abc import Callable, Sequence

import ipywidgets

from helpers.page.colours import FOCUS
from helpers.page.markdown import INDENT, WIDTH
from helpers.page.pictures import Picture
from helpers.page.widgets import bundle_of

# Only where a kernel runs: a stored page has styles in the tags alone.
STYLE = f"""<style>
.course-steps button:focus-visible {{
  outline: 3px solid {FOCUS}; outline-offset: 1px;
}}
.course-steps .widget-html, .course-steps .widget-html-content {{
  height: auto; margin: 0; line-height: 1.5;
  font-size: var(--jp-content-font-size1, 14px);
}}
</style>"""


class SteppedPicture(Picture):
    """A picture whose parts are shown one after the other.

    Attributes:
        steps: each draws a step when it is first looked at. The `alt` of a step
            is its caption.
    """

    def __init__(self, still: Picture, steps: Sequence[Callable[[], Picture]]):
        super().__init__(still.png, still.alt, still.width, still.figure)
        if not steps:
            raise ValueError("A picture in steps needs a step.")
        self.steps = [functools.cache(draw) for draw in steps]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        live = bundle_of(LiveSteps(self.steps).box)
        return {**live, **super()._repr_mimebundle_()}


class LiveSteps:
    """One step at a time, and the buttons that change it.

    Attributes:
        box: the widget that a page shows.
        shown: which step, counted from 0.
        back: the button to the step before; from the first it goes to the last.
        forward: the button to the next step; on the last one it says that it
            starts again. Neither is ever switched off: a button that is loses
            the keyboard.
        view: picture and caption, as HTML.
    """

    def __init__(self, steps: Sequence[Callable[[], Picture]]):
        self.steps, self.shown = steps, 0
        self.back = ipywidgets.Button(description="Back", icon="arrow-left")
        self.forward = ipywidgets.Button(icon="arrow-right")
        self.back.on_click(lambda _button: self.show(self.shown - 1))
        self.forward.on_click(lambda _button: self.show(self.shown + 1))
        self.view = ipywidgets.HTML()
        buttons = ipywidgets.HBox([self.back, self.forward])
        layout = {"padding": f"0 0 0 {INDENT}"}
        style = ipywidgets.HTML(STYLE)
        parts = [style, buttons, self.view]
        self.box = ipywidgets.VBox(parts, layout=layout)
        self.box.add_class("course-steps")
        self.show(0)

    def show(self, number: int) -> None:
        """Show a step; beyond either end, go on at the other.

        Args:
            number: of the step, counted from 0.
        """
        self.shown = number % len(self.steps)
        is_last = self.shown == len(self.steps) - 1
        self.forward.description = "Start again" if is_last else "Next"
        self.forward.icon = "rotate-left" if is_last else "arrow-right"
        self.view.value = self._html(self.steps[self.shown]())

    def _html(self, step: Picture) -> str:
        """Return picture and caption; a screen reader reads the caption out."""
        place = f"Step {self.shown + 1} of {len(self.steps)}"
        caption = html.escape(step.alt)
        data = base64.b64encode(step.png).decode("ascii")
        image = (
            f'<img alt="{place}: {caption}" width="{step.width}" '
            'style="border-radius: 8px; max-width: 100%" '
            f'src="data:image/png;base64,{data}">'
        )
        # room for two lines: nothing below may move from step to step
        style = f"max-width: {WIDTH}; min-height: 3em"
        said = f'<div role="status" style="{style}"><b>{place}.</b> {caption}'
        return f"{image}{said}</div>"
