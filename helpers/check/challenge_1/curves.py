"""Challenge 1, two curves in TensorBoard."""

import tempfile
from pathlib import Path

from helpers.practice.exercise import call, exercise, kind
from helpers.practice.probes import close
from helpers.practice.verdict import wrong

WRITER = "exercise 07.1, and chapter 06, the section *A first scalar*"


@exercise(
    "C1.7", "Two curves in TensorBoard", minutes=8, level="easy", look=WRITER
)
def logger(make_logger):
    """Check ``make_logger(writer)``, which returns a function to log with."""
    from torch.utils.tensorboard import SummaryWriter

    values = [(0, 0.5, 0.625), (1, 0.25, 0.375), (2, 0.125, 0.25)]
    with tempfile.TemporaryDirectory() as folder:
        writer = SummaryWriter(folder)
        try:
            log_epoch = call(make_logger, writer, shown="make_logger(writer)")
            _expect_logger(log_epoch)
            for entry in values:
                call(log_epoch, *entry, shown="log_epoch(0, 0.5, 0.625)")
            _check_open(writer)
        finally:
            writer.close()
        _check_log(Path(folder), values)
    return "Two curves, in the one file of the run."


def _expect_logger(log_epoch) -> None:
    if not callable(log_epoch):
        wrong(
            "builder_returns_nothing",
            expected="`make_logger(writer)` returns a function.",
            found=f"It returns {kind(log_epoch)}.",
            cause="The inner function is not returned, or it is called at "
            "once.",
            look="chapter 01, the section *From powers to a builder*",
        )


def _check_open(writer) -> None:
    if writer.file_writer is None:
        _wrong_closed("It was closed.")


def _wrong_closed(found: str) -> None:
    wrong(
        "closes",
        expected="The writer is open all the time.",
        found=found,
        cause="`writer.close()` or `with writer:` stands in the function. "
        "Whoever opened the writer closes it, when the training is over.",
    )


def _check_log(folder: Path, values) -> None:
    files = list(folder.rglob("*tfevents*"))
    if any(file.parent != folder for file in files):
        wrong(
            "sub_runs",
            expected="Everything in the run of the writer.",
            found="Sub-folders with files of their own.",
            cause="`add_scalars` makes a run of each key. `add_scalar`, "
            "called twice, does not.",
            look="chapter 07, the section *What `add_scalars` costs*",
        )
    if len(files) > 1:
        _wrong_closed("It was closed and opened again: there are two files.")
    curves = _read(folder)
    wanted = {"loss/training", "loss/validation"}
    if not curves:
        wrong(
            "nothing_logged",
            expected="Two curves in the file of the writer.",
            found="None at all.",
            cause="Another writer is used, or nothing is written.",
        )
    if set(curves) != wanted:
        wrong(
            "other_tags",
            expected="The tags `loss/training` and `loss/validation`.",
            found=", ".join(f"`{tag}`" for tag in sorted(curves)) + ".",
            cause="Other names, or one name for both.",
        )
    steps, losses, val_losses = zip(*values, strict=True)
    for tag in sorted(wanted):
        if curves[tag][0] != list(steps):
            wrong(
                "no_step",
                expected="The epochs 0, 1, 2 as steps.",
                found=f"`{curves[tag][0]}`.",
                cause="The third argument of `add_scalar`, `global_step`, is "
                "missing or another number.",
            )
    found = curves["loss/training"][1], curves["loss/validation"][1]
    if close(found[0], val_losses) and close(found[1], losses):
        wrong(
            "swapped",
            expected="The training loss under `loss/training`.",
            found="The validation loss.",
            cause="The two values changed places.",
        )
    if not (close(found[0], losses) and close(found[1], val_losses)):
        wrong(
            "other_values",
            expected=f"The losses as they were given: {list(losses)}.",
            found=f"`{[round(v, 4) for v in found[0]]}`.",
            cause="They were changed on the way, or one stands for both.",
        )


def _read(folder: Path) -> dict[str, tuple[list[int], list[float]]]:
    """Return steps and values of each tag in a folder."""
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: (
            [point.step for point in events.Scalars(tag)],
            [point.value for point in events.Scalars(tag)],
        )
        for tag in events.Tags()["scalars"]
    }
