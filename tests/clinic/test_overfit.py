"""One batch, learnt by heart, on copies."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from helpers.clinic import can_overfit
from tests.clinic.healthy import mlp, points
from tests.tools import identical

X, Y = points(16)


def test_a_sound_model_learns_and_nothing_is_changed():
    net = mlp(extra=[nn.BatchNorm1d(32)]).eval()
    F.cross_entropy(net(X), Y).backward()
    before = copy.deepcopy(net.state_dict())
    slopes = [p.grad.clone() for p in net.parameters()]
    random = torch.get_rng_state()
    result = can_overfit(net, F.cross_entropy, (X, Y))
    assert result and result.fits and str(result).startswith("Yes")
    assert result.last < 0.1 * result.first and not result.reasons
    assert identical(before, net.state_dict()) and not net.training
    assert identical(slopes, [p.grad for p in net.parameters()])
    assert torch.equal(random, torch.get_rng_state())


def why(net, loss=F.cross_entropy, batch=(X, Y), **options) -> str:
    result = can_overfit(net, loss, batch, **options)
    assert not result and str(result).startswith("No")
    return " ".join(result.reasons)


def test_labels_that_no_input_tells_apart():
    x = torch.cat([X[:8], X[:8]])
    y = torch.cat([torch.zeros(8), torch.ones(8)]).long()
    assert "16 rows have the same features" in why(mlp(), batch=(x, y))


def test_a_loss_without_the_model():
    def loss(yhat, y):
        return F.cross_entropy(yhat.detach(), y)

    assert "does not depend on the model" in why(mlp(), loss)


def test_dropout_zero_gradients_frozen_and_rising():
    net = mlp(extra=[nn.Dropout(0.9)])
    assert "Dropout of 0.9" in why(net, n_steps=40)
    net = mlp()
    nn.init.constant_(net[0].bias, -100.0)
    assert "is exactly zero" in why(net, n_steps=30)
    assert "frozen" in why(mlp().requires_grad_(False))
    assert "became" in why(
        mlp(), lambda p, y: (p.abs().sum() + 1).log() * float("inf")
    )
    assert "falls too little" in why(mlp(), n_steps=2, lr=1e-6)


def test_a_parameter_without_a_gradient_is_named():
    net = mlp()
    net.extra = nn.Linear(2, 2)
    net.forward = lambda x: net[2](net[1](net[0](x)))
    result = can_overfit(mlp(), F.cross_entropy, (X, Y), n_steps=60)
    assert result.fits

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 3)

        def forward(self, features):
            return self.b(self.a(features).detach())

    result = can_overfit(Net(), F.cross_entropy, ({"features": X}, Y))
    assert "No gradient reaches a.weight" in result.reasons[0]
