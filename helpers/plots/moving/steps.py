"""What a figure function writes to have a picture that moves."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.page.figure_style import STYLE
from helpers.page.moving import Choice, Drawing, MovingPicture, Table
from helpers.plots.moving.svg import drawing_of
from helpers.plots.steps import GAP, Step, panel_of, still_of

ZOOM = 1.6  # of a step that is shown alone

P = ParamSpec("P")


@dataclass(frozen=True)
class Plan:
    """What a picture that moves shows.

    Attributes:
        title: what the reader should see.
        steps: the buttons, from left to right and from top to bottom.
        words: what all of it shows; "" puts the captions together.
        table: where the buttons form a table: what stands in its corner, and
            the names of its rows and columns.
        play: whether the steps follow each other, and can be played.
        start: the step that is shown first, counted from 1.
        shown: the steps that the still has, counted from 1; none means all.
    """

    title: str
    steps: Sequence[Step]
    words: str = ""
    table: Table | None = None
    play: bool = True
    start: int = 1
    shown: Sequence[int] = ()


def moving(
    panel: tuple[float, float], columns: int = 2, zoom: float = ZOOM
) -> Callable[
    [Callable[P, Plan | tuple[str, Sequence[Step]]]],
    Callable[P, MovingPicture],
]:
    """Make a function that returns a plan one that returns a picture.

        @moving(panel=(4.0, 2.4))
        def broadcasting(a, b):
            def first(axes): ...
            def second(axes): ...
            return "A title", [Step("The shapes.", first), Step("...", second)]

    A title and steps are a plan; `Plan` has more to say.

    Args:
        panel: width and height of a step, in inches, without its caption. As
            many as `columns` of them, with gaps, have to fit into 8 inches.
        columns: how many steps stand side by side in the still.
        zoom: how much larger a step is where it is shown alone.
    """

    def decorate(
        function: Callable[P, Plan | tuple[str, Sequence[Step]]],
    ) -> Callable[P, MovingPicture]:
        @functools.wraps(function)
        def draw_steps(*args: P.args, **kwargs: P.kwargs) -> MovingPicture:
            planned = function(*args, **kwargs)
            plan = planned if isinstance(planned, Plan) else Plan(*planned)
            with matplotlib.rc_context(STYLE):
                figure, words = still_of(
                    plan.title, plan.steps, panel, columns, plan.shown
                )
                scene = _scene(plan.steps, panel, zoom)
            choices = [
                Choice(step.label or f"{number}", step.caption)
                for number, step in enumerate(plan.steps, start=1)
            ]
            return MovingPicture(
                function.__name__.replace("_", "-"),
                plan.title,
                plan.words or words,
                drawing_of([figure]),
                scene,
                choices,
                start=plan.start,
                table=plan.table,
                play=plan.play,
                figure=figure,
            )

        return draw_steps

    return decorate


def _scene(
    steps: Sequence[Step], panel: tuple[float, float], zoom: float
) -> Drawing:
    """Draw every step alone, and put them above each other."""
    figures = []
    for step in steps:
        figure = Figure(figsize=(panel[0], panel[1] + 2 * GAP))
        figure.set_layout_engine("none")
        figure.patch.set_visible(False)
        panel_of(figure, step.draw, (0, GAP), panel)
        figures.append(figure)
    drawn = drawing_of(figures)
    return Drawing(drawn.inner, drawn.width, drawn.height, zoom)


def plot_in(
    axes: Axes, left: float, top: float, width: float, height: float
) -> Axes:
    """Return axes of a curve inside a panel.

    Args:
        axes: of the panel; they count in inches from its top left corner.
        left: of the frame of the new axes, in inches.
        top: of the frame.
        width: of the frame.
        height: of the frame.
    """
    whole_width, whole_height = axes.get_xlim()[1], axes.get_ylim()[0]
    inner = axes.inset_axes(
        (
            left / whole_width,
            1 - (top + height) / whole_height,
            width / whole_width,
            height / whole_height,
        )
    )
    inner.tick_params(labelsize=7.5, length=2, width=0.6, pad=2)
    for spine in inner.spines.values():
        spine.set_linewidth(0.7)
    inner.set_xlabel("", fontsize=8.5)
    inner.set_ylabel("", fontsize=8.5)
    inner.xaxis.labelpad = inner.yaxis.labelpad = 2
    return inner
