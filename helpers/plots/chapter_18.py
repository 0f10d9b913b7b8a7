"""What chapter 18 draws: shares, gradients that meet, speed, padding."""

import itertools
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.page.colours import (
    CARD,
    FAINT,
    GRID,
    MODEL,
    OTHER,
    SERIES,
    TRAINING,
    WORDS,
)
from helpers.plots.cells import MARGIN, SOFT, arrow, canvas, write
from helpers.plots.style import FULL, new_figure, number, picture
from helpers.processes.shares import share_of

# --------------------------------------------------------------------- shares


@picture
def shares(
    n_rows: int,
    global_batch_size: int,
    batch_size: int,
    n_processes: Sequence[int] = (1, 2, 4),
):
    """Draw who takes which rows of each global batch, and in which pieces.

    Args:
        n_rows: of all global batches; the last one may be smaller.
        global_batch_size: rows that make one update.
        batch_size: the most rows that a process takes at once.
        n_processes: for which numbers of them.
    """
    pitch, gap, left = 0.5, 0.32, 1.35
    batches = [
        range(start, min(start + global_batch_size, n_rows))
        for start in range(0, n_rows, global_batch_size)
    ]
    room = FULL - left - MARGIN - gap * (len(batches) - 1)
    cell = min(0.36, room / n_rows)
    title = f"{global_batch_size} rows make an update, whoever takes them"
    figure, axes = canvas(1.5 + pitch * len(n_processes), title)
    said = []
    for place, n in enumerate(n_processes):
        top = 0.98 + pitch * place
        words = f"{n} process{'es' if n > 1 else ''}"
        write(axes, (left - 0.15, top + cell / 2), words, ha="right", size=10)
        sizes = []
        for which, rows in enumerate(batches):
            corner = left + which * gap
            _draw_batch(axes, rows, n, batch_size, (corner, top, cell))
            sizes.append([len(share_of(rows, k, n)) for k in range(n)])
        said.append(f"{words}: {' and '.join(map(_sum_of, sizes))}")
    for which, rows in enumerate(batches):
        middle = left + which * gap + (rows[0] + len(rows) / 2) * cell
        words = f"update {which + 1}: {len(rows)} rows"
        write(axes, (middle, 0.8), words, size=9.5, color=WORDS)
    below = 1.18 + pitch * len(n_processes)
    words = (
        "one colour per process; a cut within a colour: the share goes "
        f"through the model in pieces of at most {batch_size} rows"
    )
    write(axes, (left, below), words, ha="left", size=9.2, color=WORDS)
    return figure, (
        f"{n_rows} rows as cells, in {len(batches)} updates of at most "
        f"{global_batch_size}. Shares in rows, one after another: "
        f"{'; '.join(said)}. A share of more than {batch_size} is cut into "
        "pieces."
    )


def _draw_batch(axes: Axes, rows: range, n: int, most: int, where) -> None:
    """Draw the cells of one global batch, coloured by process."""
    left, top, cell = where
    n_pieces = -(-len(share_of(rows, 0, n)) // most)
    for which in range(n):
        mine = share_of(rows, which, n)
        colour = SERIES[which % len(SERIES)]
        for piece in np.array_split(np.array(mine, int), n_pieces):
            if not len(piece):
                continue
            corner = (left + int(piece[0]) * cell + 0.025, top)
            size = (len(piece) * cell - 0.05, cell)
            axes.add_patch(Rectangle(corner, *size, color=colour, lw=0))
            for row in piece:
                place = (left + (int(row) + 0.5) * cell, top + cell / 2)
                write(axes, place, int(row), color=_ink_on(colour), size=8)


def _ink_on(colour: str) -> str:
    """Return the ink that is legible on a colour: light or dark."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return MODEL if 0.3 * red + 0.6 * green + 0.1 * blue > 120 else CARD


def _sum_of(sizes: Sequence[int]) -> str:
    return " + ".join(map(str, sizes))


# ------------------------------------------------------- where gradients meet


@picture
def gradients_meet(n_layers: int = 3):
    """Draw a step of two processes in time: gradients meet in `backward`.

    Args:
        n_layers: whose gradients are exchanged one after the other.
    """
    left, right = 1.55, FULL - MARGIN
    lanes = {"process 0": 1.15, "exchange": 1.85, "process 1": 2.55}
    high = 0.46
    # in units of a layer's forward pass, as drawn
    backward, exchange, step = 1.7, 1.15, 0.9
    times = [n_layers + backward * (k + 1) for k in range(n_layers)]
    free = 0.0
    meetings = []
    for time in times:
        begin = max(time, free)
        free = begin + exchange
        meetings.append(begin)
    unit = (right - left) / (free + step)
    figure, axes = canvas(3.7, "Gradients meet in backward, before step")

    def block(lane: str, begin: float, length: float, colour: str, words: str):
        corner = (left + begin * unit, lanes[lane] - high / 2)
        size = (length * unit - 0.04, high)
        axes.add_patch(Rectangle(corner, *size, color=colour, lw=0))
        middle = corner[0] + size[0] / 2, lanes[lane]
        write(axes, middle, words, color=_ink_on(colour), size=8.8)

    for lane, place in lanes.items():
        write(axes, (left - 0.15, place), lane, ha="right", size=10)
    for lane in ("process 0", "process 1"):
        block(lane, 0, n_layers, TRAINING, "forward")
        for k in range(n_layers):
            begin = n_layers + backward * k
            words = f"backward {n_layers - k}"
            block(lane, begin, backward, SERIES[1], words)
        if free > times[-1]:
            block(lane, times[-1], free - times[-1], GRID, "waits")
        block(lane, free, step, FAINT, "step")
    for k, begin in enumerate(meetings):
        block("exchange", begin, exchange, OTHER, f"mean {n_layers - k}")
        at = left + (begin + 0.12) * unit
        for lane, way in (("process 0", 1), ("process 1", -1)):
            start = at, lanes[lane] + way * high / 2
            arrow(axes, start, (at, lanes["exchange"] - way * high / 2))
    for at, words in (
        (times[0], "gradients differ"),
        (free, "backward ends: gradients are the same"),
    ):
        x = left + at * unit - 0.02
        axes.plot([x, x], [0.78, 3.0], color=MODEL, lw=1, ls=":")
        write(axes, (x, 3.15), words, ha="right", size=9.2)
    look = {"ha": "right", "color": WORDS}
    write(axes, (right, 3.42), "time goes to the right", **look)
    return figure, (
        "A step of two processes on a time line: forward, backward through "
        f"{n_layers} layers from the last to the first, step. As soon as both "
        "have the gradient of a layer, its mean is taken, while backward goes "
        "on with the layer before. At the end of backward all have the same "
        "gradients, and step exchanges nothing."
    )


# ----------------------------------------------------------------- throughput


@picture
def throughput(
    speedups: Mapping[int, Sequence[float]],
    predicted: Mapping[int, float],
    rows: int,
):
    """Draw how many times as fast n processes are, measured and predicted.

    Args:
        speedups: number of processes -> times as fast as one, per round.
        predicted: number of processes -> what a model says.
        rows: of one update.
    """
    figure, axes = new_figure((FULL, 3.7))
    most = max(*speedups, *predicted)
    ns = sorted(predicted)
    axes.plot([1, most], [1, most], color=FAINT, ls="--", lw=1.4)
    line = [predicted[n] for n in ns]
    axes.plot(ns, line, "o-", color=OTHER, ms=4, label="model")
    medians = {n: statistics.median(s) for n, s in sorted(speedups.items())}
    for n, values in speedups.items():
        ends = min(values), max(values)
        axes.vlines(n, *ends, color=TRAINING, linewidth=1.6, zorder=3)
        look = {"s": 110, "color": TRAINING, "marker": "_", "zorder": 3}
        axes.scatter([n, n], ends, **look)
    look = {"s": 42, "color": TRAINING, "marker": "D", "zorder": 3}
    axes.scatter([*medians], [*medians.values()], **look, label="measured")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    ticks = [2**k for k in range(int(np.log2(most)) + 1)]
    axes.set_xticks(ticks, map(str, ticks))
    axes.set_yticks(ticks, map(str, ticks))
    axes.minorticks_off()
    top = max(max(map(max, speedups.values())), *line, 2)
    axes.set(xlim=(0.93, most * 1.08), ylim=(0.7, max(most, top) * 1.15))
    axes.set(xlabel="processes", ylabel="times as fast as one")
    last = ns[-1]
    is_less = predicted[last] < 0.9 * last
    verb = "are not" if is_less else "should be almost"
    axes.set_title(f"{last} processes {verb} {last} times as fast")
    axes.plot([], [], color=FAINT, ls="--", lw=1.4, label="n times as fast")
    figure.legend(loc="outside right upper")
    measured = [
        f"{n} processes are {number(value)} times as fast as one"
        for n, value in medians.items()
        if n > 1
    ]
    return figure, (
        f"Speed over the number of processes, for updates of {rows} rows. "
        f"Measured: {', '.join(measured)}. A line for the model ends at "
        f"{number(predicted[last])} for {last} processes; "
        f"a dashed line, n times as fast, ends at {last}."
    )


# -------------------------------------------------------------------- padding


@picture
def padding(correct: Sequence[bool], n_processes: int):
    """Draw which rows of a validation set are counted, padded and not.

    Args:
        correct: for each row, whether the model is right.
        n_processes: that share the rows.
    """
    n = len(correct)
    # as DistributedSampler deals: row by row, and the first ones once more
    n_each = -(-n // n_processes)
    rows = [*range(n)] + [k % n for k in range(n_each * n_processes - n)]
    padded = [rows[k::n_processes] for k in range(n_processes)]
    exact = [[*share_of(range(n), k, n_processes)] for k in range(n_processes)]
    right = [
        sum(correct[row] for row in itertools.chain(*lanes))
        for lanes in (padded, exact)
    ]
    counted = n_each * n_processes, n
    title = (
        f"Padding counts {counted[0] - n} of {n} rows twice"
        if counted[0] > n
        else "Nothing has to be filled up"
    )
    figure, axes = canvas(1.75 + 0.38 * n_processes, title)
    for place, lanes in enumerate((padded, exact)):
        left = MARGIN + 1.0 + place * 4.1
        name = ("filled up", "shares as they are")[place]
        write(axes, (left, 0.78), name, ha="left", size=10.5, weight="bold")
        _draw_lanes(axes, lanes, correct, (left, 0.98))
        share = f"{right[place]} of {counted[place]} right"
        words = f"{share}: {100 * right[place] / counted[place]:.1f} %"
        below = 1.2 + 0.38 * n_processes
        write(axes, (left, below), words, ha="left", size=10.5)
    axes.text(
        MARGIN,
        1.52 + 0.38 * n_processes,
        "blue: right; orange: wrong; a black frame: counted a second time",
        size=9.2,
        color=WORDS,
        va="center",
    )
    return figure, (
        f"{n} validation rows on {n_processes} processes. Filled up to "
        f"{n_each} rows each, {counted[0] - n} rows are counted twice: "
        f"{right[0]} of {counted[0]} right, {100 * right[0] / counted[0]:.1f} "
        f"percent. With shares of {_sum_of([*map(len, exact)])} rows, "
        f"{right[1]} of {n} are right, {100 * right[1] / n:.1f} percent."
    )


def _draw_lanes(axes: Axes, lanes, correct: Sequence[bool], corner) -> None:
    """Draw the rows of each process, and frame those that come again."""
    left, top = corner
    seen: set[int] = set()
    order = [
        (k, lane, row)
        for k in range(max(map(len, lanes)))
        for lane, rows in enumerate(lanes)
        for row in rows[k : k + 1]
    ]
    again = []
    for k, lane, row in order:
        if row in seen:
            again.append((k, lane))
        seen.add(row)
    for k, lane, row in order:
        place = left + k * 0.36, top + lane * 0.38
        colour = TRAINING if correct[row] else SERIES[1]
        is_again = (k, lane) in again
        axes.add_patch(
            Rectangle(
                place,
                0.31,
                0.31,
                facecolor=colour + SOFT,
                edgecolor=MODEL if is_again else colour,
                linewidth=2.4 if is_again else 1,
            )
        )
        write(axes, (place[0] + 0.155, place[1] + 0.155), row)
    for lane in range(len(lanes)):
        place = left - 0.1, top + lane * 0.38 + 0.155
        write(axes, place, f"process {lane}", ha="right", size=9.2)
