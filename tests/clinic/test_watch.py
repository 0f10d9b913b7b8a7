"""The watch leaves a loop, and torch, as they were."""

import copy

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader

from helpers.clinic import WatchError, watch
from helpers.clinic.diversions import LOSSES
from helpers.clinic.seen import MOST_LOSSES, Losses
from tests.clinic.healthy import convnet, loader, mlp, pictures, points
from tests.tools import identical


class NoWatch:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def run(watched: bool, make, epochs=6):
    """Train; return weights, optimizer, random state and losses."""
    torch.manual_seed(3)
    net, x, y = make()
    opt = optim.AdamW(net.parameters(), 1e-2)
    sch = lr_scheduler.StepLR(opt, 2)
    losses = []
    with watch(net, opt) if watched else NoWatch():
        for _ in range(epochs):
            net.train()
            for xb, yb in loader(x, y):
                opt.zero_grad()
                loss = F.cross_entropy(net(xb), yb)
                loss.backward()
                opt.step()
                losses.append(loss.item())
            sch.step()
            net.eval()
            with torch.no_grad():
                losses.append(F.cross_entropy(net(x), y).item())
    state = net.state_dict(), opt.state_dict(), torch.get_rng_state(), losses
    return copy.deepcopy(state)


@pytest.mark.parametrize(
    "make",
    [
        lambda: (mlp(extra=[nn.Dropout(0.3)]), *points()),
        lambda: (convnet(), *pictures()),
    ],
    ids=["dropout", "batch norm"],
)
def test_the_loop_computes_the_same_to_the_last_bit(make):
    for a, b in zip(run(True, make), run(False, make), strict=True):
        assert identical(a, b)


def traces(net, opt):
    """Everything that a watch touches."""
    dicts = []
    for module in net.modules():
        dicts += [module._forward_hooks, module._forward_pre_hooks]
        dicts.append(module._forward_hooks_with_kwargs)
        dicts.append(module._forward_pre_hooks_with_kwargs)
    dicts += [opt._optimizer_step_pre_hooks, opt._optimizer_step_post_hooks]
    functions = [getattr(F, name).__code__ for name in LOSSES]
    functions += [torch.autograd.backward, DataLoader.__iter__]
    functions += [lr_scheduler.LRScheduler.step]
    functions += [lr_scheduler.ReduceLROnPlateau.step]
    functions += [torch.amp.GradScaler.step]
    # an empty dictionary of hooks would slow down every backward pass
    functions += [p._backward_hooks for p in net.parameters()]
    return [dict(d) for d in dicts], functions, "_diverted_losses" in vars(F)


@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_nothing_is_left_behind(error):
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1)
    loss_fn = nn.CrossEntropyLoss()
    before = traces(net, opt)
    x, y = points()
    watched = watch(net, opt, loss_fn=loss_fn)
    try:
        with watched:
            assert traces(net, opt) != before
            for i in range(5):
                opt.zero_grad()
                loss_fn(net(x), y).backward()
                opt.step()
                if error and i == 3:
                    raise error("mine")
    except BaseException as raised:
        assert type(raised) is error and str(raised) == "mine"
    assert traces(net, opt) == before
    assert not loss_fn._forward_hooks
    assert watched.report().n_steps == (4 if error else 5)
    assert len(watched.history.losses) == (4 if error else 5)


def test_watches_can_lie_within_each_other():
    nets = mlp(), mlp()
    opts = [optim.SGD(net.parameters(), 0.1) for net in nets]
    x, y = points()
    code = F.cross_entropy.__code__
    with watch(nets[0], opts[0]) as a, watch(nets[1], opts[1]) as b:
        for _ in range(3):
            F.cross_entropy(nets[0](x), y).backward()
            F.cross_entropy(nets[1](x), y).backward()
    assert a.seen.n_backward == b.seen.n_backward == 6
    assert F.cross_entropy.__code__ is code


def test_a_loss_is_seen_under_any_name():
    criterion = F.cross_entropy
    net = mlp()
    x, y = points()
    with watch(net) as watched:
        criterion(net(x), y)
    (call,) = watched.seen.training_calls()
    assert call.name == "cross_entropy" and call.y_shape == (256,)


def test_history_has_numbers_for_pictures():
    net = mlp()
    opt = optim.SGD(net.parameters(), 0.1)
    x, y = points()
    with watch(net, opt) as watched:
        for _ in range(30):
            opt.zero_grad()
            F.cross_entropy(net(x), y).backward()
            opt.step()
    history = watched.history
    assert len(history.losses) == 30
    assert history.losses[0] > history.losses[-1]
    p = y.bincount() / len(y)
    assert history.baseline == pytest.approx(float(-(p * p.log()).sum()))
    steps = [0, *range(1, 10), 12, 20]
    assert [s for s, _ in history.ratios["0.weight"]] == steps
    assert all(0 < r < 1 for _, r in history.ratios["0.weight"])
    assert [s for s, *_ in history.activations["1"]] == steps
    zeros = history.activations["1"][0][3]
    assert 0.2 < zeros < 0.8
    # the ratio is that of the update to the weight
    look = history.steps[0]
    expected = 0.1 * look.gradients["2.bias"] / look.weights["2.bias"]
    assert look.ratios["2.bias"] == pytest.approx(expected, rel=1e-4)


def test_memory_is_bounded():
    losses = Losses()
    for i in range(10 * MOST_LOSSES):
        losses.add(torch.tensor(float(i)))
    values = losses.numbers()
    assert len(values) <= MOST_LOSSES
    assert values == [float(losses.stride * i) for i in range(len(values))]


def test_compiled_models_are_said_not_to_be_seen():
    net = torch.compile(mlp(), backend="eager")
    with watch(net) as watched:
        net(points()[0])
    assert "compiled" in str(watched.report())


@pytest.mark.parametrize(
    "arguments", [(), (3,), ([],), (mlp(), mlp()), ([mlp(), 3], None)]
)
def test_what_cannot_be_watched_is_refused(arguments):
    with pytest.raises((WatchError, TypeError)):
        watch(*arguments)
