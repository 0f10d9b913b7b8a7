"""Checkers of chapter 09: predictions, a scaling, a client of a service."""

import contextlib
import copy
import json
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.practice.exercise import call, code, exercise, kind
from helpers.practice.probes import close
from helpers.practice.verdict import wrong

STATE = "chapter 09, the section *Only the model's state*"
EVAL = "chapter 09, the section *Forgetting `eval()`*"
UNITS = "chapter 09, the section *Shapes and units*"
CLIENT = "chapter 09, the section *A service and a client*"

# --------------------------------------------------------------- predicting


@exercise(
    "09.1", "A list in, a column out", minutes=5, level="easy", look=STATE
)
def predict_column(predict):
    """Check ``predict_column(model, x_new)``, with a flat list or array."""
    check_predict(predict, name="predict_column", flat=True)
    return (
        "A column goes in and a column comes out, in eval mode, and the model "
        "stays as it was."
    )


def check_predict(
    predict, *, name: str = "predict", n_features: int = 1, flat: bool = False
) -> None:
    """Look at a function that predicts with the model it is given.

    Args:
        predict: called as ``predict(model, x_new)``.
        name: how messages call it.
        n_features: of the model.
        flat: whether ``x_new`` is a flat list of numbers, for a model of one
            feature; otherwise it is a list of rows, [N, n_features].
    """
    net = _Net(n_features)
    for x_new, what in _inputs(n_features, flat):
        shown = f"{name}(model, {what})"
        for _ in range(2):  # a second time, with the same input
            _ask(predict, net, x_new, shown)
    other = _Net(n_features, seed=7)
    for x_new, what in _inputs(n_features, flat)[:2]:
        _ask(predict, other, x_new, f"{name}(other_model, {what})")
        _ask(predict, net, x_new, f"{name}(model, {what})")
    _check_device(predict, n_features, _inputs(n_features, flat)[0])


def _inputs(n_features: int, flat: bool) -> list[tuple]:
    """Give inputs of several kinds, each with how a reader would write it."""
    rows = np.array(
        [[round(0.2 + 0.17 * i - 0.3 * j, 2) for j in range(n_features)]
         for i in range(5)]
    )  # fmt: skip
    whole = np.arange(4 * n_features).reshape(4, n_features)
    # in no order, and one of them twice
    rows, whole = rows[[1, 0, 3, 2, 1]], whole[[2, 0, 3, 1]]
    if flat:
        rows, whole = rows[:, 0], whole[:, 0]
    return [
        (rows[:3].tolist(), str(rows[:3].tolist())),
        (rows[1:2].tolist(), str(rows[1:2].tolist())),
        (whole.tolist(), str(whole.tolist())),
        (rows.copy(), "an array of 5"),
        (rows.astype(np.float32), "an array of 5, float32"),
    ]


class _Net(nn.Module):
    """A model with dropout and batch norm, left in train mode by a training.

    It says in words what is wrong with the features it is asked.
    """

    def __init__(self, n_features: int, seed: int = 1):
        super().__init__()
        self.n_features = n_features
        self.modes = []  # of each forward pass: was any layer in train mode?
        self.layers = nn.Sequential(
            nn.Linear(n_features, 6),
            nn.BatchNorm1d(6),
            nn.Tanh(),
            nn.Dropout(0.5),
            nn.Linear(6, 1),
        )
        numbers = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for part in (*self.parameters(), *self.buffers()):
                if part.is_floating_point():
                    part.copy_(torch.rand(part.shape, generator=numbers) + 0.3)

    def forward(self, x):
        self._look_at(x)
        self.modes.append(any(part.training for part in self.modules()))
        return self.layers(x)

    def _look_at(self, x) -> None:
        wanted = f"The model gets a tensor of shape [N, {self.n_features}]"
        if not isinstance(x, torch.Tensor):
            wrong(
                "asked_with_list",
                expected=f"{wanted}.",
                found=f"It got {kind(x)}.",
                cause="The input was not turned into a tensor: "
                "`torch.as_tensor(x_new, dtype=torch.float32)`.",
            )
        if x.ndim != 2 or x.shape[1] != self.n_features:
            self._other_shape(list(x.shape), wanted)
        weight = self.layers[0].weight
        if x.dtype != weight.dtype:
            wrong(
                "dtype",
                expected=f"{wanted} and of its own kind of number, float32.",
                found=f"It got {str(x.dtype).removeprefix('torch.')}.",
                cause="Python's numbers and NumPy's have 64 bits, and whole "
                "numbers stay whole, unless you say "
                "`dtype=torch.float32`.",
            )
        if x.device.type != weight.device.type:
            wrong(
                "other_device",
                expected="The input is where the model is.",
                found=f"The model is on a device called {weight.device.type}, "
                f"the input on {x.device.type}.",
                cause="`next(model.parameters()).device` asks the model where "
                "it is; the input has to be sent there.",
            )

    def _other_shape(self, shape: list[int], wanted: str) -> None:
        if len(shape) == 1 or not shape:
            wrong(
                "flat_input",
                expected=f"{wanted}: one row a question.",
                found=f"It got {shape}.",
                cause="The flat list went to the model as it was. "
                "`.reshape(-1, 1)` makes a column of it.",
                look=UNITS,
            )
        wrong(
            "row_input",
            expected=f"{wanted}: one row a question.",
            found=f"It got {shape}.",
            cause="The numbers stand side by side, as if they were features of "
            "one question. A column is `.reshape(-1, 1)`; `reshape(1, -1)` "
            "and `[x_new]` make a row.",
            look=UNITS,
        )


def _ask(predict, net: _Net, x_new, shown: str) -> torch.Tensor:
    """Call the answer once, and look at all that can be seen from outside."""
    net.train()  # as a training leaves it
    net.modes.clear()
    state = {k: v.clone() for k, v in net.state_dict().items()}
    x_before = copy.deepcopy(x_new)
    features = torch.tensor(np.asarray(x_new), dtype=torch.float32)
    twin = copy.deepcopy(net).eval()
    with torch.no_grad():
        expected = twin(features.reshape(-1, net.n_features))  # [N, 1]
    found = call(predict, net, x_new, shown=shown)
    _check_form(found, len(x_before), shown)
    _check_values(found, expected, net, shown)
    _check_left_alone(net, state, x_new, x_before)
    return found


def _check_form(found, n: int, shown: str) -> None:
    expected = f"{code(shown)} gives a tensor of shape [{n}, 1]."
    if found is None:
        wrong(
            "returns_nothing",
            expected=expected,
            found="It gives `None`.",
            cause="The answer is computed or printed, and not returned.",
        )
    if not isinstance(found, torch.Tensor):
        wrong(
            "no_tensor",
            expected=expected,
            found=f"It gives {kind(found)}.",
            cause="`.tolist()`, `.item()` or `.numpy()` went one step too far.",
        )
    if list(found.shape) != [n, 1]:
        wrong(
            "flat_answer" if list(found.shape) in ([n], []) else "other_shape",
            expected=expected,
            found=f"Its shape is {list(found.shape)}.",
            cause="It was squeezed, flattened or turned round after the model "
            "had answered, or some questions were left out. What the model "
            "gives is a column already.",
        )
    if found.requires_grad:
        wrong(
            "records",
            expected="The answer is plain numbers: `requires_grad` is False.",
            found="It drags the graph of its computation along.",
            cause="`with torch.inference_mode():` (or `torch.no_grad()`) is "
            "missing around the call of the model. `eval()` does not turn "
            "gradients off.",
        )
    if found.dtype != torch.float32:
        wrong(
            "other_dtype",
            expected="The answer has 32-bit numbers, as the model has.",
            found=f"It is {str(found.dtype).removeprefix('torch.')}.",
            cause="It was converted after the model had answered.",
        )


def _check_values(found, expected, net: _Net, shown: str) -> None:
    if close(found, expected):
        return
    if not net.modes:
        wrong(
            "other_model",
            expected="The model that was passed is asked.",
            found="It never was.",
            cause="A model of the page answered, or a formula. Use the "
            "argument `model`.",
        )
    if any(net.modes) and not net.modes[-1]:
        _statistics_moved("the running statistics")
    if any(net.modes):
        wrong(
            "train_mode",
            expected="The model is in eval mode when it predicts.",
            found="It was in train mode, as its training had left it.",
            cause="`model.eval()` is missing, or comes after the prediction. "
            "Gradients turned off do not turn dropout off.",
            look=EVAL,
        )
    _other_values(found, expected, shown)


def _other_values(found, expected, shown: str) -> None:
    numbers = [
        ", ".join(f"{value:.4f}" for value in part.flatten().tolist())
        for part in (expected, found)
    ]
    wrong(
        "other_values",
        expected=f"{code(shown)} gives {numbers[0]}.",
        found=f"{numbers[1]}.",
        cause="The input was changed or put into another order on its way to "
        "the model, or the answer was on its way back.",
    )


def _statistics_moved(what: str) -> None:
    wrong(
        "statistics_moved",
        expected="The running statistics of batch norm stay as they were.",
        found=f"The model was asked in train mode too, and {what} moved.",
        cause="One pass in train mode is enough, before the prediction or "
        "after it. It moves them even under `no_grad`.",
        look=EVAL,
    )


def _check_left_alone(net: _Net, state: dict, x_new, x_before) -> None:
    for name, value in net.state_dict().items():
        same = value.dtype == state[name].dtype
        if same and torch.equal(value, state[name]):
            continue
        if "running" in name or "tracked" in name:
            _statistics_moved(f"`{name}`")
        wrong(
            "changes_model",
            expected="The parameters stay as they were.",
            found=f"`{name}` has changed.",
            cause="The model was converted or trained on the way.",
        )
    if not all(p.requires_grad for p in net.parameters()):
        wrong(
            "freezes_model",
            expected="The model can be trained on afterwards.",
            found="Its parameters no longer take gradients.",
            cause="`requires_grad_(False)` changes the model for good. "
            "`inference_mode` turns gradients off for one block.",
        )
    if not torch.is_grad_enabled():
        wrong(
            "grad_left_off",
            expected="After the call, autograd records again.",
            found="It is off for all that follows.",
            cause="`torch.set_grad_enabled(False)` stays in force. Use a "
            "`with` block.",
        )
    if not np.array_equal(x_new, x_before):
        wrong(
            "changes_input",
            expected="The list or array of the caller stays as it was.",
            found="It was changed.",
            cause="Something was done in place: `x_new.shape = ...`, "
            "`x_new[:] = ...`, or an operation with `_` on a tensor that "
            "shares its memory.",
        )


class _Elsewhere(TorchFunctionMode):
    """Make torch's `meta` device behave as a GPU would.

    A tensor on it has a shape and no numbers. Where an answer fetches numbers,
    it gets zeros.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        try:
            return function(*args, **kwargs)
        except RuntimeError:
            if not args or not getattr(args[0], "is_meta", False):
                raise
            return function(torch.zeros(args[0].shape), *args[1:], **kwargs)


def _check_device(predict, n_features: int, case: tuple) -> None:
    """Ask a model that is not on the CPU."""
    x_new, _ = case
    net = _Net(n_features).to("meta")
    with _Elsewhere():
        found = predict(net, x_new)
    if any(p.device.type != "meta" for p in net.parameters()):
        wrong(
            "moves_model",
            expected="The model stays on its device.",
            found="It was moved to the CPU.",
            cause="`model.cpu()` and `model.to(...)` move the model itself. "
            "Send the input to the model, and the answer to the CPU.",
        )
    if found.device.type != "cpu":
        wrong(
            "answer_elsewhere",
            expected="The answer is on the CPU.",
            found="It is on the device of the model.",
            cause="`.cpu()` is missing at the end.",
        )


# ------------------------------------------------------------ standardising


@exercise(
    "09.2",
    "Mean and spread on board",
    minutes=8,
    level="medium",
    look=UNITS,
)
def standardised(Standardised):
    """Check the module ``Standardised(model, mean, spread)``."""
    for n_features in (1, 2):
        _check_module(Standardised, n_features)
    one, two = (_build(Standardised, 1, seed) for seed in (1, 5))
    _check_formula(one, "after a second `Standardised` was built")
    _check_formula(two, "for a second `Standardised`")
    _check_load(one, two)
    return (
        "The two buffers travel with the model: into its `state_dict`, to its "
        "device, and into whatever is exported."
    )


def _build(make, n_features: int, seed: int = 1):
    """Build their module around a model; return what is needed to look."""
    numbers = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(n_features, 4), nn.Tanh(), nn.Linear(4, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=numbers))
    mean = [50.0 + 3 * seed, 7.5][:n_features]
    spread = [20.0, 2.5 + seed][:n_features]
    twin = copy.deepcopy(model)
    shown = f"Standardised(model, {mean}, {spread})"
    try:
        made = call(make, model, list(mean), list(spread), shown=shown)
    except AttributeError as error:
        if "before Module.__init__" not in str(error):
            raise
        wrong(
            "no_super",
            expected="`Standardised` is a module of PyTorch.",
            found=f"PyTorch says: {error}.",
            cause="`super().__init__()` is missing, or not the first line of "
            "`__init__`. It makes the places for submodules and buffers.",
        )
    if not isinstance(made, nn.Module):
        wrong(
            "no_module",
            expected=f"{code(shown)} gives a module, an `nn.Module`.",
            found=f"It gives {kind(made)}.",
            cause="The class has to inherit: `class Standardised(nn.Module):`.",
        )
    x = 30 + 50 * torch.rand(5, n_features, generator=numbers)
    if not model.training:
        wrong(
            "sets_mode",
            expected="Building the module leaves `model` in its mode.",
            found="It was in train mode, and is in eval mode.",
            cause="`eval()` stands in `__init__`. Leave the mode to whoever "
            "predicts or trains.",
        )
    return SimpleNamespace(
        made=made, model=model, twin=twin, mean=mean, spread=spread, x=x
    )


def _forward(built, x):
    """Ask their module; a missing forward is named."""
    try:
        return call(built.made, x, shown="module(readings)")
    except TypeError as error:
        if "'Tensor' and 'list'" not in str(error):
            raise
        wrong(
            "plain_attributes",
            expected="`forward` computes with tensors.",
            found=f"One of the two is a list: {code(str(error))}.",
            cause="`mean` and `spread` were kept as lists. "
            "`self.register_buffer(name, torch.tensor(...))` makes a tensor of "
            "each, and a part of the module.",
        )
    except NotImplementedError as error:
        if "forward" not in str(error):
            raise
        wrong(
            "no_forward",
            expected="`Standardised` has a method `forward(self, readings)`.",
            found="PyTorch did not find one.",
            cause="The method is missing, has another name, or is indented "
            "into `__init__`.",
        )


def _check_module(make, n_features: int) -> None:
    built = _build(make, n_features)
    before = built.twin.state_dict()
    for name, value in built.model.state_dict().items():
        if name not in before:
            wrong(
                "changes_model",
                expected="`model` stays as it was.",
                found=f"It has something new: `{name}`.",
                cause="The buffer was registered in the model. `self` is the "
                "module around it: `self.register_buffer(...)`.",
            )
        if not torch.equal(value, before[name]):
            wrong(
                "changes_model",
                expected="`model` stays as it was.",
                found=f"Its `{name}` has changed.",
                cause="The scaling was worked into the weights of the model, "
                "which may be used elsewhere too.",
            )
    _check_formula(built, "")
    _check_parameters(built)
    _check_state(built)
    _check_modes(built)


def _check_formula(built, when: str) -> None:
    x_before = built.x.clone()
    first = _forward(built, built.x)
    if not torch.equal(built.x, x_before):
        built.x = x_before
        wrong(
            "changes_input",
            expected="The readings stay as they were.",
            found="The tensor that was passed holds other numbers now.",
            cause="`-=`, `/=`, `sub_` and `div_` write into the caller's "
            "tensor. `readings - self.mean` makes a new one.",
        )
    if not isinstance(first, torch.Tensor):
        wrong(
            "no_tensor",
            expected="`forward` returns what `model` returns, a tensor.",
            found=f"It returns {kind(first)}.",
            cause="Is `return` missing in `forward`?",
        )
    with torch.no_grad():
        mean, spread = torch.tensor(built.mean), torch.tensor(built.spread)
        expected = built.twin((x_before - mean) / spread)  # [N, 1]
    again = _forward(built, x_before.clone())
    if close(first, expected) and close(again, expected):
        if len(x_before) > 1:
            built_row = SimpleNamespace(**{**vars(built), "x": x_before[:1]})
            _check_formula(built_row, "for a single row")
        return
    _diagnose_formula(built, first, expected, when)


def _diagnose_formula(built, found, expected, when: str) -> None:
    x, model = built.x, built.twin
    mean, spread = torch.tensor(built.mean), torch.tensor(built.spread)
    asked = "`model((readings - mean) / spread)`"
    if found.shape != expected.shape and found.numel() == expected.numel():
        wrong(
            "other_shape",
            expected=f"{asked} has the shape {list(expected.shape)}.",
            found=f"{_numbers(found)}.",
            cause="The answer was squeezed or flattened. Return what `model` "
            "returns.",
        )
    if close(found, expected):
        wrong(
            "remembers",
            expected="The same readings get the same answer, call after call.",
            found="The second time it was another one.",
            cause="`forward` changes a buffer, or keeps something. Mean and "
            "spread stay what they were at the start.",
        )
    suspects = {
        "not_scaled": (model(x), "as if the readings were not scaled"),
        "multiplied": (model((x - mean) * spread), "`(x - mean) * spread`"),
        "other_order": (model(x / spread - mean), "`x / spread - mean`"),
        "brackets": (model(x - mean / spread), "`x - mean / spread`"),
        "added": (model((x + mean) / spread), "`(x + mean) / spread`"),
        "swapped": (model((x - spread) / mean), "`(x - spread) / mean`"),
        "no_model": ((x - mean) / spread, "the scaled readings themselves"),
        "variance": (
            model((x - mean) / spread**2),
            "`(x - mean) / spread ** 2`",
        ),
        "first_only": (
            model((x - mean[0]) / spread[0]),
            "with the mean and spread of the first feature for all",
        ),
        "turned_round": (model((mean - x) / spread), "`(mean - x) / spread`"),
        "of_the_batch": (
            model((x - x.mean(0)) / x.std(0)) if len(x) > 1 else model(x),
            "scaled by the mean and spread of the batch",
        ),
        "scales_answer": (
            (model(x) - mean[:1]) / spread[:1],
            "the *answer* of the model scaled, not the readings",
        ),
    }
    for diagnosis, (values, what) in suspects.items():
        if close(found, values):
            wrong(
                diagnosis,
                expected=f"{asked} gives {_numbers(expected)}.",
                found=f"{_numbers(found)}: {what}.",
                cause="First minus the mean, then divided by the spread, and "
                "then the model. Each feature has a mean and a spread of its "
                "own, which were passed.",
            )
    wrong(
        "shared" if "second" in when else "other_formula",
        expected=f"{asked} gives {_numbers(expected)}{when and ', ' + when}.",
        found=f"{_numbers(found)}.",
        cause="Mean and spread are kept in one place for all, such as the "
        "class or a global name. `self` is a place for each."
        if "second" in when
        else "The formula differs, or something is remembered between two "
        "calls.",
    )


def _numbers(values) -> str:
    """Show the first numbers of a tensor, with its shape if it is no column."""
    if values.ndim != 2 or values.shape[1] != 1:
        return f"a tensor of shape {list(values.shape)}"
    listed = ", ".join(f"{v:.4f}" for v in values.flatten().tolist()[:3])
    return listed + (" and so on" if len(values) > 3 else "")


def _check_parameters(built) -> None:
    theirs = {id(p) for p in built.made.parameters()}
    ours = {id(p) for p in built.model.parameters()}
    n_theirs, n_ours = len(theirs), len(ours)
    if theirs == ours:
        return
    if ours < theirs:
        wrong(
            "trained",
            expected="The parameters are those of `model` and no others: "
            f"{n_ours} tensors.",
            found=f"{n_theirs}.",
            cause="Mean or spread are `nn.Parameter`s, which an optimizer is "
            "given and may move. They are known and fixed: "
            "`register_buffer`.",
        )
    if n_theirs >= n_ours:
        wrong(
            "copies_model",
            expected="The very `model` that was passed stands inside.",
            found="Another one does, with parameters of its own.",
            cause="It was copied. Whatever trains `model` then trains "
            "something else.",
        )
    wrong(
        "model_not_registered",
        expected=f"`.parameters()` gives the {n_ours} tensors of `model`.",
        found=f"It gives {n_theirs}.",
        cause="The model is kept in a list, a dictionary or a function, where "
        "PyTorch does not look. `self.model = model` is seen.",
    )


def _check_state(built) -> None:
    state = built.made.state_dict()
    wanted = {
        "mean": torch.tensor(built.mean),
        "spread": torch.tensor(built.spread),
    }
    missing = [name for name in wanted if name not in state]
    if missing:
        _diagnose_state(built, state, wanted, missing)
    for name, value in wanted.items():
        if state[name].dtype != torch.float32 or not close(
            state[name].flatten(), value
        ):
            wrong(
                "other_buffer",
                expected=f"`{name}` in the `state_dict` holds "
                f"{value.tolist()}, in float32.",
                found=f"It holds {[round(v, 4) for v in state[name].flatten().tolist()]}, "  # noqa: E501
                f"in {str(state[name].dtype).removeprefix('torch.')}.",
                cause="The buffer should hold the numbers as they were passed.",
            )
    n_model = len(built.model.state_dict())
    if len(state) > n_model + 2:
        wrong(
            "more_entries",
            expected=f"The `state_dict` has {n_model + 2} entries: those of "
            "`model`, `mean` and `spread`.",
            found=f"It has {len(state)}.",
            cause="Another buffer was registered, or the model twice. Whoever "
            "reads the file expects these two and no more.",
        )
    if len(state) < n_model + 2:
        wrong(
            "model_not_registered",
            expected="The `state_dict` has the entries of `model` too.",
            found=f"It has {len(state)} of {n_model + 2}.",
            cause="`self.model = model` makes the model a part of the module.",
        )


def _diagnose_state(built, state, wanted, missing) -> None:
    names = " and ".join(f"`{name}`" for name in missing)
    found = f"It has {', '.join(f'`{name}`' for name in state)}."
    buffers = dict(built.made.named_buffers())
    if any(name in buffers for name in missing):
        wrong(
            "not_persistent",
            expected=f"{names} in the `state_dict`.",
            found="The buffers are there, and are not saved.",
            cause="`persistent=False` keeps a buffer out of the `state_dict`. "
            "Leave it out.",
        )
    values = [wanted[name] for name in missing]
    others = [k for k, v in state.items() if _is_one_of(v, values)]
    if others:
        wrong(
            "other_names",
            expected=f"{names} in the `state_dict`.",
            found=found,
            cause="The buffers have other names, or lie in a submodule. Files "
            "are read by name.",
        )
    wrong(
        "plain_attributes",
        expected=f"{names} in the `state_dict`.",
        found=found,
        cause="A tensor or a list in a plain attribute is not a part of the "
        "module: it is not saved, and stays behind on `.to(device)`. "
        "`self.register_buffer(name, tensor)` registers it.",
    )


def _is_one_of(value, tensors) -> bool:
    return any(close(value.flatten(), tensor) for tensor in tensors)


def _check_modes(built) -> None:
    """Look whether training goes through, and modes reach the model."""
    made, model = built.made, built.model
    for mode in (True, False):
        made.train(mode)
        yhat = made(built.x)
        if model.training is not mode:
            wrong(
                "sets_mode",
                expected="The mode of `model` is that of the module around it.",
                found=f"After `.{'train' if mode else 'eval'}()` and a call, "
                "it is in the other one.",
                cause="`forward` sets a mode. Leave that to whoever predicts "
                "or trains.",
            )
        if not yhat.requires_grad:
            wrong(
                "no_graph",
                expected="Gradients reach the parameters of `model`.",
                found="The answer of the module has no graph.",
                cause="`forward` runs under `no_grad` or detaches, or the "
                "model was frozen. Leave that to whoever predicts: the model "
                "may be trained on.",
            )


def _check_load(one, two) -> None:
    """Load the state of one into the other: both have to answer the same."""
    state = copy.deepcopy(one.made.state_dict())
    two.made.load_state_dict(state)
    found, expected = two.made(one.x), one.made(one.x)
    if not close(found, expected):
        wrong(
            "buffer_not_used",
            expected="With the `state_dict` of another `Standardised`, a "
            "module answers as that one does.",
            found="It still scales by numbers of its own.",
            cause="`forward` uses a second copy of mean and spread, such as a "
            "list that `__init__` kept, in place of the buffers.",
        )
    # a device without numbers: what is not registered stays behind
    try:
        elsewhere = one.made.to("meta")(one.x.to("meta"))
    except RuntimeError:
        elsewhere = None
    if elsewhere is None or elsewhere.device.type != "meta":
        wrong(
            "stays_behind",
            expected="After `.to(device)` all of the module is there.",
            found="A part of it stayed on the CPU.",
            cause="A tensor in a plain attribute, or a `.cpu()` in `forward`.",
        )


# ------------------------------------------------------- client of a service


@exercise("09.3", "A small client", minutes=8, level="medium", look=CLIENT)
def ask(ask):
    """Check ``ask(client, readings)``, against a service without a network."""
    for readings in ([20, 34, 57], [34], [0, 100, 12.5, 80]):
        _check_good(ask, _Service(), readings)
    _check_good(ask, _Service(b=2, w=5), [20, 34, 57])
    service = _Service()
    for readings in ([34, 140], [-3], []):
        _check_refusal(ask, service, readings)
    _check_good(ask, service, [50, 60])
    _check_refusal(ask, _Service(highest=50), [20, 30, 57])
    return (
        "One request for all readings, its answers as a list, and a refusal "
        "becomes an error that says why."
    )


NOT_JSON_TYPE = (
    "body should be an object with names and values, and is not sent as "
    "application/json."
)


class _Service:
    """What `helpers.service` answers, computed here: no port, no network."""

    def __init__(
        self, highest: float = 100, b: float = 1.0241, w: float = 1.9532
    ):
        import httpx

        from helpers.deploying import Feature
        from helpers.service import _question

        percent = Feature("x_percent", "percent", lowest=0, highest=highest)
        self.exported = SimpleNamespace(features=[percent])
        self.form = _question(self.exported)
        self.b, self.w = b, w
        self.requests, self.sentence = [], ""
        self.client = httpx.Client(
            transport=httpx.MockTransport(self.answer),
            base_url="http://service.test",
            headers={"content-type": "application/json"},
            trust_env=False,
        )

    def predict(self, readings) -> list[float]:
        return [self.b + self.w * x / 100 for x in readings]

    def answer(self, request):
        self.requests.append(request)
        if request.url.path == "/" and request.method == "GET":
            names = [{"name": "x_percent", "unit": "percent"}]
            return self._reply(200, {"features": names})
        if request.url.path not in ("/", "/predict"):
            return self._refuse(
                404, "There is nothing here. Ask GET / or POST /predict."
            )
        if (request.method, request.url.path) != ("POST", "/predict"):
            return self._refuse(
                405,
                "Ask GET / what there is, and POST /predict for predictions.",
            )
        return self._predict(request)

    def _predict(self, request):
        from pydantic import ValidationError

        from helpers.service import _explain

        if "json" not in request.headers.get("content-type", ""):
            return self._refuse(422, NOT_JSON_TYPE, "body")
        try:
            question = self.form.model_validate(json.loads(request.content))
        except ValueError as error:
            if not isinstance(error, ValidationError):
                return self._refuse(422, "The body is not JSON.", "body")
            first = error.errors()[0]
            first["loc"] = ("body", *first["loc"])
            field, sentence = _explain(first, self.exported)
            return self._refuse(422, sentence, field)
        y = self.predict([row.x_percent for row in question.rows])
        return self._reply(200, {"y": y, "unit": "no unit"})

    def _refuse(self, status: int, sentence: str, field: str = ""):
        self.sentence = sentence
        place = {"field": field} if field else {}
        return self._reply(status, {"error": sentence, **place})

    def _reply(self, status: int, content: dict):
        import httpx

        return httpx.Response(status, json=content)


def _send(ask, service: _Service, readings) -> tuple:
    """Ask once; return what came back, and what was raised."""
    service.requests.clear()
    service.sentence = ""
    before = list(readings)
    result = error = None
    try:
        shown = f"ask(client, {before})"
        result = call(ask, service.client, readings, shown=shown)
    except Exception as raised:
        if not service.requests:
            _check_connection(raised)
            if not isinstance(raised, ValueError):
                raise
        error = raised
    if readings != before:
        wrong(
            "changes_input",
            expected="The list of readings stays as it was.",
            found=f"It holds {code(str(readings))} after the call.",
            cause="Build a new list of rows.",
        )
    _check_client(service)
    return result, error


def _check_connection(raised: Exception) -> None:
    import httpx

    if isinstance(raised, httpx.TransportError):
        wrong(
            "other_client",
            expected="The request goes through the `client` that is passed.",
            found="It went elsewhere, where nobody answered.",
            cause="`httpx.post(...)`, or a client built inside of `ask` or in "
            "the page, in place of the argument.",
        )


def _check_client(service: _Service) -> None:
    if service.client.is_closed:
        wrong(
            "closes_client",
            expected="The client can be used for the next question.",
            found="It was closed.",
            cause="`with client:` and `client.close()` end it. Whoever opened "
            "it closes it.",
        )
    hosts = [r.url.host for r in service.requests]
    if any(host != "service.test" for host in hosts):
        wrong(
            "fixed_address",
            expected="The address is that of the client; the path alone is "
            "yours, `/predict`.",
            found="The request went to another host.",
            cause="The whole address stands in `ask`. The service has a new "
            "port at every start, and the client knows it.",
        )


def _check_good(ask, service: _Service, readings) -> None:
    """Send readings that are fine; the list of answers has to come back."""
    result, error = _send(ask, service, list(readings))
    if error is not None and not service.requests:
        raise error
    expected = service.predict(readings)
    asked = _asked(service)
    _check_requests(service, asked, readings)
    if error is not None:
        raise error  # the request was fine, so what followed it was not
    _check_result(result, expected)


def _asked(service: _Service) -> list:
    return [r for r in service.requests if r.url.path == "/predict"]


def _check_requests(service: _Service, asked: list, readings) -> None:
    expected = "One `POST` to `/predict`, with all readings."
    if not service.requests:
        wrong(
            "no_request",
            expected=expected,
            found="The client sent nothing.",
            cause="`client.post(...)` is missing, or is never reached.",
        )
    if not asked:
        wrong(
            "other_path",
            expected=expected,
            found=f"A request to {code(service.requests[0].url.path)}.",
            cause="The path of predictions is `/predict`.",
        )
    if not any(request.method == "POST" for request in asked):
        wrong(
            "get",
            expected=expected,
            found=f"{asked[0].method} `/predict`.",
            cause="`GET` fetches what is there and carries no body. Readings "
            "are sent by `client.post`.",
        )
    _check_one(asked, readings)
    if service.sentence == NOT_JSON_TYPE:
        wrong(
            "content_type",
            expected="The header `content-type: application/json`.",
            found=f"Another one. The service says: {NOT_JSON_TYPE}",
            cause="`headers=` replaced what the client brings along. "
            "`json=` sets the right one.",
        )
    _check_body(service, asked[0].content, readings)


def _check_one(asked: list, readings) -> None:
    if len(asked) > 1:
        wrong(
            "many_requests",
            expected="One request to `/predict`, with all readings.",
            found=f"{len(asked)} of them, for {len(readings)} readings.",
            cause="A loop sends the readings one by one, or again after a "
            "refusal, or the client is asked in two lines. Send one list of "
            "rows, and keep the response in a name.",
        )


def _check_body(service: _Service, content: bytes, readings) -> None:
    good = {"rows": [{"x_percent": reading} for reading in readings]}
    expected = f"The body {code(json.dumps(good))}."
    said = f" The service says: {service.sentence}" if service.sentence else ""
    try:
        body = json.loads(content)
    except ValueError:
        wrong(
            "not_json",
            expected=expected,
            found=f"A body that is not JSON.{said}",
            cause="`data=` sends a form, `params=` belongs to the address, and "
            "`str(...)` writes Python. `client.post(path, json=...)` writes "
            "JSON.",
        )
    if body == good:
        return
    found = f"{code(json.dumps(body))}.{said}"
    if not isinstance(body, dict) or set(body) != {"rows"}:
        wrong(
            "no_rows",
            expected=expected,
            found=found,
            cause="The service wants an object with one name, `rows`, and the "
            "list behind it."
            if not isinstance(body, str)
            else "`json=` makes JSON of an object by itself. What it gets "
            "after `json.dumps` is a text, which it puts in quotes.",
        )
    rows = body["rows"] if isinstance(body["rows"], list) else [body["rows"]]
    if not all(isinstance(row, dict) for row in rows):
        wrong(
            "bare_numbers",
            expected=expected,
            found=found,
            cause="Each row is an object that names its reading: "
            '`{"x_percent": 34}`.',
        )
    names = {name for row in rows for name in row}
    if names != {"x_percent"}:
        wrong(
            "field_name",
            expected=expected,
            found=found,
            cause="The field is called `x_percent`: the name says the unit.",
        )
    _check_numbers([row["x_percent"] for row in rows], readings, found)


def _check_numbers(sent: list, readings, found: str) -> None:
    expected = f"The readings as they are: {code(str(readings))}."
    if any(isinstance(value, str) for value in sent):
        wrong(
            "text_numbers",
            expected=expected,
            found=found,
            cause="The numbers were turned into text, by `str` or an f-string. "
            "JSON has numbers of its own.",
        )
    if any(isinstance(value, list) for value in sent):
        wrong(
            "one_row",
            expected=expected,
            found=found,
            cause="All readings stand in one row. A row is one question with "
            'one reading, so that there are as many: `[{"x_percent": reading} '
            "for reading in readings]`.",
        )
    fractions = [reading / 100 for reading in readings]
    with contextlib.suppress(TypeError, ValueError, RuntimeError):
        if close(sent, fractions):
            wrong(
                "fractions",
                expected=expected,
                found=found,
                cause="They were divided by 100. The scaling is in the model "
                "behind the service, and 0.34 percent is a fair reading, so "
                "that nobody would notice.",
                look=UNITS,
            )
    wrong(
        "other_numbers",
        expected=expected,
        found=found,
        cause="Some readings are missing, changed, or in another order.",
    )


def _rounded(values: list) -> list:
    return [round(y, 6) if isinstance(y, float) else y for y in values]


def _check_result(result, expected: list[float]) -> None:
    import httpx

    wanted = f"The list {code(str(_rounded(expected)))}."
    if result is None:
        wrong(
            "returns_nothing",
            expected=wanted,
            found="`None`.",
            cause="`return` is missing at the end.",
        )
    if isinstance(result, httpx.Response):
        wrong(
            "returns_response",
            expected=wanted,
            found="The whole response, with status, headers and body.",
            cause="`response.json()` reads its body; the answers are under "
            "`y`.",
        )
    if isinstance(result, dict) and "y" in result:
        wrong(
            "returns_body",
            expected=wanted,
            found=f"A dictionary with {', '.join(f'`{k}`' for k in result)}.",
            cause='The answers are one part of it: `["y"]`.',
        )
    if not isinstance(result, list):
        wrong(
            "no_list",
            expected=wanted,
            found=f"{kind(result)}.",
            cause="What `json()` gives is a list already. Return it as it is.",
        )
    if len(result) != len(expected) or not all(
        isinstance(y, (int, float)) and close(y, right, 1e-9)
        for y, right in zip(result, expected, strict=True)
    ):
        wrong(
            "other_answers",
            expected=wanted,
            found=f"{code(str(_rounded(result)))}.",
            cause="The answers were changed, sorted or rounded, or belong to "
            "another question.",
        )


def _cause_of_other(error: Exception) -> str:
    if isinstance(error, KeyError):
        return (
            "A refusal has no `y`, and its sentence is under `error`. Look at "
            "`response.status_code` first, a number: 422 is a refusal."
        )
    if type(error).__module__.startswith("httpx"):
        return (
            "`raise_for_status` raises an error of its own, without the "
            "sentence of the service."
        )
    return "Whoever calls `ask` waits for a `ValueError`: raise one."


def _check_refusal(ask, service: _Service, readings) -> None:
    """Send readings that the service refuses; a ValueError has to follow."""
    result, error = _send(ask, service, list(readings))
    if not service.requests:
        wrong(
            "no_request",
            expected=f"The service is asked for {code(str(readings))} too, and "
            "says what is wrong with it.",
            found="The client sent nothing.",
            cause="`ask` judges the readings itself. Only the service knows "
            "its range, which comes from the exported file.",
        )
    _check_one(_asked(service), readings)
    sentence = service.sentence
    if not sentence:
        wrong(
            "changes_readings",
            expected=f"The readings {code(str(readings))} go to the service "
            "as they are.",
            found="They were changed on the way, and passed.",
            cause="Readings were left out, converted or cut to the range. "
            "Then the answers belong to other readings.",
        )
    expected = f"`ValueError` with the sentence: {sentence}"
    if error is None:
        wrong(
            "ignores_refusal",
            expected=expected,
            found=f"No error; `ask` returned {kind(result)}.",
            cause="httpx does not raise by itself. Look at "
            "`response.status_code`: 422 is a refusal, and "
            "`raise ValueError(...)` makes an error of it. To print or return "
            "it is not enough.",
        )
    if not isinstance(error, ValueError):
        wrong(
            "other_error",
            expected=expected,
            found=f"`{type(error).__name__}`.",
            cause=_cause_of_other(error),
        )
    if str(error) != sentence:
        wrong(
            "other_message",
            expected=expected,
            found=f"`ValueError` with {code(str(error) or 'no message')}.",
            cause="The sentence is in the body of the response, under "
            "`error`. Pass it on as it is.",
        )
