"""Whatever ends a run, autograd records afterwards as it did before."""

import pytest
import torch

from helpers.data_preparation import v1 as data_preparation
from helpers.datasets.line import generate_data
from helpers.model_configuration import v1 as model_configuration
from helpers.pipeline import trains_with


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, None])
@pytest.mark.parametrize("before", [True, False])
def test_recording_is_as_before_the_run(error, before):
    """Ctrl-C may come while a `no_grad` block is about to switch it on."""

    @trains_with(needs="train_step_fn", takes="train_loader")
    def train(configuration, train_loader, n_epochs=1):
        torch.set_grad_enabled(not before)
        if error is not None:
            raise error

    configuration = model_configuration.configure_model()
    loader = data_preparation.prepare_data(*generate_data())
    torch.set_grad_enabled(before)
    try:
        if error is None:
            train(configuration, loader)
        else:
            with pytest.raises(error):
                train(configuration, loader)
        assert torch.is_grad_enabled() is before
    finally:
        torch.set_grad_enabled(True)
