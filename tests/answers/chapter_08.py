"""Answers to the exercises of chapter 08."""

import contextlib
import copy
import functools
import io
import json
import os
import pickle
import shutil
import tempfile
import uuid
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn, optim

from helpers.files import write_whole
from tests.answers.common import Answers

# ------------------------------------------------------------------- 08.1


def course(epoch, model, optimizer, losses, val_losses):
    return {
        "epoch": epoch,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": [float(loss) for loss in losses],
        "val_loss": [float(loss) for loss in val_losses],
    }


def makes(without=(), **changes):
    """Build a `make_checkpoint` that differs from the course's in some keys.

    Each change takes epoch, model, optimizer, losses, val_losses.
    """

    def make_checkpoint(*arguments):
        state = course(*arguments)
        for key in without:
            del state[key]
        for key, value in changes.items():
            state[key] = value(*arguments)
        return state

    return make_checkpoint


def copied_to_the_cpu(epoch, model, optimizer, losses, val_losses):
    state = OrderedDict(epoch=int(epoch), format=1)
    state["model_state_dict"] = {
        name: value.detach().cpu().clone()
        for name, value in model.state_dict().items()
    }
    state["optimizer_state_dict"] = copy.deepcopy(optimizer.state_dict())
    state["loss"] = np.array(losses, dtype=float).tolist()
    state["val_loss"] = np.array(val_losses, dtype=float).tolist()
    return state


def through_json(epoch, model, optimizer, losses, val_losses):
    numbers = {"epoch": epoch, "loss": losses, "val_loss": val_losses}
    states = {
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
    }
    return json.loads(json.dumps(numbers)) | states


def through_a_buffer(*arguments):
    """A copy that no later step changes, by saving to memory."""
    buffer = io.BytesIO()
    torch.save(course(*arguments), buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


class Maker:
    def __call__(self, epoch, model, optimizer, losses, val_losses):
        return dict(
            epoch=len(losses),
            model_state_dict=model.state_dict(keep_vars=True),
            optimizer_state_dict=optimizer.state_dict(),
            loss=list(map(float, losses)),
            val_loss=list(map(float, val_losses)),
        )


def by_zip(epoch, model, optimizer, *two):
    states = [thing.state_dict() for thing in (model, optimizer)]
    keys = "epoch model_state_dict optimizer_state_dict loss val_loss"
    losses = [[*map(float, part)] for part in two]
    return dict(zip(keys.split(), (epoch, *states, *losses), strict=True))


def by_dataclass(*arguments):
    @dataclass
    class State:
        epoch: int
        model_state_dict: dict
        optimizer_state_dict: dict
        loss: list
        val_loss: list

    return vars(State(*course(*arguments).values()))


def in_place(epoch, model, optimizer, losses, val_losses):
    """The given lists themselves, with plain numbers in them."""
    losses[:] = [float(loss) for loss in losses]
    val_losses[:] = [float(loss) for loss in val_losses]
    return course(epoch, model, optimizer, losses, val_losses)


def by_page(*arguments):
    """What the page writes, taken over as it is."""
    return course(*arguments) | {"loss": arguments[3], "val_loss": arguments[4]}


def forgets_return(*arguments):
    state = course(*arguments)
    state["epoch"] += 0


kept = {}


def one_for_all(*arguments):
    kept.update(course(*arguments))
    return kept


page_path = Path("by_hand.pt")


def saves_it(*arguments):
    torch.save(course(*arguments), page_path)


def saves_and_returns(*arguments):
    state = course(*arguments)
    torch.save(state, "checkpoint.pt")
    return state


def saves_by_hand(*arguments):
    with open("checkpoint.pt", "wb") as file:
        torch.save(course(*arguments), file)
    return course(*arguments)


def writes_a_note(*arguments):
    Path("note.txt").write_text("saved")
    return course(*arguments)


def freezes(epoch, model, *rest):
    model.requires_grad_(False)
    return course(epoch, model, *rest)


def through_text(epoch, model, optimizer, losses, val_losses):
    return json.dumps({"epoch": epoch, "loss": [float(x) for x in losses]})


def prepares_for_predictions(epoch, model, *rest):
    model.eval()
    return course(epoch, model, *rest)


def halves(epoch, model, *rest):
    state = course(epoch, model, *rest)
    weights = state["model_state_dict"].items()
    state["model_state_dict"] = {
        name: value.half() if value.is_floating_point() else value
        for name, value in weights
    }
    return state


def renamed(epoch, model, *rest):
    state = course(epoch, model, *rest)
    weights = state["model_state_dict"].items()
    state["model_state_dict"] = {f"model.{n}": value for n, value in weights}
    return state


def forgets_memory(*arguments):
    state = course(*arguments)
    state["optimizer_state_dict"] = state["optimizer_state_dict"] | {
        "state": {}
    }
    return state


def other_rate(*arguments):
    state = course(*arguments)
    saved = copy.deepcopy(state["optimizer_state_dict"])
    saved["param_groups"][0]["lr"] = 0.1
    state["optimizer_state_dict"] = saved
    return state


def forgets_gradients(epoch, model, optimizer, *losses):
    optimizer.zero_grad()
    return course(epoch, model, optimizer, *losses)


def other_names(epoch, model, optimizer, losses, val_losses):
    return {
        "epoch": epoch,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "losses": list(map(float, losses)),
        "val_losses": list(map(float, val_losses)),
    }


def only_training_losses(epoch, model, optimizer, losses, val_losses):
    return by_page(
        epoch, model, optimizer, [float(x) for x in losses], val_losses
    )


def item_by_item(epoch, model, optimizer, losses, val_losses):
    def plain(values):
        return [
            value.item() if isinstance(value, np.generic) else value
            for value in values
        ]

    return by_page(epoch, model, optimizer, plain(losses), plain(val_losses))


def mode_put_back(epoch, model, *rest):
    was = model.training
    model.eval()
    with torch.no_grad():
        state = copy.deepcopy(course(epoch, model, *rest))
    model.train(was)
    return state


def layer_in_eval_mode(epoch, model, *rest):
    model[0].eval()
    return course(epoch, model, *rest)


def empties_a_list(epoch, model, optimizer, losses, val_losses):
    state = course(epoch, model, optimizer, losses, val_losses)
    losses.clear()
    return state


def one_step_more(epoch, model, optimizer, *losses):
    state = copy.deepcopy(course(epoch, model, optimizer, *losses))
    optimizer.step()
    return state


def makes_a_folder(*arguments):
    Path("checkpoints").mkdir()
    return course(*arguments)


def one_for_all_by_default(epoch, model, optimizer, losses, vals, state={}):
    state.update(course(epoch, model, optimizer, losses, vals))
    return state


def in_other_order(model, optimizer, epoch, losses, val_losses):
    return course(epoch, model, optimizer, losses, val_losses)


CHECKPOINT = Answers(
    right={
        "course": course,
        "copies on the CPU, an OrderedDict, a key more": copied_to_the_cpu,
        "json": through_json,
        "keys and values": by_zip,
        "its own class": by_dataclass,
        "buffer": through_a_buffer,
        "class, keep_vars": Maker(),
        "in place": in_place,
        "lambda": lambda *arguments: makes()(*arguments),
        "partial": functools.partial(course),
        "item by item": item_by_item,
        "mode put back, a copy": mode_put_back,
        "64-bit tensor": makes(
            loss=lambda e, m, o, losses, v: torch.tensor(
                losses, dtype=torch.float64
            ).tolist()
        ),
    },
    wrong={
        "numpy_scalar": by_page,
        "numpy_scalar in the second list": only_training_losses,
        "numpy_array": makes(loss=lambda e, m, o, losses, v: np.array(losses)),
        "numpy_array for tensors": makes(
            model_state_dict=lambda e, m, *_: {
                name: value.numpy() for name, value in m.state_dict().items()
            }
        ),
        "no_optimizer": makes(without=["optimizer_state_dict"]),
        "no_epoch": makes(without=["epoch"]),
        "keys": other_names,
        "keys one": makes(without=["val_loss"], val_losses=lambda *a: a[4]),
        "whole_model": makes(model_state_dict=lambda e, model, *_: model),
        "whole_optimizer": makes(optimizer_state_dict=lambda e, m, o, *_: o),
        "brackets_missing": makes(
            model_state_dict=lambda e, model, *_: model.state_dict
        ),
        "parameters_only": makes(
            model_state_dict=lambda e, m, *_: list(m.parameters())
        ),
        "parameters_only generator": makes(
            model_state_dict=lambda e, m, *_: m.parameters()
        ),
        "no_buffers": makes(
            model_state_dict=lambda e, m, *_: dict(m.named_parameters())
        ),
        "groups_only": makes(
            optimizer_state_dict=lambda e, m, o, *_: o.param_groups
        ),
        "optimizer_parts": makes(
            optimizer_state_dict=lambda e, m, o, *_: o.state_dict()["state"]
        ),
        "optimizer_parts model": makes(
            optimizer_state_dict=lambda e, m, *_: m.state_dict()
        ),
        "no_memory": forgets_memory,
        "no_memory of a new one": makes(
            optimizer_state_dict=lambda e, m, o, *_: optim.SGD(
                m.parameters(), lr=0.1
            ).state_dict()
        ),
        "other_optimizer": other_rate,
        "no_state_dict": makes(
            optimizer_state_dict=lambda e, m, o, *_: str(o.state_dict())
        ),
        "other_model_state": renamed,
        "other_model_state swapped": makes(
            model_state_dict=lambda e, m, o, *_: o.state_dict()
        ),
        "other_weights": halves,
        "epoch_kind": makes(epoch=lambda epoch, *_: float(epoch)),
        "epoch_kind tensor": makes(epoch=lambda epoch, *_: torch.tensor(epoch)),
        "other_epoch": makes(epoch=lambda epoch, *_: epoch + 1),
        "other_epoch constant": makes(epoch=lambda *_: 10),
        "swapped": makes(
            loss=lambda *a: list(map(float, a[4])),
            val_loss=lambda *a: list(map(float, a[3])),
        ),
        "last_only": makes(loss=lambda *a: float(a[3][-1])),
        "other_number": makes(loss=lambda *a: [float(x) for x in a[3][-1:]]),
        "tensor_losses": makes(loss=lambda *a: torch.tensor(a[3])),
        "tensor_losses in a list": makes(
            loss=lambda *a: [torch.tensor(x, requires_grad=True) for x in a[3]]
        ),
        "no_list": makes(loss=lambda *a: tuple(map(float, a[3]))),
        "no_list generator": makes(loss=lambda *a: (float(x) for x in a[3])),
        "no_floats": makes(loss=lambda *a: [str(x) for x in a[3]]),
        "other_losses": makes(loss=lambda *a: torch.tensor(a[3]).tolist()),
        "other_losses twice": makes(val_loss=lambda *a: list(map(float, a[3]))),
        "returns_nothing": forgets_return,
        "no_dictionary": lambda *a: tuple(course(*a).values()),
        "writes_a_file": saves_it,
        "writes_a_file too": saves_and_returns,
        "writes_a_file that it opens": saves_by_hand,
        "writes_a_file of text": writes_a_note,
        "changes_the_training freezes": freezes,
        "no_dictionary but a text": through_text,
        "numpy_scalar epoch": makes(epoch=lambda epoch, *_: np.int64(epoch)),
        "other_model_state of lists": makes(
            model_state_dict=lambda e, m, *_: {
                name: value.tolist() for name, value in m.state_dict().items()
            }
        ),
        "cannot_save": makes(note=lambda *_: (x for x in range(3))),
        "refused": makes(model=lambda e, model, *_: model),
        "changes_the_training": prepares_for_predictions,
        "changes_the_training gradients": forgets_gradients,
        "other_losses sorted": makes(
            loss=lambda *a: sorted(map(float, a[3]), reverse=True)
        ),
        "other_losses rounded": makes(
            loss=lambda *a: [round(float(x), 6) for x in a[3]]
        ),
        "shared": one_for_all,
        "shared by default": one_for_all_by_default,
        "changes_the_training layer": layer_in_eval_mode,
        "changes_the_training list": empties_a_list,
        "changes_the_training step": one_step_more,
        "writes_a_file or a folder": makes_a_folder,
        "optimizer_parts live": makes(
            optimizer_state_dict=lambda e, m, o, *_: o.state
        ),
        "last_only mean": makes(loss=lambda *a: float(np.mean(a[3]))),
        "no_list set": makes(loss=lambda *a: {float(x) for x in a[3]}),
        "no_list but None": makes(val_loss=lambda *_: None),
        "no_floats pairs": makes(
            loss=lambda *a: [(k, float(x)) for k, x in enumerate(a[3])]
        ),
        "other_number plain ones": makes(
            loss=lambda *a: [x for x in a[3] if type(x) is float]
        ),
        "refused path": makes(path=lambda *_: Path("by_hand.pt")),
        "other_weights halved in place": lambda e, m, *rest: course(
            e, m.half(), *rest
        ),
        "parameters_in_other_order": in_other_order,
        "signature": lambda epoch, model, optimizer, losses: {},
        "raises": makes(loss=lambda *a: [loss.item() for loss in a[3]]),
        "not_callable": {"epoch": 10},
    },
)

# ------------------------------------------------------------------- 08.2


def resume(path, model, optimizer):
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(saved["model_state_dict"])
    optimizer.load_state_dict(saved["optimizer_state_dict"])
    model.train()
    return saved["epoch"], saved["loss"], saved["val_loss"]


def resume_with(
    load=lambda path: torch.load(path, weights_only=True),
    model_part=lambda m, saved: m.load_state_dict(saved["model_state_dict"]),
    optimizer_part=lambda o, saved: o.load_state_dict(
        saved["optimizer_state_dict"]
    ),
    mode=lambda model: model.train(),
    result=lambda saved: (saved["epoch"], saved["loss"], saved["val_loss"]),
):
    def resume(path, model, optimizer):
        saved = load(path)
        model_part(model, saved)
        optimizer_part(optimizer, saved)
        mode(model)
        return result(saved)

    return resume


class Resumer:
    Result = namedtuple("Result", "epoch losses val_losses")

    def __init__(self, device):
        self.device = device

    def __call__(self, path, model, optimizer):
        for module in model.modules():
            module.training = True
        with open(path, "rb") as file:
            saved = torch.load(file, map_location=self.device)
        optimizer.load_state_dict(saved["optimizer_state_dict"])
        missing, foreign = model.load_state_dict(
            saved["model_state_dict"], strict=False
        )
        if missing or foreign:
            raise ValueError("another model")
        return self.Result(saved["epoch"], saved["loss"], saved["val_loss"])


def value_by_value(model, saved):
    own, there = model.state_dict(), saved["model_state_dict"]
    if own.keys() != there.keys():
        raise KeyError("other names")
    for name, value in there.items():
        own[name].copy_(value)


def on_the_models_device(path, model, optimizer):
    device = next(model.parameters()).device
    buffer = io.BytesIO(path.read_bytes())
    try:
        saved = torch.load(buffer, map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        raise RuntimeError("This file is not to be trusted.") from error
    model.train(True).load_state_dict(saved["model_state_dict"], strict=True)
    optimizer.load_state_dict(saved["optimizer_state_dict"])
    return [len(saved["loss"]), list(saved["loss"]), [*saved["val_loss"]]]


def trusting(path):
    options = {"weights_only": bool(0)}
    return torch.load(path, **options)


def trusting_if_need_be(path):
    try:
        return torch.load(path, weights_only=True)
    except pickle.UnpicklingError:
        return trusting(path)


def in_an_empty_case(path, model, optimizer):
    try:
        return resume(path, model, optimizer)
    except Exception as error:
        print("could not load", error)
        return 0, [], []


def anew(model, _saved):
    model = nn.Sequential(*(copy.deepcopy(layer) for layer in model))
    model.load_state_dict(_saved["model_state_dict"])


def replaces_parameters(model, saved):
    for name, module in model.named_children():
        for key in list(module._parameters):
            value = saved["model_state_dict"][f"{name}.{key}"]
            setattr(module, key, nn.Parameter(value))
    model.load_state_dict(saved["model_state_dict"])


def by_place(model, saved):
    own = model.state_dict()
    for mine, value in zip(own.values(), saved["model_state_dict"].values()):
        mine.copy_(value)


def only_known_names(model, saved):
    own, there = model.state_dict(), saved["model_state_dict"]
    model.load_state_dict({name: there[name] for name in own})


def parameters_only(model, saved):
    value_names = dict(model.named_parameters())
    for name, parameter in value_names.items():
        parameter.data.copy_(saved["model_state_dict"][name])


def settings_only(optimizer, saved):
    groups = saved["optimizer_state_dict"]["param_groups"]
    for group, there in zip(optimizer.param_groups, groups):
        group |= {key: there[key] for key in there if key != "params"}


def memory_only(optimizer, saved):
    own = optimizer.state_dict()
    own["state"] = saved["optimizer_state_dict"]["state"]
    optimizer.load_state_dict(own)


def fills_by_hand(optimizer, saved):
    state = saved["optimizer_state_dict"]
    optimizer.state = state["state"]
    optimizer.param_groups = state["param_groups"]


def by_match(path, model, optimizer):
    match torch.load(str(path), weights_only=True):
        case {"epoch": epoch, "loss": losses, "val_loss": val_losses, **rest}:
            for name, thing in (("model", model), ("optimizer", optimizer)):
                thing.load_state_dict(rest[f"{name}_state_dict"])
            model.apply(lambda module: module.train())
            return epoch, losses, val_losses


def keeps_report(path, model, optimizer):
    saved = torch.load(path, weights_only=True)
    model = model.load_state_dict(saved["model_state_dict"])
    optimizer.load_state_dict(saved["optimizer_state_dict"])
    model.train()
    return saved["epoch"], saved["loss"], saved["val_loss"]


def trains_one_step(path, model, optimizer):
    result = resume(path, model, optimizer)
    model(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    return result


def clears_memory(path, model, optimizer):
    result = resume(path, model, optimizer)
    for state in optimizer.state.values():
        for value in state.values():
            value.zero_()
    return result


def top_only(model):
    model.training = True


page_model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def into_the_page(path, model, optimizer):
    saved = torch.load(path, weights_only=True)
    page_model.load_state_dict(saved["model_state_dict"])
    optimizer.load_state_dict(saved["optimizer_state_dict"])
    model.train()
    return saved["epoch"], saved["loss"], saved["val_loss"]


def uses_it_up(path, model, optimizer):
    result = resume(path, model, optimizer)
    path.unlink()
    return result


def other_path(path, model, optimizer):
    return resume(path.with_name("elsewhere.pt"), model, optimizer)


def nothing(*_):
    """Leave this part out."""


def opened_to_write(mode):
    def resume(path, model, optimizer):
        with open(path, mode) as file:
            saved = torch.load(file, weights_only=True)
        model.load_state_dict(saved["model_state_dict"])

    return resume


def saves_again(path, model, optimizer):
    result = resume(path, model, optimizer)
    torch.save({"epoch": result[0]}, path)
    return result


def saves_the_same(path, model, optimizer):
    result = resume(path, model, optimizer)
    torch.save(torch.load(path, weights_only=True), path)
    return result


def renames_the_file(path, model, optimizer):
    result = resume(path, model, optimizer)
    path.rename(path.with_suffix(".done"))
    return result


def freezes_it(path, model, optimizer):
    result = resume(path, model, optimizer)
    model.requires_grad_(False)
    return result


def layers_only(model):
    model.training = False
    for layer in model.children():
        layer.train()


def usual_rate(path, model, optimizer):
    result = resume(path, model, optimizer)
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    return result


def new_optimizer(path, model, optimizer):
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    return resume(path, model, optimizer)


def pops_the_parts(path, model, optimizer):
    saved = torch.load(os.fspath(path), weights_only=True)
    model.train().load_state_dict(saved.pop("model_state_dict"))
    optimizer.load_state_dict(saved.pop("optimizer_state_dict"))
    return tuple(saved.values())


def with_an_error_of_its_own(path, model, optimizer):
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        return resume(path, model, optimizer)
    except Exception as error:
        raise ValueError(f"{path.name} does not fit.") from error


RESUME = Answers(
    right={
        "course": resume,
        "class, by default, a named tuple": Resumer("cpu"),
        "value by value, in place": resume_with(model_part=value_by_value),
        "on the model's device, a list": on_the_models_device,
        "partial": functools.partial(resume),
        "lambda": lambda *three: resume(*three),
        "match": by_match,
        "pop": pops_the_parts,
        "an error of its own": with_an_error_of_its_own,
        "no gradients": resume_with(
            optimizer_part=lambda o, saved: [
                o.load_state_dict(saved["optimizer_state_dict"]),
                o.zero_grad(),
            ]
        ),
        "memory-mapped": resume_with(
            load=lambda path: torch.load(path, weights_only=True, mmap=True)
        ),
        "copies": resume_with(
            model_part=lambda m, saved: m.load_state_dict(
                copy.deepcopy(saved["model_state_dict"])
            )
        ),
    },
    wrong={
        "no_optimizer": resume_with(optimizer_part=nothing),
        "no_optimizer of its own": resume_with(
            optimizer_part=lambda o, saved: type(o)(
                o.param_groups[0]["params"], lr=0.1
            ).load_state_dict(saved["optimizer_state_dict"])
        ),
        "optimizer_partly": resume_with(optimizer_part=settings_only),
        "optimizer_partly memory": resume_with(optimizer_part=memory_only),
        "other_optimizer": clears_memory,
        "model_unchanged": resume_with(model_part=nothing),
        "model_unchanged new one": resume_with(model_part=anew),
        "model_partly": resume_with(model_part=parameters_only),
        "model_partly goes on": trains_one_step,
        "other_parameters": resume_with(
            model_part=lambda m, saved: m.load_state_dict(
                saved["model_state_dict"], assign=True
            )
        ),
        "other_parameters by hand": resume_with(model_part=replaces_parameters),
        "no_train_mode": resume_with(mode=nothing),
        "eval_mode": resume_with(mode=lambda model: model.eval()),
        "mode_of_the_top": resume_with(mode=top_only),
        "runs_code": resume_with(load=trusting),
        "runs_code in the end": resume_with(load=trusting_if_need_be),
        "not_refused": in_an_empty_case,
        "names_ignored": resume_with(
            model_part=lambda m, saved: m.load_state_dict(
                saved["model_state_dict"], strict=False
            )
        ),
        "names_ignored by place": resume_with(model_part=by_place),
        "names_ignored known ones": resume_with(model_part=only_known_names),
        "other_dictionary": resume_with(
            model_part=lambda m, saved: m.load_state_dict(saved)
        ),
        "other_dictionary for the optimizer": resume_with(
            optimizer_part=lambda o, saved: o.load_state_dict(saved)
        ),
        "assigned": resume_with(
            model_part=lambda m, saved: setattr(
                m, "state_dict", saved["model_state_dict"]
            )
        ),
        "other_optimizer by hand": resume_with(optimizer_part=fills_by_hand),
        "model_unchanged but a copy": resume_with(
            model_part=lambda m, saved: m.state_dict().update(
                saved["model_state_dict"]
            )
        ),
        "other_dictionary swapped": resume_with(
            model_part=lambda m, saved: m.load_state_dict(
                saved["optimizer_state_dict"]
            )
        ),
        "keeps_the_report": keeps_report,
        "returns_nothing": resume_with(result=nothing),
        "epoch_only": resume_with(result=lambda saved: saved["epoch"]),
        "no_three_values": resume_with(result=lambda saved: saved),
        "no_three_values two": resume_with(
            result=lambda saved: (saved["epoch"], saved["loss"])
        ),
        "other_epoch": resume_with(
            result=lambda s: (s["epoch"] + 1, s["loss"], s["val_loss"])
        ),
        "other_epoch constant": resume_with(
            result=lambda s: (10, s["loss"], s["val_loss"])
        ),
        "swapped": resume_with(
            result=lambda s: (s["epoch"], s["val_loss"], s["loss"])
        ),
        "other_order": resume_with(
            result=lambda s: (s["loss"], s["val_loss"], s["epoch"])
        ),
        "other_losses": resume_with(
            result=lambda s: (s["epoch"], s["loss"][-1], s["val_loss"][-1])
        ),
        "other_losses array": resume_with(
            result=lambda s: (s["epoch"], s["loss"], np.array(s["val_loss"]))
        ),
        "other_losses empty": resume_with(
            result=lambda s: (s["epoch"], [], [])
        ),
        "changes_the_file": uses_it_up,
        "changes_the_file by w+": opened_to_write("w+b"),
        "changes_the_file by wb": opened_to_write("wb"),
        "changes_the_file saved again": saves_again,
        "changes_the_file saved as it was": saves_the_same,
        "changes_the_file renamed": renames_the_file,
        "freezes": freezes_it,
        "no_train_mode without parentheses": resume_with(
            mode=lambda model: model.train
        ),
        "eval_mode but the layers": resume_with(mode=layers_only),
        "optimizer_partly usual rate": usual_rate,
        "no_optimizer but a new one": new_optimizer,
        "other_losses one short": resume_with(
            result=lambda s: (s["epoch"], s["loss"][:-1], s["val_loss"][:-1])
        ),
        "other_epoch range": resume_with(
            result=lambda s: (range(s["epoch"]), s["loss"], s["val_loss"])
        ),
        "assigned to the optimizer": resume_with(
            optimizer_part=lambda o, saved: setattr(
                o, "state_dict", saved["optimizer_state_dict"]
            )
        ),
        "parameters_in_other_order": lambda model, optimizer, path: resume(
            path, model, optimizer
        ),
        "uses_page_objects": into_the_page,
        "raises": resume_with(result=lambda s: (s["epoch"], s["losses"], [])),
        "raises elsewhere": other_path,
        "raises pickle": resume_with(
            load=lambda path: pickle.Unpickler(open(path, "rb")).load()
        ),
        "signature": lambda path, model: (path, model),
        "not_callable": Path("checkpoint.pt"),
    },
)

# ------------------------------------------------------------------- 08.3


def save_clean(state, path):
    aside = path.with_name(f"{path.name}.part")
    try:
        buffer = io.BytesIO()
        torch.save(state, buffer)
        with open(aside, "wb") as file:
            file.write(buffer.getvalue())
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def save_whole(state, path):
    """The one of the page."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    aside = path.with_suffix(".part")
    with open(aside, "wb") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


def save_with(
    write=lambda aside, content: aside.write_bytes(content),
    sync=lambda aside: sync_file(aside),
    finish=os.replace,
    aside_of=lambda path: path.with_suffix(".part"),
    errors=BaseException,
    tidy=lambda aside, path: aside.unlink(missing_ok=True),
    again=True,
    serialise=torch.save,
):
    """Build a safe save out of its parts."""

    def save_clean(state, path):
        aside = aside_of(path)
        try:
            buffer = io.BytesIO()
            serialise(state, buffer)
            write(aside, buffer.getvalue())
            sync(aside)
            finish(aside, path)
        except errors:
            tidy(aside, path)
            if again:
                raise

    return save_clean


def appends(aside, content):
    with open(aside, "ab") as file:
        file.write(content)


def creates(aside, content):
    with open(aside, "xb") as file:
        file.write(content)


def after_a_buffer(state, path):
    """The state is turned into bytes before the `try`."""
    aside, buffer = path.with_suffix(".part"), io.BytesIO()
    torch.save(state, buffer)
    try:
        with open(aside, "wb") as file:
            file.write(buffer.getvalue())
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink()
        raise


def sync_file(path):
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def in_a_finally(state, path):
    """Straight to the file aside, without a buffer."""
    aside = path.parent / f".{path.name}.tmp"
    try:
        with open(aside, "wb") as file:
            torch.save(state, file)
            os.fsync(file)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def named_by_tempfile(state, path):
    number, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(number)
        os.rename(name, path)
    except:
        os.remove(name)
        raise


def in_a_folder_of_its_own(state, path):
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        aside = Path(folder, "new")
        torch.save(state, aside)
        sync_file(aside)
        os.replace(aside, path)


@contextlib.contextmanager
def written_aside(path):
    aside = path.with_name("aside")
    with contextlib.ExitStack() as stack:
        stack.callback(aside.unlink, missing_ok=True)
        with open(aside, "wb", buffering=0) as file:
            yield file
            os.fsync(file.fileno())
        aside.rename(path)


def by_context(state, path):
    with written_aside(path) as file:
        torch.save(state, file)


def by_library(state, path):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_whole(path, buffer.getvalue())


def low_level(state, path):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    aside = f"{path}.part"
    number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        try:
            os.write(number, buffer.getbuffer())
            os.fsync(number)
        finally:
            os.close(number)
        shutil.move(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def and_the_folder(state, path):
    save_clean(state, path)
    if os.name == "posix":
        number = os.open(path.parent, os.O_RDONLY)
        os.fsync(number)
        os.close(number)


def with_a_random_name(state, path):
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    saved = False
    try:
        with aside.open("xb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file)
        aside.replace(path)
        saved = True
    finally:
        if not saved and aside.exists():
            os.remove(aside)


def says_more(state, path):
    try:
        save_clean(state, path)
    except OSError as error:
        raise RuntimeError(f"Could not save {path.name}.") from error


class Saver:
    def __call__(self, state, path):
        in_a_finally(state, path)
        return path


def straight(state, path):
    torch.save(state, path)


def through_memory(state, path):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    path.write_bytes(buffer.getvalue())


def overwrites(state, path):
    if not path.exists():
        return save_clean(state, path)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with open(path, "rb+") as file:
        file.write(buffer.getvalue())
        file.truncate()


def tries_twice(state, path):
    try:
        save_clean(state, path)
    except OSError:
        save_clean(state, path)


def saves_the_rest(state, path):
    try:
        save_clean(state, path)
    except TypeError:
        rest = {k: v for k, v in state.items() if k != "note"}
        save_clean(rest, path)


def removes_first(aside, path):
    path.unlink(missing_ok=True)
    aside.rename(path)


def with_a_backup(aside, path):
    old = path.with_name("old")
    if path.exists():
        path.rename(old)
    aside.rename(path)
    old.unlink(missing_ok=True)


def keeps_a_backup(aside, path):
    if path.exists():
        shutil.copy(path, path.with_suffix(".old"))
    os.replace(aside, path)


def backup_of_any(aside, path):
    shutil.copy(path, path.with_name("old"))
    os.replace(aside, path)
    path.with_name("old").unlink()


def copies_over(aside, path):
    shutil.copyfile(aside, path)
    aside.unlink()


def without_a_sync(aside):
    """Leave it out."""


def sync_too_late(aside, path):
    os.replace(aside, path)
    sync_file(path)


def unflushed(state, path):
    aside = path.with_suffix(".part")
    buffer = io.BytesIO()
    torch.save(state, buffer)
    try:
        with open(aside, "wb") as file:
            file.write(buffer.getvalue())
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_outside_of_try(state, path):
    aside = path.with_suffix(".part")
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with open(aside, "wb") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.replace(aside, path)
    except BaseException:
        aside.unlink()
        raise


def straight_aside(state, path):
    aside = path.with_suffix(".part")
    torch.save(state, aside)
    sync_file(aside)
    os.replace(aside, path)


def loses_in_the_end(aside, path):
    aside.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def clears_the_folder(aside, path):
    for other in path.parent.iterdir():
        if other != path:
            other.unlink()


def replaces_and_clears(aside, path):
    os.replace(aside, path)
    clears_the_folder(aside, path)


def wraps_all(state, path):
    try:
        save_whole(state, path)
    except BaseException as error:
        path.with_suffix(".part").unlink(missing_ok=True)
        raise RuntimeError("could not save") from error


def unlinks_always(state, path):
    try:
        save_whole(state, path)
    finally:
        path.with_suffix(".part").unlink()


def replaces_too_early(state, path):
    aside = path.with_suffix(".part")
    try:
        buffer = io.BytesIO()
        torch.save(state, buffer)
        with open(aside, "wb") as file:
            file.write(buffer.getvalue())
            os.replace(aside, path)
            file.flush()
            os.fsync(file.fileno())
    finally:
        aside.unlink(missing_ok=True)


def empties_state(state, path):
    save_clean(dict(state), path)
    state.clear()


def clears_parts(state, path):
    try:
        save_whole(state, path)
    finally:
        for part in path.parent.glob("*.part"):
            part.unlink()


def aside_is_path(state, path):
    aside = path.with_suffix(".pt")
    try:
        torch.save(state, aside)
        sync_file(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def swallows_in_finally(state, path):
    try:
        save_clean(state, path)
    finally:
        return


def pickled(state, buffer):
    pickle.dump(state, buffer)


def part_of(state, buffer):
    torch.save(state["model_state_dict"], buffer)


def elsewhere(path):
    return Path(tempfile.gettempdir(), f"{path.name}.{os.getpid()}.part")


def named_temporary(state, path):
    file = tempfile.NamedTemporaryFile(dir=path.parent, delete=False)
    try:
        with file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(file.name)
        raise


def read_before_it_counts(state, path):
    aside = path.with_suffix(".part")
    try:
        with open(aside, "w+b") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file)
        torch.load(aside, weights_only=True)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def both_errors(state, path):
    aside = path.with_suffix(".part")
    try:
        save_whole(state, path)
    except KeyboardInterrupt:
        aside.unlink(missing_ok=True)
        raise
    except Exception:
        aside.unlink(missing_ok=True)
        raise


def sync_the_folder(aside):
    number = os.open(aside.parent, os.O_RDONLY)
    os.fsync(number)
    os.close(number)


def sync_the_old(state, path):
    aside = path.with_suffix(".part")
    try:
        torch.save(state, aside)
        if path.exists():
            sync_file(path)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def opened_with_w_plus(state, path):
    with open(path, "w+b") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())


def sync_when_closed(state, path):
    aside = path.with_suffix(".part")
    try:
        with open(aside, "wb") as file:
            torch.save(state, file)
        os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def folder_of_its_own_left(state, path):
    folder = path.parent / "aside"
    folder.mkdir(exist_ok=True)
    try:
        torch.save(state, folder / "new")
        sync_file(folder / "new")
        os.replace(folder / "new", path)
    finally:
        (folder / "new").unlink(missing_ok=True)


def old_file_out_of_the_way(state, path):
    backup = path.with_suffix(".old")
    if path.exists():
        path.replace(backup)
    try:
        save_clean(state, path)
        backup.unlink(missing_ok=True)
    except BaseException:
        if backup.exists():
            backup.replace(path)
        raise


def says_so_in_the_state(state, path):
    state["saved"] = True
    save_clean(state, path)


def always_an_os_error(state, path):
    try:
        save_clean(state, path)
    except BaseException as error:
        raise OSError("could not save") from error


def always_one_name(state, path):
    save_clean(state, path.with_name("checkpoint.pt"))


SAVE = Answers(
    right={
        "course": save_clean,
        "straight aside, finally": in_a_finally,
        "tempfile": named_by_tempfile,
        "folder of its own": in_a_folder_of_its_own,
        "context manager, unbuffered": by_context,
        "library": by_library,
        "low level, shutil.move": low_level,
        "the folder, too": and_the_folder,
        "class": Saver(),
        "partial": functools.partial(save_clean),
        "parts": save_with(),
        "a second try": tries_twice,
        "a name nobody has": with_a_random_name,
        "an error of its own for the disk": says_more,
        "NamedTemporaryFile": named_temporary,
        "read once before it counts": read_before_it_counts,
        "both kinds of errors": both_errors,
    },
    wrong={
        "in_place": straight,
        "in_place through memory": through_memory,
        "in_place in a try": save_with(
            finish=lambda aside, path: None, aside_of=lambda path: path
        ),
        "in_place without emptying": overwrites,
        "gap": save_with(finish=removes_first),
        "gap with a backup": save_with(finish=with_a_backup),
        "copied": save_with(finish=copies_over),
        "other_folder": save_with(aside_of=elsewhere),
        "no_fsync": save_with(sync=without_a_sync),
        "no_fsync in time": save_with(
            sync=without_a_sync, finish=sync_too_late
        ),
        "no_fsync but of the folder": save_with(sync=sync_the_folder),
        "no_fsync but of the old file": sync_the_old,
        "in_place with w+": opened_with_w_plus,
        "raises closed": sync_when_closed,
        "leftover folder": folder_of_its_own_left,
        "gap to be put back": old_file_out_of_the_way,
        "other_content marked": says_so_in_the_state,
        "hides_the_error as its own": always_an_os_error,
        "not_there but under one name": always_one_name,
        "not_replaced swapped": save_with(
            finish=lambda aside, path: os.replace(path, aside),
            tidy=nothing,
        ),
        "parameters_in_other_order": lambda path, state: save_clean(
            state, path
        ),
        "no_flush": unflushed,
        "not_replaced": save_with(finish=lambda aside, path: None),
        "not_replaced backwards": save_with(
            finish=lambda aside, path: aside.rename(path.with_name("new"))
        ),
        "not_there": lambda state, path: str(state) + str(path),
        "leftover": save_with(
            finish=lambda aside, path: os.replace(
                shutil.copy(aside, aside.with_name("copy")), path
            )
        ),
        "leftover backup": save_with(finish=keeps_a_backup),
        "needs_old_file": save_with(finish=backup_of_any),
        "leftover_after_error": save_whole,
        "leftover_after_error of two kinds": save_with(
            errors=(OSError, TypeError, KeyboardInterrupt)
        ),
        "stale_part": save_with(write=appends),
        "stale_part refused": save_with(write=creates),
        "not_loadable as it is empty": save_with(
            write=lambda aside, content: aside.write_bytes(b"")
        ),
        "leftover_after_error straight": straight_aside,
        "leftover_after_error half": write_outside_of_try,
        "leftover_after_ctrl_c": save_with(errors=Exception),
        "leftover_after_ctrl_c os": save_with(errors=(OSError, TypeError)),
        "old_file_lost": save_with(tidy=loses_in_the_end),
        "old_file_lost the rest saved": saves_the_rest,
        "swallows": save_with(again=False),
        "swallows in finally": swallows_in_finally,
        "hides_the_error": save_with(tidy=lambda aside, path: aside.unlink()),
        "hides_the_error as nothing was opened": after_a_buffer,
        "hides_the_error by another": wraps_all,
        "nothing_to_remove": unlinks_always,
        "too_early": replaces_too_early,
        "changes_state": empties_state,
        "touches_others by their end": clears_parts,
        "not_there in the end": aside_is_path,
        "touches_others": save_with(finish=replaces_and_clears),
        "touches_others after an error": save_with(tidy=clears_the_folder),
        "not_loadable": save_with(serialise=pickled),
        "other_content": save_with(serialise=part_of),
        "raises": save_with(finish=lambda aside, path: aside.move(path)),
        "signature": lambda state: state,
        "not_callable": "checkpoint.pt",
    },
)

ANSWERS = {"08.1": CHECKPOINT, "08.2": RESUME, "08.3": SAVE}
