"""Exercise 06.1: from a list to a file."""

from pathlib import Path

from helpers.practice import Seen, call, exercise, judge
from helpers.practice.probes.logs import compare_points, read_logged, scratch

RUNS = {
    # two equal ones, and digits that rounding would lose
    Path("run_a"): [0.912345, 0.543219, 0.543219, 0.25, 0.125],
    # another length and another folder, while the first is on disk
    Path("run_b"): [3.5, 2.00001, 1.5],
    Path("run_c"): [0.75],
    Path("run_d"): [1 / (1 + epoch) for epoch in range(12)],
}
RAISED = {
    "tag_not_first": lambda s: "could not convert string to float" in s.text,
    "whole_list": lambda s: "array or torch tensor are expected" in s.text,
}
FILES = {
    "shared": lambda s: s.again and not s.n_files,
    "other_folder.below": lambda s: not s.n_files and s.n_below,
    "other_folder": lambda s: not s.n_files and s.n_elsewhere,
    "no_file": lambda s: not s.n_files,
    "sub_runs": lambda s: s.n_below or s.n_elsewhere,
    "many_files": lambda s: s.n_files > 1,
}
TAGS = {
    "nothing_logged": lambda s: not s.tags,
    "no_scalar": lambda s: s.tags == ["loss"] and not s.curves,
    "other_tag.more": lambda s: "loss" in s.curves and len(s.tags) > 1,
    "other_tag": lambda s: s.curves != ["loss"] or len(s.tags) > 1,
}
GIVEN = {"changes_losses": lambda s: s.given != s.losses}
CLOSED = {"not_closed": lambda s: s.n_open}


@exercise
def logged_losses(answer):
    """Check ``log_losses(folder, losses)``, which writes one event file."""
    with scratch() as here:
        for number, (folder, losses) in enumerate(RUNS.items()):
            _judge_log(answer, here, folder, losses, again=number > 0)


def _judge_log(answer, here, folder: Path, losses: list, again: bool) -> None:
    given = list(losses)
    try:
        call(answer, folder, given, shown="log_losses(folder, losses)")
    except (ValueError, NotImplementedError) as error:
        judge(RAISED, Seen(text=str(error)))
        raise
    n_open = here.n_open()
    here.close_all()  # what was not written yet is there for us to read
    logged = read_logged(folder)
    files = Seen(again=again, n_files=logged.n_files, n_below=logged.n_below)
    files.n_elsewhere = sum(
        not RUNS.keys() & set(file.parents)
        for file in Path().rglob("*tfevents*")
    )
    judge(FILES, files, n_more=files.n_below + files.n_elsewhere)
    curves = list(logged.scalars)
    tags = [*curves, *logged.histograms, *logged.other]
    judge(TAGS, Seen(tags=tags, curves=curves))
    judge(GIVEN, Seen(given=given, losses=losses))
    compare_points(logged.scalars["loss"], list(enumerate(losses)), "loss")
    judge(CLOSED, Seen(n_open=n_open))
