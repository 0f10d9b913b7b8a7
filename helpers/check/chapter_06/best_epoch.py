"""Exercise 06.2: the best epoch of a run."""

import operator
from pathlib import Path

from helpers.errors import RunNameError
from helpers.practice.exercises import brief, call, code, exercise, kind
from helpers.practice.probes.logs import (
    near,
    scratch,
)
from helpers.practice.verdict import wrong

EVENT_FILE = "chapter 06, the section *What an event file holds*"


@exercise(
    "06.2",
    "The best epoch of a run",
    minutes=8,
    level="medium",
    look=EVENT_FILE,
)
def best_epoch(best_epoch):
    """Check ``best_epoch(folder)``, which reads an event file."""
    with scratch() as here:
        _write_runs()
        n_opened, there = len(here.opened), _all_files()
        _check_best(best_epoch, "run_a")
        for run in ("run_b", "run_c", "run_d", "run_a"):
            _check_best(best_epoch, run, again=True)
        if len(here.opened) > n_opened:
            wrong(
                "opens_writer",
                expected="The run is read, and nothing is written.",
                found="A writer was opened, and a new event file with it.",
                cause="A `SummaryWriter` writes, and does nothing else. "
                "`EventAccumulator` reads.",
            )
        if _all_files() != there:
            wrong(
                "changes_files",
                expected="The run is read, and its folder stays as it was.",
                found="A file came, went or was changed.",
                cause="The answer is what the function returns. It writes no "
                "file and removes none.",
            )
        return (
            "Read back, and the epoch taken from the *step* of the point, not "
            "from its place in the list."
        )


def _all_files() -> dict[str, bytes]:
    return {
        file.as_posix(): file.read_bytes()
        for file in Path().rglob("*")
        if file.is_file()
    }


def _dip(step: int) -> float:
    return 0.2 + abs(step - 271) / 10_000


# What the runs hold: by tag, the points (step, value).
RUNS = {
    "run_a": {
        "accuracy": [
            *((0, 0.5), (10, 0.3), (20, 0.8)),
            *((30, 0.7), (40, 0.01), (50, 0.9)),
        ],
        "loss": [
            *((0, 0.7), (10, 0.5), (20, 0.9)),
            *((30, 0.0625), (40, 0.3), (50, 0.4)),
        ],
    },
    "run_b": {"loss": [(5, 3.0), (6, 5.0), (7, 7.0)]},  # none below 1
    "run_c": {"loss": [(100, 0.4), (101, 0.125), (102, 0.3), (103, 0.125)]},
    "run_d": {"loss": [(step, _dip(step)) for step in range(400)]},
}


def _write_runs() -> None:
    from torch.utils.tensorboard import SummaryWriter

    for run, tags in RUNS.items():
        with SummaryWriter(run) as writer:
            for tag, points in tags.items():
                for step, value in points:
                    writer.add_scalar(tag, value, step)


def _check_best(best_epoch, run: str, again=False) -> None:
    points = RUNS[run]["loss"]
    wanted, lowest = min(points, key=lambda point: point[1])
    try:
        found = call(best_epoch, Path(run), shown="best_epoch(folder)")
    except Exception as error:
        _explain_error(error)
        raise
    step = _whole_number(found, lowest)
    if step == wanted:
        return
    if again and step == 30:
        wrong(
            "shared",
            expected=f"Another run, another answer: {wanted}.",
            found="30 again, the best epoch of the first run.",
            cause="The reader was made once and kept, or the folder is not the "
            "one that was given. Make the `EventAccumulator` inside.",
        )
    _explain_epoch(step, points, wanted, lowest)


def _explain_error(error: Exception) -> None:
    text = str(error)
    if "not found in Reservoir" in text and "Key loss " in text:
        wrong(
            "not_reloaded",
            expected="The points of the tag `loss`.",
            found="A reader that knows of no tag yet: a `KeyError`.",
            cause="A new `EventAccumulator` has read nothing. `Reload()` makes "
            "it read.",
        )
    if "not found in Reservoir" in text:
        wrong(
            "tag_missing",
            expected="The points of the tag `loss`.",
            found=f"Another tag was asked for: {code(text)}.",
            cause="The tag is the name under which the losses were written. "
            "`Tags()` lists those that are there.",
        )
    if isinstance(error, RunNameError):
        wrong(
            "run_name",
            expected="The folder that is passed is read, wherever it lies.",
            found=f"It was taken for the name of a run: {brief(text)}",
            cause="`read_scalars` of our helpers takes a name below `runs/`, "
            "and no folder. `EventAccumulator(str(folder), ...)` reads any.",
        )
    if type(error).__name__ == "DirectoryDeletedError":
        wrong(
            "other_folder",
            expected="The folder that is passed is read.",
            found="`EventAccumulator` found no such folder.",
            cause="It got another name. Quotes make a name of `folder`; "
            "`str(folder)` is the path that was passed.",
        )
    if "Path(" in text and isinstance(error, TypeError):
        wrong(
            "path_not_text",
            expected="`folder` is a path, as `run_folder` returns it.",
            found="`EventAccumulator` failed on it: it takes a text.",
            cause="Write `EventAccumulator(str(folder), ...)`.",
        )


def _whole_number(found, lowest: float) -> int:
    """Return the step as an int; say what is wrong if it is something else."""
    expected = "The step of a point, a whole number."
    if hasattr(found, "step") and hasattr(found, "value"):
        wrong(
            "returns_event",
            expected=expected,
            found="The point itself, with its time, step and value.",
            cause="`.step` is missing.",
        )
    if isinstance(found, float) and near(found, lowest):
        wrong(
            "returns_loss",
            expected=expected,
            found=f"{found:.4f}, the smallest loss.",
            cause="The question is *when* it was reached. Keep the point "
            "together with its value, and return its step.",
        )
    try:
        assert not isinstance(found, bool)
        return operator.index(found)
    except (TypeError, AssertionError):
        wrong(
            "no_step",
            expected=expected,
            found=f"{kind(found)}.",
            cause="`return` is missing. Or a loop began with a smallest loss "
            "of its own, and none of this run is below."
            if found is None
            else "The `.step` of a point is a whole number already. Return it "
            "alone and as it is.",
        )


def _explain_epoch(step: int, points, wanted: int, lowest: float) -> None:
    """Raise Wrong: this is not the step that was asked for."""
    steps = [s for s, _ in points]
    expected = f"{wanted}, the step of the smallest loss, {lowest:.4g}."
    if step == steps.index(wanted) and len(points) == 6:
        wrong(
            "position",
            expected=expected,
            found=f"{step}, its place in the list.",
            cause="Not every epoch has to be in a log: here it is every tenth. "
            "The number of the epoch is the `.step` of the point.",
        )
    if step in steps and step != wanted:
        _explain_other_point(step, points, expected, lowest)
    wrong(
        "other_step",
        expected=expected,
        found=f"{step}, which is not a step of a small loss.",
        cause="A start value that no loss falls below, one too many, or steps "
        "that were counted and not read?",
    )


def _explain_other_point(step, points, expected, lowest) -> None:
    value = dict(points)[step]
    if value == lowest:
        wrong(
            "later_of_two",
            expected=f"{expected} If two are equal, the first of them.",
            found=f"{step}, the later of two equal ones.",
            cause="`<=` in place of `<`, a search from the end, or a "
            "dictionary with the losses as its keys, which keeps the last of "
            "equal ones.",
        )
    if value == max(v for _, v in points) and len(points) == 6:
        wrong(
            "largest",
            expected=expected,
            found=f"{step}, the step of the largest.",
            cause="`max` in place of `min`, or sorted the other way round.",
        )
    if step == 40 and len(points) == 6:
        wrong(
            "other_tag",
            expected=expected,
            found=f"{step}. There the other tag, `accuracy`, is smallest.",
            cause="The run holds more than one tag. Ask for that of the loss: "
            '`events.Scalars("loss")`.',
        )
    if step in (points[0][0], points[-1][0]):
        wrong(
            "first_or_last",
            expected=expected,
            found=f"{step}, the {'first' if step == points[0][0] else 'last'} "
            "one.",
            cause="The steps were compared, and not the values; or a loop was "
            "left too early, or never keeps the smallest loss so far. `min` "
            "over points needs to know by what: `key=`.",
        )
    wrong(
        "other_point",
        expected=expected,
        found=f"{step}, with a loss of {value:.4g}.",
        cause="Not all points were looked at: a loop that ends at the first "
        "rise misses what comes later, and `size_guidance` above 0 keeps only "
        "some points of a tag. Or the losses were rounded before they were "
        "compared.",
    )
