"""What every test module has."""

import pytest
import torch

# Small models are faster on one thread, and the last bits depend on it.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_random_state_leaks():
    """Give every test the same random numbers, whatever ran before it."""
    torch.manual_seed(0)
