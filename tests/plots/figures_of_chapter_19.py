"""The figures of chapter 19: how a page calls each, and what its words say."""

import torch
from torch import nn, optim

from helpers import plots
from helpers.clinic import watch

LOSSES = [2.3 * 0.95**step for step in range(60)]


def histories(*rates):
    """Watch a small classifier learn noise, once for each learning rate."""
    found = {}
    numbers = torch.Generator().manual_seed(0)
    x = torch.randn(64, 6, generator=numbers)
    y = torch.randint(3, [64], generator=numbers)
    for lr in rates:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            model = nn.Sequential(
                nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3), nn.ReLU()
            )
        optimizer = optim.SGD(model.parameters(), lr=lr)
        with watch(model, optimizer) as watched:
            for _ in range(12):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
        found[f"lr = {lr}"] = watched.history
    return found


FIGURES = {
    "activations": (
        lambda: plots.activations(histories(0.01, 0.1), layer="1"),
        ["What layer 1 gives over steps", "lr = 0.1: ", "percent zeros"],
    ),
    "against_baselines": (
        lambda: plots.against_baselines(
            {"the patient": LOSSES, "healed": [v / 2 for v in LOSSES]},
            {"class prior": 2.3, "linear model": 0.4},
        ),
        [
            "the patient falls from 2.3 to 0.14",
            "healed falls from",
            "class prior, 2.3; linear model, 0.40",
        ],
    ),
    "before_and_after": (
        lambda: plots.before_and_after(
            (LOSSES, [2.0, 1.2, 1.5, 2.4]), (LOSSES, LOSSES), "They part"
        ),
        [
            "the patient: the training loss falls from 2.3 to 0.11",
            "the validation loss falls from 2.0 to 1.2, and then rises to 2.4",
            "healed: the training loss",
        ],
    ),
    "gradients_by_layer": (
        lambda: plots.gradients_by_layer(histories(0.1)),
        ["lr = 0.1: the last of 2 is "],
    ),
    "update_ratios": (
        lambda: plots.update_ratios(histories(0.01, 0.1)),
        ["in 2 panels", "lr = 0.01: from about ", "a thousandth"],
    ),
}
