"""Exercise 06.2: the best epoch of a run."""

from pathlib import Path

import numpy as np

from helpers.errors import RunNameError
from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.describe import one_line
from helpers.practice.probes.logs import PRECISION, scratch


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
NOT_FOUND = "not found in Reservoir"

RAISED = {
    "not_reloaded": lambda s: NOT_FOUND in s.text and "Key loss " in s.text,
    "tag_missing": lambda s: NOT_FOUND in s.text,
    "run_name": lambda s: isinstance(s.error, RunNameError),
    "other_folder": lambda s: type(s.error).__name__ == "DirectoryDeletedError",
    "path_not_text": lambda s: (
        "Path(" in s.text and isinstance(s.error, TypeError)
    ),
}
KIND = {
    "returns_event": lambda s: (
        hasattr(s.found, "step") and hasattr(s.found, "value")
    ),
    "returns_loss": lambda s: (
        isinstance(s.found, float) and agree(s.found, s.lowest, PRECISION)
    ),
    "no_step.none": lambda s: s.found is None,
    "no_step": lambda s: (
        isinstance(s.found, bool) or not isinstance(s.found, (int, np.integer))
    ),
}
STEP = {
    "shared": lambda s: s.again and s.step == 30,
    "position": lambda s: s.is_first and s.step == s.steps.index(s.wanted),
    "later_of_two": lambda s: s.loss == s.lowest,
    "largest": lambda s: s.is_first and s.loss == max(s.losses),
    "other_tag": lambda s: s.is_first and s.step == 40,
    "first_or_last.first": lambda s: s.step == s.steps[0],
    "first_or_last": lambda s: s.step == s.steps[-1],
    "other_point": lambda s: s.step in s.steps,
    "other_step": lambda s: True,
}
AFTER_EACH = {
    "changes_files": lambda s: s.files.items() - _all_files().items(),
}
AFTER = {
    "opens_writer": lambda s: s.n_opened > s.n_before,
    "changes_files": lambda s: _all_files() != s.files,
}


@exercise
def best_epoch(answer):
    """Check ``best_epoch(folder)``, which reads an event file."""
    with scratch() as here:
        _write_runs()
        seen = Seen(n_before=len(here.opened), files=_all_files())
        for number, run in enumerate((*RUNS, "run_a")):
            _judge_best(answer, run, again=number > 0)
            judge(AFTER_EACH, Seen(files=seen.files))
        seen.n_opened = len(here.opened)
        judge(AFTER, seen)


def _all_files() -> dict[str, bytes]:
    return {
        file.as_posix(): file.read_bytes()
        for file in Path().rglob("*")
        if file.is_file()
    }


def _write_runs() -> None:
    from torch.utils.tensorboard import SummaryWriter

    for run, tags in RUNS.items():
        with SummaryWriter(run) as writer:
            for tag, points in tags.items():
                for step, value in points:
                    writer.add_scalar(tag, value, step)


def _judge_best(answer, run: str, again: bool) -> None:
    steps, losses = zip(*RUNS[run]["loss"], strict=True)
    lowest = min(losses)
    seen = Seen(steps=steps, losses=losses, lowest=lowest, again=again)
    seen.wanted, seen.is_first = steps[losses.index(lowest)], run == "run_a"
    try:
        seen.found = call(answer, Path(run), shown="best_epoch(folder)")
    except Exception as error:
        text = str(error)
        judge(RAISED, Seen(error=error, text=text, message=one_line(text)))
        raise
    judge(KIND, seen)
    seen.step = int(seen.found)
    seen.loss = dict(RUNS[run]["loss"]).get(seen.step)
    if seen.step != seen.wanted:
        judge(STEP, seen)
