"""What one answer for all rows can reach, and that it is not learning."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.clinic import can_overfit
from helpers.clinic.constant import constant_loss
from tests.clinic.healthy import points

NUMBERS = torch.tensor([[1.0], [2.0], [2.0], [7.0]])
CLASSES = torch.tensor([0, 0, 0, 2])
ENTROPY = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
TAGS = torch.tensor([[0.0, 1.0], [0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
OF_TAGS = (ENTROPY + math.log(2)) / 2
COLUMN, SCORES = torch.zeros(4, 1), torch.zeros(4, 3)


def squared(yhat, y):
    return ((yhat - y) ** 2).mean()


def over_last(yhat, y):
    return F.cross_entropy(yhat.flatten(0, 1), y.flatten())


@pytest.mark.parametrize(
    ("loss_fn", "yhat", "y", "expected"),
    [
        (nn.MSELoss(), COLUMN, NUMBERS, 5.5),
        (nn.MSELoss(reduction="sum"), COLUMN, NUMBERS, 22.0),
        (squared, COLUMN, NUMBERS, 5.5),
        (squared, COLUMN, NUMBERS.long(), 5.5),
        (squared, COLUMN, NUMBERS[:, 0], 5.5),  # broadcast to [4, 4]
        (F.l1_loss, COLUMN, NUMBERS, 1.5),
        (nn.CrossEntropyLoss(), SCORES, CLASSES, ENTROPY),
        (F.nll_loss, SCORES, CLASSES, ENTROPY),
        (F.cross_entropy, torch.zeros(1, 3, 4), CLASSES[None], ENTROPY),
        (over_last, torch.zeros(1, 4, 3), CLASSES[None], ENTROPY),
        (nn.BCEWithLogitsLoss(), torch.zeros(4, 2), TAGS, OF_TAGS),
        (F.binary_cross_entropy, torch.zeros(4, 2) + 0.5, TAGS, OF_TAGS),
    ],
)
def test_the_loss_of_the_best_constant(loss_fn, yhat, y, expected):
    random = torch.get_rng_state()
    given = y.clone()
    assert constant_loss(loss_fn, yhat, y) == pytest.approx(expected, 1e-4)
    assert torch.equal(random, torch.get_rng_state())
    assert torch.equal(given, y) and not yhat.requires_grad


def refuses(yhat, y):
    assert (yhat == 0).all()
    return squared(yhat, y)


@pytest.mark.parametrize(
    ("loss_fn", "yhat", "y"),
    [
        (nn.CrossEntropyLoss(label_smoothing=0.1), SCORES, CLASSES),
        (nn.KLDivLoss(reduction="batchmean"), SCORES, SCORES + 1 / 3),
        (refuses, COLUMN, NUMBERS),
        (squared, COLUMN, {"y": NUMBERS}),
        (lambda yhat, y: squared(yhat, y) + 0.1, COLUMN, NUMBERS),
    ],
)
def test_it_is_not_known_for_every_loss(loss_fn, yhat, y):
    assert constant_loss(loss_fn, yhat, y) is None


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = 0

    def forward(self, yhat, y):
        self.n += 1
        return squared(yhat, y)


def test_a_loss_with_a_state_keeps_it():
    loss_fn = Counts()
    assert constant_loss(loss_fn, COLUMN, NUMBERS) == 5.5 and loss_fn.n == 0


class Deaf(nn.Module):
    """A model that no feature gets into."""

    def __init__(self, n_outputs):
        super().__init__()
        self.out = nn.Linear(8, n_outputs)

    def forward(self, x):
        return self.out(0 * x)


X, _ = points(16)
FEW = torch.tensor([1] + 15 * [0])  # one row of another class


@pytest.mark.parametrize(
    ("n_outputs", "loss_fn", "y"),
    [
        (1, nn.MSELoss(), X[:, :1] + 9),
        (1, squared, X[:, 0] + 9),
        (10, F.cross_entropy, FEW),
    ],
)
def test_the_best_constant_is_not_learnt_by_heart(n_outputs, loss_fn, y):
    torch.manual_seed(0)
    result = can_overfit(Deaf(n_outputs), loss_fn, (X, y), 400, lr=0.1)
    assert result.constant is not None
    assert result.last <= 0.1 * result.first  # and yet
    assert not result and result.last >= 0.99 * result.constant
    assert "The same answer for all rows would reach" in result.reasons[-1]


def test_far_labels_are_learnt_past_their_mean():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 1))
    y = 60 + X[:, :1]  # a ten-thousandth of the first loss is little yet
    result = can_overfit(net, nn.MSELoss(), (X, y), 1500, lr=0.05)
    assert result and result.last <= 0.1 * y.var(correction=0)


def test_labels_that_are_all_alike_ask_for_no_more():
    torch.manual_seed(0)
    result = can_overfit(Deaf(1), nn.MSELoss(), (X, torch.ones(16, 1)))
    assert result and result.constant == 0
