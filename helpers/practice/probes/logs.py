"""A folder in which answers may write event files, and what they wrote there.

TensorBoard is imported where it is needed only: `helpers.check` has to be
there at once, also in pages that log nothing. The words stand in
``practice/words/logs.toml``.
"""

import contextlib
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from helpers.practice.signs import Seen, agree, judge


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

PRECISION = 1e-6  # event files keep 32 bits of each number

# what may be wrong with points that are not the right ones
POINTS = {
    "no_step": lambda s: s.same_values and not any(s.steps),
    "steps_from_one": lambda s: (
        s.same_values and s.steps == [step + 1 for step in s.right_steps]
    ),
    "other_steps": lambda s: s.same_values,
    "value_and_step_swapped": lambda s: agree(s.values, s.right_steps),
    "other_order": lambda s: agree(sorted(s.found), sorted(s.wanted)),
    "points_missing": lambda s: len(s.found) < len(s.wanted),
    "too_many_points": lambda s: len(s.found) > len(s.wanted),
    "other_values": lambda s: True,
}


def compare_points(found: list[tuple], wanted: list[tuple], tag: str) -> None:
    """Compare the points of a curve with those that should be there.

    Args:
        found: (step, value) of each point, in the order of the file.
        wanted: likewise.
        tag: of the curve, for the message.

    Raises:
        Wrong: they differ.
    """
    seen = Seen(found=found, wanted=wanted, tag=tag)
    seen.steps, seen.values = _columns(found)
    seen.right_steps, seen.right_values = _columns(wanted)
    seen.same_values = agree(seen.values, seen.right_values, PRECISION)
    if not seen.same_values or seen.steps != seen.right_steps:
        judge(POINTS, seen, n_found=len(found), n_wanted=len(wanted))


def _columns(points: list[tuple]) -> tuple[list, list]:
    """Return the steps and the values of points."""
    return [step for step, _ in points], [value for _, value in points]
