"""The autograd for single numbers, beside torch's."""

import random

import pytest
import torch

from helpers.demonstrations.scalar_autograd import Value, in_order

OPERATIONS = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: 2.5 * a + 1.0,
    lambda a, b: a - 3.0,
    lambda a, b: a.tanh(),
    lambda a, b: a.tanh().exp(),
    lambda a, b: (a * a + 1.0) ** -0.5,
)


def expression(leaves, seed):
    """Combine values at random; some are used many times, some never."""
    numbers = random.Random(seed)
    values = list(leaves)
    for _ in range(30):
        operation = numbers.choice(OPERATIONS)
        made = operation(numbers.choice(values), numbers.choice(values))
        values.append(made.tanh())
    return values[-1] + values[-2] * values[-3]


@pytest.mark.parametrize("seed", range(20))
def test_gradients_are_those_of_torch(seed):
    numbers = [0.7, -1.3, 2.1]
    ours = [Value(number) for number in numbers]
    theirs = [
        torch.tensor(number, dtype=torch.float64, requires_grad=True)
        for number in numbers
    ]
    our_root, their_root = expression(ours, seed), expression(theirs, seed)
    assert our_root.data == pytest.approx(their_root.item(), rel=1e-12)
    our_root.backward()
    their_root.backward()
    for our, their in zip(ours, theirs, strict=True):
        expected = 0.0 if their.grad is None else their.grad.item()
        assert our.grad == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_gradients_add_up_over_calls():
    w = Value(2.0)
    loss = w * w
    loss.backward()
    loss.backward()
    assert w.grad == 8.0


def test_inputs_come_before_what_is_made_of_them():
    w, b = Value(2.0), Value(1.0)
    product = w * w
    root = product + b
    assert in_order(root) == [w, product, b, root]
