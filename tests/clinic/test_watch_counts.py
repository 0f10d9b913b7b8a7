"""What a report counts, it counts from 1, as its readers do."""

import torch
from torch import nn, optim
from torch.nn import functional as F

from helpers.clinic import watch
from tests.clinic.healthy import mlp, points

X, Y = points(64)


def saw(kind, net, n_steps, before=lambda step: None, factor=lambda step: 1):
    """Train for some steps, and return what the watch saw of a kind."""
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    with watch(net, optimizer) as watched:
        for step in range(1, n_steps + 1):
            before(step)
            optimizer.param_groups[0]["lr"] = 0.1 if step < 6 else 1e-9
            optimizer.zero_grad()
            loss = F.cross_entropy(net(X), Y) * factor(step)
            loss.backward()
            optimizer.step()
    found = {one.kind: one.saw for one in watched.report().findings}
    return found[kind]


def test_the_backward_pass_of_a_nan():
    said = saw("nan", mlp(), 8, factor=lambda n: 1 if n < 4 else torch.nan)
    assert "at backward pass 4;" in said


def test_the_update_in_eval_mode():
    net = mlp(extra=[nn.Dropout(0.5)])

    def validate(step):
        if step == 5:
            net.eval()
            with torch.no_grad():
                net(X)

    assert "from update 5 on" in saw(
        "train_mode_not_restored", net, 20, validate
    )


def test_the_update_from_which_the_rate_is_gone():
    assert "as early as update 6." in saw("learning_rate_gone", mlp(), 40)
