"""Exercise 07.2: the graph, from a loader."""

import traceback
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.check.chapter_07.common import (
    check_one_file,
    check_unchanged,
    fill,
    not_through_this_writer,
    state,
)
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.logs import (
    Logged,
    read_logged,
    scratch,
)
from helpers.practice.verdict import wrong

GRAPH = "chapter 07, the section *The graph of a model*"


class Notes(list):
    """A list that a copy of the model shares with it."""

    def __deepcopy__(self, _memo):
        """Return the list itself: who asks a copy has asked, too."""
        return self


class GraphModel(nn.Module):
    """A model that notes what it was given."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1)
        )
        fill(self)
        self.asked = Notes()

    def forward(self, *inputs):
        """Predict [n, 1] from features [n, width]."""
        self.asked.append(inputs)
        if len(inputs) != 1:
            raise TypeError(
                f"forward() takes one input, the features, not {len(inputs)}"
            )
        return self.layers(inputs[0])


class NotingLoader(DataLoader):
    """A loader that notes the batches it gave."""

    def __iter__(self):
        """Give batches [features, labels]."""
        given = self.__dict__.setdefault("given", [])
        for batch in super().__iter__():
            given.append(batch)
            yield batch


NotingLoader.__name__ = "DataLoader"  # as messages of Python call it


def _make_loader(width: int, n: int, batch_size: int, **named) -> NotingLoader:
    numbers = torch.Generator().manual_seed(4)
    data = TensorDataset(
        torch.rand(n, width, generator=numbers),  # [n, width]
        torch.rand(n, 1, generator=numbers),  # [n, 1]
    )
    return NotingLoader(data, batch_size=batch_size, **named)


@exercise(
    "07.2", "The graph, from a loader", minutes=8, level="medium", look=GRAPH
)
def logged_graph(log_graph):
    """Check ``log_graph(writer, model, data_loader, device)``."""
    with scratch() as here:
        model = GraphModel(2)
        loader = _make_loader(2, 18, 6)
        _check_graph(log_graph, here, "run_a", model.train(), loader)
        shuffled = _make_loader(
            3, 12, 4, shuffle=True, generator=torch.Generator().manual_seed(5)
        )
        model = GraphModel(3).eval()
        _check_graph(log_graph, here, "run_b", model, shuffled, again=True)
        # a device that every machine has: it knows shapes, and no numbers
        model, loader = GraphModel(2).to("meta"), _make_loader(2, 18, 6)
        _check_graph(
            log_graph, here, "run_c", model, loader, device="meta", again=True
        )
        return (
            "The features of one batch, on the device of the model, have shown "
            "its structure. The model and the writer are as before."
        )


def _check_graph(
    log_graph, here, run, model, loader, device="cpu", again=False
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(f"ours/{run}")
    before, mode = state(model), model.training
    try:
        call(
            log_graph,
            *(writer, model, loader, torch.device(device)),
            shown="log_graph(writer, model, data_loader, device)",
        )
    except Exception as error:
        _check_inputs(model, loader, device)
        _explain_error(error, model)
        raise
    _check_inputs(model, loader, device)
    if device == "cpu":
        check_unchanged(model, before, mode)
    writer.add_scalar("after", 1.0, 0)  # the training goes on to log
    here.write_all()
    logged = read_logged(Path("ours", run))
    check_one_file(logged, again)
    _check_nodes(logged, model, again)


def _check_inputs(model: GraphModel, loader: NotingLoader, device: str) -> None:
    """Look at all that the model was asked, also if it failed at it."""
    given = getattr(loader, "given", [])
    for inputs in model.asked:
        if len(inputs) > 1:
            wrong(
                "whole_batch",
                expected="The model gets one tensor, the features.",
                found=f"It got {len(inputs)} things at once.",
                cause="A batch of the loader is a list, `[features, labels]`. "
                "Take it apart first: `features, labels = batch`.",
            )
        _check_input(inputs[0], given, device)


def _check_input(x, given: list, device: str) -> None:
    expected = "The features of one batch, as the loader gives them."
    if not isinstance(x, torch.Tensor):
        wrong(
            "no_tensor",
            expected=expected,
            found=f"{kind(x)}.",
            cause="A tensor is what the model takes: not a batch, an array or "
            "a loader.",
        )
    shapes = [list(x.shape) == list(features.shape) for features, _ in given]
    if given and x.shape == given[0][1].shape:
        wrong(
            "labels",
            expected=f"{expected} Here {list(given[0][0].shape)}.",
            found=f"{list(x.shape)}, the shape of the labels.",
            cause="The loader gives features first, labels second.",
        )
    if given and not any(shapes):
        wrong(
            "other_shape",
            expected=f"{expected} Here {list(given[0][0].shape)}.",
            found=f"{kind(x)}.",
            cause="One row was picked out of the batch, the batch was "
            "reshaped, or several were joined. One batch is enough, as the "
            "loader gives it: [n, n_features].",
        )
    if x.device.type != device:
        wrong(
            "not_moved",
            expected="The features on the device that is passed.",
            found=f"They were on `{x.device.type}`, and the device is "
            f"`{device}`.",
            cause="`.to(device)` is missing, or its result was not used, or "
            "`device` is the name of the page and no argument.",
        )
    if device == "cpu" and not any(_same(x, features) for features, _ in given):
        wrong(
            "other_input",
            expected=expected,
            found="Other numbers."
            if given
            else "Other numbers. The loader was not asked for a batch.",
            cause="The input was made up, or changed on its way. Zeros of the "
            "right shape would do as well, but then someone has to know the "
            "shape. The loader knows it.",
        )


def _same(x: torch.Tensor, features: torch.Tensor) -> bool:
    return x.shape == features.shape and torch.equal(x.detach(), features)


def _explain_error(error: Exception, model: GraphModel) -> None:
    text = str(error)
    if text in (
        f"'{k}' object has no attribute 'to'" for k in ("list", "tuple")
    ):
        wrong(
            "whole_batch",
            expected="The features of a batch are moved, and logged.",
            found=f"A batch is no tensor: {code(text)}.",
            cause="A batch of the loader is a list, `[features, labels]`. "
            "Take it apart first: `features, labels = batch`.",
        )
    if "meta tensor" in text:
        wrong(
            "moves_model",
            expected="The model stays on its device, and the features go "
            "there. (Here it is `meta`, which holds shapes and no numbers.)",
            found=f"Something was fetched from it: {code(text)}.",
            cause="`model.cpu()` or `model.to(...)` moves the model itself; "
            "`.cpu()` and `.numpy()` fetch a tensor. Only `.to(device)` of the "
            "features is needed.",
        )
    if "is not an iterator" in text:
        wrong(
            "no_iterator",
            expected="A batch of the loader.",
            found=f"`next` failed: {code(text)}.",
            cause="`next` needs an iterator, and a loader makes one: "
            "`next(iter(data_loader))`.",
        )
    if "is not subscriptable" in text or "indexing" in text:
        wrong(
            "indexed",
            expected="A batch of the loader.",
            found=f"It has no numbers: {code(text)}.",
            cause="A loader can be looped over, and not be indexed. "
            "`next(iter(data_loader))` is its first batch.",
        )
    frames = [f.name for f in traceback.extract_tb(error.__traceback__)]
    if not model.asked and "add_graph" in frames:
        wrong(
            "no_input",
            expected="`add_graph(model, features)`.",
            found="`add_graph` failed before it asked the model.",
            cause="It has to send something through the model to see what "
            "happens. The second argument, a tensor of features, is missing, "
            "is something else, or stands first.",
        )


def _check_nodes(logged: Logged, model: GraphModel, again: bool) -> None:
    if not logged.n_graphs and model.asked and again:
        not_through_this_writer()
    if not logged.n_graphs or not model.asked:
        wrong(
            "no_graph",
            expected="The graph of the model that is passed.",
            found="A graph, and that model was never asked."
            if logged.n_graphs
            else "No graph in the event file.",
            cause="`writer.add_graph` is missing, failed in a `try`, or got "
            "another model: the one of the page, or a part of this one.",
        )
    if logged.n_graphs > 1:
        wrong(
            "many_graphs",
            expected="One graph.",
            found=f"{logged.n_graphs} of them.",
            cause="`add_graph` stands in a loop over all batches, or in two "
            "lines. The structure is the same for each batch; one is enough.",
        )
    _check_operations(logged, model)


def _check_operations(logged: Logged, model: GraphModel) -> None:
    """Look for the three layers that compute something."""
    operations = [operation for _, operation in logged.nodes]
    n_linear = operations.count("aten::linear")
    top = {name.partition("/")[0] for name, _ in logged.nodes}
    if n_linear != 2 or top - {"input", "output"} != {type(model).__name__}:
        wrong(
            "other_graph",
            expected="The graph of the model, and of nothing else.",
            found="More or less than its layers.",
            cause="Only a part of the model was traced, or something around "
            "it. Pass `model` as it is.",
        )
