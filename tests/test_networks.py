"""The networks of the chapters."""

import itertools

import pytest
import torch

from helpers.errors import DataError
from helpers.networks import MLP, Network, Network1d
from tests.tools import assert_one_sentence


@pytest.mark.parametrize("image_size", [6, 7, 8, 12, 16, 28])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_a_network_takes_its_images_or_says_why_not(
    image_size, kernel_size, n_classes
):
    # two valid convolutions and a pooling of 2, followed by hand
    side = image_size
    for _ in range(2):
        side = len(range(side - kernel_size + 1))
    if side // 2 < 1:
        with pytest.raises(DataError) as caught:
            Network(image_size, kernel_size, n_classes)
        assert_one_sentence(caught.value)
        return
    network = Network(image_size, kernel_size, n_classes)
    images = torch.zeros(3, 1, image_size, image_size)
    assert network(images).shape == (3, n_classes)
    assert network.fc1.in_features == 32 * (side // 2) ** 2


def test_rows_of_a_batch_do_not_mix():
    network = Network().eval()
    images = torch.rand(5, 1, 8, 8)
    alone = torch.cat([network(image.unsqueeze(0)) for image in images])
    assert torch.allclose(network(images), alone, atol=1e-6)


# ------------------------------------------------- of rows and of signals


@pytest.mark.parametrize("n_layers", [0, 1, 3])
def test_an_mlp_has_the_layers_it_was_asked_for(n_layers):
    model = MLP(n_features=5, n_outputs=3, n_hidden=7, n_layers=n_layers)
    assert model(torch.zeros(4, 5)).shape == (4, 3)
    widths = [5, *[7] * n_layers, 3]
    expected = sum(
        before * after + after for before, after in itertools.pairwise(widths)
    )
    assert sum(p.numel() for p in model.parameters()) == expected


def test_an_mlp_bends_and_without_hidden_layers_it_does_not():
    torch.manual_seed(1)
    x, z = torch.rand(50, 5), torch.rand(50, 5)
    for n_layers, is_linear in ((0, True), (1, False), (2, False)):
        model = MLP(5, 3, n_hidden=16, n_layers=n_layers)
        with torch.no_grad():
            middle = model((x + z) / 2)
            mean = (model(x) + model(z)) / 2
        assert torch.allclose(middle, mean, atol=1e-5) is is_linear


@pytest.mark.parametrize("length", [8, 17, 40])
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 9])
def test_a_network_for_signals_takes_any_length(length, kernel_size):
    model = Network1d(length, 4, n_channels=6, kernel_size=kernel_size)
    signals = torch.rand(3, length)
    assert model(signals).shape == (3, 4)
    alone = torch.cat([model(signal.unsqueeze(0)) for signal in signals])
    assert torch.allclose(model(signals), alone, atol=1e-6)


def test_a_network_for_signals_looks_along_the_signal():
    """A small kernel sees neighbours: shuffled positions are other data."""
    torch.manual_seed(1)
    model = Network1d(40, 4, kernel_size=3)
    conv = model.convolutions[0]
    signal = torch.zeros(1, 40)
    signal[0, 20] = 1
    with torch.no_grad():
        found = conv(signal.unsqueeze(1)) - conv(torch.zeros(1, 1, 40))
    assert found.abs().sum(dim=(0, 1)).nonzero().ravel().tolist() == [
        19,
        20,
        21,
    ]
