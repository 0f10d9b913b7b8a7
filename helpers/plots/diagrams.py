"""Diagrams: boxes, arrows from left to right, and the one function for all.

A diagram is data: which boxes stand in which column and row, and which arrow
leads where. Widths and gaps follow from the words in them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextPath

from helpers.page.colours import (
    CARD,
    FAINT,
    MODEL,
    OTHER,
    TRAINING,
    VALIDATION,
)
from helpers.plots.style import FULL, picture

NAME, DETAIL = 10.5, 9.5  # sizes of text, in points
# inches
MARGIN = 0.22
PADDING = 0.17  # between the words of a box and its edge
HEIGHT = 0.74  # of a box
PITCH = 1.02  # from one row to the next
GAP = 0.5  # between columns, at least
SPREAD = 0.2  # between arrows at one side of a box
TITLE = 0.42


@dataclass(frozen=True)
class Box:
    """A box of a diagram.

    Attributes:
        name: in bold; arrows call the box by it.
        detail: a line below the name.
        colour: from `helpers.page.colours`.
        column: counted from 0, from the left.
        row: counted from 0, from the top; 0.5 lies between two rows.
    """

    name: str
    detail: str
    colour: str
    column: int
    row: float


@dataclass(frozen=True)
class Arrow:
    """An arrow from box to box, with what it carries.

    Attributes:
        start: name of a box.
        end: name of a box in the next column, or below in the same one.
        label: a word or two.
    """

    start: str
    end: str
    label: str = ""


@dataclass(frozen=True)
class Spot:
    """Where a box lies, in inches: left edge, middle line, width."""

    left: float
    middle: float
    width: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def centre(self) -> float:
        """Half way from the left edge to the right."""
        return self.left + self.width / 2


def diagram(
    boxes: Sequence[Box], arrows: Iterable[Arrow], title: str = ""
) -> Figure:
    """Draw boxes and the arrows between them.

    Args:
        boxes: each with a name of its own.
        arrows: between boxes of neighbouring columns, or of one column.
        title: what the reader should see.

    Raises:
        KeyError: an arrow starts or ends at a name that no box has.
        ValueError: the words are too long for the width of a page.
    """
    arrows = list(arrows)
    below = TITLE if title else 0.0
    height = 2 * MARGIN + HEIGHT + PITCH * max(box.row for box in boxes) + below
    figure = Figure(figsize=(FULL, height))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, FULL), ylim=(height, 0))  # inches, downwards
    axes.axis("off")
    if title:
        axes.text(MARGIN, MARGIN, title, va="top", weight="bold", size=12)
    spots = _places(boxes, arrows, MARGIN + below)
    for box in boxes:
        _draw_box(axes, box, spots[box.name])
    for arrow, start, end in _ends(arrows, spots):
        _draw_arrow(axes, arrow, start, end)
    return figure


def _places(boxes, arrows, top: float) -> dict[str, Spot]:
    """Find a place for each box, from the words in boxes and at arrows."""
    column_of = {box.name: box.column for box in boxes}
    n_columns = max(column_of.values()) + 1
    widths = [0.0] * n_columns
    for box in boxes:
        words = max(
            _text_width(box.name, NAME, "bold"), _text_width(box.detail, DETAIL)
        )
        widths[box.column] = max(widths[box.column], words + 2 * PADDING)
    gaps = [GAP] * (n_columns - 1)
    for arrow in arrows:
        column = column_of[arrow.start]
        if column_of[arrow.end] != column and arrow.label:
            needed = _text_width(arrow.label, DETAIL) + 0.36
            gaps[column] = max(gaps[column], needed)
    left_over = FULL - 2 * MARGIN - sum(widths) - sum(gaps)
    if left_over < 0:
        raise ValueError(f"The diagram is {-left_over:.1f} inches too wide.")
    # what is left goes to the gaps, and a part of it into the boxes
    more = left_over / (2 * n_columns - 1)
    widths = [width + more for width in widths]
    gaps = [gap + more for gap in gaps]
    lefts = [MARGIN]
    for width, gap in zip(widths, gaps, strict=False):
        lefts.append(lefts[-1] + width + gap)
    return {
        box.name: Spot(
            lefts[box.column],
            top + HEIGHT / 2 + PITCH * box.row,
            widths[box.column],
        )
        for box in boxes
    }


def _text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a text in inches, that of its longest line."""
    font = FontProperties(family="DejaVu Sans", weight=weight, size=size)
    lines = [line for line in text.split("\n") if line]
    paths = [TextPath((0, 0), line, prop=font) for line in lines]
    return max((path.get_extents().width for path in paths), default=0) / 72


def _ends(arrows, spots: dict[str, Spot]) -> list[tuple]:
    """Find where arrows begin and end: side by side where they share a box."""
    starts = _side_by_side(arrows, spots, "start", "end")
    ends = _side_by_side(arrows, spots, "end", "start")
    found = []
    for arrow in arrows:
        one, other = spots[arrow.start], spots[arrow.end]
        if one.left == other.left:
            half = HEIGHT / 2
            start = (one.centre, one.middle + half)
            end = (other.centre, other.middle - half)
        else:
            up, down = starts[arrow], ends[arrow]
            if one.middle == other.middle:  # within a row an arrow is level
                up = down = up or down
            start = (one.right, one.middle + up)
            end = (other.left, other.middle + down)
        found.append((arrow, start, end))
    return found


def _side_by_side(arrows, spots, here: str, there: str) -> dict[Arrow, float]:
    """Spread arrows at one side of a box, in the order of where they lead."""
    offsets = {}
    for name in dict.fromkeys(getattr(arrow, here) for arrow in arrows):
        mine = [
            arrow
            for arrow in arrows
            if getattr(arrow, here) == name
            and spots[arrow.start].left != spots[arrow.end].left
        ]
        mine.sort(key=lambda arrow: spots[getattr(arrow, there)].middle)
        for number, arrow in enumerate(mine):
            offsets[arrow] = SPREAD * (number - (len(mine) - 1) / 2)
    return offsets


def _draw_box(axes: Axes, box: Box, spot: Spot) -> None:
    corner = 0.06
    axes.add_patch(
        FancyBboxPatch(
            (spot.left + corner, spot.middle - HEIGHT / 2 + corner),
            spot.width - 2 * corner,
            HEIGHT - 2 * corner,
            boxstyle=f"round,pad={corner}",
            facecolor=box.colour + "1C",
            edgecolor=box.colour,
            linewidth=1.6,
        )
    )
    centred: dict[str, Any] = {"ha": "center", "va": "center"}
    up = 0.13 if box.detail else 0
    name = spot.centre, spot.middle - up
    axes.text(*name, box.name, weight="bold", size=NAME, **centred)
    detail = spot.centre, spot.middle + up
    axes.text(*detail, box.detail, size=DETAIL, **centred)


def _draw_arrow(axes: Axes, arrow: Arrow, start, end) -> None:
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": MODEL,
            "linewidth": 1.4,
            "shrinkA": 0,
            "shrinkB": 1,
        },
    )
    if not arrow.label:
        return
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    where: dict[str, Any] = {"ha": "center", "va": "center"}
    if start[0] == end[0]:
        x, where = x + 0.1, {"ha": "left", "va": "center"}
    elif start[1] == end[1]:
        y, where = y - 0.06, {"ha": "center", "va": "bottom"}
    # on a slanting arrow a label interrupts the line that it belongs to
    ground = {"facecolor": CARD, "edgecolor": "none", "pad": 1.5}
    axes.text(x, y, arrow.label, size=DETAIL, bbox=ground, **where)


# ------------------------------------------------------------ the diagrams


@picture
def pipeline():
    """Draw the three stages of the pipeline and what goes between them."""
    boxes = [
        Box("x, y", "arrays", FAINT, 0, 0),
        Box("data preparation", "prepare_data", TRAINING, 1, 0),
        Box("model configuration", "configure_model", OTHER, 1, 1),
        Box("model training", "train", VALIDATION, 2, 0.5),
        Box("losses", "and a model", FAINT, 3, 0.5),
    ]
    arrows = [
        Arrow("x, y", "data preparation"),
        Arrow("data preparation", "model training", "tensors\nor loaders"),
        Arrow("model configuration", "model training", "Configuration"),
        Arrow("model training", "losses"),
    ]
    return diagram(boxes, arrows), (
        "Arrays x, y go into data preparation (prepare_data), which hands "
        "tensors or loaders to model training (train). Model configuration "
        "(configure_model) hands it a Configuration. Model training gives "
        "losses and a trained model."
    )


@picture
def builder():
    """Draw what a step function is built from, and what each call takes."""
    boxes = [
        Box("model, loss_fn, optimizer", "given once", FAINT, 0, 0),
        Box("make_train_step_fn", "called once", OTHER, 1, 0),
        Box("x, y", "new at every call", FAINT, 0, 1.1),
        Box("train_step_fn", "remembers all three", TRAINING, 1, 1.1),
        Box("loss", "a float", FAINT, 2, 1.1),
    ]
    arrows = [
        Arrow("model, loss_fn, optimizer", "make_train_step_fn"),
        Arrow("make_train_step_fn", "train_step_fn", "returns"),
        Arrow("x, y", "train_step_fn"),
        Arrow("train_step_fn", "loss"),
    ]
    title = "Three things are given once, two at every call"
    return diagram(boxes, arrows, title), (
        "The three, model, loss_fn, optimizer, are given once to "
        "make_train_step_fn, which returns train_step_fn. That remembers all "
        "three, takes x, y at every call, and returns a loss."
    )


@picture
def mini_batch():
    """Draw what `mini_batch` takes and what it gives back."""
    boxes = [
        Box("data_loader", "which points", TRAINING, 0, 0),
        Box("device", "where", FAINT, 0, 1),
        Box("step_fn", "what to do with them", OTHER, 0, 2),
        Box("mini_batch", "one pass, batch by batch", MODEL, 1, 1),
        Box("loss", "of the epoch", FAINT, 2, 1),
    ]
    arrows = [
        Arrow("data_loader", "mini_batch"),
        Arrow("device", "mini_batch"),
        Arrow("step_fn", "mini_batch"),
        Arrow("mini_batch", "loss"),
    ]
    return diagram(boxes, arrows), (
        "Three boxes, data_loader (which points), device (where) and step_fn "
        "(what to do with them), lead to mini_batch, one pass, batch by "
        "batch. That leads to the loss of the epoch."
    )


@picture
def logging():
    """Draw the way of a number from the loop to the browser (chapter 06)."""
    boxes = [
        Box("your loop", "SummaryWriter", TRAINING, 0, 0),
        Box("event file", "runs/NAME/", FAINT, 1, 0),
        Box("TensorBoard", "a server", VALIDATION, 2, 0),
        Box("browser", "this page", FAINT, 3, 0),
        Box("your code", "EventAccumulator", OTHER, 2, 1),
        Box("a figure", "matplotlib", FAINT, 3, 1),
    ]
    arrows = [
        Arrow("your loop", "event file", "writes"),
        Arrow("event file", "TensorBoard", "reads"),
        Arrow("TensorBoard", "browser", "http"),
        Arrow("event file", "your code", "reads"),
        Arrow("your code", "a figure", "draws"),
    ]
    return diagram(boxes, arrows), (
        "In your loop a SummaryWriter writes an event file. TensorBoard, a "
        "server, reads it and shows it in the browser, over http. With "
        "EventAccumulator your code reads the same file and draws a figure."
    )


@picture
def writer():
    """Draw which method of a writer writes to which folder (chapter 07)."""
    boxes = [
        Box("writer", "SummaryWriter", TRAINING, 0, 1),
        Box("runs/NAME/", "one event file: the run", FAINT, 1, 0),
        Box("runs/NAME/loss_training/", "a sub-run", OTHER, 1, 1),
        Box("runs/NAME/loss_validation/", "a sub-run", OTHER, 1, 2),
    ]
    arrows = [
        Arrow("writer", "runs/NAME/", "add_graph, add_scalar, ..."),
        Arrow("writer", "runs/NAME/loss_training/", "add_scalars"),
        Arrow("writer", "runs/NAME/loss_validation/", "add_scalars"),
    ]
    return diagram(boxes, arrows), (
        "With add_graph, add_scalar and others a writer writes to the folder "
        "of the run, runs/NAME/. add_scalars opens two more folders, one for "
        "each key: runs/NAME/loss_training/ and runs/NAME/loss_validation/."
    )


@picture
def deployment():
    """Draw the way from a checkpoint to a client of a service (chapter 09)."""
    boxes = [
        Box("checkpoint.pt", "state only", FAINT, 0, 0),
        Box("model", "needs your code", TRAINING, 1, 0),
        Box("model.pt2", "all in one", OTHER, 2, 0),
        Box("service", "needs only the file", VALIDATION, 3, 0),
    ]
    arrows = [
        Arrow("checkpoint.pt", "model", "load,\neval()"),
        Arrow("model", "model.pt2", "export"),
        Arrow("model.pt2", "service"),
    ]
    return diagram(boxes, arrows), (
        "A checkpoint.pt holds state only. It is loaded into a model, which "
        "needs your code; eval() sets its mode. The model is exported to one "
        "file, model.pt2, and a service, which needs only the file, answers "
        "with it."
    )


@picture
def whole_pipeline():
    """Draw the three stages at their last versions, and what they leave."""
    boxes = [
        Box("x, y", "arrays", FAINT, 0, 0.5),
        Box("data v2", "split, two loaders", TRAINING, 1, 0.5),
        Box("model v3", "model, steps, log", OTHER, 1, 1.5),
        Box("training v6", "losses", VALIDATION, 2, 1),
        Box("runs/", "curves, TensorBoard", FAINT, 3, 0),
        Box("checkpoint.pt", "resume", FAINT, 3, 1),
        Box("model.eval()", "predict", FAINT, 3, 2),
    ]
    arrows = [
        Arrow("x, y", "data v2"),
        Arrow("data v2", "training v6", "loaders"),
        Arrow("model v3", "training v6", "Configuration"),
        Arrow("training v6", "runs/"),
        Arrow("training v6", "checkpoint.pt"),
        Arrow("checkpoint.pt", "model.eval()"),
    ]
    return diagram(boxes, arrows), (
        "Arrays x, y go through data v2, which gives two loaders, into "
        "training v6. From model v3 it gets a Configuration. Training leaves "
        "curves in runs/ and a checkpoint.pt, from which a training run can "
        "resume, and from which model.eval() predicts."
    )


@picture
def challenge():
    """Draw how the nine pieces of challenge 1 go together."""
    boxes = [
        Box("RideDataset", "task 2", OTHER, 0, 0.5),
        Box("make_loaders", "task 3", OTHER, 1, 0.5),
        Box("two steps", "tasks 1 and 4", TRAINING, 0, 1.5),
        Box("mini_batch", "task 5", TRAINING, 1, 1.5),
        Box("train", "task 6", VALIDATION, 2, 1),
        Box("make_logger", "task 7", MODEL, 3, 0),
        Box("save, resume", "task 8", MODEL, 3, 1),
        Box("fit, predict", "task 9", MODEL, 3, 2),
    ]
    arrows = [
        Arrow("RideDataset", "make_loaders"),
        Arrow("two steps", "mini_batch"),
        Arrow("make_loaders", "train"),
        Arrow("mini_batch", "train"),
        Arrow("train", "make_logger"),
        Arrow("train", "save, resume"),
        Arrow("train", "fit, predict"),
    ]
    return diagram(boxes, arrows), (
        "RideDataset (task 2) leads to make_loaders (3). The two steps (1 and "
        "4) lead to mini_batch (5). Both lead to train (6), which leads to "
        "make_logger (7), to save, resume (8), and to fit, predict (9)."
    )
