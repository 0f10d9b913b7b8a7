"""Exercise 09.1: a list in, a column out."""

import copy

import numpy as np
import torch
from torch import nn

from helpers.practice import Seen, agree, call, exercise, judge
from helpers.practice.probes.elsewhere import Elsewhere
from helpers.practice.probes.states import same_state

FIELDS = [0.54, 0.2, 0.71, 0.37, 0.54]  # in no order, and one of them twice
INPUTS = (
    (FIELDS[:3], str(FIELDS[:3])),
    (FIELDS[1:2], str(FIELDS[1:2])),
    ([2, 0, 3, 1], "[2, 0, 3, 1]"),
    (np.array(FIELDS), "an array of 5"),
    (np.array(FIELDS, np.float32), "an array of 5, float32"),
)
INPUT = {
    "asked_with_list": lambda s: not isinstance(s.x, torch.Tensor),
    "flat_input": lambda s: s.x.ndim < 2,
    "row_input.more_axes": lambda s: s.x.ndim > 2,
    "row_input": lambda s: s.x.shape[1] != 1,
    "dtype": lambda s: s.x.dtype != s.weight.dtype,
    "other_device": lambda s: s.x.device.type != s.weight.device.type,
}
FOUND = {
    "returns_nothing": lambda s: s.yhat is None,
    "no_tensor": lambda s: not isinstance(s.yhat, torch.Tensor),
    "flat_answer": lambda s: list(s.yhat.shape) in ([s.n], []),
    "other_shape": lambda s: list(s.yhat.shape) != [s.n, 1],
    "records": lambda s: s.yhat.requires_grad,
    "other_dtype": lambda s: s.yhat.dtype != torch.float32,
    "other_model": lambda s: s.differs and not s.modes,
    "statistics_moved.too": lambda s: (
        s.differs and any(s.modes) and not s.modes[-1]
    ),
    "train_mode": lambda s: s.differs and any(s.modes),
    "other_values": lambda s: s.differs,
    "statistics_moved": lambda s: (
        s.changed and ("running" in s.changed[0] or "tracked" in s.changed[0])
    ),
    "changes_model": lambda s: s.changed,
    "freezes_model": lambda s: (
        not all(p.requires_grad for p in s.model.parameters())
    ),
    "grad_left_off": lambda s: not torch.is_grad_enabled(),
    "changes_input": lambda s: not np.array_equal(s.x_new, s.x_before),
}
ELSEWHERE = {
    "moves_model": lambda s: {p.device.type for p in s.parameters} != {"meta"},
    "answer_elsewhere": lambda s: s.yhat.device.type != "cpu",
}


class _Net(nn.Module):
    """A model with dropout and batch norm, which looks at what it gets."""

    def __init__(self, seed: int):
        super().__init__()
        self.modes = []  # of each forward pass: was any layer in train mode?
        self.layers = nn.Sequential(
            nn.Linear(1, 6),
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
        judge(INPUT, Seen(x=x, weight=self.layers[0].weight))
        self.modes.append(any(part.training for part in self.modules()))
        return self.layers(x)


@exercise
def predict_column(answer):
    """Check ``predict_column(model, x_new)``, with a flat list or array."""
    model, other = _Net(seed=1), _Net(seed=7)
    for x_new, what in INPUTS:
        for _ in range(2):  # a second time, with the same input
            _judge_call(answer, model, x_new, f"model, {what}")
    for x_new, what in INPUTS[:2]:
        _judge_call(answer, other, x_new, f"other_model, {what}")
        _judge_call(answer, model, x_new, f"model, {what}")
    _judge_elsewhere(answer)


def _judge_call(answer, model: _Net, x_before, arguments: str) -> None:
    """Call the answer once, and look at all that can be seen from outside."""
    model.train()  # as training leaves it
    model.modes.clear()
    column = torch.tensor(np.array(x_before), dtype=torch.float32)[:, None]
    with torch.no_grad():
        right = copy.deepcopy(model).eval()(column)  # [N, 1]
    before = copy.deepcopy(model.state_dict())
    seen = Seen(model=model, modes=model.modes, right=right, n=len(column))
    seen.x_before, seen.x_new = x_before, copy.deepcopy(x_before)
    seen.shown = f"predict_column({arguments})"
    seen.yhat = call(answer, model, seen.x_new, shown=seen.shown)
    is_tensor = isinstance(seen.yhat, torch.Tensor)
    seen.differs = is_tensor and not agree(seen.yhat, right, 2e-6)
    state = model.state_dict()
    seen.changed = [n for n in state if not same_state(state[n], before[n])]
    judge(FOUND, seen)


def _judge_elsewhere(answer) -> None:
    """Call it with a model that is not on the CPU."""
    model = _Net(seed=1).to("meta")
    with Elsewhere():
        yhat = answer(model, FIELDS[:3])
    judge(ELSEWHERE, Seen(parameters=[*model.parameters()], yhat=yhat))
