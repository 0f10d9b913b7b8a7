"""Checkers of chapter 08: make a checkpoint, resume from it, save it safely."""

import contextlib
import io
import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn, optim

from helpers.practice.exercise import brief, call, code, exercise, kind
from helpers.practice.moments import Moments, is_rename, is_sync, is_write
from helpers.practice.probes import close
from helpers.practice.verdict import Wrong, wrong

BY_HAND = "chapter 08, the section *Saving by hand*"
STATE = "chapter 08, the section *What the state is*"
PICKLE = "chapter 08, the section *What a pickle can do*"
RESUMING = "chapter 08, the section *Resuming*"
SAFELY = "chapter 08, the section *Saving safely*"

KEYS = (
    *("epoch", "model_state_dict", "optimizer_state_dict"),
    *("loss", "val_loss"),
)
LOSS_KEYS = ("loss", "val_loss")


# -------------------------------------------------- trainings to be saved


def _make_model(number: int, seed: int) -> nn.Module:
    """Build one of two models, its parameters drawn from a seed."""
    model = (
        nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
        if number == 0
        else nn.Sequential(nn.Linear(2, 1))
    )
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=numbers))
    return model


def _make_optimizer(number: int, model: nn.Module, lr: float):
    if number == 0:
        return optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    return optim.Adam(model.parameters(), lr=lr)


@dataclass
class Training:
    """A training that has come some way, always the same one.

    Attributes:
        number: 0 has batch norm and SGD with momentum, 1 is a line with Adam.
        losses: Python floats, as `make_checkpoint` should write them.
    """

    number: int = 0
    losses: list[float] = field(init=False)
    val_losses: list[float] = field(init=False)

    def __post_init__(self):
        self.model = _make_model(self.number, seed=3)
        self.optimizer = _make_optimizer(self.number, self.model, lr=0.05)
        self.epoch = 3 + self.number
        # in no order, and not to be kept in few digits or in 32 bits
        self.losses = [0.71 / (k % 3 + 1) ** 0.5 for k in range(self.epoch)]
        self.losses[2] += 0.2
        self.val_losses = [loss * 1.3 for loss in self.losses]
        self.go_on(n_steps=self.epoch)

    def go_on(self, n_steps: int = 3) -> None:
        """Do some more steps, on batches that are always the same."""
        _go_on(self.model, self.optimizer, n_steps)

    def state(self) -> dict:
        """Return the checkpoint that the page writes by hand."""
        return {
            "epoch": self.epoch,
            "model_state_dict": self.model.state_dict(),
            "optimizer_state_dict": self.optimizer.state_dict(),
            "loss": self.losses,
            "val_loss": self.val_losses,
        }


def _fresh(number: int) -> tuple[nn.Module, optim.Optimizer]:
    """Build what a new process would: other parameters, another rate."""
    model = _make_model(number, seed=8)
    return model, _make_optimizer(number, model, lr=0.1)


def _go_on(model, optimizer, n_steps: int = 3) -> None:
    numbers = torch.Generator().manual_seed(11)
    model.train()
    for _ in range(n_steps):
        x = torch.rand(6, 2, generator=numbers)
        y = torch.rand(6, 1, generator=numbers)
        optimizer.zero_grad()
        ((model(x) - y) ** 2).mean().backward()
        optimizer.step()


def _same(one, other) -> bool:
    """Whether two values are equal, to the last bit and in their types."""
    if isinstance(one, torch.Tensor) or isinstance(other, torch.Tensor):
        return (
            isinstance(one, torch.Tensor)
            and isinstance(other, torch.Tensor)
            and one.dtype == other.dtype
            and torch.equal(one.detach(), other.detach())
        )
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            _same(one[key], other[key]) for key in one
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _same_tensors(one: Mapping, other: Mapping) -> bool:
    """Whether two state dictionaries of models agree."""
    return one.keys() == other.keys() and all(
        close(one[name], other[name]) for name in one
    )


def _gradients(model: nn.Module) -> list:
    return [parameter.grad for parameter in model.parameters()]


def _named(names) -> str:
    """List names, each between backticks."""
    return ", ".join(code(str(name)) for name in names) or "nothing"


# ---------------------------------------------------------- make_checkpoint


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
    if first is second or not _same(first["epoch"], Training(0).epoch):
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


def _writes(found: str) -> Wrong:
    return Wrong(
        "writes_a_file",
        "The function returns the dictionary, and writes nothing.",
        found,
        "Leave the file to the caller: "
        "`torch.save(make_checkpoint(...), path)`. Then the same function "
        "serves any file, and any way of writing it.",
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
        expected=f"The keys {_named(KEYS)}.",
        found=f"Missing: {_named(missing)}. Not in the list: {_named(other)}.",
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
    if not _same(loaded["epoch"], training.epoch):
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
    if all(_same(loaded[key], given[key]) for key in LOSS_KEYS):
        return
    if _same(loaded["loss"], given["val_loss"]):
        wrong(
            "swapped",
            expected="`losses` under `loss`, `val_losses` under `val_loss`.",
            found="The validation losses stand under `loss`.",
            cause="The two lists changed places.",
        )
    key = next(key for key in LOSS_KEYS if not _same(loaded[key], given[key]))
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
    model, _ = _fresh(training.number)
    own = model.state_dict()
    buffers = {name for name, _ in model.named_buffers()}
    missing = [name for name in own if name not in saved]
    if missing and set(missing) <= buffers:
        wrong(
            "no_buffers",
            expected="All entries of `model.state_dict()`.",
            found=f"The parameters, without {_named(missing)}.",
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
            found=f"It refuses it. The keys are {_named(list(saved)[:4])}.",
            cause="Something else than `model.state_dict()` stands there, its "
            "names were changed, or its tensors were turned into lists.",
        )
    twin = Training(training.number).model
    if not _same_tensors(model.state_dict(), twin.state_dict()):
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
    model, optimizer = _fresh(training.number)
    model.load_state_dict(loaded["model_state_dict"])
    missing = {"state", "param_groups"} - set(saved)
    if missing:
        wrong(
            "optimizer_parts",
            expected="`optimizer.state_dict()`, with its two parts `state` "
            "and `param_groups`.",
            found=f"Missing: {_named(sorted(missing))}.",
            cause="One part of the optimizer stands there, or the state of "
            "the model.",
            look=STATE,
        )
    try:
        optimizer.load_state_dict(saved)
        _go_on(model, optimizer)
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
    same = _same(training.model.state_dict(), twin.model.state_dict())
    same &= _same(training.optimizer.state_dict(), twin.optimizer.state_dict())
    same &= _same(*(_gradients(t.model) for t in (training, twin)))
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


# ------------------------------------------------------------------- resume


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
    model, optimizer = _fresh(number)
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
        with _names_only(path.parent):
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


@contextlib.contextmanager
def _names_only(folder: Path):
    """Let no error out with a temporary folder in its message."""
    try:
        yield
    except Exception as error:
        error.args = tuple(
            _without(folder, text) if isinstance(text, str) else text
            for text in error.args
        )
        for end in ("filename", "filename2"):  # of an OSError
            name = getattr(error, end, None)
            if isinstance(name, (str, os.PathLike)):
                setattr(error, end, Path(name).name)
        raise


def _without(folder: Path, text: str) -> str:
    for name in (str(folder), str(folder.resolve())):
        text = text.replace(name + os.sep, "").replace(name, "the folder")
    return text


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
    if _same_tensors(saved, now):
        return
    untrained = _fresh(training.number)[0].state_dict()
    if _same_tensors(untrained, now):
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
        found=f"These differ: {_named(other)}.",
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
    other, optimizer = _fresh(number)
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
        _go_on(model, optimizer)
        went_on = True
    except Exception:  # a state that fits no parameter
        went_on = False
    if went_on and _same_tensors(
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
    if not _same(epoch, training.epoch):
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
    if _same([losses, val_losses], [wanted[2], wanted[1]]):
        wrong(
            "swapped",
            expected="`losses`, then `val_losses`.",
            found="The validation losses came first.",
            cause="The two lists changed places.",
        )
    for name, values, kept in zip(
        ("losses", "val_losses"), result[1:], wanted[1:], strict=True
    ):
        if not _same(values, kept):
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
        resume(path, *_fresh(0))
    except Exception:
        return True
    return False


# --------------------------------------------------------------- save_clean


@exercise("08.3", "Nothing left behind", minutes=15, level="hard", look=SAFELY)
def clean_save(save_clean):
    """Check ``save_clean(state, path)``.

    It writes a file whole or not at all; whatever goes wrong, the old file
    stays, and nothing else lies in the folder.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "runs"
        folder.mkdir()
        with _names_only(folder):
            _check_saving(save_clean, folder)
            for number, trouble in enumerate(_troubles(), start=7):
                _check_trouble(save_clean, folder, trouble, number)
    return (
        "At every moment a whole file lay under the name, and no trouble left "
        "anything else behind."
    )


def _state(number: int) -> dict:
    values = torch.arange(3.0 * number, 3.0 * number + 3)
    return {
        "epoch": number,
        "model_state_dict": {"weight": values},
        "loss": [1.0 / (k + 1) for k in range(number)],
    }


def _check_saving(save_clean, folder: Path) -> None:
    """Save over an old file, again, and where there is none."""
    bystander = folder / "notes.txt"
    bystander.write_text("Mine.", encoding="utf-8")
    # of another training, which is just being saved
    (folder / "other_training.part").write_bytes(b"Not yet whole.")
    path = folder / "checkpoint.pt"
    torch.save(_state(1), path)
    for number in (2, 5):
        _check_one_save(save_clean, path, number)
    new = folder / "best.model"
    try:
        _check_one_save(save_clean, new, 3)
    except FileNotFoundError:
        wrong(
            "needs_old_file",
            expected="It also saves where no file was before.",
            found="Without an older file: `FileNotFoundError`.",
            cause="The older file is moved, removed or read before the new "
            "one is there. `os.replace` needs no older file.",
        )
    if bystander.read_text(encoding="utf-8") != "Mine.":
        _touched()


def _touched() -> None:
    wrong(
        "touches_others",
        expected="Other files in the folder stay as they are.",
        found="One that has nothing to do with the checkpoint is gone, or "
        "another.",
        cause="The folder is cleaned up too eagerly. Remove the file that you "
        "made, by its name.",
    )


def _check_one_save(save_clean, path: Path, number: int) -> None:
    old = path.read_bytes() if path.exists() else None
    place = path.stat().st_ino if path.exists() else None
    others = _others(path)
    state = _state(number)
    with Moments(path) as moments:
        _call_save(save_clean, state, path, old)
    _expect_new_file(path, old, others)
    if others - _others(path):
        _touched()
    is_other = bool(place) and path.stat().st_ino != place
    _check_moments(moments.seen, old, path.read_bytes(), path.name, is_other)
    if place and not is_other:  # with "r+b", say
        _in_place(path.name, "The old file itself was overwritten.")
    _check_way(moments.seen, path.read_bytes())
    _check_contents(path, number)
    if not _same(state, _state(number)):
        wrong(
            "changes_state",
            expected="The dictionary that was passed stays as it is.",
            found="Afterwards it is another.",
            cause="Something was put into it or taken out. The training goes "
            "on with it.",
        )
    if _others(path) != others:
        wrong(
            "leftover",
            expected=f"Besides `{path.name}`, the folder holds what it held "
            "before.",
            found="There is something new beside it.",
            cause="The file or folder written aside is still there, or a copy "
            "of the old file. It has to go, or to take the name.",
        )


def _call_save(save_clean, state: dict, path: Path, old) -> None:
    """Call it; a clean-up that fails after all went well gets a name."""
    try:
        call(save_clean, state, path, shown="save_clean(state, path)")
    except FileNotFoundError:
        if not path.is_file() or path.read_bytes() == old:
            raise
        wrong(
            "nothing_to_remove",
            expected="If all goes well, no error comes out.",
            found="The new file has its name, and then a `FileNotFoundError` "
            "comes out.",
            cause="After `os.replace` no file lies aside any more, and the "
            "clean-up misses it. `aside.unlink(missing_ok=True)` does not.",
        )


def _others(path: Path) -> set[str]:
    """Return what else lies in the folder of a file."""
    return {
        other.relative_to(path.parent).as_posix()
        for other in path.parent.rglob("*")
        if other != path
    }


def _expect_new_file(path: Path, old: bytes | None, others: set) -> None:
    now = path.read_bytes() if path.is_file() else None
    if now is not None and now != old:
        return
    expected = f"After the call, `{path.name}` is the new checkpoint."
    if _others(path) - others:
        wrong(
            "not_replaced",
            expected=expected,
            found="The new file lies beside it, under another name.",
            cause="The last step is missing: `os.replace(aside, path)` lets "
            "the file written aside take the name.",
        )
    wrong(
        "not_there",
        expected=expected,
        found=f"{'There is no such file' if now is None else 'It is old'}.",
        cause="Nothing was written, it went to another place than `path`, or "
        "the clean-up removed it.",
    )


def _check_moments(seen, old, new: bytes, name: str, is_other: bool) -> None:
    """Look at all that lay under the name during the call.

    Args:
        seen: the moments.
        old: content before; None if there was no file.
        new: content afterwards.
        name: of the file.
        is_other: whether another file than before has the name now.
    """
    on_the_way = [m for m in seen if m.content not in (old, new)]
    gone = [m for m in on_the_way if m.content is None]
    if gone:
        wrong(
            "gap",
            expected=f"At every moment there is a whole file `{name}`.",
            found="For a while there was none.",
            cause="The old file was removed or renamed before the new one had "
            "its name. A kill in between leaves none. `os.replace` needs no "
            "room: it replaces what is there.",
        )
    if on_the_way:
        part = "a part of it" if on_the_way[0].content else "nothing"
        found = f"For a while there was {part} in it."
        is_aside = any(new in moment.beside for moment in seen)
        if is_other and not is_aside:
            wrong(
                "too_early",
                expected=f"At every moment there is a whole file `{name}`.",
                found=found,
                cause="The file written aside took the name before all was in "
                "it. `os.replace` comes last: after `flush` and `fsync`, and "
                "below the `with` block that closes the file.",
            )
        if not is_aside:
            _in_place(name, found)
        wrong(
            "copied",
            expected=f"At every moment there is a whole file `{name}`.",
            found=found,
            cause="The file written aside was copied over the old one, byte "
            "by byte. `os.replace` changes the name alone, in one step.",
        )


def _check_way(seen, new: bytes) -> None:
    """Look at what happened before the new file had the name."""
    at = next(k for k, moment in enumerate(seen) if moment.content == new)
    before = seen[: at + 1]
    if not any(new in moment.beside for moment in before):
        wrong(
            "other_folder",
            expected="The new file is written aside in the same folder.",
            found="It came from somewhere else.",
            cause="A folder for temporary files may lie on another disk, and "
            "from one disk to another there is no replacing in one step. "
            "`path.with_name(...)` stays in the folder.",
        )
    _check_syncs([moment for moment in before if moment.synced], new)


def _in_place(name: str, found: str) -> None:
    wrong(
        "in_place",
        expected=f"At every moment there is a whole file `{name}`.",
        found=found,
        cause="Opening a file for writing empties it, and a kill may come "
        "before it is full again. Write to another name in the same folder, "
        "and let that take the name at the end.",
    )


def _check_syncs(syncs, new: bytes) -> None:
    if not syncs:
        wrong(
            "no_fsync",
            expected="The new file is on the disk before it takes the name.",
            found="`os.fsync` was not called before.",
            cause="The system keeps what was written in memory for a while. "
            "After a power cut the new name may stand for an empty file. "
            "`os.fsync(file.fileno())` waits for the disk.",
        )
    if not any(new in moment.beside for moment in syncs):
        wrong(
            "no_flush",
            expected="When `os.fsync` is called, all bytes are in the file.",
            found="They were not yet.",
            cause="Python collects small pieces before it writes them. "
            "`file.flush()` hands them on, and has to come before `os.fsync`.",
        )


def _check_contents(path: Path, number: int) -> None:
    try:
        loaded = torch.load(path, weights_only=True)
    except Exception:  # a foreign file raises almost anything
        wrong(
            "not_loadable",
            expected="`torch.load(path, weights_only=True)` reads the file.",
            found="It does not.",
            cause="It was written by `pickle` or as text, in place of "
            "`torch.save`, or not to its end.",
        )
    if not _same(loaded, _state(number)):
        wrong(
            "other_content",
            expected="The file holds the state as it was given.",
            found=f"It holds a dictionary with {_named(list(loaded)[:4])}."
            if isinstance(loaded, dict)
            else f"It holds {kind(loaded)}.",
            cause="Something else was saved, a part of it, or more.",
        )


@dataclass(frozen=True)
class _Trouble:
    """Something that goes wrong in the middle of a save.

    Attributes:
        what: in words, beginning with "If".
        note: a value in the state that makes trouble; None for none.
        fails: the step that fails, as in `Moments`.
        error: what it raises.
        has_old: whether there is an older file.
    """

    what: str
    note: object = None
    fails: object = lambda _function: False
    error: BaseException | None = None
    has_old: bool = True

    @property
    def is_over_soon(self) -> bool:
        """Whether a second try may succeed: a disk is full for a while."""
        return isinstance(self.error, OSError)


class _Interrupts:
    def __reduce__(self):
        raise KeyboardInterrupt


def _troubles() -> list[_Trouble]:
    lock = "the state holds a lock, which cannot be saved"
    steps = {
        "while it writes": is_write,
        "at `os.fsync`": is_sync,
        "at `os.replace`": is_rename,
    }
    errors = {
        "while it writes": OSError(28, "No space left on device"),
        "at `os.fsync`": OSError(28, "No space left on device"),
        # Windows refuses while another program reads the old file
        "at `os.replace`": PermissionError(13, "Permission denied"),
    }
    return [
        _Trouble(f"If {lock}", threading.Lock()),
        _Trouble(
            f"If {lock} (and there is no older file)",
            threading.Lock(),
            has_old=False,
        ),
        *(
            _Trouble(
                f"If the disk is full {when}"
                if fails is not is_rename
                else "If `os.replace` is refused",
                fails=fails,
                error=errors[when],
            )
            for when, fails in steps.items()
        ),
        _Trouble("If Ctrl-C comes during `torch.save`", _Interrupts()),
        *(
            _Trouble(
                f"If Ctrl-C comes {when}",
                fails=fails,
                error=KeyboardInterrupt(),
            )
            for when, fails in steps.items()
        ),
    ]


def _check_trouble(
    save_clean, folder: Path, trouble: _Trouble, number: int
) -> None:
    path = folder / ("checkpoint.pt" if trouble.has_old else "first.pt")
    old = path.read_bytes() if trouble.has_old else None
    others = _others(path)
    state = _state(number)
    if trouble.note is not None:
        state["note"] = trouble.note
    error = None
    with Moments(path, trouble.fails, trouble.error) as moments:
        try:
            save_clean(state, path)
        except (Exception, KeyboardInterrupt) as caught:
            error = caught
    if moments.fired or trouble.note is not None:
        _judge_trouble(trouble, path, old, error, number)
    elif error is not None:
        raise error
    if others - _others(path):
        _touched()
    if _others(path) != others:
        _left_over(trouble, isinstance(error, KeyboardInterrupt))


def _left_over(trouble: _Trouble, is_stop: bool) -> None:
    wrong(
        "leftover_after_ctrl_c" if is_stop else "leftover_after_error",
        expected="Whatever goes wrong, nothing new lies in the folder.",
        found=f"{trouble.what}, a part of the new file stays behind.",
        cause="Ctrl-C raises `KeyboardInterrupt`, which is no `Exception`. "
        "`except BaseException:` or `finally:` sees it, too."
        if is_stop
        else "The step that removes it is missing, or the trouble comes at a "
        "line outside of the `try`. Remove it in an `except` that ends with "
        "`raise`, or in a `finally`.",
    )


def _judge_trouble(trouble: _Trouble, path: Path, old, error, number) -> None:
    """Look at the file and at the error that came out."""
    now = path.read_bytes() if path.is_file() else None
    if now not in (None, old) and error is None and trouble.is_over_soon:
        _check_contents(path, number)  # a second try helped
        return
    if now != old:
        wrong(
            "old_file_lost" if old is not None else "half_a_file",
            expected=f"{trouble.what}, "
            + (
                f"`{path.name}` stays as it was."
                if old is not None
                else "there is no file afterwards."
            ),
            found="It is gone." if now is None else "There is another.",
            cause="The name was given away, or the file was removed, before "
            "all was well. Clean up the file aside, never `path`.",
        )
    if error is None:
        wrong(
            "swallows",
            expected=f"{trouble.what}, the caller gets the error.",
            found="No error came out, and nothing was saved.",
            cause="An `except` without `raise`, or a `return` in a `finally`. "
            "The training would go on for hours without a checkpoint.",
        )
    if isinstance(error, FileNotFoundError):
        wrong(
            "hides_the_error",
            expected=f"{trouble.what}, the caller gets that error.",
            found="A `FileNotFoundError` came out in its place.",
            cause="The clean-up removes a file that was not there yet. "
            "`aside.unlink(missing_ok=True)` minds neither.",
        )
    if "Ctrl-C" in trouble.what and not isinstance(error, KeyboardInterrupt):
        wrong(
            "hides_the_error",
            expected=f"{trouble.what}, the `KeyboardInterrupt` comes out.",
            found=f"In its place came {kind(error)}.",
            cause="`raise` alone passes on what was caught. With another error "
            "nobody knows that the reader wants to stop, and an `except "
            "Exception` further up goes on.",
        )
