"""The watch does no harm: it costs few calls, and its mistakes stay its own."""

import copy
import io
import sys
from contextlib import nullcontext

import pytest
import torch
from torch import nn, optim
from torch._dynamo.testing import CompileCounter
from torch.nn import functional as F

from helpers.clinic import looking, watch
from helpers.clinic.plan import is_looked_at, next_look
from helpers.clinic.stepping import Stepping
from helpers.clinic.watching import Watch
from helpers.networks import Network
from tests.clinic.healthy import mlp, points
from tests.tools import identical

MOST_CALLS = 14  # of Python or C functions, per step that is not looked at


def calls(step, n=4):
    """Count the calls of functions in n steps, per step."""
    counts = [0]

    def count(_frame, event, _argument):
        counts[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        for _ in range(n):
            step()
    finally:
        sys.setprofile(None)
    return counts[0] / n


def test_a_step_between_looks_costs_few_calls():
    torch.manual_seed(0)
    net, loss_fn = Network(), nn.CrossEntropyLoss()
    opt = optim.Adam(net.parameters())
    x, y = torch.randn(32, 1, 8, 8), torch.arange(32) % 10

    def step():
        opt.zero_grad()
        loss_fn(net(x), y).backward()
        opt.step()

    step()
    plain, own_code = calls(step), F.cross_entropy.__code__
    with watch(net, opt, loss_fn=loss_fn) as watched:
        for _ in range(21):
            step()
        assert not is_looked_at(21) and not is_looked_at(25)
        assert calls(step) <= plain + MOST_CALLS
        # no hook is in place on any module or parameter
        for module in (*net.modules(), loss_fn):
            assert not module._forward_hooks
            assert not module._forward_pre_hooks
        assert all(p._backward_hooks is None for p in net.parameters())
        # nor is a loss led past the watch
        assert F.cross_entropy.__code__ is own_code
    assert len(watched.history.losses) == 25


def test_a_compiled_step_is_compiled_twice_at_most():
    """Once with the hooks of a close look, and once without."""
    net = nn.Linear(4, 3)
    opt = optim.SGD(net.parameters(), 0.1)
    x, y = torch.randn(8, 4), torch.arange(8) % 3
    compiled = CompileCounter()

    @torch.compile(backend=compiled)
    def loss_of(x, y):
        return F.cross_entropy(net(x), y)

    with watch(net, opt) as watched:
        for _ in range(35):
            opt.zero_grad()
            loss_of(x, y).backward()
            opt.step()
    assert compiled.frame_count <= 2 and not watched.seen.broken


def test_a_loss_that_somebody_has_changed_stays_changed(monkeypatch):
    def mine(input, target):
        return (input - target).abs().mean() + 1

    net = nn.Linear(1, 1)
    opt = optim.SGD(net.parameters(), 0.1)
    monkeypatch.setattr(F.l1_loss, "__code__", mine.__code__)
    monkeypatch.setattr(F.l1_loss, "__defaults__", None)
    with watch(net, opt):
        assert F.l1_loss(torch.zeros(2), torch.zeros(2)) == 1
    assert F.l1_loss.__code__ is mine.__code__


def test_the_next_look_is_the_next_step_that_is_looked_at():
    looked_at = [i for i in range(1, 3001) if is_looked_at(i)]
    found = [0]
    while found[-1] < 3000:
        found.append(next_look(found[-1]))
    assert found[1:] == looked_at


def test_validation_is_seen_between_looks_and_modes_after_it():
    net = mlp(extra=[nn.Dropout(0.5)])
    opt = optim.SGD(net.parameters(), 0.1)
    x, y = points()
    with watch(net, opt) as watched:
        for epoch in range(4):
            if not epoch:
                net.train()
            for _ in range(27):
                opt.zero_grad()
                F.cross_entropy(net(x), y).backward()
                opt.step()
            net.eval()
            with torch.no_grad():
                F.cross_entropy(net(x), y)
    assert watched.seen.eval_phases == 4
    assert len(watched.history.losses) == 4 * 27
    assert watched.report().kinds("fault") == ["train_mode_not_restored"]


PLACES = [
    (Watch, "_before_forward"),
    (Watch, "_after_loss"),
    (Watch, "_see_modes"),
    (Watch, "_look_closely"),
    (Watch, "saw_loader"),
    (Watch, "enters_quiet"),
    (Watch, "leaves_quiet"),
    (Stepping, "at_gradient"),
    (Stepping, "before_step"),
    (Stepping, "after_step"),
    (looking, "at_loss"),
    (looking, "_look_at_layer"),
    (looking, "identical_units"),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[1])
def test_a_mistake_of_the_watch_never_ends_a_loop(place, monkeypatch):
    def run(is_watched):
        torch.manual_seed(0)
        net, loss_fn = mlp(), nn.CrossEntropyLoss()
        opt = optim.Adam(net.parameters())
        data = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(*points()), 32, shuffle=True
        )

        def loop():
            for x, y in data:
                opt.zero_grad()
                loss_fn(net(x), y).backward()
                opt.step()
                with torch.no_grad():
                    loss_fn(net(x), y)

        if not is_watched:
            loop()
            return net.state_dict(), None
        with watch(net, opt, loss_fn=loss_fn) as watched:
            loop()
        return net.state_dict(), watched.report()

    def fail(*_args, **_kwargs):
        raise RuntimeError("mine")

    fail.__name__ = place[1]
    expected, _ = run(False)
    monkeypatch.setattr(*place, fail)
    weights, report = run(True)
    assert identical(weights, expected)
    assert any("mine" in one for one in report.unseen), str(report)


def test_models_are_copied_and_saved_without_the_watch():
    net, x = mlp(), points()[0]
    opt = optim.SGD(net.parameters(), 0.1)
    with watch(net, opt) as watched:
        best = copy.deepcopy(net)
        file = io.BytesIO()
        torch.save(net, file)
        assert torch.equal(best(x), net(x))
        before = watched.seen.n_backward
    assert before == 0
    assert b"helpers" not in file.getvalue()
    file.seek(0)
    # what stands in for the watch's hooks: a function that does nothing
    kinds = {set, getattr, nullcontext, *map(type, net.modules())}
    with torch.serialization.safe_globals(list(kinds)):
        again = torch.load(file, weights_only=True)
    assert torch.equal(again(x), net(x))


def test_a_scaled_loss_is_kept_as_it_was_before_scaling():
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    x, y = points()
    losses = []
    with watch(net, opt) as watched:
        for _ in range(25):
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
            losses.append(loss.item())
    assert watched.history.losses == losses
