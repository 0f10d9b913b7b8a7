"""What a report counts, it counts from 1, as its readers do."""

import pytest
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


def evaluated_once(net):
    """Return what validates after step 5, and leaves the eval mode on."""

    def validate(step):
        if step == 5:
            net.eval()
            with torch.no_grad():
                net(X)

    return validate


def test_the_update_in_eval_mode():
    net = mlp(extra=[nn.Dropout(0.5)])
    assert "from update 5 on" in saw(
        "train_mode_not_restored", net, 20, evaluated_once(net)
    )


def test_both_kinds_of_layers_that_a_mode_changes_are_named():
    net = mlp(extra=[nn.Dropout(0.5), nn.BatchNorm1d(32)])
    assert "has batch norm and dropout" in saw(
        "train_mode_not_restored", net, 20, evaluated_once(net)
    )


def test_one_class_for_all_rows_is_noted_in_a_short_run():
    net = mlp()
    optimizer = optim.SGD(net.parameters(), lr=0.001)
    with torch.no_grad():
        net[2].bias += torch.tensor([9.0, 0.0, 0.0])
    with watch(net, optimizer) as watched:
        for _ in range(70):
            optimizer.zero_grad()
            F.cross_entropy(net(X), Y).backward()
            optimizer.step()
    assert "majority_class" in watched.report().kinds("note")


def test_the_update_from_which_the_rate_is_gone():
    assert "as early as update 6." in saw("learning_rate_gone", mlp(), 40)
    assert "from 0.1 to 1e-09" in saw("learning_rate_gone", mlp(), 40)


def kinds_with_rates(rate_of, n_steps=130):
    """Train with a rate for each step; return which kinds are found."""
    net = mlp()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    with watch(net, optimizer) as watched:
        for step in range(n_steps):
            optimizer.param_groups[0]["lr"] = rate_of(step)
            optimizer.zero_grad()
            F.cross_entropy(net(X), Y).backward()
            optimizer.step()
    return watched.report().kinds()


def test_a_rate_that_comes_back_is_not_gone():
    """Low at two looks or more, in a cycle or until a moment ago."""
    low_at = (12, 20, 35)
    assert "learning_rate_gone" in kinds_with_rates(
        lambda step: 0.1 if step < 12 else 1e-9
    )
    assert "learning_rate_gone" not in kinds_with_rates(
        lambda step: 1e-9 if step in low_at else 0.1
    )
    assert "learning_rate_gone" not in kinds_with_rates(
        lambda step: 1e-9 if step in low_at or step >= 100 else 0.1
    )
    assert "learning_rate_gone" not in kinds_with_rates(
        lambda step: 1e-9 if 12 <= step < 125 else 0.1
    )


def levels_of_stopped(stop):
    """Train, and stop gradients after 25 steps; return what is said."""
    net = mlp()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    with watch(net, optimizer) as watched:
        for step in range(70):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(X), Y)
            stop(net, step >= 25, loss).backward()
            optimizer.step()
    return {one.kind: (one.level, one.saw) for one in watched.report().findings}


def test_gradients_that_stop_are_worse_if_nothing_is_frozen():
    def freezes(net, is_late, loss):
        net[0].requires_grad_(not is_late)
        return F.cross_entropy(net(X), Y) if is_late else loss

    def leaves_out(net, is_late, loss):
        # all but the last bias
        return net[2].bias.square().sum() if is_late else loss

    level, words = levels_of_stopped(freezes)["gradients_stopped"]
    assert level == "note" and "they are frozen" in words
    level, words = levels_of_stopped(leaves_out)["gradients_stopped"]
    assert level == "suspicion" and "no backward pass reaches" in words
    assert "until about update 21," in words


def other_kinds(net):
    yield lambda: net(X).backward(torch.ones(len(X), 3))
    yield lambda: torch.autograd.backward(iter([F.cross_entropy(net(X), Y)]))


@pytest.mark.parametrize("at", range(22, 30))
@pytest.mark.parametrize("kind", range(2), ids=["rows", "an iterator"])
def test_a_loss_of_another_kind_between_looks_does_no_harm(at, kind):
    """Most losses there are taken to be of the kind of the last one."""
    net = mlp()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    other = list(other_kinds(net))[kind]
    with watch(net, optimizer) as watched:
        for step in range(34):
            optimizer.zero_grad()
            if step in (at, at + 1):
                other()
            else:
                F.cross_entropy(net(X), Y).backward()
            optimizer.step()
    seen = watched.seen
    assert not seen.broken
    assert seen.n_backward == 34 and seen.losses.n == 32


def test_losses_without_a_graph_are_counted_from_the_first_one_asked_on():
    net = mlp()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    with watch(net, optimizer) as watched:
        for step in range(100):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(X), Y)
            if step >= 62:
                loss = loss.detach().requires_grad_()
            loss.backward()
            optimizer.step()
    assert 31 <= watched.seen.n_leaf_losses <= 38
    assert watched.seen.losses.n == 100
