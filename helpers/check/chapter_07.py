"""Checkers of chapter 07: what a writer is given, epoch by epoch."""

import functools
import math
import traceback
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.practice.event_files import (
    Logged,
    compare_points,
    near,
    read_logged,
    scratch,
)
from helpers.practice.exercise import call, code, exercise, kind
from helpers.practice.verdict import wrong

METHODS = "chapter 07, the section *The writer and its methods*"
GRAPH = "chapter 07, the section *The graph of a model*"
COST = "chapter 07, the section *What `add_scalars` costs*"


def _check_one_file(logged: Logged, again: bool) -> None:
    """Look whether all went through the writer that was given, which is open.

    Args:
        logged: of the folder of that writer, which is below `ours`.
        again: whether another writer was used before.
    """
    below = [f for f in Path("ours").rglob("*tfevents*") if len(f.parts) > 3]
    elsewhere = [
        f for f in Path().rglob("*tfevents*") if Path("ours") not in f.parents
    ]
    if below:
        wrong(
            "sub_runs",
            expected="One event file, in the folder of the run.",
            found=f"{len(below)} more, in folders inside it.",
            cause="`add_scalars`, with an *s*, makes a run of each curve. "
            "`add_scalar` adds a point to the run of this writer.",
            look=COST,
        )
    if elsewhere:
        wrong(
            "other_writer",
            expected="All goes through the writer that is passed.",
            found="An event file in another folder.",
            cause="A `SummaryWriter` is made in the function. Whoever calls it "
            "has one and passes it: use the argument `writer`.",
        )
    if logged.n_files > 1:
        wrong(
            "many_files",
            expected="One event file in the run, however often it is called.",
            found=f"{logged.n_files}.",
            cause="The writer was closed, so that the next call has to open a "
            "new file; or a second writer was opened for the same folder. "
            "Leave the writer open: who made it closes it.",
        )
    if logged.scalars or logged.histograms or logged.other or logged.n_graphs:
        return
    if again:
        _not_through_this_writer()
    wrong(
        "nothing_logged",
        expected="Something in the event file.",
        found="Nothing.",
        cause="No `add_...` was called on the `writer` that was passed.",
    )


def _not_through_this_writer() -> None:
    wrong(
        "shared",
        expected="Each call logs with the writer that it is given.",
        found="After a second writer was passed, nothing came through it.",
        cause="The first writer was kept, in a global name or in the default "
        "of an argument. Use the argument.",
    )


# ------------------------------------------------- 07.1 two curves, one file

TRAINING, VALIDATION = "loss/training", "loss/validation"


@exercise(
    "07.1", "Two curves in one file", minutes=5, level="easy", look=METHODS
)
def logged_epoch(log_epoch):
    """Check ``log_epoch(writer, epoch, loss, val_loss)``."""

    def make_log(writer):
        shown = "log_epoch(writer, epoch, loss, val_loss)"
        return functools.partial(call, log_epoch, writer, shown=shown)

    check_log(make_log)
    return "Two tags, one run, one file, and the step is the epoch."


def check_log(make_log) -> None:
    """Look at what a function logs, epoch by epoch.

    Args:
        make_log: takes a writer; returns what is called with an epoch, its
            loss and its validation loss.
    """
    from torch.utils.tensorboard import SummaryWriter

    rows = [(3, 0.912345, 1.25), (4, 0.543219, 0.75), (5, 0.25, 0.375001)]
    other = [(epoch, loss / 2, val_loss * 2) for epoch, loss, val_loss in rows]
    with scratch() as here:
        log = make_log(SummaryWriter("ours/run_a"))
        for row in rows:
            log(*row)
        here.write_all()
        _check_curves("run_a", rows)
        # two runs at the same time, as when two models are compared
        logs = [make_log(SummaryWriter(f"ours/run_{k}")) for k in "bc"]
        for row, other_row in zip(rows, other, strict=True):
            logs[0](*row)
            logs[1](*other_row)
        here.write_all()
        _check_curves("run_b", rows, again=True)
        _check_curves("run_c", other, again=True)
        # a training that is killed soon
        make_log(SummaryWriter("ours/run_d"))(*rows[0])
        here.write_all()
        _check_curves("run_d", rows[:1])


def _check_curves(run: str, rows: list[tuple], again=False) -> None:
    logged = read_logged(Path("ours", run))
    _check_one_file(logged, again)
    training = [(epoch, loss) for epoch, loss, _ in rows]
    validation = [(epoch, val_loss) for epoch, _, val_loss in rows]
    _check_two_tags(logged)
    if _same_values(logged.scalars[TRAINING], validation) and _same_values(
        logged.scalars[VALIDATION], training
    ):
        wrong(
            "swapped",
            expected=f"The training loss under `{TRAINING}`.",
            found="The validation loss.",
            cause="The two changed places, in the tags or in the values.",
        )
    for tag, other in ((TRAINING, validation), (VALIDATION, training)):
        if _same_values(logged.scalars[tag], other):
            wrong(
                "one_for_both",
                expected=f"Under `{tag}` its own loss.",
                found="The same values under both tags.",
                cause="One of the two losses was logged twice. Each tag gets "
                "its own.",
            )
    compare_points(logged.scalars[TRAINING], training, TRAINING)
    compare_points(logged.scalars[VALIDATION], validation, VALIDATION)


def _same_values(found, wanted) -> bool:
    return len(found) == len(wanted) and all(
        near(a, b) for (_, a), (_, b) in zip(found, wanted, strict=True)
    )


def _check_two_tags(logged: Logged) -> None:
    found = sorted([*logged.scalars, *logged.histograms, *logged.other])
    if found == sorted([TRAINING, VALIDATION]) == sorted(logged.scalars):
        return
    expected = f"Two tags, `{TRAINING}` and `{VALIDATION}`."
    if found == sorted([TRAINING, VALIDATION]):
        wrong(
            "no_scalar",
            expected="Single numbers under both tags, which make two curves.",
            found="Something else: a histogram or an image.",
            cause="`add_scalar` adds one number, a point of a curve.",
        )
    if found in ([TRAINING], [VALIDATION]) and len(logged.scalars) == 1:
        twice = len(logged.scalars[found[0]]) > 3
        wrong(
            "one_tag" if twice else "one_curve",
            expected=expected,
            found=f"Only {code(found[0])}.",
            cause="Both losses were logged under the same tag, so that they "
            "are one curve that jumps up and down."
            if twice
            else "The call for the other loss is missing.",
        )
    wrong(
        "one_tag" if len(found) == 1 else "other_tags",
        expected=expected,
        found=f"{code(str(found))}.",
        cause="Each curve needs a tag of its own."
        if len(found) == 1
        else "The tags are spelt differently, or more is logged than the two "
        "losses. TensorBoard groups by what stands before the slash.",
    )


# ----------------------------------------------------------- 07.2 the graph


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
        _fill(self)
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


def _fill(model: nn.Module, seed: int = 3) -> None:
    """Give every parameter its own numbers, the same on every machine."""
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=numbers))


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
    before, mode = _state(model), model.training
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
        _check_unchanged(model, before, mode)
    writer.add_scalar("after", 1.0, 0)  # the training goes on to log
    here.write_all()
    logged = read_logged(Path("ours", run))
    _check_one_file(logged, again)
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


def _state(model: nn.Module) -> list[tuple]:
    """Note parameters, their gradients, and whether they want any."""
    return [
        (
            parameter.detach().clone(),
            None if parameter.grad is None else parameter.grad.clone(),
            parameter.requires_grad,
        )
        for parameter in model.parameters()
    ]


def _check_unchanged(model: nn.Module, before: list[tuple], mode: bool) -> None:
    modes = {module.training for module in model.modules()}
    if modes != {mode}:
        was, now = ("train", "eval") if mode else ("eval", "train")
        wrong(
            "mode_changed",
            expected=f"The model is in {was} mode, as it was.",
            found=f"It was left in {now} mode.",
            cause=f"`model.{now}()` was called. To look at a model should not "
            "change it.",
        )
    after = _state(model)
    same = len(after) == len(before) and all(
        torch.equal(p, q) and _same_gradient(g, h) and wants == wanted
        for (p, g, wants), (q, h, wanted) in zip(after, before, strict=True)
    )
    if not same:
        wrong(
            "model_changed",
            expected="Parameters and gradients are as they were.",
            found="They are not, or a parameter no longer asks for a gradient.",
            cause="Something that changes a tensor in place, such as "
            "`detach_()`, `zero_grad()`, `requires_grad_(False)`, or a "
            "training step. Take a copy: `detach()` without the `_`.",
        )


def _same_gradient(a, b) -> bool:
    if a is None or b is None:
        return a is b
    return torch.equal(a, b)


def _check_nodes(logged: Logged, model: GraphModel, again: bool) -> None:
    if not logged.n_graphs and model.asked and again:
        _not_through_this_writer()
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


# -------------------------------------------------------- 07.3 the weights


@exercise(
    "07.3", "How the weights spread", minutes=8, level="medium", look=METHODS
)
def logged_weights(log_weights):
    """Check ``log_weights(writer, model, epoch)``."""
    with scratch() as here:
        model = nn.Sequential(
            nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)
        )
        _check_weights(log_weights, here, "run_a", model.train(), (2, 3))
        model = nn.ModuleDict(
            {"body": nn.Sequential(nn.Linear(1, 5)), "head": nn.Linear(5, 2)}
        )
        for parameter in model["body"].parameters():
            parameter.requires_grad_(False)  # frozen
        _check_weights(
            log_weights, here, "run_b", model.eval(), (0, 7), again=True
        )
        return (
            "A histogram of each parameter, under its own name, in each epoch."
        )


def _check_weights(
    log_weights, here, run, model: nn.Module, epochs, again=False
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    _fill(model)
    with torch.no_grad():  # two equal values, and both of them count
        for parameter in model.parameters():
            parameter.view(-1)[-1] = parameter.view(-1)[0]
    for number, parameter in enumerate(model.parameters(), start=1):
        if parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 10.0 * number)
    wanted = {name: [] for name, _ in model.named_parameters()}
    writer = SummaryWriter(f"ours/{run}")
    for epoch in epochs:
        before, mode = _state(model), model.training
        shown = "log_weights(writer, model, epoch)"
        call(log_weights, writer, model, epoch, shown=shown)
        _check_unchanged(model, before, mode)
        for name, parameter in model.named_parameters():
            wanted[name].append((epoch, *_summary(parameter)))
        with torch.no_grad():  # what a training would do until the next
            for parameter in model.parameters():
                parameter.mul_(-2).add_(1)
    here.write_all()
    logged = read_logged(Path("ours", run))
    _check_one_file(logged, again)
    _check_weight_tags(logged, wanted, model)
    for name, parameter in model.named_parameters():
        _compare_histograms(
            logged.histograms[name], wanted[name], name, parameter
        )


def _summary(values: torch.Tensor) -> tuple:
    """Return minimum, maximum, count and sum, as a histogram keeps them."""
    values = values.detach().double()
    return (
        values.min().item(),
        values.max().item(),
        values.numel(),
        values.sum().item(),
    )


def _check_weight_tags(logged: Logged, wanted: dict, model) -> None:
    found, names = set(logged.histograms), set(wanted)
    if found == names and not logged.scalars and not logged.other:
        return
    expected = f"A histogram for each of {code(str(sorted(names)))}."
    if not found:
        wrong(
            "no_histogram",
            expected=expected,
            found="No histogram, and something else under "
            f"{code(str(sorted([*logged.scalars, *logged.other])))}.",
            cause="A scalar is one number, an image a picture. `add_histogram` "
            "takes a whole tensor, and keeps how its values are spread.",
        )
    buffers = {name for name, _ in model.named_buffers()}
    if found - names and found - names <= buffers:
        wrong(
            "buffers",
            expected=expected,
            found=f"Also {code(str(sorted(found - names)))}.",
            cause="`state_dict` holds buffers too: numbers that a layer keeps "
            "and no optimizer moves. `named_parameters` gives parameters.",
        )
    if len(found) == 1 and len(logged.histograms[min(found)]) > 2:
        wrong(
            "one_tag",
            expected=expected,
            found=f"All of them under {code(min(found))}.",
            cause="The tag does not depend on the parameter. Each needs a tag "
            "of its own: its name.",
        )
    if found < names:
        wrong(
            "some_missing",
            expected=expected,
            found=f"Nothing for {code(str(sorted(names - found)))}.",
            cause="The loop ends too early or leaves some out: biases, or "
            "parameters without a gradient. A frozen one is a parameter too.",
        )
    wrong(
        "other_tags",
        expected=expected,
        found=code(str(sorted([*found, *logged.scalars, *logged.other]))) + ".",
        cause="The tag is the name that `named_parameters` gives, as it is, "
        "and nothing more is logged.",
    )


def _compare_histograms(found, wanted, name: str, parameter) -> None:
    steps, epochs = [row[0] for row in found], [row[0] for row in wanted]
    expected = f"Histograms of `{name}` at the steps {epochs}."
    if steps != epochs:
        missing = not any(steps) and len(steps) == len(epochs)
        wrong(
            "no_step" if missing else "other_steps",
            expected=expected,
            found=f"At {steps}.",
            cause="The third argument of `add_histogram`, the step, is "
            "missing, or is not `epoch`."
            if missing
            else "The step is the number of the epoch, as given, once each.",
        )
    for (epoch, *seen), (_, *right) in zip(found, wanted, strict=True):
        if all(map(_near, seen, right)):
            continue
        _explain_histogram(epoch, seen, right, name, parameter)


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-5)


def _explain_histogram(epoch, seen, right, name, parameter) -> None:
    """Raise Wrong: a histogram is not that of its parameter."""
    low, high, number, _ = right
    expected = (
        f"For `{name}` in epoch {epoch}, {number} values from {low:.3f} to "
        f"{high:.3f}."
    )
    noun = "value" if seen[2] == 1 else "values"
    found = f"{seen[2]} {noun} from {seen[0]:.3f} to {seen[1]:.3f}."
    gradient = parameter.grad
    if gradient is not None and all(map(_near, seen, _summary(gradient))):
        wrong(
            "gradients",
            expected=expected,
            found=f"{found} These are the gradients.",
            cause="`.grad` holds what the last `backward` left. The values are "
            "the parameter itself.",
        )
    if seen[2] != number:
        wrong(
            "not_all_values",
            expected=expected,
            found=found,
            cause="A mean, a norm, one row or each value only once was logged. "
            "Pass the whole tensor; its shape does not matter.",
        )
    wrong(
        "other_values",
        expected=expected,
        found=found,
        cause="The values were changed on their way, belong to another "
        "parameter, or are those of an earlier call.",
    )
