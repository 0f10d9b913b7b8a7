"""Exercise 09.1: a list in, a column out."""

import copy

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from helpers.check.chapter_09.common import UNITS
from helpers.practice.exercises import call, code, exercise, kind
from helpers.practice.probes.steps import close
from helpers.practice.verdict import wrong

STATE = "chapter 09, the section *Only the model's state*"


EVAL = "chapter 09, the section *Forgetting `eval()`*"


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
