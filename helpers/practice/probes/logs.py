"""A folder in which answers may write event files, and what they wrote there.

TensorBoard is imported where it is needed only: `helpers.check` has to be
there at once, also in pages that log nothing.
"""

import contextlib
import math
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from helpers.practice.verdict import wrong


class Scratch:
    """The event files that were opened since a block of `scratch` began."""

    def __init__(self):
        self.opened = []

    def n_open(self) -> int:
        """Count the files that nobody closed."""
        return sum(map(_is_open, self.opened))

    def write_all(self) -> None:
        """Wait until all that was logged is on disk; leave the files open."""
        for file in self.opened:
            with contextlib.suppress(OSError):
                file.flush()

    def close_all(self) -> None:
        """Close every file, so that what was logged is on disk."""
        for file in self.opened:
            with contextlib.suppress(OSError):
                file.close()


@contextlib.contextmanager
def scratch():
    """Step into a new, empty folder; leave nothing of it behind.

    Inside the block, names of folders are meant from there: what an answer
    calls `Path("my_run")` is the same on every machine, and a writer without a
    folder litters nothing. One for a folder outside, as `run_folder` gives it,
    writes into a folder `outside` in its place. Event files that an answer
    leaves open are closed.

    Yields:
        a `Scratch`.
    """
    here = Scratch()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        contextlib.chdir(folder),
        _noted(here.opened, Path(folder).resolve()),
    ):
        try:
            yield here
        finally:
            here.close_all()


@contextlib.contextmanager
def _noted(opened: list, inside: Path):
    """Note every event file that this thread opens, and keep it inside."""
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    before, this_thread = EventFileWriter.__init__, threading.get_ident()

    def open_and_note(self, logdir, *arguments, **named) -> None:
        if threading.get_ident() != this_thread:
            before(self, logdir, *arguments, **named)
            return
        if not Path(logdir).resolve().is_relative_to(inside):
            logdir = str(inside / "outside")
        before(self, logdir, *arguments, **named)
        opened.append(self)

    EventFileWriter.__init__ = open_and_note
    try:
        yield
    finally:
        EventFileWriter.__init__ = before


def _is_open(file) -> bool:
    try:
        file.flush()  # a closed one refuses
    except OSError:
        return False
    return True


# ------------------------------------------------------------------ reading


@dataclass
class Logged:
    """What the event files of one folder hold.

    Attributes:
        n_files: event files in the folder itself.
        n_below: event files in folders inside it.
        n_graphs: how many graphs were written.
        scalars: by tag, the points (step, value), in the order of the file.
        histograms: by tag, (step, minimum, maximum, count, sum).
        other: tags of whatever else there is: texts, images, the graph.
        nodes: name and operation of each node of the last graph, sorted.
    """

    n_files: int = 0
    n_below: int = 0
    n_graphs: int = 0
    scalars: dict[str, list[tuple]] = field(default_factory=dict)
    histograms: dict[str, list[tuple]] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)
    nodes: list[tuple[str, str]] = field(default_factory=list)


def read_logged(folder: Path) -> Logged:
    """Read all that was logged into a folder; nothing if there is none."""
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    every = list(folder.rglob("*tfevents*"))
    logged = Logged(sum(file.parent == folder for file in every))
    logged.n_below = len(every) - logged.n_files
    if not logged.n_files:
        return logged
    kinds = ("scalars", "histograms", "images", "audio", "tensors")
    events = EventAccumulator(str(folder), dict.fromkeys(kinds, 0))
    events.Reload()
    tags = events.Tags()
    for tag in tags["scalars"]:
        logged.scalars[tag] = [(e.step, e.value) for e in events.Scalars(tag)]
    for tag in tags["histograms"]:
        logged.histograms[tag] = [
            (e.step, h.min, h.max, int(h.num), h.sum)
            for e in events.Histograms(tag)
            for h in [e.histogram_value]
        ]
    logged.other = [*tags["images"], *tags["audio"]]
    _read_tensors(events, logged)
    _read_graphs(events, folder, logged)
    return logged


def _read_tensors(events, logged: Logged) -> None:
    """Read what is stored as tensors: scalars of `new_style`, and texts."""
    from tensorboard.util.tensor_util import make_ndarray

    for tag in events.Tags()["tensors"]:
        points = [
            (e.step, make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)
        ]
        if all(v.ndim == 0 and v.dtype.kind == "f" for _, v in points):
            logged.scalars[tag] = [(step, float(v)) for step, v in points]
        else:
            logged.other.append(tag)


def _read_graphs(events, folder: Path, logged: Logged) -> None:
    if not events.Tags()["graph"]:
        return
    from tensorboard.backend.event_processing.event_file_loader import (
        EventFileLoader,
    )

    logged.other.append("graph")
    logged.nodes = sorted((n.name, n.op) for n in events.Graph().node)
    for file in folder.glob("*tfevents*"):
        logged.n_graphs += sum(
            event.HasField("graph_def")
            for event in EventFileLoader(str(file)).Load()
        )


# ---------------------------------------------------------------- comparing


def near(a: float, b: float) -> bool:
    """Whether two numbers agree; event files keep 32 bits of each."""
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-7)


def compare_points(found: list[tuple], wanted: list[tuple], tag: str) -> None:
    """Compare the points of a curve with those that should be there.

    Args:
        found: (step, value) of each point, in the order of the file.
        wanted: likewise.
        tag: of the curve, for the message.

    Raises:
        Wrong: they differ.
    """
    if _agree(found, wanted):
        return
    steps, values = [s for s, _ in found], [v for _, v in found]
    where, right = [s for s, _ in wanted], [v for _, v in wanted]
    if _near_all(values, right):
        _explain_steps(steps, where, tag)
    if _near_all(values, where):
        wrong(
            "value_and_step_swapped",
            expected=f"Under `{tag}` the losses, each at its epoch.",
            found=f"Values {_shown(values)}, which are the epochs.",
            cause="`add_scalar` takes the tag, then the value, then the step. "
            "Value and step changed places. (`enumerate` gives the number "
            "first, then the loss.)",
        )
    if _agree(sorted(found), sorted(wanted)):
        wrong(
            "other_order",
            expected=f"The points of `{tag}` in the order of the epochs.",
            found=f"The steps {steps}, in this order.",
            cause="The loop runs backwards. A file holds points as they were "
            "written, and TensorBoard takes a step back for a new start.",
        )
    if len(found) != len(wanted):
        _explain_number(found, wanted, tag)
    wrong(
        "other_values",
        expected=f"Under `{tag}` the values {_shown(right)}.",
        found=f"{_shown(values)}.",
        cause="Another number was logged, or the right ones were changed on "
        "their way: rounded, sorted, added up, divided.",
    )


def _agree(found, wanted) -> bool:
    return [s for s, _ in found] == [s for s, _ in wanted] and _near_all(
        [v for _, v in found], [v for _, v in wanted]
    )


def _near_all(found, wanted) -> bool:
    return len(found) == len(wanted) and all(map(near, found, wanted))


def _shown(values) -> str:
    return "[" + ", ".join(f"{value:.6g}" for value in values) + "]"


def _explain_steps(steps, where, tag) -> None:
    """Raise Wrong: the values are right, and the steps are not."""
    expected = f"The points of `{tag}` at the steps {where}."
    if not any(steps):
        wrong(
            "no_step",
            expected=expected,
            found="All of them at step 0.",
            cause="The third argument of `add_scalar`, the step, is missing. "
            "All points then stand above one another.",
        )
    if steps == [step + 1 for step in where]:
        wrong(
            "steps_from_one",
            expected=expected,
            found=f"At {steps}.",
            cause="Epochs are counted from 0 in this course. One was added, or "
            "the counting starts at 1.",
        )
    wrong(
        "other_steps",
        expected=expected,
        found=f"At {steps}.",
        cause="The step is the number of the epoch, as given. A counter of "
        "your own goes on from call to call or starts at 0 again, and "
        "`losses.index(loss)` finds the first of two equal losses.",
    )


def _explain_number(found, wanted, tag) -> None:
    """Raise Wrong: there are too few points, or too many."""
    few = len(found) < len(wanted)
    wrong(
        "points_missing" if few else "too_many_points",
        expected=f"{len(wanted)} points under `{tag}`.",
        found=f"{len(found)}, at the steps {[step for step, _ in found]}.",
        cause="Only some of the losses were logged: `add_scalar` stands below "
        "a loop and not in it, a `return` ends the loop, or some are left out."
        if few
        else "More was logged than asked for: is a call of `add_scalar` there "
        "twice, or in one loop too many?",
    )
