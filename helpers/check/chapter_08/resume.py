"""Exercise 08.2: a function that resumes."""

import tempfile
from pathlib import Path

import torch

from helpers.check.chapter_08.common import (
    PICKLE,
    Training,
    fresh,
    named,
    names_only,
    same_state,
    same_tensors,
    train_on,
)
from helpers.practice.exercises import brief, call, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

RESUMING = "chapter 08, the section *Resuming*"


@exercise(
    "08.2", "A function that resumes", minutes=8, level="medium", look=RESUMING
)
def resume(resume_fn):
    """Check ``resume(path, model, optimizer)``.

    It reads a checkpoint into a model and an optimizer that are given, and
    returns epoch, losses and validation losses.
    """
    check_resume(resume_fn)
    return (
        "The very model and optimizer that were given go on as if there had "
        "been no stop, and a file that does not fit is refused."
    )


def check_resume(resume, shown: str = "resume") -> None:
    """Look at a function that puts a saved training back.

    Args:
        resume: takes path, model, optimizer; returns epoch, losses,
            val_losses.
        shown: what messages call it.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for number in (0, 1):
            _check_one_resume(resume, folder, number, shown)
        _check_code_in_a_file(resume, folder)
        _check_other_names(resume, folder)


def _check_one_resume(resume, folder: Path, number: int, shown: str) -> None:
    training = Training(number)
    path = folder / f"run_{number}.pt"
    torch.save(training.state(), path)
    content = path.read_bytes()
    model, optimizer = fresh(number)
    parameters = list(model.parameters())
    model.eval()  # as a validation leaves it
    result = _call_resume(resume, path, model, optimizer, shown)
    if not path.exists() or path.read_bytes() != content:
        wrong(
            "changes_the_file",
            expected="The file is read, and stays as it was.",
            found="Afterwards it is gone, or another.",
            cause="It may be needed once more: the resumed training can be "
            "killed, too.",
        )
    _expect_three(result, shown)
    _expect_methods(model, optimizer)
    _check_loaded_model(model, training)
    _check_mode(resume, path, model, number)
    _check_loaded_optimizer(model, optimizer, parameters, training)
    _check_three(result, training)


def _call_resume(resume, path, model, optimizer, shown):
    """Call it, and put the usual mix-ups of dictionaries into words."""
    try:
        with names_only(path.parent):
            return call(
                resume,
                *(path, model, optimizer),
                shown=f"{shown}(path, model, optimizer)",
            )
    except RuntimeError as error:
        text = str(error)
        if "Error(s) in loading state_dict" not in text:
            raise
        if '"model_state_dict"' in text:
            found = "The whole checkpoint, with its five keys."
        elif '"param_groups"' in text:
            found = "The state of the optimizer."
        else:
            found = "A dictionary with other names or shapes."
        _other_dictionary("model", found)
    except KeyError as error:
        if str(error) != "'param_groups'":
            raise
        _other_dictionary(
            "optimizer", "The whole checkpoint, or the state of the model."
        )
    except AttributeError as error:
        if "_IncompatibleKeys" not in str(error):
            raise
        wrong(
            "keeps_the_report",
            expected="`model` stays the name of the model.",
            found="It became what `load_state_dict` returned, a report.",
            cause="`load_state_dict` changes the model in place and returns a "
            "report about names. Call it on a line of its own, without "
            "`model =` before it.",
        )


def _other_dictionary(name: str, found: str) -> None:
    wrong(
        "other_dictionary",
        expected=f"`{name}.load_state_dict` gets what the file holds under "
        f"`{name}_state_dict`.",
        found=found,
        cause="`torch.load` returns the dictionary of all five keys; each "
        "`load_state_dict` wants its own part of it. And the dictionary "
        "has to come from `path`, not from a name of the page.",
    )


def _expect_three(result, shown: str) -> None:
    expected = "Three values: the epochs done, `losses` and `val_losses`."
    if result is None:
        wrong(
            "returns_nothing",
            expected=expected,
            found="`None`.",
            cause="`return` is missing. Without the epoch the caller does not "
            "know where to go on.",
        )
    if isinstance(result, (tuple, list)) and len(result) == 3:
        return
    if isinstance(result, int):
        wrong(
            "epoch_only",
            expected=expected,
            found=f"{kind(result)}, alone.",
            cause="The losses stay behind, and the curve will have a hole.",
        )
    found = kind(result)
    if isinstance(result, (tuple, list)):
        found += f" of {len(result)}"
    wrong(
        "no_three_values",
        expected=expected,
        found=f"{found}.",
        cause="With `return epoch, losses, val_losses` the caller can write "
        f"`epoch, losses, val_losses = {shown}(...)`.",
    )


def _expect_methods(model, optimizer) -> None:
    for name, thing in (("model", model), ("optimizer", optimizer)):
        if "state_dict" in vars(thing):
            wrong(
                "assigned",
                expected=f"`{name}.load_state_dict(...)` takes what was saved.",
                found=f"`{name}.state_dict` is no method any more.",
                cause="`=` puts the dictionary in the place of the method, and "
                f"no value reaches the {name}.",
            )


def _check_loaded_model(model, training: Training) -> None:
    saved, now = training.model.state_dict(), model.state_dict()
    if same_tensors(saved, now):
        return
    untrained = fresh(training.number)[0].state_dict()
    if same_tensors(untrained, now):
        wrong(
            "model_unchanged",
            expected="The model that was given has the saved parameters.",
            found="It is as untrained as before.",
            cause="`model.load_state_dict(...)` is missing, or works on "
            "another model: one that the function builds itself, or one of "
            "the page.",
        )
    other = [name for name in now if not close(now[name], saved[name])]
    wrong(
        "model_partly",
        expected="The model that was given has all that was saved.",
        found=f"These differ: {named(other)}.",
        cause="Parameters and buffers both belong to the state, and nothing "
        "may change them afterwards. `model.load_state_dict` puts back all.",
    )


def _check_mode(resume, path: Path, model, number: int) -> None:
    modes = [module.training for module in model.modules()]
    if all(modes):
        return
    expected = "The model is in train mode: the training goes on."
    if modes[0]:
        wrong(
            "mode_of_the_top",
            expected=expected,
            found="The model says so, and its layers are in eval mode.",
            cause="`model.training = True` reaches the outermost module only. "
            "`model.train()` tells all layers.",
        )
    other, optimizer = fresh(number)
    resume(path, other, optimizer)  # this one was in train mode
    if not other.training:
        wrong(
            "eval_mode",
            expected=expected,
            found="The function puts it into eval mode.",
            cause="`model.eval()` is for predictions. Here it would switch "
            "dropout off for the rest of the training.",
        )
    wrong(
        "no_train_mode",
        expected=expected,
        found="A model that was given in eval mode still is.",
        cause="`load_state_dict` does not touch the mode. `model.train()` is "
        "missing.",
    )


def _check_loaded_optimizer(model, optimizer, parameters, training) -> None:
    """Go on with both; explain a difference."""
    state, saved = optimizer.state_dict(), training.optimizer.state_dict()
    now = list(model.parameters())
    straight = Training(training.number)
    straight.go_on()
    try:
        train_on(model, optimizer)
        went_on = True
    except Exception:  # a state that fits no parameter
        went_on = False
    if went_on and same_tensors(
        model.state_dict(), straight.model.state_dict()
    ):
        return
    if any(a is not b for a, b in zip(now, parameters, strict=True)):
        wrong(
            "other_parameters",
            expected="Saved values are copied *into* the parameters.",
            found="The model has new parameters, and the optimizer still "
            "updates the old ones.",
            cause="`assign=True`, or a parameter that was replaced. The "
            "optimizer holds objects, as in chapter 01; a plain "
            "`load_state_dict` keeps them.",
        )
    rates = [[g["lr"] for g in s["param_groups"]] for s in (state, saved)]
    has_rate, has_state = rates[0] == rates[1], bool(state["state"])
    if has_rate and has_state:
        wrong(
            "other_optimizer",
            expected="The next steps are those of a training without a stop.",
            found="They lead elsewhere.",
            cause="The optimizer was filled by hand, such as with "
            "`optimizer.state = ...`, or something was changed after loading. "
            "`optimizer.load_state_dict` knows which entry belongs to which "
            "parameter.",
        )
    if has_rate or has_state:
        wrong(
            "optimizer_partly",
            expected="The optimizer has its memory and its settings back.",
            found="Its settings are back, its memory (such as the momentum) "
            "is empty."
            if has_rate
            else f"Its learning rate is {rates[0][0]:g}, and the saved one "
            f"{rates[1][0]:g}.",
            cause="`optimizer.load_state_dict` puts back both.",
        )
    wrong(
        "no_optimizer",
        expected="The optimizer that was given goes on where it stopped.",
        found="It starts from a standstill, with its own learning rate.",
        cause="`optimizer.load_state_dict(...)` is missing, or works on an "
        "optimizer that the function builds itself.",
    )


def _check_three(result, training: Training) -> None:
    epoch, losses, val_losses = result
    wanted = [training.epoch, training.losses, training.val_losses]
    if isinstance(epoch, (list, tuple)) and any(
        type(part) is int for part in result
    ):
        wrong(
            "other_order",
            expected="First the epoch, then `losses`, then `val_losses`.",
            found="A list stands first.",
            cause="The caller takes the three by their place.",
        )
    if not same_state(epoch, training.epoch):
        wrong(
            "other_epoch",
            expected=f"{training.epoch}, the number of epochs that are done. "
            "As epochs count from 0, it is also the next one to compute.",
            found=f"{brief(epoch)}.",
            cause="One was added or taken off: an epoch would be left out, or "
            "computed twice."
            if isinstance(epoch, int)
            else "Something else than the entry `epoch` was returned.",
        )
    if same_state([losses, val_losses], [wanted[2], wanted[1]]):
        wrong(
            "swapped",
            expected="`losses`, then `val_losses`.",
            found="The validation losses came first.",
            cause="The two lists changed places.",
        )
    for name, values, kept in zip(
        ("losses", "val_losses"), result[1:], wanted[1:], strict=True
    ):
        if not same_state(values, kept):
            wrong(
                "other_losses",
                expected=f"`{name}` is the list in the file, of {len(kept)} "
                "floats.",
                found=f"One number, {values:.4f}."
                if isinstance(values, float)
                else f"{kind(values)}, which is not that list.",
                cause="The whole list goes on growing after the resume. Return "
                "it as it is in the file.",
            )


_marks: list[str] = []


def _leave_a_mark() -> str:
    _marks.append("ran")
    return "a note"


class _Surprise:
    """Asks whoever unpickles it to call a harmless function."""

    def __reduce__(self):
        return _leave_a_mark, ()


def _check_code_in_a_file(resume, folder: Path) -> None:
    path = folder / "surprise.pt"
    torch.save({**Training().state(), "note": _Surprise()}, path)
    _marks.clear()
    refused = _refuses(resume, path)
    if _marks:
        wrong(
            "runs_code",
            expected="A file from elsewhere cannot make this function run "
            "code.",
            found="A file that asks for a function call got it. (It was a "
            "harmless one.)",
            cause="The switch `weights_only` is off, or the file is read by "
            "other means. Write `weights_only=True`.",
            look=PICKLE,
        )
    if not refused:
        wrong(
            "not_refused",
            expected="A file that asks for a function call ends in an error.",
            found="No error came out of the function.",
            cause="An `except` catches it and goes on. Whoever resumes then "
            "trains from the start, and believes that all was loaded.",
            look=PICKLE,
        )


def _check_other_names(resume, folder: Path) -> None:
    """Let it read a file of another model: a name less, a name more."""
    path = folder / "other_names.pt"
    for has_more in (False, True):
        state = Training().state()
        saved = dict(state["model_state_dict"])
        if has_more:
            saved["3.weight"] = torch.ones(1, 1)
        else:
            del saved["2.bias"]
        torch.save({**state, "model_state_dict": saved}, path)
        if not _refuses(resume, path):
            wrong(
                "names_ignored",
                expected="A file of another model ends in an error.",
                found="The file had "
                + (
                    "an entry `3.weight` that the model has not"
                    if has_more
                    else "no entry `2.bias`"
                )
                + ", and no error came out.",
                cause="`strict=False`, a loop over the names or an `except` "
                "that goes on. If no name agrees, nothing at all is loaded, "
                "without a word.",
            )


def _refuses(resume, path: Path) -> bool:
    try:
        resume(path, *fresh(0))
    except Exception:
        return True
    return False
