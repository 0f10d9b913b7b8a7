"""Time an epoch of every teaching version against a loop written by hand.

Each version is compared with the plain loop that does the same work: all
points in one step, mini-batches, or mini-batches and validation. Both run in
turn, on the same loaders and one thread, and a ratio is the median over all
rounds, so that a busy machine slows both sides of a pair alike. Nothing is
logged or saved, except in the last rows, which show what that costs.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch.utils.tensorboard import SummaryWriter

from helpers.data_preparation import v0 as data_v0
from helpers.data_preparation import v1 as data_v1
from helpers.data_preparation import v2 as data_v2
from helpers.datasets.line import generate_data, split_data
from helpers.measuring.jobs import job_called
from helpers.measuring.plain_loops import (
    plain_full_batch,
    plain_mini_batches,
    plain_validation,
)
from helpers.measuring.speeds import KEPT, MISSED, TEACHING_LIMIT, UNDECIDED
from helpers.measuring.timing import (
    QUIET,
    Spread,
    interleave,
    ratios,
    spread,
)
from helpers.model_configuration import v0 as model_v0
from helpers.model_configuration import v1 as model_v1
from helpers.model_configuration import v2 as model_v2
from helpers.model_configuration import v3 as model_v3
from helpers.model_configuration import v6 as model_v6
from helpers.model_training import v0, v1, v2, v3, v4, v5, v6, v7

N_EPOCHS = 200  # in one measurement: as many as train does by default
N_ROUNDS = 11  # measurements of every loop
# With one step per epoch, train does 1,000 by default, and needs that many for
# a time that can be measured as well.
FULL_BATCH = "plain full batch"
TIMES = 5
NO_LOG: dict[str, Any] = {"run_name": None}


class Loop(NamedTuple):
    """A loop to time: what it is called with, and what it is compared with."""

    name: str
    plain: str  # name of the plain loop that does the same work; may be itself
    work: str
    train: Callable
    configure: Callable
    data: Sequence  # what train takes after the configuration
    options: dict = {}  # noqa: RUF012  (never changed)
    logs: bool = False  # and is not compared with the limit


def list_loops(folder: Path) -> list[Loop]:
    """List what is timed; the loops that log or save write into ``folder``."""
    x, y = generate_data()
    x_train, y_train, _, _ = split_data(x, y)
    tensors = data_v0.prepare_data(x_train, y_train)
    loader = [data_v1.prepare_data(x_train, y_train)]
    loaders = data_v2.prepare_data(x, y)

    def silent():
        return model_v3.configure_model(**NO_LOG)

    def logged():
        configuration = silent()
        configuration.writer = SummaryWriter(tempfile.mkdtemp(dir=folder))
        return configuration

    def of_chapter_15():
        return job_called("line-sgd").configure(model_v6)

    full, mini, val = FULL_BATCH, "plain mini-batch", "plain validation"
    make_v0 = model_v0.configure_model
    make_v1 = model_v1.configure_model
    make_v2 = model_v2.configure_model
    saves = {"checkpoint_path": folder / "checkpoint.pt"}
    return [
        Loop(full, full, "80 at once", plain_full_batch, make_v0, tensors),
        Loop("v0", full, "80 at once", v0.train, make_v0, tensors),
        Loop("v1", full, "80 at once", v1.train, make_v1, tensors),
        Loop(mini, mini, "5 batches", plain_mini_batches, make_v0, loader),
        Loop("v2", mini, "5 batches", v2.train, make_v1, loader),
        Loop("v3", mini, "5 batches", v3.train, make_v1, loader),
        Loop(val, val, "5 + 2 batches", plain_validation, make_v0, loaders),
        Loop("v4", val, "5 + 2 batches", v4.train, make_v2, loaders),
        Loop("v5", val, "5 + 2 batches", v5.train, silent, loaders),
        Loop("v6", val, "5 + 2 batches", v6.train, silent, loaders),
        Loop("v7", val, "5 + 2 batches", v7.train, of_chapter_15, loaders),
        Loop("v5, logging", val, "and add_scalars", v5.train, logged, loaders,
             logs=True),
        Loop("v6, logging", val, "and add_scalar, a checkpoint every 10 epochs",
             v6.train, logged, loaders, saves, logs=True),
    ]  # fmt: skip


def measure(
    loops: Sequence[Loop], n_rounds: int = N_ROUNDS, n_epochs: int = N_EPOCHS
) -> dict[str, list[float]]:
    """Run all loops in turn, round after round, each with a new model.

    Returns:
        by name, the seconds that an epoch took, one number per round.
    """
    runs = {
        loop.name: lambda loop=loop: loop.train(
            loop.configure(),
            *loop.data,
            n_epochs=_epochs_of(loop, n_epochs),
            **loop.options,
        )
        for loop in loops
    }
    seconds = interleave(runs, n_rounds)
    return {
        loop.name: [
            value / _epochs_of(loop, n_epochs) for value in seconds[loop.name]
        ]
        for loop in loops
    }


def _epochs_of(loop: Loop, n_epochs: int) -> int:
    return n_epochs * TIMES if loop.plain == FULL_BATCH else n_epochs


def ratios_to_plain(
    loops: Sequence[Loop], seconds: Mapping[str, list[float]]
) -> dict[str, Spread]:
    """Return by name how many times its plain loop each one takes."""
    return {loop.name: ratios(seconds, loop.plain)[loop.name] for loop in loops}


def measure_versions(
    n_rounds: int = N_ROUNDS, n_epochs: int = N_EPOCHS
) -> list[dict[str, Any]]:
    """Time every teaching version.

    Returns:
        a row per loop: name, plain (the name of what it is compared with),
        work, seconds (of an epoch) and ratio, each median and quartiles.
    """
    with tempfile.TemporaryDirectory() as folder:
        loops = list_loops(Path(folder))
        seconds = measure(loops, n_rounds, n_epochs)
    found = ratios_to_plain(loops, seconds)
    return [
        {
            "name": loop.name,
            "plain": loop.plain,
            "work": loop.work,
            "is_limited": not loop.logs,
            "seconds": list(spread(seconds[loop.name])),
            "ratio": list(found[loop.name]),
        }
        for loop in loops
    ]


def format_versions(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a line per loop: milliseconds per epoch, ratio, work.

    Args:
        rows: from `measure_versions`.
    """
    lines = [f"{'loop':16}  {'ms':>6}  {'ratio':>5}  work in an epoch"]
    for row in rows:
        milliseconds, ratio = 1000 * row["seconds"][0], row["ratio"][0]
        said = f"{row['name']:16}  {milliseconds:6.3f}  {ratio:5.2f}"
        lines.append(f"{said}  {row['work']}")
    return "\n".join(lines)


def judge_versions(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[int, list[str]]:
    """Compare each version that does not log with the limit.

    Args:
        rows: from `measure_versions`.

    Returns:
        exit status, as `helpers.measuring.speeds.judge`, and a sentence per
        version that takes too long.
    """
    status, sentences = KEPT, []
    for row in rows:
        ratio = Spread(*row["ratio"])
        if not row["is_limited"] or ratio.median <= TEACHING_LIMIT:
            continue
        said = (
            f"{row['name']} takes {ratio.median:.2f} times its plain loop, and "
            f"the limit is {TEACHING_LIMIT}."
        )
        if ratio.width > QUIET:
            status = status or UNDECIDED
            said += " The machine was busy. Measure again when it is quiet."
        else:
            status = MISSED
            said += (
                " Something that runs in every epoch or batch has become slow: "
                "profile it."
            )
        sentences.append(said)
    return status, sentences
