"""Gradients in closed form, against those of autograd."""

import pytest
import torch
from torch import nn, optim

from helpers.measuring.floors import (
    Flat,
    LineFloor,
    MLPFloor,
    NetworkFloor,
    make_update,
    with_ones,
)
from helpers.networks import MLP, Network


def rows_of_classes(*shape):
    return torch.rand(7, *shape), torch.randint(10, (7,))


CASES = {
    "mlp": (MLPFloor, lambda: MLP(64, 10, n_layers=1), (64,)),
    "network": (NetworkFloor, Network, (1, 8, 8)),
}


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_a_classifier_are_those_of_autograd(case):
    kind, make_model, shape = CASES[case]
    model = make_model()
    x, y = rows_of_classes(*shape)
    loss = nn.functional.cross_entropy(model(x), y)
    expected = torch.autograd.grad(loss, list(model.parameters()))
    flat = Flat(model)
    floor = kind(flat)
    with torch.inference_mode():
        output = floor.backward(x, y)
        assert torch.allclose(floor.predict(x, y), output)
        assert floor.total([output], [y]) / 7 == pytest.approx(loss.item())
    for found, gradient in zip(flat.parts, expected, strict=True):
        assert torch.allclose(found, gradient, atol=1e-6)


def test_gradients_of_the_line_are_those_of_autograd():
    model = nn.Sequential(nn.Linear(1, 1))
    x, y = torch.rand(5, 1), torch.rand(5, 1)
    loss = nn.functional.mse_loss(model(x), y)
    expected = torch.autograd.grad(loss, list(model.parameters()))
    flat = Flat(model)
    floor = LineFloor(flat)
    with torch.inference_mode():
        errors = floor.backward(with_ones(x), y)
        assert floor.total([errors], [y]) / 5 == pytest.approx(loss.item())
    for found, gradient in zip(flat.parts, expected, strict=True):
        assert torch.allclose(found, gradient)


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda p: optim.SGD(p, lr=0.1),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: optim.Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3),
    ],
)
def test_updates_are_those_of_torch(make_optimizer):
    torch.manual_seed(0)
    usual = nn.Linear(3, 2)
    mine = nn.Linear(3, 2)
    mine.load_state_dict(usual.state_dict())
    optimizer = make_optimizer(usual.parameters())
    flat = Flat(mine)
    update = make_update(make_optimizer(mine.parameters()), flat)
    for _ in range(4):
        for parameter, part in zip(usual.parameters(), flat.parts, strict=True):
            parameter.grad = torch.randn_like(parameter)
            part.copy_(parameter.grad)
        optimizer.step()
        update()
    for a, b in zip(usual.parameters(), mine.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
