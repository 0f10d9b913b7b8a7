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
from matplotlib.colors import ListedColormap
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


# ------------------------------------------------- chapters 03 and 04


def plot_batch_sizes(n_points: int, sizes: dict[str, int]) -> Figure:
    """Draw one epoch for several batch sizes: a bar is a batch, an update.

    Args:
        n_points: points in the training set.
        sizes: batch size by name, drawn from top to bottom.
    """
    figure, axes = plt.subplots(figsize=(8.6, 2.6))
    for row, size in enumerate(sizes.values()):
        gap = 0.25 if size == 1 else 0.6
        starts = range(0, n_points, size)
        bars = [(s, min(size, n_points - s) - gap) for s in starts]
        axes.broken_barh(bars, (row - 0.32, 0.64), color=TRAINING)
        updates = "1 update" if len(bars) == 1 else f"{len(bars)} updates"
        axes.text(n_points + 1.5, row, updates, va="center")
    names = [f"{name}\n{size} at a time" for name, size in sizes.items()]
    axes.set_yticks(range(len(sizes)), names)
    axes.set_xlabel(f"points seen in one epoch, of {n_points}")
    axes.set(title="The smaller the batch, the more updates an epoch has")
    axes.set(xlim=(-0.5, n_points * 1.16), ylim=(len(sizes) - 0.5, -0.5))
    axes.set_xticks(range(0, n_points + 1, 16))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    return figure


def plot_batches(
    rows: Sequence[str], batch_of: np.ndarray, title: str = ""
) -> Figure:
    """Draw which batch took which point.

    Args:
        rows: names, one for each row, drawn from top to bottom.
        batch_of: batch numbers [n_rows, N], counted from 0, six batches at
            most.
        title: what the reader should see.
    """
    n_rows, n_points = batch_of.shape
    n_batches = int(batch_of.max()) + 1
    figure, axes = plt.subplots(figsize=(8.6, 0.55 * n_rows + 1.3))
    axes.imshow(
        batch_of,
        cmap=ListedColormap(SERIES[:n_batches]),
        aspect="auto",
        interpolation="nearest",
    )
    for line in np.arange(0.5, n_points - 1):
        axes.axvline(line, color="white", linewidth=0.8)
    for line in np.arange(0.5, n_rows - 1):
        axes.axhline(line, color="white", linewidth=6)
    axes.set_yticks(range(n_rows), rows)
    axes.set_xticks(range(0, n_points, 16))
    axes.set(xlabel="number of the point in the training set", title=title)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    keys = [plt.Rectangle((0, 0), 1, 1, color=c) for c in SERIES[:n_batches]]
    names = [f"batch {number}" for number in range(n_batches)]
    figure.legend(keys, names, loc="outside right center")
    return figure


def plot_descent_paths(
    x, y, paths: dict[str, np.ndarray], minimum, zoom, title=""
) -> Figure:
    """Draw descents on the loss surface: all of it, and around its minimum.

    The loss is the mean squared error of the line y = b + w x.

    Args:
        x: features [N, 1].
        y: labels [N, 1].
        paths: by name, the bias and weight after every update, [n, 2].
        minimum: bias and weight of the smallest loss.
        zoom: half the width and height of the part that the right side shows.
        title: what the reader should see.
    """
    figure, both = plt.subplots(1, 2, figsize=(8.6, 4.2))
    (b, w), (half_b, half_w) = minimum, zoom
    every = np.vstack(list(paths.values()))
    low, high = every.min(axis=0), every.max(axis=0)
    margin = 0.12 * (high - low)
    _draw_surface(both[0], x, y, low - margin, high + margin)
    _draw_surface(
        both[1], x, y, (b - half_b, w - half_w), (b + half_b, w + half_w)
    )
    styles = ((OTHER, "-", 2.2, 3), (TRAINING, ".-", 0.8, 2))
    for axes in both:
        for (name, path), style in zip(paths.items(), styles, strict=False):
            colour, line, width, order = style
            options = {"color": colour, "zorder": order}
            axes.plot(
                *path.T,
                line,
                markersize=4,
                linewidth=width,
                label=name,
                **options,
            )
            axes.plot(*path[-1], "o", markersize=7, **options)
    for axes in both:
        axes.plot(
            b, w, "*", color=MODEL, markersize=14, zorder=4, label="minimum"
        )
        axes.set(xlabel="bias b (no unit)", ylabel="weight w (no unit)")
    box = (b - half_b, w - half_w), 2 * half_b, 2 * half_w
    both[0].add_patch(
        plt.Rectangle(*box, fill=False, edgecolor=MODEL, zorder=5)
    )
    start = every[0]
    both[0].annotate("start", start, (6, -12), textcoords="offset points")
    both[0].set_title("the whole descent", weight="normal")
    both[1].set_title("the small box, enlarged", weight="normal")
    both[0].legend(
        loc="upper right", frameon=True, framealpha=0.9, edgecolor="none"
    )
    figure.suptitle(title, weight="bold", fontsize=12, x=0.01, ha="left")
    return figure


def _draw_surface(axes, x, y, low, high) -> None:
    """Draw contour lines of the mean squared error between two corners."""
    b, w = np.meshgrid(
        np.linspace(low[0], high[0], 120), np.linspace(low[1], high[1], 120)
    )
    errors = (
        b[..., None] + w[..., None] * x.ravel() - y.ravel()
    )  # [120, 120, N]
    loss = (errors**2).mean(axis=-1)
    # equal steps of the logarithm of what a line loses against the best one
    excess = np.log10(loss - loss.min() + 1e-7)
    levels = np.linspace(np.percentile(excess, 2), excess.max(), 11)
    axes.contour(
        b,
        w,
        excess,
        levels=levels,
        colors=FAINT,
        linewidths=0.8,
        linestyles="-",
    )
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.grid(visible=False)


def plot_mini_batch() -> Figure:
    """Draw what `mini_batch` takes and what it gives back."""
    figure, axes = plt.subplots(figsize=(8.6, 3.2))
    axes.set(xlim=(-1, 101), ylim=(-5, 45))
    axes.axis("off")
    _box(axes, 0, 37, 24, "data_loader", "which points", TRAINING)
    _box(axes, 0, 20, 24, "device", "where", FAINT)
    _box(axes, 0, 3, 24, "step_fn", "what to do with them", OTHER)
    _box(axes, 42, 20, 26, "mini_batch", "one pass, batch by batch", MODEL)
    _box(axes, 83, 20, 17, "loss", "of the epoch", FAINT)
    _arrow(axes, (24, 37), (42, 23))
    _arrow(axes, (24, 20), (42, 20))
    _arrow(axes, (24, 3), (42, 17))
    _arrow(axes, (68, 20), (83, 20))
    return figure


def plot_by_epochs_and_updates(
    paths: dict[str, tuple[int, Sequence[float]]], ylabel: str, titles
) -> Figure:
    """Draw curves twice: against epochs and against updates.

    Args:
        paths: updates in an epoch and one value an epoch, by name.
        ylabel: what the values are; their axis is logarithmic.
        titles: what the reader should see on the left and on the right.
    """
    figure, both = plt.subplots(1, 2, figsize=PAIR, sharey=True)
    colours = (OTHER, TRAINING)
    for (name, (updates, values)), colour in zip(
        paths.items(), colours, strict=False
    ):
        epochs = np.arange(1, len(values) + 1)
        both[0].plot(epochs, values, color=colour, label=name)
        both[1].plot(epochs * updates, values, color=colour)
    both[0].set(xlabel="epochs", ylabel=ylabel, title=titles[0], yscale="log")
    both[1].set(xlabel="updates", title=titles[1])
    both[0].legend()
    return figure


def plot_two_splits(x, y, earlier, now) -> Figure:
    """Draw two splits of the same points, and what changed sides.

    Args:
        x: features [N, 1] of all points.
        y: labels [N, 1] of all points.
        earlier: row numbers of the validation points of the earlier split.
        now: the same of the new split.
    """
    figure, both = plt.subplots(1, 2, figsize=(8.6, 3.9), sharey=True)
    moved = sorted(set(now) - set(earlier))
    titles = ("chapters 00 to 03", "from here on")
    for axes, rows, title in zip(both, (earlier, now), titles, strict=True):
        rest = sorted(set(range(len(x))) - set(rows))
        axes.scatter(x[rest], y[rest], s=18, color=TRAINING, label="training")
        axes.scatter(
            x[rows],
            y[rows],
            s=26,
            color=VALIDATION,
            marker="s",
            label="validation",
        )
        axes.set(xlabel="x (no unit)")
        axes.set_title(title, weight="normal")
    both[1].scatter(
        x[moved],
        y[moved],
        s=110,
        facecolors="none",
        edgecolors=MODEL,
        linewidths=1.3,
        label="was training before",
    )
    both[0].set(ylabel="y (no unit)")
    both[0].legend(loc="upper left")
    both[1].legend(loc="upper left")
    title = f"{len(moved)} of {len(now)} validation points were training points"
    figure.suptitle(title, weight="bold", fontsize=12, x=0.01, ha="left")
    return figure


def plot_builder() -> Figure:
    """Draw what a step function is built from, and what each call takes."""
    figure, axes = plt.subplots(figsize=(8.6, 3.2))
    axes.set(xlim=(-1, 101), ylim=(0, 43))
    axes.axis("off")
    axes.set_title("Three things are given once, two at every call")
    _box(axes, 0, 34, 31, "model, loss_fn, optimizer", "given once", FAINT)
    _box(axes, 46, 34, 28, "make_train_step_fn", "called once", OTHER)
    _box(axes, 0, 9, 31, "x, y", "new at every call", FAINT)
    _box(axes, 46, 9, 28, "train_step_fn", "remembers all three", TRAINING)
    _box(axes, 88, 9, 12, "loss", "a float", FAINT)
    _arrow(axes, (31, 34), (46, 34))
    _arrow(axes, (60, 27.5), (60, 15.5), "returns", (66, 21.5))
    _arrow(axes, (31, 9), (46, 9))
    _arrow(axes, (74, 9), (88, 9))
    return figure


def plot_dataset(dataset, title: str = "") -> Figure:
    """Draw the first three and the last two items of a data set as a table.

    Args:
        dataset: gives (features [1], label [1]) by number; two of its items,
            1 and -1, are marked.
        title: what the reader should see.
    """
    n = len(dataset)
    figure, axes = plt.subplots(figsize=(7.4, 3.4))
    axes.set(xlim=(0, 100), ylim=(-0.6, 6.6))
    axes.axis("off")
    axes.set_title(title)
    columns = (9, 24, 42, 58)
    heads = ("index", "from the end", "features", "label")
    for x, head in zip(columns, heads, strict=True):
        axes.text(x, 6.1, head, ha="center", va="center", color="#555555")
    marks = {1: ("dataset[1]", TRAINING), n - 1: ("dataset[-1]", VALIDATION)}
    for line, i in enumerate([0, 1, 2, None, n - 2, n - 1]):
        height = 5 - line
        if i is None:
            for x in columns:
                axes.text(x, height, "...", ha="center", va="center")
            continue
        features, label = dataset[i]
        name, colour = marks.get(i, ("", FAINT))
        if name:
            _mark_row(axes, height, f"{name}\nis a tuple of two", colour)
        texts = (i, i - n, f"{features.item():.4f}", f"{label.item():.4f}")
        for x, text in zip(columns, texts, strict=True):
            axes.text(x, height, text, ha="center", va="center")
    return figure


def _mark_row(axes, height: float, text: str, colour: str) -> None:
    axes.add_patch(
        plt.Rectangle(
            (2, height - 0.42),
            64,
            0.84,
            facecolor=colour + "18",
            edgecolor=colour,
            linewidth=1.6,
        )
    )
    _arrow(axes, (66, height), (75, height))
    axes.text(76, height, text, va="center", color=colour, weight="bold")


# ------------------------------------------------------------ chapter 08


def plot_interruption(n_epochs: int, killed_at: int, every: int) -> Figure:
    """Draw what a killed training costs, without and with checkpoints.

    Args:
        n_epochs: epochs that are wanted.
        killed_at: epochs computed when the process is killed.
        every: epochs between two checkpoints.
    """
    figure, axes = plt.subplots(figsize=(8.6, 2.6))
    for row, kept in enumerate((0, killed_at // every * every)):
        again = n_epochs - kept
        parts = [(0, kept), (kept, killed_at - kept), (killed_at, again)]
        colours = (TRAINING, "#C9C9C9", TRAINING)
        axes.broken_barh(parts, (row - 0.3, 0.6), facecolors=colours)
        middle = killed_at + again / 2
        text = f"{kept} to {n_epochs - 1}"
        axes.text(middle, row, text, ha="center", va="center", color="white")
        total = killed_at + again
        axes.text(total + 3, row, f"{total} computed", va="center")
    axes.text(killed_at / 2, 0, "all lost", ha="center", va="center")
    text = f"0 to {kept - 1}"
    axes.text(kept / 2, 1, text, ha="center", va="center", color="white")
    axes.axvline(killed_at, color=MODEL, linestyle="--", linewidth=1.4)
    axes.text(killed_at - 2, -0.42, "killed here", ha="right", va="bottom")
    names = ["without\ncheckpoints", f"a checkpoint\nevery {every} epochs"]
    axes.set_yticks([0, 1], names)
    axes.set(xlim=(0, killed_at + n_epochs * 1.28), ylim=(1.5, -0.75))
    axes.set_xlabel("epochs computed so far; in the bars, their numbers")
    axes.set_title(f"With checkpoints a kill costs {killed_at - kept} epochs")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    return figure


def plot_differences(
    first_epoch: int, differences: dict[str, Sequence[float]], title: str = ""
) -> Figure:
    """Draw how far resumed trainings are from an undisturbed one.

    Args:
        first_epoch: the first epoch after the interruption.
        differences: by name, the absolute difference of the losses, one an
            epoch; 0 is drawn too.
        title: what the reader should see.
    """
    figure, axes = plt.subplots(figsize=(8.6, 3.6))
    colours = (MODEL, *SERIES)
    for (name, values), colour in zip(
        differences.items(), colours, strict=False
    ):
        epochs = range(first_epoch, first_epoch + len(values))
        axes.plot(epochs, values, ".-", color=colour, label=name)
    axes.set_yscale("symlog", linthresh=1e-5, linscale=0.5)
    axes.set_yticks([0, 1e-4, 1e-3, 1e-2, 1e-1, 1])
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="epoch", ylabel="difference of the losses\n(no unit)")
    axes.set_title(title)
    figure.legend(title="left out", loc="outside right center")
    return figure


def plot_lost_files(n_lost: dict[str, int], n_kills: int, title="") -> Figure:
    """Draw how many files each way of saving lost to a kill.

    Args:
        n_lost: files lost, by the name of the way of saving.
        n_kills: kills of each.
        title: what the reader should see.
    """
    figure, axes = plt.subplots(figsize=(8.6, 2.3))
    for row, lost in enumerate(n_lost.values()):
        parts = [(0, lost), (lost, n_kills - lost)]
        axes.broken_barh(
            parts, (row - 0.3, 0.6), facecolors=(VALIDATION, TRAINING)
        )
        text = f"{lost} lost, {n_kills - lost} whole"
        axes.text(n_kills * 1.02, row, text, va="center")
    axes.set_yticks(range(len(n_lost)), n_lost)
    axes.set(xlim=(0, n_kills * 1.25), ylim=(len(n_lost) - 0.5, -0.5))
    axes.set_xticks(range(0, n_kills + 1, 2))
    axes.set(xlabel="processes killed while they saved", title=title)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    return figure


def plot_logging() -> Figure:
    """Draw the way of a number from the loop to the browser (chapter 06)."""
    figure, axes = plt.subplots(figsize=(8.6, 2.9))
    axes.set(xlim=(-1, 101), ylim=(1, 39))
    axes.axis("off")
    _box(axes, 0, 30, 20, "your loop", "SummaryWriter", TRAINING)
    _box(axes, 30, 30, 18, "event file", "runs/NAME/", FAINT)
    _box(axes, 58, 30, 18, "TensorBoard", "a server", VALIDATION)
    _box(axes, 86, 30, 14, "browser", "this page", FAINT)
    _box(axes, 58, 9, 18, "your code", "EventAccumulator", OTHER)
    _box(axes, 86, 9, 14, "a figure", "matplotlib", FAINT)
    _arrow(axes, (20, 30), (30, 30), "writes", (25, 33))
    _arrow(axes, (48, 30), (58, 30), "reads", (53, 33))
    _arrow(axes, (76, 30), (86, 30), "http", (81, 33))
    _arrow(axes, (48, 25), (58, 12), "reads", (50, 16))
    _arrow(axes, (76, 9), (86, 9), "draws", (81, 12))
    return figure


def plot_writer() -> Figure:
    """Draw which method of a writer writes to which folder (chapter 07)."""
    figure, axes = plt.subplots(figsize=(8.6, 3.4))
    axes.set(xlim=(-1, 101), ylim=(-8, 46))
    axes.axis("off")
    _box(axes, 0, 19, 22, "writer", "SummaryWriter", TRAINING)
    _box(axes, 58, 38, 42, "runs/NAME/", "one event file: the run", FAINT)
    _box(axes, 58, 19, 42, "runs/NAME/loss_training/", "a sub-run", OTHER)
    _box(axes, 58, 0, 42, "runs/NAME/loss_validation/", "a sub-run", OTHER)
    _arrow(axes, (22, 21), (58, 38), "add_graph, add_scalar, ...", (27, 36))
    _arrow(axes, (22, 19), (58, 19), "add_scalars", (46, 22))
    _arrow(axes, (22, 17), (58, 0), "add_scalars", (30, 3.5))
    return figure


def plot_scalars(
    curves: dict[str, tuple[Sequence[int], Sequence[float]]],
    title: str = "",
    log: bool = False,
) -> Figure:
    """Draw curves as they were logged: values over steps, point after point.

    Args:
        curves: steps and values by name, as `helpers.runs.read_scalars`
            returns them. Names that end in "training" and "validation" get
            the colours of the two.
        title: what the reader should see.
        log: whether the losses get a logarithmic axis.
    """
    figure, axes = plt.subplots()
    for number, (name, (steps, values)) in enumerate(curves.items()):
        colour = SERIES[number % len(SERIES)]
        if name.endswith("validation"):
            colour = VALIDATION
        elif name.endswith("training"):
            colour = TRAINING
        # a curve of few points shows them
        marker = "o" if len(steps) <= 60 else None
        axes.plot(steps, values, marker=marker, ms=4, color=colour, label=name)
    axes.legend()
    if log:
        axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="step (epoch)", ylabel="loss (mean squared error)")
    axes.set_title(title)
    return figure


# ---------------------------------------------------------- chapter 10


def plot_whole_pipeline() -> Figure:
    """Draw the three stages at their last versions, and what they leave."""
    figure, axes = plt.subplots(figsize=(9.2, 3.7))
    axes.set(xlim=(-1, 101), ylim=(-5, 45))
    axes.axis("off")
    _box(axes, 0, 31, 14, "x, y", "arrays", FAINT)
    _box(axes, 21, 31, 21, "data v2", "split, two loaders", TRAINING)
    _box(axes, 21, 8, 21, "model v3", "model, steps, log", OTHER)
    _box(axes, 50, 20, 20, "training v6", "losses", VALIDATION)
    _box(axes, 79, 36, 21, "runs/", "curves, TensorBoard", FAINT)
    _box(axes, 79, 20, 21, "checkpoint.pt", "resume", FAINT)
    _box(axes, 79, 4, 21, "model.eval()", "predict", FAINT)
    _arrow(axes, (14, 31), (21, 31))
    _arrow(axes, (42, 29), (50, 22.5), "loaders", (50, 30))
    _arrow(axes, (42, 10), (50, 17), "Configuration", (53, 9.5))
    _arrow(axes, (70, 24), (79, 34))
    _arrow(axes, (70, 20), (79, 20))
    _arrow(axes, (89.5, 13.5), (89.5, 10.5))
    return figure


def plot_lr_range(lrs, losses, bounds, title: str = "") -> Figure:
    """Draw a range test: the loss against a growing learning rate.

    Args:
        lrs: learning rates, one a mini-batch.
        losses: losses, likewise.
        bounds: (base_lr, max_lr), shaded.
        title: what the reader should see.
    """
    figure, axes = plt.subplots()
    axes.axvspan(*bounds, color=OTHER, alpha=0.15, linewidth=0)
    axes.plot(lrs, losses, ".-", color=TRAINING, linewidth=1)
    axes.set(xscale="log", yscale="log", title=title)
    axes.set_xlabel("learning rate (no unit), larger at every mini-batch")
    axes.set_ylabel("loss of the mini-batch")
    middle = float(np.sqrt(bounds[0] * bounds[1]))
    axes.text(
        middle,
        0.97,
        f"{bounds[0]:g} to {bounds[1]:g}",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="top",
    )
    return figure


# ---------------------------------------------------------- chapter 09


def plot_deployment() -> Figure:
    """Draw the way from a checkpoint to a client that asks for predictions."""
    figure, axes = plt.subplots(figsize=(9.2, 2.6))
    axes.set(xlim=(-1, 101), ylim=(7, 36))
    axes.axis("off")
    _box(axes, 0, 20, 15, "checkpoint.pt", "state only", FAINT)
    _box(axes, 27, 20, 17, "model", "class, scaling", TRAINING)
    _box(axes, 56, 20, 14, "model.pt2", "all in one", OTHER)
    _box(axes, 80, 20, 20, "service", "answers a client", VALIDATION)
    _arrow(axes, (15, 20), (27, 20), "configure,\nload, eval()", (21, 29))
    _arrow(axes, (44, 20), (56, 20), "export", (50, 24))
    _arrow(axes, (70, 20), (80, 20), "loads", (75, 24))
    axes.text(35.5, 9.5, "needs your code", ha="center", fontsize=9)
    axes.text(78, 9.5, "needs only the file", ha="center", fontsize=9)
    return figure


def plot_many_answers(answers, answer: float, title: str = "") -> Figure:
    """Draw what a model in train mode answers to one and the same question.

    Args:
        answers: predictions [n] in train mode.
        answer: the prediction in eval mode.
        title: what the reader should see.
    """
    figure, axes = plt.subplots()
    axes.hist(
        np.ravel(answers), bins=40, color=SERIES[1], label="train mode, dropout"
    )
    axes.axvline(answer, color=MODEL, label="eval mode")
    axes.set(xlabel="prediction for x = 0.34 (no unit)", title=title)
    axes.set_ylabel(f"answers out of {len(answers)}")
    axes.legend()
    return figure


def plot_fits(x, y, curves: dict[str, tuple], title: str = "") -> Figure:
    """Draw points and what several models make of them.

    Args:
        x: features [N, 1].
        y: labels [N, 1].
        curves: by name, features [n, 1] in rising order and predictions
            [n, 1]; three at most.
        title: what the reader should see.
    """
    figure, axes = plt.subplots()
    axes.scatter(x, y, s=18, color=TRAINING, label="points")
    styles = [(OTHER, "--"), (MODEL, "-"), (SERIES[3], ":")]
    for (name, curve), style in zip(curves.items(), styles, strict=False):
        colour, dashes = style
        axes.plot(*curve, dashes, color=colour, label=name)
    axes.set(xlabel="x (no unit)", ylabel="y (no unit)", title=title)
    axes.legend()
    return figure


def plot_schedule(lrs: Sequence[float], title: str = "") -> Figure:
    """Draw the learning rate of every mini-batch."""
    figure, axes = plt.subplots(figsize=(7.0, 2.6))
    axes.plot(lrs, color=OTHER)
    axes.set(xlabel="mini-batch", ylabel="learning rate (no unit)", title=title)
    return figure


def plot_seen_and_unseen(
    x_train, y_train, x_val, y_val, curves, title: str = ""
) -> Figure:
    """Draw points and the curves that several models put through them.

    Args:
        x_train: features [N] of the points the models were fitted to.
        y_train: their labels [N].
        x_val: features [M, 1] of points they have not seen.
        y_val: their labels [M, 1].
        curves: for each model, features [K] in rising order, predictions [K]
            and its name; two at most.
        title: what the reader should see.
    """
    figure, axes = plt.subplots()
    for (xs, ys, name), colour in zip(curves, [MODEL, OTHER], strict=False):
        axes.plot(xs, ys, color=colour, label=name)
    axes.scatter(
        x_val,
        y_val,
        s=26,
        color=VALIDATION,
        marker="s",
        label="validation",
        zorder=3,
    )
    axes.scatter(
        x_train, y_train, s=60, color=TRAINING, label="training", zorder=4
    )
    heights = np.concatenate([np.ravel(y_train), np.ravel(y_val)])
    axes.set_ylim(heights.min() - 0.3, heights.max() + 0.3)
    axes.set(xlabel="x (no unit)", ylabel="y (no unit)", title=title)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_loss_panels(panels: dict[str, tuple]) -> Figure:
    """Draw the losses of several trainings side by side, on one log axis.

    Args:
        panels: for each title, (losses, val_losses), one number an epoch.
    """
    figure, all_axes = plt.subplots(
        1, len(panels), figsize=(9.6, 3.3), sharey=True
    )
    for axes, (title, (losses, val_losses)) in zip(
        all_axes, panels.items(), strict=True
    ):
        axes.plot(losses, color=TRAINING, label="training")
        axes.plot(val_losses, color=VALIDATION, label="validation")
        axes.set(yscale="log", xlabel="epoch")
        axes.set_title(title, fontsize=11)
    all_axes[0].set_ylabel("loss (mean squared error)")
    all_axes[0].legend(loc="lower left")
    return figure


def plot_killed_curve(
    found: Sequence[int],
    losses: Sequence[float],
    val_losses: Sequence[float],
    title: str = "",
) -> Figure:
    """Draw losses of a training that was killed many times, with its kills.

    Args:
        found: the epochs from which new processes went on.
        losses: training losses of all epochs.
        val_losses: validation losses, likewise.
        title: what the reader should see.
    """
    figure = plot_losses(losses, val_losses, title)
    axes = figure.axes[0]
    for number, epoch in enumerate(found):
        axes.axvline(
            epoch - 0.5,
            color=FAINT,
            linestyle="--",
            linewidth=0.9,
            zorder=0,
            label="killed, went on" if number == 0 else None,
        )
    axes.legend()
    return figure


def plot_rides(rows: Sequence[dict]) -> Figure:
    """Draw the charge of rides against distance, coloured by climb.

    Args:
        rows: rides with distance_km, climb_m and charge_percent, numbers or
            texts of numbers, as `csv.DictReader` gives them.
    """
    distance, climb, charge = (
        [float(row[name]) for row in rows]
        for name in ("distance_km", "climb_m", "charge_percent")
    )
    figure, axes = plt.subplots(figsize=(7.0, 3.6))
    points = axes.scatter(
        distance, charge, c=climb, cmap="viridis", s=28, edgecolor="none"
    )
    figure.colorbar(points, ax=axes, label="climb (m)")
    axes.set(xlabel="distance (km)", ylabel="charge used (percent)")
    axes.set_title("Far and steep rides use the battery most")
    return figure


def plot_predictions(used, predicted) -> Figure:
    """Draw predicted charge against the charge that rides used.

    Args:
        used: percent, [N].
        predicted: percent, [N].
    """
    figure, axes = plt.subplots(figsize=SQUARE)
    ends = [0, 1.05 * max(float(max(used)), float(max(predicted)))]
    axes.plot(ends, ends, color=FAINT, label="exactly right")
    axes.plot(used, predicted, "o", color=VALIDATION, label="held-out rides")
    axes.set(xlabel="charge used (percent)", ylabel="predicted (percent)")
    axes.set_title("Close to the line of no error")
    axes.legend()
    return figure


def plot_challenge() -> Figure:
    """Draw how the nine pieces of challenge 1 go together."""
    figure, axes = plt.subplots(figsize=(9.2, 4.0))
    axes.set(xlim=(-1, 101), ylim=(-3, 49))
    axes.axis("off")
    width = 20
    _box(axes, 0, 36, width, "RideDataset", "task 2", OTHER)
    _box(axes, 27, 36, width, "make_loaders", "task 3", OTHER)
    _box(axes, 0, 10, width, "two steps", "tasks 1 and 4", TRAINING)
    _box(axes, 27, 10, width, "mini_batch", "task 5", TRAINING)
    _box(axes, 54, 23, width, "train", "task 6", VALIDATION)
    _box(axes, 80, 38, width, "make_logger", "task 7", MODEL)
    _box(axes, 80, 23, width, "save, resume", "task 8", MODEL)
    _box(axes, 80, 8, width, "fit, predict", "task 9", MODEL)
    _arrow(axes, (20, 36), (27, 36))
    _arrow(axes, (20, 10), (27, 10))
    _arrow(axes, (47, 36), (54, 27))
    _arrow(axes, (47, 10), (54, 19))
    _arrow(axes, (74, 27), (80, 36))
    _arrow(axes, (74, 23), (80, 23))
    _arrow(axes, (74, 19), (80, 10))
    return figure
