"""The Python that an epoch does without: what it does stays the same."""

import pytest
from torch import nn

from helpers.epochs import shortcuts


class Counts(nn.Module):
    """Sets its mode in a way of its own."""

    def __init__(self):
        super().__init__()
        self.inner, self.calls = nn.Dropout(), []

    def train(self, mode=True):
        self.calls.append(mode)
        return super().train(mode)


class EvaluatesOnly(nn.Sequential):
    def eval(self):
        return self.train(True)


@pytest.mark.parametrize("mode", [True, False])
def test_the_mode_is_set_everywhere_as_torch_does(mode):
    model = nn.Sequential(nn.Linear(1, 1), Counts(), nn.Sequential(nn.ReLU()))
    model.register_module("none", None)
    model.train(not mode)
    model[1].calls.clear()
    shortcuts.set_mode(model, mode)
    assert {m.training for m in model.modules()} == {mode}
    assert model[1].calls == [mode]


def test_an_eval_of_ones_own_is_called():
    model = EvaluatesOnly(nn.Dropout())
    shortcuts.set_mode(model, False)
    assert model.training and model[0].training
