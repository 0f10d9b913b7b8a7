"""Resume as exercise 08.2 does, and see how the optimizer goes on."""

import os
from pathlib import Path

from helpers.practice import Seen, call, judge, wrong
from helpers.practice.probes.states import same_tensors
from helpers.practice.probes.training_runs import TrainingRun, train_on

LOADING = "Error(s) in loading state_dict"

RAISED = {
    "other_dictionary.whole": lambda s: '"model_state_dict"' in s.loading,
    "other_dictionary.optimizers": lambda s: '"param_groups"' in s.loading,
    "other_dictionary.shapes": lambda s: s.loading,
    "other_dictionary.optimizer": lambda s: (
        s.kind is KeyError and s.message == "'param_groups'"
    ),
    "keeps_the_report": lambda s: (
        s.kind is AttributeError and "_IncompatibleKeys" in s.message
    ),
}
GOES_ON = {
    "other_parameters": lambda s: s.has_new_parameters,
    "freezes": lambda s: s.is_frozen,
    "other_optimizer": lambda s: s.has_rate and s.has_memory,
    "optimizer_partly.settings": lambda s: s.has_rate,
    "optimizer_partly.memory": lambda s: s.has_memory,
    "no_optimizer": lambda s: True,
}


def call_resume(answer, path: Path, model, optimizer):
    """Call an answer; the usual mix-ups have names of their own.

    Args:
        answer: takes the other arguments.
        path: of a checkpoint, which has to stay as it is.
        model: to put it into.
        optimizer: likewise.

    Returns:
        what the answer returned.

    Raises:
        Wrong: the file has changed, or a wrong dictionary was loaded.
    """
    content = path.read_bytes()
    os.utime(path, (1e9, 1e9))  # long ago
    shown = "resume(path, model, optimizer)"
    try:
        return call(answer, path, model, optimizer, shown=shown)
    except (RuntimeError, KeyError, AttributeError) as error:
        text = str(error)
        loading = text if LOADING in text else ""
        judge(RAISED, Seen(kind=type(error), message=text, loading=loading))
        raise
    finally:  # also if it failed: it may have failed because of that
        if not path.is_file() or path.read_bytes() != content:
            wrong("changes_the_file")
        if path.stat().st_mtime != 1e9:
            wrong("changes_the_file.saved_again")


def judge_optimizer(model, optimizer, parameters: list, run) -> None:
    """Go on with both; explain a difference.

    Args:
        model: whose values are right.
        optimizer: that was given with it.
        parameters: of the model before it was resumed.
        run: the training run that was saved, a `TrainingRun`.

    Raises:
        Wrong: the next steps are not those of a run without a stop.
    """
    state, saved = optimizer.state_dict(), run.optimizer.state_dict()
    pairs = zip(model.parameters(), parameters, strict=True)
    seen = Seen(
        rate=state["param_groups"][0]["lr"],
        saved_rate=saved["param_groups"][0]["lr"],
        has_memory=bool(state["state"]),
        has_new_parameters=any(now is not before for now, before in pairs),
        is_frozen=not all(p.requires_grad for p in model.parameters()),
    )
    seen.has_rate = seen.rate == seen.saved_rate
    straight = TrainingRun(run.number)
    straight.go_on()
    try:
        train_on(model, optimizer)
    except Exception:  # a state that fits no parameter
        judge(GOES_ON, seen)
    if not same_tensors(model.state_dict(), straight.model.state_dict()):
        judge(GOES_ON, seen)
