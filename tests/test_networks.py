"""The networks of the chapters."""

import pytest
import torch

from helpers.errors import DataError
from helpers.networks import Network
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
