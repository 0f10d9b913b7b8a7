"""Checkers of chapter 06: event files, read back; names of runs."""

import math
import operator
import re
from pathlib import Path

from helpers.errors import RunNameError
from helpers.practice.event_files import (
    compare_points,
    near,
    read_logged,
    scratch,
)
from helpers.practice.exercise import brief, call, code, exercise, kind
from helpers.practice.verdict import wrong

SCALAR = "chapter 06, the section *A first scalar*"
EVENT_FILE = "chapter 06, the section *What an event file holds*"
NAMES = "chapter 06, the section *Names of runs*"
SHARED = "chapter 06, the section *Why two runs must not share a folder*"


# ------------------------------------------------------- 06.1 losses on disk

LOGGED = {Path("run_a"), Path("run_b"), Path("run_c")}


@exercise("06.1", "From a list to a file", minutes=5, level="easy", look=SCALAR)
def logged_losses(log_losses):
    """Check ``log_losses(folder, losses)``, which writes one event file."""
    with scratch() as here:
        # two equal ones, and digits that rounding would lose
        losses = [0.912345, 0.543219, 0.543219, 0.25, 0.125]
        _check_log(log_losses, here, Path("run_a"), losses)
        # another length and another folder, while the first is on disk
        _check_log(
            log_losses, here, Path("run_b"), [3.5, 2.00001, 1.5], again=True
        )
        _check_log(log_losses, here, Path("run_c"), [0.75], again=True)
        return (
            "One complete file a run: every loss under `loss`, at its epoch, "
            "and nothing is left open."
        )


def _check_log(log_losses, here, folder: Path, losses, again=False) -> None:
    given = list(losses)
    call(log_losses, folder, given, shown="log_losses(folder, losses)")
    n_open = here.n_open()
    here.close_all()  # what was not written yet is there for us to read
    logged = read_logged(folder)
    if again and not logged.n_files:
        wrong(
            "shared",
            expected="Each call writes into the folder that it is given.",
            found="The first call did, and a later one wrote nothing into its "
            "own.",
            cause="The writer is made once and kept, in a global name or in "
            "the default of an argument. Make it inside `log_losses`.",
        )
    _check_files(logged)
    _check_tags(logged)
    points = list(enumerate(losses))
    compare_points(logged.scalars["loss"], points, "loss")
    if given != losses:
        wrong(
            "changes_losses",
            expected="The list that was passed stays as it is.",
            found=f"It had {len(losses)} entries and now has {len(given)}, or "
            "other ones.",
            cause="`pop`, `sort`, `reverse` and `clear` change the caller's "
            "list. Loop over it, which leaves it alone.",
        )
    if n_open:
        wrong(
            "not_closed",
            expected="After the call the file is complete and closed.",
            found="It was still open.",
            cause="`writer.close()` is missing, or the brackets behind "
            "`close`. What waits in the queue would be lost with the kernel. A "
            "`with` block closes by itself.",
        )


def _check_files(logged) -> None:
    elsewhere = [
        file
        for file in Path().rglob("*tfevents*")
        if not LOGGED & set(file.parents)
    ]
    if not logged.n_files and (elsewhere or logged.n_below):
        wrong(
            "other_folder",
            expected="An event file in the folder that was given.",
            found="One in a folder inside it."
            if logged.n_below
            else "One in another folder.",
            cause="`SummaryWriter()` without an argument picks a folder of its "
            "own, and quotes make a name of `folder`. Give it the argument as "
            "it is: `SummaryWriter(folder)`.",
            look=NAMES,
        )
    if not logged.n_files:
        wrong(
            "no_file",
            expected="An event file in the folder that was given.",
            found="None, and no such folder.",
            cause="No `SummaryWriter` was made for `folder`. It is what opens "
            "the file.",
        )
    if logged.n_below or elsewhere:
        wrong(
            "sub_runs",
            expected="One event file, in the folder itself.",
            found=f"{logged.n_below + len(elsewhere)} more in other folders.",
            cause="`add_scalars`, with an *s*, `add_hparams` or a writer for "
            "each loss opens runs of its own. `add_scalar` adds one point to "
            "this run.",
        )
    if logged.n_files > 1:
        wrong(
            "many_files",
            expected="One event file in the folder.",
            found=f"{logged.n_files}.",
            cause="A writer is opened in each round of the loop, or used after "
            "it was closed, which opens a second file. Open it once, before "
            "the loop; the loop belongs into its `with` block.",
        )


def _check_tags(logged) -> None:
    found = [*logged.scalars, *logged.histograms, *logged.other]
    if not found:
        wrong(
            "nothing_logged",
            expected="Points under the tag `loss`.",
            found="A file without any.",
            cause="A writer was opened, and `add_scalar` never called.",
        )
    if found == ["loss"] and not logged.scalars:
        wrong(
            "no_scalar",
            expected="Single numbers, which make a curve, under `loss`.",
            found="Something else: a histogram or an image.",
            cause="`add_scalar` adds one number, a point of a curve. It is "
            "called once for each loss.",
        )
    if list(logged.scalars) != ["loss"] or len(found) > 1:
        wrong(
            "other_tag",
            expected="One tag, `loss`.",
            found=f"{code(str(sorted(found)))}.",
            cause="The first argument of `add_scalar` names the curve. All "
            "points of a curve have the same one.",
        )


# ------------------------------------------------------------ 06.2 best epoch


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


# -------------------------------------------------------------- 06.3 run names


# Pairs (lr, batch_size), each of which differs from the next in one way.
SETTINGS = [(0.1, 16), (0.1, 32), (0.02, 32), (0.11, 6)]
CLOSE = [(0.1, 16), (0.12, 16), (0.02, 16), (0.021, 16), (1e-5, 16), (2e-5, 16)]
VERY_CLOSE = [
    *((0.1, 16), (0.1000001, 16), (math.nextafter(0.1, 1), 16)),
    *((1e-8, 16), (2e-8, 16), (1e-12, 16), (2e-12, 16)),
    *((1e-20, 16), (2e-20, 16)),
]


@exercise("06.3", "A name that tells", minutes=6, level="easy", look=NAMES)
def run_name(make_run_name):
    """Check ``make_run_name(lr, batch_size)``, which returns a text."""
    for setting in SETTINGS:
        _check_name(_name_of(make_run_name, *setting), *setting)
    _check_apart(make_run_name)
    for lr, batch_size in (*SETTINGS, *CLOSE, *VERY_CLOSE):
        _check_telling(_name_of(make_run_name, lr, batch_size), lr, batch_size)
    return (
        "Each setting has a folder of its own, and who reads the name knows "
        "both numbers."
    )


def _name_of(make_run_name, lr, batch_size):
    return call(make_run_name, lr, batch_size, shown="make_run_name(0.1, 16)")


def _check_name(name, lr, batch_size) -> None:
    from helpers.runs import run_folder

    if not isinstance(name, str):
        wrong(
            "no_text",
            expected="The name, a text such as `'ch06/something'`.",
            found=f"{kind(name)}.",
            cause="`return` is missing, or the folder or the parts of the name "
            "are returned in its place.",
        )
    if "/runs/ch06" in name.replace("\\", "/"):
        wrong(
            "full_path",
            expected="The name of the run, a text such as `'ch06/something'`.",
            found="The whole path of a folder.",
            cause="`run_folder` makes a folder of a name. Here the name alone "
            "is asked for, which whoever trains passes on to it.",
        )
    try:
        run_folder(name)
    except RunNameError:
        if "{" in name:
            wrong(
                "no_f_string",
                expected="A name with the numbers in it.",
                found=f"{code(name)}, the same for all settings.",
                cause="The `f` in front of the quotes is missing. It is what "
                "makes Python replace the braces.",
            )
        strange = sorted(set(re.findall(r"[^\w.=+/-]", name)))
        bad = ", ".join(code(c) if c.strip() else "a blank" for c in strange)
        wrong(
            "not_allowed",
            expected="A name that `run_folder` takes: letters, digits and `_ . "
            "= + -`, with `/` between a group and a run.",
            found=f"It has {bad} in it."
            if bad
            else "A part of it is empty, too long, begins with a sign or ends "
            "with a dot.",
            cause="A blank, a colon, a bracket or a comma has to go; `=` and "
            "`_` may stand for them. Nothing may begin with a `-` or end with "
            "a dot.",
        )
    if not name.startswith("ch06/"):
        wrong(
            "not_in_group",
            expected="A name in the group of this chapter: it begins with "
            "`ch06/`.",
            found=f"It begins with {code(name[:5])}.",
            cause="The group is missing, or written in another way.",
        )


def _check_apart(make_run_name) -> None:
    """Compare names of settings, first very different ones, then close ones."""
    a, b, c, d = (_name_of(make_run_name, *setting) for setting in SETTINGS)
    if a == b == c:
        wrong(
            "constant",
            expected="Different settings, different names.",
            found="The same name for all of them.",
            cause="The name does not depend on the arguments. A time alone "
            "stays the same for a whole second, and says nothing about the "
            "settings.",
            look=SHARED,
        )
    if a == b:
        wrong(
            "batch_size_left_out",
            expected="Batch sizes of 16 and 32 have names of their own.",
            found="Both have the same name.",
            cause="`batch_size` is not in the name.",
            look=SHARED,
        )
    if b == c:
        wrong(
            "lr_left_out",
            expected="Learning rates of 0.1 and 0.02 have names of their own.",
            found="Both have the same name.",
            cause="`lr` is not in the name, or only its first digit is.",
            look=SHARED,
        )
    if a == d:
        wrong(
            "glued",
            expected="0.1 with 16, and 0.11 with 6, have names of their own.",
            found="Both have the same name.",
            cause="The two numbers stand side by side, so that nobody knows "
            "where the first ends. Put a text between them.",
            look=SHARED,
        )
    _check_close(make_run_name)


def _check_close(make_run_name) -> None:
    names: dict[str, tuple] = {}
    for setting in (*CLOSE, *VERY_CLOSE):
        name = _name_of(make_run_name, *setting)
        _check_name(name, *setting)
        other = names.setdefault(name, setting)
        if other != setting:
            wrong(
                "rounded",
                expected=f"Learning rates of {other[0]} and {setting[0]} have "
                "names of their own.",
                found="Both have the same name.",
                cause="The number was rounded on its way into the name, as by "
                "`:.2f`, `:g` or `:.16f`. `{lr}` alone keeps all digits.",
                look=SHARED,
            )


NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
LR = r"(?:lr|learning[_-]?rate)"
BATCH_SIZE = r"(?:bs|batch[_-]?size)"


def _check_telling(name: str, lr: float, batch_size: int) -> None:
    """Look for both numbers in a name."""
    own = name.removeprefix("ch06/")
    numbers = [float(number) for number in re.findall(NUMBER, own)]
    for what, word, other in (
        ("learning rate", LR, batch_size),
        ("batch size", BATCH_SIZE, lr),
    ):
        named = re.search(rf"(?i)(?<![a-z])({word})[=_-]?({NUMBER})", own)
        if named and math.isclose(float(named[2]), other):
            wrong(
                "swapped",
                expected=f"Behind `{named[1]}` the {what}.",
                found=f"There stands {named[2]}, the other number.",
                cause="The two numbers changed places.",
            )
    for word, value in (("lr", lr), ("batch_size", batch_size)):
        if not any(math.isclose(number, value) for number in numbers):
            wrong(
                "not_telling",
                expected=f"For `{word}` {value}, this number in the name.",
                found="This number is not in it.",
                cause="The name differs from others, but nobody can read the "
                "setting from it. Put the number itself into the name.",
            )
