"""Exercise 08.1: all that a training needs."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn, optim

from helpers.check.chapter_08.common import (
    PICKLE,
    Training,
    fresh,
    named,
    same_state,
    same_tensors,
    train_on,
)
from helpers.practice.exercises import brief, call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import Worded, wrong
from helpers.practice.words import Finding

BY_HAND = "chapter 08, the section *Saving by hand*"


STATE = "chapter 08, the section *What the state is*"


KEYS = (
    *("epoch", "model_state_dict", "optimizer_state_dict"),
    *("loss", "val_loss"),
)


LOSS_KEYS = ("loss", "val_loss")


def _gradients(model: nn.Module) -> list:
    return [parameter.grad for parameter in model.parameters()]


@exercise(
    "08.1",
    "All that a training needs",
    minutes=6,
    level="easy",
    look=BY_HAND,
)
def checkpoint(make_checkpoint):
    """Check ``make_checkpoint(epoch, model, optimizer, losses, val_losses)``.

    It returns the dictionary of the page, which has to survive a file.
    """
    check_checkpoint(make_checkpoint)
    return (
        "Through a file and back, and a new model and optimizer went on just "
        "as the old ones did."
    )


def check_checkpoint(make_checkpoint, shown: str = "make_checkpoint") -> None:
    """Look at a function that puts the state of a training together.

    Args:
        make_checkpoint: takes epoch, model, optimizer, losses, val_losses.
        shown: what messages call it.
    """
    first = _make_one(make_checkpoint, Training(0), shown)
    second = _make_one(make_checkpoint, Training(1), shown)
    if first is second or not same_state(first["epoch"], Training(0).epoch):
        wrong(
            "shared",
            expected="Each call makes a dictionary of its own.",
            found="After a second call, for another training, the first "
            "dictionary holds the values of the second.",
            cause="One dictionary outside of the function, or in the default "
            "of an argument, is used again by each call. Make it inside.",
        )
    _check_losses(first, Training(0))
    for n_epochs in (1, 0):  # the first loss is a plain float, then none
        short = Training(1)
        short.epoch = n_epochs
        del short.losses[n_epochs:], short.val_losses[n_epochs:]
        _make_one(make_checkpoint, short, shown)


def _make_one(make_checkpoint, training: Training, shown: str) -> dict:
    """Make a checkpoint of one training, and look at all of it."""
    model, optimizer = training.model, training.optimizer
    # as loops have them: some were computed by np.mean
    losses, val_losses = (
        [np.float64(loss) if k % 2 else loss for k, loss in enumerate(values)]
        for values in (training.losses, training.val_losses)
    )
    arguments = (training.epoch, model, optimizer, losses, val_losses)
    wanted = f"{shown}(epoch, model, optimizer, losses, val_losses)"
    with _no_file():
        state = call(make_checkpoint, *arguments, shown=wanted)
    _expect_keys(state)
    _expect_state_dicts(state)
    _expect_plain(state)
    loaded = _through_a_file(state)
    _check_epoch(loaded, training)
    _check_losses(loaded, training)
    _check_saved_model(loaded, training)
    _check_saved_optimizer(loaded, training)
    _check_untouched(training, losses, val_losses)
    return state


@contextlib.contextmanager
def _no_file():
    """Stop a `torch.save` that would write a file, before it does.

    It has no path of its own, and would take one of the page's. What is
    written in another way lands in an empty folder, unless it goes elsewhere
    on purpose.
    """

    def at_event(frame, event, _argument) -> None:
        if event != "call" or frame.f_code is not save_code:
            return
        target = frame.f_locals.get("f")
        if not hasattr(target, "write"):
            raise _writes(
                "It called `torch.save` with the path of a file. (Nothing was "
                "written.)"
            )
        if isinstance(getattr(target, "name", None), (str, os.PathLike)):
            raise _writes("It opened a file for `torch.save`.")

    save_code = getattr(torch.save, "__code__", None)
    before = sys.getprofile()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        contextlib.chdir(folder),
    ):
        sys.setprofile(at_event)
        try:
            yield
        finally:
            sys.setprofile(before)
        if any(Path(folder).iterdir()):
            raise _writes("A file was there after the call.")


def _writes(found: str) -> Worded:
    return Worded(
        Finding(
            "writes_a_file",
            "The function returns the dictionary, and writes nothing.",
            found,
            "Leave the file to the caller: "
            "`torch.save(make_checkpoint(...), path)`. Then the same function "
            "serves any file, and any way of writing it.",
        )
    )


def _expect_keys(state) -> None:
    if state is None:
        wrong(
            "returns_nothing",
            expected="A dictionary.",
            found="`None`.",
            cause="The dictionary is made and never handed out: `return` is "
            "missing.",
        )
    if not isinstance(state, dict):
        wrong(
            "no_dictionary",
            expected="A dictionary with five keys.",
            found=f"{kind(state)}.",
            cause="Return the dictionary itself, a plain `dict`. A tuple or a "
            "list has no names, so that whoever reads the file has to know "
            "the order.",
        )
    missing = [key for key in KEYS if key not in state]
    other = [key for key in state if key not in KEYS]
    if not missing:
        return
    if missing == ["optimizer_state_dict"] and not other:
        wrong(
            "no_optimizer",
            expected="All that changes in a training, the optimizer's state "
            "included.",
            found="There is no `optimizer_state_dict`.",
            cause="Plain SGD would not miss it. Momentum and Adam remember "
            "earlier gradients, and would start from a standstill.",
            look=STATE,
        )
    if missing == ["epoch"] and not other:
        wrong(
            "no_epoch",
            expected="The number of epochs that are done, under `epoch`.",
            found="There is no `epoch`.",
            cause="Without it nobody knows where to go on, and when to stop.",
            look=STATE,
        )
    wrong(
        "keys",
        expected=f"The keys {named(KEYS)}.",
        found=f"Missing: {named(missing)}. Not in the list: {named(other)}.",
        cause="Whoever resumes asks for these very names. One is left out, or "
        "spelled in another way.",
    )


def _expect_state_dicts(state) -> None:
    """Look for whole objects where their state should be."""
    model, optimizer = (
        state[key] for key in ("model_state_dict", "optimizer_state_dict")
    )
    if isinstance(model, nn.Module) or isinstance(optimizer, optim.Optimizer):
        is_model = isinstance(model, nn.Module)
        name = "model" if is_model else "optimizer"
        wrong(
            "whole_model" if is_model else "whole_optimizer",
            expected=f"`{name}.state_dict()`, a dictionary of plain values.",
            found=f"The {name} itself.",
            cause="A whole object is pickled with the name of its class, and "
            "building that again runs code: `weights_only=True` refuses it.",
            look=PICKLE,
        )
    for name, value in (("model", model), ("optimizer", optimizer)):
        if callable(value):
            wrong(
                "brackets_missing",
                expected=f"The dictionary that `{name}.state_dict()` returns.",
                found=f"{kind(value)}, something that can be called.",
                cause="The brackets are missing: without them, `state_dict` "
                "is the method and not what it returns.",
            )
        if isinstance(value, Mapping):
            continue
        is_part = not isinstance(value, str) and hasattr(value, "__iter__")
        diagnosis, cause = "no_state_dict", "It has to be a dictionary."
        if is_part and name == "model":
            diagnosis, cause = (
                "parameters_only",
                "A list of parameters has no names and no buffers, and "
                "`load_state_dict` needs both.",
            )
        elif is_part:
            diagnosis, cause = (
                "groups_only",
                "The settings, `param_groups`, are half of it. The other half "
                "is `state`, such as the momentum.",
            )
        wrong(
            diagnosis,
            expected=f"`{name}.state_dict()`, a dictionary.",
            found=f"{kind(value)}.",
            cause=cause,
            look=STATE,
        )


def _expect_plain(state) -> None:
    """Look for what `weights_only=True` refuses, or what cannot go on."""
    numpy = next(_numpy_in(state, ""), None)
    if numpy:
        where, value = numpy
        is_array = isinstance(value, np.ndarray)
        what = kind(value) if is_array else f"a `np.{type(value).__name__}`"
        cause = (
            "It prints like a plain number, and is an object of NumPy. "
            "`float(...)` makes a plain one of it, in *both* lists."
        )
        if is_array:
            cause = "`np.array` makes one of a list; its `tolist()` goes back."
        if where == "epoch":
            cause = "It is given as an `int` and may stay one."
        if is_array and where.startswith(("model", "optimizer")):
            cause = "Tensors may stay tensors: leave out `.numpy()`."
        wrong(
            "numpy_array" if is_array else "numpy_scalar",
            expected="Plain Python numbers in plain lists, and tensors.",
            found=f"`{where}` is {what}, which `torch.load` refuses.",
            cause=cause,
        )
    for key in LOSS_KEYS:
        _expect_list_of_losses(key, state[key])
    if type(state["epoch"]) is not int:
        wrong(
            "epoch_kind",
            expected="`epoch` is an `int`, as it was given.",
            found=f"{kind(state['epoch'])}.",
            cause="It was turned into something else. `range` and the steps "
            "of a curve need whole numbers.",
        )


def _numpy_in(value, where: str):
    """Give each NumPy value in nested dictionaries and lists."""
    if isinstance(value, (np.generic, np.ndarray)):
        yield where, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numpy_in(item, f"{where}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _numpy_in(item, f"{where}[{number}]")


def _expect_list_of_losses(key: str, losses) -> None:
    if isinstance(losses, torch.Tensor) or (
        isinstance(losses, (list, tuple))
        and any(isinstance(loss, torch.Tensor) for loss in losses)
    ):
        wrong(
            "tensor_losses",
            expected=f"`{key}` is a list of Python floats.",
            found="A tensor, or tensors in a list.",
            cause="A loss is a number, and 32 bits would round it. "
            "`[float(loss) for loss in losses]` is enough.",
        )
    if isinstance(losses, (int, float)):
        wrong(
            "last_only",
            expected=f"`{key}` is the list of *all* losses so far.",
            found=f"One number, {losses:.4f}.",
            cause="With one loss of the list, or their mean, the curve has a "
            "hole after the resume.",
            look=STATE,
        )
    if not isinstance(losses, list):
        wrong(
            "no_list",
            expected=f"`{key}` is a list of Python floats.",
            found=f"{kind(losses)}.",
            cause="A resume goes on with `saved['loss'] + more_losses`, which "
            "takes two lists. `list(...)` makes one of most things.",
        )
    other = [loss for loss in losses if type(loss) is not float]
    if other:
        wrong(
            "no_floats",
            expected=f"`{key}` is a list of Python floats.",
            found=f"{kind(other[0])} in it.",
            cause="The losses were turned into something else, or lie one "
            "list too deep.",
        )


def _through_a_file(state) -> dict:
    """Save and load, as whoever resumes will."""
    buffer = io.BytesIO()
    try:
        torch.save(state, buffer)
    except Exception as error:  # of whatever an odd value raises
        wrong(
            "cannot_save",
            expected="`torch.save` can write the dictionary.",
            found=f"It could not ({type(error).__name__}).",
            cause="There is a function, a generator or an open file in it.",
        )
    buffer.seek(0)
    try:
        return torch.load(buffer, weights_only=True)
    except Exception:  # mostly an UnpicklingError
        wrong(
            "refused",
            expected="`torch.load(..., weights_only=True)` reads it again.",
            found="It refuses the file.",
            cause="There is more in it than numbers, strings, lists, "
            "dictionaries and tensors, such as a whole model.",
            look=PICKLE,
        )


def _check_epoch(loaded: dict, training: Training) -> None:
    if not same_state(loaded["epoch"], training.epoch):
        wrong(
            "other_epoch",
            expected=f"`epoch` is {training.epoch}, as it was given: the "
            "number of epochs that are done.",
            found=f"{code(brief(loaded['epoch']))}.",
            cause="One was added or taken off, or a number of the example "
            "stands in place of the argument.",
        )


def _check_losses(loaded: dict, training: Training) -> None:
    given = {"loss": training.losses, "val_loss": training.val_losses}
    if all(same_state(loaded[key], given[key]) for key in LOSS_KEYS):
        return
    if same_state(loaded["loss"], given["val_loss"]):
        wrong(
            "swapped",
            expected="`losses` under `loss`, `val_losses` under `val_loss`.",
            found="The validation losses stand under `loss`.",
            cause="The two lists changed places.",
        )
    key = next(
        key for key in LOSS_KEYS if not same_state(loaded[key], given[key])
    )
    n = len(given[key])
    if len(loaded[key]) != n:
        wrong(
            "other_number",
            expected=f"{n} losses under `{key}`, as many as were given.",
            found=f"{len(loaded[key])}.",
            cause="Some were cut off, or added.",
        )
    wrong(
        "other_losses",
        expected=f"The losses under `{key}` are those that were given, to the "
        "last digit.",
        found="Other numbers.",
        cause="They were rounded (32-bit tensors round, too), sorted, or those "
        "of the other list.",
    )


def _check_saved_model(loaded: dict, training: Training) -> None:
    """Load the model into one that was built anew."""
    saved = loaded["model_state_dict"]
    model, _ = fresh(training.number)
    own = model.state_dict()
    buffers = {name for name, _ in model.named_buffers()}
    missing = [name for name in own if name not in saved]
    if missing and set(missing) <= buffers:
        wrong(
            "no_buffers",
            expected="All entries of `model.state_dict()`.",
            found=f"The parameters, without {named(missing)}.",
            cause="Batch norm keeps its running means in buffers, which are no "
            "parameters. `state_dict()` has both.",
            look=STATE,
        )
    try:
        model.load_state_dict(saved)
    except Exception:  # torch compares names and shapes
        wrong(
            "other_model_state",
            expected="`load_state_dict` of a model built in the same way "
            "takes it.",
            found=f"It refuses it. The keys are {named(list(saved)[:4])}.",
            cause="Something else than `model.state_dict()` stands there, its "
            "names were changed, or its tensors were turned into lists.",
        )
    twin = Training(training.number).model
    if not same_tensors(model.state_dict(), twin.state_dict()):
        wrong(
            "other_weights",
            expected="The model as it was when the function was called.",
            found="Other values.",
            cause="They were rounded, changed on the way, or are those of "
            "another model.",
        )


def _check_saved_optimizer(loaded: dict, training: Training) -> None:
    """Go on with what was saved and without a stop; compare."""
    saved = loaded["optimizer_state_dict"]
    model, optimizer = fresh(training.number)
    model.load_state_dict(loaded["model_state_dict"])
    missing = {"state", "param_groups"} - set(saved)
    if missing:
        wrong(
            "optimizer_parts",
            expected="`optimizer.state_dict()`, with its two parts `state` "
            "and `param_groups`.",
            found=f"Missing: {named(sorted(missing))}.",
            cause="One part of the optimizer stands there, or the state of "
            "the model.",
            look=STATE,
        )
    try:
        optimizer.load_state_dict(saved)
        train_on(model, optimizer)
    except Exception:  # other shapes show only in the next step
        wrong(
            "other_optimizer",
            expected="An optimizer built in the same way loads it and goes on.",
            found="It does not.",
            cause="Its parts were changed, or belong to another optimizer.",
        )
    straight = Training(training.number)
    straight.go_on()
    if close(list(model.parameters()), list(straight.model.parameters())):
        return
    if not saved["state"]:
        wrong(
            "no_memory",
            expected="The optimizer goes on with what it remembers.",
            found="`state` is empty: the momentum is gone.",
            cause="It was emptied, or is that of an optimizer that has not "
            "made a step. `optimizer.state_dict()` has both parts.",
            look=STATE,
        )
    wrong(
        "other_optimizer",
        expected="The training goes on as if it had not stopped.",
        found="The next steps lead elsewhere.",
        cause="The memory of the optimizer, `state`, or its settings in "
        "`param_groups`, are not those that were given.",
        look=STATE,
    )


def _check_untouched(training: Training, losses, val_losses) -> None:
    twin = Training(training.number)
    same = same_state(training.model.state_dict(), twin.model.state_dict())
    same &= same_state(
        training.optimizer.state_dict(), twin.optimizer.state_dict()
    )
    same &= same_state(*(_gradients(t.model) for t in (training, twin)))
    same &= all(p.requires_grad for p in training.model.parameters())
    same &= list(losses) == training.losses
    same &= list(val_losses) == training.val_losses
    modes = all(module.training for module in training.model.modules())
    if same and modes:
        return
    wrong(
        "changes_the_training",
        expected="The function looks, and changes nothing.",
        found="Afterwards the model, its gradients, the optimizer or a list "
        "is another."
        if modes
        else "Afterwards the model is in eval mode.",
        cause="Saving happens in the middle of a training, and the training "
        "goes on. Leave mode, gradients and lists as they are.",
    )
