"""What torch keeps for a backward pass, counted."""

import torch

from helpers.measuring.saved_tensors import watch_saved_tensors

N_NUMBERS = 250_000  # 1 MB as float32


def numbers() -> torch.Tensor:
    return torch.ones(N_NUMBERS, requires_grad=True)


def test_what_the_graph_keeps_is_counted_until_it_goes():
    x = numbers()
    with watch_saved_tensors() as megabytes:
        assert megabytes() == 0
        y = x.exp()  # keeps its result
        assert megabytes() == 1
        z = y.exp()
        assert megabytes() == 2
        del z
        assert megabytes() == 1
        y.sum().backward()
        del y
        assert megabytes() == 0


def test_memory_that_is_kept_twice_counts_once():
    x = numbers()
    with watch_saved_tensors() as megabytes:
        y = x * x  # keeps x for both of its factors
        assert megabytes() == 1
        z = x.reshape(500, 500).sin()  # a view of the same memory
        assert megabytes() == 1
    del y, z


def test_without_a_graph_nothing_is_kept():
    x = numbers()
    with watch_saved_tensors() as megabytes, torch.no_grad():
        y = x.exp()
        assert megabytes() == 0
    del y


def test_gradients_are_what_they_are_without_it():
    x = numbers()
    x.exp().sum().backward()
    expected, x.grad = x.grad, None
    with watch_saved_tensors():
        x.exp().sum().backward()
    assert torch.equal(x.grad, expected)


def test_what_is_computed_after_the_block_is_not_counted():
    x = numbers()
    with watch_saved_tensors() as megabytes:
        pass
    y = x.exp()
    assert megabytes() == 0
    del y
