"""What several checkers of chapter 10 share."""

import torch


def numbers_of(model) -> list[torch.Tensor]:
    """Return copies of the parameters of a model, on the CPU."""
    return [p.detach().cpu().clone() for p in model.parameters()]
