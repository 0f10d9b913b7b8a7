"""Numbers of a close look: those of torch, got by fewer operations."""

import math

import pytest
import torch

from helpers.clinic import numbers

AWKWARD = {
    "usual": torch.linspace(-2, 3, 1001),
    "far from zero": 1000 + torch.linspace(0, 1, 1001),
    "hardly any spread": torch.tensor([1e4, 1e4, 1e4 + 0.001]),
    "all the same": torch.full((50,), 3.0),
    "zeros": torch.zeros(4, 5),
    "tiny": 1e-20 * torch.arange(9.0),
    "huge": 1e30 * torch.arange(9.0),
    "one": torch.tensor([2.5]),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_mean_and_std_are_those_of_torch(name):
    values = AWKWARD[name]
    mean, std = numbers.mean_and_std(values)
    assert mean == pytest.approx(float(values.mean()), rel=1e-6)
    if values.numel() == 1:
        assert std == 0
    elif math.isinf(float(values.std())):
        assert math.isinf(std)
    else:
        assert std == pytest.approx(float(values.std()), rel=1e-3, abs=1e-30)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_seen(bad):
    values = torch.tensor([1.0, bad, 2.0])
    assert not numbers.is_finite(*numbers.low_and_high(values))
    assert numbers.is_finite(*numbers.low_and_high(values[[0, 2]]))
    assert not math.isfinite(numbers.mean_and_std(values)[1])


def test_norms_of_one_kind_and_of_several():
    tensors = [torch.ones(4), 2 * torch.ones(3, 3)]
    assert numbers.norms(tensors) == [2.0, 6.0]
    assert numbers.norms([*tensors, torch.ones(9).double()]) == [2, 6, 3]
    assert numbers.norms([]) == []


def test_rows_differ_wherever_the_odd_one_stands():
    rows = torch.ones(5, 2, 2)
    assert not numbers.rows_differ(rows)
    for i in range(5):
        odd = rows.clone()
        odd[i, 1, 1] = 0
        assert numbers.rows_differ(odd)
    assert numbers.rows_differ(rows[:1])


@pytest.mark.parametrize("n", [0, 1, 7, numbers.MOST_AS_LIST + 10])
def test_different_numbers_are_counted(n):
    assert numbers.n_different(torch.arange(n) // 2) == (n + 1) // 2
    assert numbers.n_different(torch.arange(n).reshape(1, -1) * 0) == min(n, 1)


def test_a_share_of_zeros():
    assert numbers.share_of_zeros(torch.tensor([0.0, 1, 0, -0.0])) == 0.75
    # of 16 million, each single one counts
    many = torch.ones(4001, 4000)
    many[0] = 0
    assert numbers.share_of_zeros(many) == pytest.approx(1 / 4001, rel=1e-3)


def test_the_order_counts_in_a_weighted_sum():
    values = torch.tensor([3.0, 1.0, 2.0])
    total = 3 + math.sqrt(2) + 2 * math.sqrt(3)
    for _ in range(2):  # computed, and kept from before
        assert numbers.weighted_sum(values) == pytest.approx(total)
    assert numbers.weighted_sum(values.flip(0)) != pytest.approx(total)
    for n in range(20):
        numbers.weighted_sum(torch.ones(n))
    assert len(numbers._weights) <= 8
