"""The figures of the course, all in one style.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart
(https://jfly.uni-koeln.de/color/): blue is training, orange is validation,
black is the truth or the model, green is whatever is compared with them.
"""

import html
import io
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, DisplayObject, display
from matplotlib.figure import Figure

TRAINING = "#0072B2"
VALIDATION = "#D55E00"
MODEL = "#1A1A1A"
OTHER = "#009E73"
FAINT = "#9A9A9A"
# for series that are neither training nor validation, in this order
SERIES = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]

WIDE = (7.0, 3.4)  # inches
SQUARE = (4.6, 4.0)
PAIR = (8.6, 3.5)  # two axes side by side


def use_style() -> None:
    """Set the style of all figures: white ground, thin frame, large text."""
    plt.rcParams.update(
        {
            "figure.figsize": WIDE,
            "figure.dpi": 100,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 12,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 11,
            "axes.grid": True,
            "axes.prop_cycle": plt.cycler(color=SERIES),
            "grid.color": "#E6E6E6",
            "grid.linewidth": 0.8,
            "axes.axisbelow": True,
            "legend.frameon": False,
            "legend.fontsize": 10,
            "lines.linewidth": 2,
            "font.family": "DejaVu Sans",  # comes with matplotlib
            "font.size": 10.5,
        }
    )


# ---------------------------------------------------------------- showing


class _Picture(DisplayObject):
    """A PNG whose text form is its description."""

    def __init__(self, png: bytes, alt: str):
        super().__init__(data=png)
        self.png, self.alt = png, alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        import base64

        image = base64.b64encode(self.png).decode("ascii")
        data = {"image/png": image, "text/plain": f"Figure: {self.alt}"}
        return data, {"image/png": {"alt": self.alt}}


def bundle(png: bytes, alt: str) -> tuple[DisplayObject, HTML]:
    """Return a picture and, folded away below it, its description in words."""
    words = html.escape(alt)
    folded = f"<details><summary>In words</summary>{words}</details>"
    return _Picture(png, alt), HTML(folded)


def show(figure: Figure, alt: str) -> None:
    """Show a figure in the page, with its description, and close it.

    Args:
        figure: drawn with matplotlib.
        alt: what the figure shows, in one or two sentences; compared with the
            stored page by the tests, as a PNG cannot be.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    plt.close(figure)
    display(*bundle(buffer.getvalue(), alt))


# ---------------------------------------------------------------- drawing


def plot_pipeline() -> Figure:
    """Draw the three stages of the pipeline and what goes between them."""
    figure, axes = plt.subplots(figsize=(8.6, 2.9))
    axes.set(xlim=(-1, 101), ylim=(1, 39))
    axes.axis("off")
    _box(axes, 0, 20, 19, "x, y", "arrays", FAINT)
    _box(axes, 29, 30, 24, "data preparation", "prepare_data", TRAINING)
    _box(axes, 29, 10, 24, "model configuration", "configure_model", OTHER)
    _box(axes, 63, 20, 17, "model training", "train", VALIDATION)
    _box(axes, 89, 20, 11, "losses", "and a model", FAINT)
    _arrow(axes, (19, 22), (29, 28))
    _arrow(axes, (53, 28), (63, 22), "tensors\nor loaders", (60.5, 31))
    _arrow(axes, (53, 12), (63, 18), "Configuration", (62.5, 9.5))
    _arrow(axes, (80, 20), (89, 20))
    return figure


def _box(axes, left, middle, width, name, detail, colour) -> None:
    axes.add_patch(
        plt.Rectangle(
            (left, middle - 6.5),
            width,
            13,
            facecolor=colour + "18",
            edgecolor=colour,
            linewidth=1.6,
        )
    )
    x = left + width / 2
    axes.text(x, middle + 2, name, ha="center", va="center", weight="bold")
    axes.text(x, middle - 2.9, detail, ha="center", va="center", fontsize=9)


def _arrow(axes, start, end, label="", at=(0, 0)) -> None:
    axes.annotate(
        "",
        end,
        start,
        arrowprops={"arrowstyle": "-|>", "color": MODEL, "linewidth": 1.4},
    )
    axes.text(*at, label, ha="center", va="center", fontsize=9)


def plot_data(
    x_train, y_train, x_val=None, y_val=None, line=None, title=""
) -> Figure:
    """Draw the points, and a line over them.

    Args:
        x_train: features [N, 1] to train on.
        y_train: labels [N, 1].
        x_val: features to validate on, if there are any.
        y_val: their labels.
        line: (b, w, name) of a line y = b + w x, or a list of them.
        title: what the reader should see.
    """
    figure, axes = plt.subplots()
    axes.scatter(x_train, y_train, s=22, color=TRAINING, label="training")
    if x_val is not None:
        axes.scatter(
            x_val, y_val, s=26, color=VALIDATION, marker="s", label="validation"
        )
    ends = np.array([0.0, 1.0])
    styles = [(MODEL, "-"), (OTHER, "--"), (SERIES[3], ":")]
    lines = [line] if isinstance(line, tuple) else line or []
    for (b, w, name), (colour, style) in zip(lines, styles, strict=False):
        axes.plot(ends, b + w * ends, style, color=colour, label=name)
    axes.set(xlabel="x (no unit)", ylabel="y (no unit)", title=title)
    axes.legend()
    return figure


def plot_losses(
    losses: Sequence[float],
    val_losses: Sequence[float] | None = None,
    title: str = "",
) -> Figure:
    """Draw the losses of every epoch on a logarithmic axis.

    Args:
        losses: training losses, one an epoch.
        val_losses: validation losses, one an epoch, if there are any.
        title: what the reader should see.
    """
    figure, axes = plt.subplots()
    axes.plot(losses, color=TRAINING, label="training")
    if val_losses is not None:
        axes.plot(val_losses, color=VALIDATION, label="validation")
        axes.legend()
    axes.set_yscale("log")
    _label_losses(axes, title)
    return figure


def _label_losses(axes, title: str) -> None:
    axes.set(xlabel="epoch", ylabel="loss (mean squared error)", title=title)


def plot_resumed_losses(
    n_before: int,
    losses: Sequence[float],
    val_losses: Sequence[float],
    title: str = "",
) -> Figure:
    """Draw losses of a training that was interrupted, with a divider.

    Args:
        n_before: epochs done before the interruption.
        losses: training losses of all epochs, those before included.
        val_losses: validation losses, likewise.
        title: what the reader should see.
    """
    figure = plot_losses(losses, val_losses, title)
    axes = figure.axes[0]
    axes.axvline(n_before - 0.5, color=MODEL, linestyle="--", linewidth=1.2)
    axes.text(
        n_before - 0.5,
        0.97,
        "  resumed from the checkpoint",
        transform=axes.get_xaxis_transform(),
        va="top",
    )
    return figure
