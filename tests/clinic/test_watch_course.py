"""The course's own runs draw no alarm."""

import pytest
import torch
from torch import nn, optim

from helpers.clinic import watch
from helpers.data_preparation import v2, v3
from helpers.datasets.digits import load_digits
from helpers.datasets.line import generate_data
from helpers.model_configuration import v6
from helpers.model_training import v7


def quiet(watched, n_steps):
    report = watched.report()
    assert report.n_steps >= n_steps
    assert not [f for f in report.findings if f.level != "note"], str(report)


def test_the_line():
    x, y = generate_data()
    loaders = v2.prepare_data(x, y)
    torch.manual_seed(42)
    net = nn.Linear(1, 1)
    optimizer = optim.SGD(net.parameters(), 0.1)
    loss_fn = nn.MSELoss()
    with watch(net, optimizer, loss_fn=loss_fn) as watched:
        for _ in range(40):
            net.train()
            for xb, yb in loaders[0]:
                loss_fn(net(xb), yb).backward()
                optimizer.step()
                optimizer.zero_grad()
            net.eval()
            with torch.no_grad():
                for xb, yb in loaders[1]:
                    loss_fn(net(xb), yb)
    quiet(watched, 40)


def test_the_digits():
    digits = load_digits()
    loaders = v3.prepare_data(*digits[:2], highest=16)
    c = v6.configure_model(run_name=None)
    with watch(c.model, c.optimizer, loss_fn=c.loss_fn) as watched:
        v7.train(c, *loaders, n_epochs=3)
    quiet(watched, 30)
    assert watched.history.baseline == pytest.approx(2.3, abs=0.02)
