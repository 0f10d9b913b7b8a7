"""Exercise 06.1: from a list to a file."""

from pathlib import Path

from helpers.check.chapter_06.common import NAMES
from helpers.practice.exercises import call, code, exercise
from helpers.practice.probes.logs import (
    compare_points,
    read_logged,
    scratch,
)
from helpers.practice.verdict import wrong

SCALAR = "chapter 06, the section *A first scalar*"


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
