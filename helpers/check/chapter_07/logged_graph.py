"""Exercise 07.2: the graph, from a loader."""

import traceback

import torch

from helpers.check.chapter_07.common import read_one_file
from helpers.practice import Seen, call, exercise, judge
from helpers.practice.probes.logs import scratch
from helpers.practice.probes.noting import NotingModel, make_noting_loader
from helpers.practice.probes.states import expect_model_as_before, note_model

LAYERS = ["aten::linear", "aten::linear"]

# each thing that the model got, also where it failed at it
INPUT = {
    "no_input": lambda s: not s.inputs,
    "no_tensor": lambda s: not isinstance(s.x, torch.Tensor),
    "whole_batch": lambda s: len(s.inputs) > 1,
    "labels": lambda s: any(_is_same(s.x, labels) for _, labels in s.batches),
    "other_shape": lambda s: (
        s.batches and all(s.x.shape != f.shape for f, _ in s.batches)
    ),
    "not_moved": lambda s: s.x.device.type != s.device,
    "other_input.no_batch": lambda s: s.device == "cpu" and not s.batches,
    "other_input": lambda s: (
        s.device == "cpu" and not any(_is_same(s.x, f) for f, _ in s.batches)
    ),
}
RAISED = {
    "whole_batch.moved": lambda s: s.message in NOT_MOVABLE,
    "moves_model": lambda s: "meta tensor" in s.message,
    "no_iterator": lambda s: "is not an iterator" in s.message,
    "indexed": lambda s: (
        "is not subscriptable" in s.message or "indexing" in s.message
    ),
    "no_input.other_model": lambda s: (
        not s.model.given
        and ("forward" in s.functions or NO_MODEL in s.message)
    ),
    "no_input": lambda s: not s.model.given and "add_graph" in s.functions,
}
NO_MODEL = "OrderedDict' object has no attribute 'training'"
NOT_MOVABLE = [
    f"'{kind}' object has no attribute 'to'" for kind in ("list", "tuple")
]
WRITTEN = {
    "shared": lambda s: s.again and s.n_graphs == 0 and s.model.given,
    "no_graph": lambda s: s.n_graphs == 0,
    "no_graph.of_another": lambda s: not s.model.given,
    "many_graphs": lambda s: s.n_graphs > 1,
    "other_graph": lambda s: s.layers != LAYERS or s.top != ["NotingModel"],
}


@exercise
def logged_graph(answer):
    """Check ``log_graph(writer, model, data_loader, device)``."""
    with scratch() as here:
        model = NotingModel(2).train()
        loader = make_noting_loader(2, 18, 6)
        _judge_one(answer, here, "run_a", model, loader)
        order = torch.Generator().manual_seed(5)
        loader = make_noting_loader(3, 12, 4, shuffle=True, generator=order)
        model = NotingModel(3).eval()
        _judge_one(answer, here, "run_b", model, loader, again=True)
        # a device that every machine has: it knows shapes, and no numbers
        model, loader = NotingModel(2).to("meta"), make_noting_loader(2, 18, 6)
        _judge_one(answer, here, "run_c", model, loader, "meta", again=True)


def _judge_one(
    answer, here, run, model, loader, device="cpu", again=False
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    writer, before = SummaryWriter(f"ours/{run}"), note_model(model)
    shown = "log_graph(writer, model, data_loader, device)"
    try:
        call(answer, writer, model, loader, torch.device(device), shown=shown)
    except Exception as error:
        _judge_inputs(model, loader, device)
        frames = traceback.extract_tb(error.__traceback__)
        functions = [frame.name for frame in frames]
        seen = Seen(message=str(error), functions=functions, model=model)
        judge(RAISED, seen)
        raise
    _judge_inputs(model, loader, device)
    writer.add_scalar("after", 1.0, 0)  # the training run goes on to log
    here.write_all()
    _judge_graph(run, model, again)
    if device == "cpu":
        expect_model_as_before(model, before)


def _judge_inputs(model, loader, device: str) -> None:
    batches = getattr(loader, "gave", [])
    shape = list(batches[0][0].shape) if batches else None
    for inputs in model.given:
        x = inputs[0] if inputs else None
        seen = Seen(inputs=inputs, x=x, batches=batches, device=device)
        judge(INPUT, seen, n_inputs=len(inputs), right_shape=shape)


def _is_same(x: torch.Tensor, part: torch.Tensor) -> bool:
    return x.device == part.device and torch.equal(x.detach(), part)


def _judge_graph(run: str, model, again: bool) -> None:
    """Look for the one graph, and the layers that compute something."""
    logged = read_one_file(run, again)
    tops = {name.partition("/")[0] for name, _ in logged.nodes}
    seen = Seen(
        model=model,
        again=again,
        n_graphs=logged.n_graphs,
        layers=[op for _, op in logged.nodes if op in LAYERS],
        top=sorted(tops - {"input", "output"}),
    )
    judge(WRITTEN, seen)
