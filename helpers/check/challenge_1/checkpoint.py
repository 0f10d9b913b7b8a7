"""Challenge 1, checkpoint and resume."""

import contextlib
import copy
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn, optim

from helpers.practice.exercises import call, exercise, kind
from helpers.practice.probes.steps import close, make_batches
from helpers.practice.verdict import wrong

STATE = "exercises 08.1 and 08.2, and chapter 08, the section *Resuming*"


def _trained(seed: int, lr: float = 0.1) -> tuple[nn.Module, optim.Optimizer]:
    """A model of two features, and SGD with momentum, after two steps."""
    numbers = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=numbers))
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for batch in make_batches(2, seed=seed):
        _step(model, optimizer, batch)
    return model, optimizer


def _step(model, optimizer, batch) -> None:
    x, y = batch
    loss = ((model(x) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


# 0.1 and 1/3 have no exact form in 32 bits, so that a detour shows
LOSSES = [np.float64(0.1), np.float64(1 / 3)]
VAL_LOSSES = [np.float32(0.75), 1 / 7]


@exercise(
    "C1.8", "Checkpoint and resume", minutes=15, level="medium", look=STATE
)
def checkpoint(save, resume):
    """Check ``save(path, ...)`` and ``resume(path, model, optimizer)``."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),  # a name of its own makes a file in there
    ):
        path = Path(folder) / "after_2_epochs.pt"
        model, optimizer = _trained(seed=3)
        before = copy.deepcopy(model)
        losses, val_losses = list(LOSSES), list(VAL_LOSSES)
        call(
            save, path, 2, model, optimizer, losses, val_losses,
            shown="save(path, epoch, model, optimizer, losses, val_losses)",
        )  # fmt: skip
        _check_file(path)
        lists = losses == LOSSES and val_losses == VAL_LOSSES
        _check_untouched(model, before, lists)
        other, other_optimizer = _trained(seed=4, lr=0.01)
        other.eval()
        returned = call(
            resume, path, other, other_optimizer,
            shown="resume(path, model, optimizer)",
        )  # fmt: skip
        _check_returned(returned)
        _check_resumed((model, optimizer), (other, other_optimizer))
        _check_hostile(resume, path, model, optimizer)
    return "Model, optimizer, epoch and losses: all a training needs to go on."


def _check_untouched(model, before, lists: bool) -> None:
    """Compare a model after `save` with a copy from before."""
    states = [list(one.state_dict().values()) for one in (model, before)]
    found = {
        "The parameters of the model are others afterwards.": close(*states),
        "The model was left in eval mode.": model.training,
        "A list of losses is another afterwards.": lists,
    }
    for what, is_good in found.items():
        if not is_good:
            wrong(
                "save_changes",
                expected="Saving changes nothing.",
                found=what,
                cause="`save` should only read: it is called in the middle of "
                "a training, which goes on.",
            )


_ran: list[str] = []


def _tell(what: str) -> None:
    _ran.append(what)


class _Note:
    """Asks whoever unpickles it to call a function: a harmless one."""

    def __reduce__(self):
        return _tell, ("called",)


def _check_hostile(resume, path: Path, model, optimizer) -> None:
    """Hide a call in the reader's own file, and see whether it is made."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    hostile = {**state, "note": _Note()} if isinstance(state, dict) else _Note()
    torch.save(hostile, path)
    _ran.clear()
    with contextlib.suppress(Exception):  # to refuse it is right
        resume(path, model, optimizer)
    if _ran:
        wrong(
            "runs_code",
            expected="`resume` reads with `weights_only=True`.",
            found="A function that a file named was called while it was read.",
            cause="The switch was turned off, and whoever writes a file can "
            "then run any command on your machine.",
            look="chapter 08, the section *What a pickle can do*",
        )


def _check_file(path: Path) -> None:
    if not path.exists():
        wrong(
            "no_file",
            expected="A file at `path`.",
            found="None.",
            cause="Nothing was written, or under another name. `path` is an "
            "argument: `torch.save(state, path)`.",
        )
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        is_numpy = "numpy" in str(error)
        wrong(
            "numpy_in_it" if is_numpy else "not_loadable",
            expected="`torch.load(path, weights_only=True)` reads the file.",
            found="It refuses: the file holds a NumPy number."
            if is_numpy
            else "It refuses.",
            cause="A loss that NumPy computed is no Python float. "
            "`float(loss)` makes one."
            if is_numpy
            else "A whole model or optimizer in place of its `state_dict()`, "
            "or a file that `torch.save` did not write.",
            look="chapter 08, the section *Saving by hand*",
        )


def _check_returned(returned) -> None:
    if not isinstance(returned, (tuple, list)) or len(returned) != 3:
        wrong(
            "no_three",
            expected="`resume` returns `(epoch, losses, val_losses)`.",
            found=f"It returns {kind(returned)}.",
            cause="The `return` is missing, or returns less or more.",
        )
    epoch, losses, val_losses = returned
    if not isinstance(epoch, (int, np.integer)) or int(epoch) != 2:
        wrong(
            "epoch",
            expected="The epoch that was saved, 2.",
            found=f"{kind(epoch)}.",
            cause="It was counted up or down, or something else was "
            "returned first.",
        )
    for part in (losses, val_losses):
        if not hasattr(part, "__len__"):
            wrong(
                "losses",
                expected="All losses that were saved, as two lists.",
                found=f"{kind(part)} in the place of one.",
                cause="The last loss alone, or something else, was returned. "
                "The curve goes on from the whole list.",
            )
    lists = [list(map(float, part)) for part in (losses, val_losses)]
    right = [list(map(float, part)) for part in (LOSSES, VAL_LOSSES)]
    if lists == right[::-1]:
        wrong(
            "losses_swapped",
            expected="`losses` before `val_losses`.",
            found="The other way round.",
            cause="The two changed places, in `save` or in `resume`.",
        )
    if lists != right:
        wrong(
            "losses",
            expected="All losses that were saved, as two lists.",
            found=f"{_rounded(lists[0])} and {_rounded(lists[1])}; saved were "
            f"{_rounded(right[0])} and {_rounded(right[1])}.",
            cause="Only the last ones were saved, one list stands for both, "
            "or they went through 32-bit numbers and lost digits.",
        )


def _rounded(losses) -> str:
    return f"`[{', '.join(f'{loss:.8g}' for loss in losses)}]`"


def _check_resumed(saved, resumed) -> None:
    (model, optimizer), (other, other_optimizer) = saved, resumed
    if not close(list(model.parameters()), list(other.parameters())):
        wrong(
            "model_not_loaded",
            expected="The model that was passed to `resume` has the saved "
            "parameters.",
            found="It has its own.",
            cause="`model.load_state_dict(...)` is missing, or goes into a "
            "new model that nobody holds.",
        )
    buffers = [_momentum(o) for o in (optimizer, other_optimizer)]
    if not close(*buffers):
        wrong(
            "optimizer_left_out",
            expected="The optimizer goes on with its saved momentum.",
            found="It has its own.",
            cause="The optimizer's `state_dict()` was not saved, or not "
            "loaded. With plain SGD nobody notices; with momentum or Adam "
            "the training is another one.",
        )
    if other_optimizer.param_groups[0]["lr"] != 0.1:
        wrong(
            "settings",
            expected="The optimizer has the saved learning rate, 0.1.",
            found="It kept its own.",
            cause="Only the `state` was put back, not the `param_groups`. "
            "`load_state_dict` does both.",
        )
    if not other.training:
        wrong(
            "no_train_mode",
            expected="`resume` leaves the model in train mode.",
            found="It is in eval mode.",
            cause="`model.train()` is missing: to resume is to train on.",
        )
    batch = make_batches(1, seed=9)[0]
    _step(model, optimizer, batch)
    _step(other, other_optimizer, batch)
    if not close(list(model.parameters()), list(other.parameters())):
        wrong(
            "goes_on_otherwise",
            expected="One more step gives the same as without the stop.",
            found="Another model.",
            cause="Model and optimizer were loaded, but no longer belong "
            "together.",
        )


def _momentum(optimizer) -> list[torch.Tensor]:
    return [
        state["momentum_buffer"]
        for parameter in optimizer.param_groups[0]["params"]
        if "momentum_buffer" in (state := optimizer.state.get(parameter, {}))
    ]
