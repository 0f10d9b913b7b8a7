"""Compiled epochs: the losses of version 7, all in float64."""

import functools

import pytest
import torch
from torch import optim
from torch._dynamo.utils import counters

from helpers.errors import DivergenceError
from tests.epochs import jobs
from tests.tools import identical, state_of

# seven programs are compiled at once, each half a minute on a busy machine
pytestmark = pytest.mark.timeout(1200)

N = 24  # rows: one full batch and one that is not
# name of the model: optimizer, and whether an epoch is one program
CASES = {
    "line": (optim.SGD, True),
    "batch norm": (jobs.in_two_groups(optim.SGD, momentum=0.9), True),
    "mlp": (functools.partial(optim.SGD, weight_decay=0.1), True),
    "dropout": (functools.partial(optim.Adam, weight_decay=0.1), True),
    "tied": (optim.SGD, True),
    "partly": (optim.AdamW, True),
    "network": (optim.Adam, False),
}


def n_programs():
    return counters["stats"]["unique_graphs"]


@pytest.fixture(scope="module")
def outcomes():
    """Train each model with version 7 and compiled; compile each once.

    In float64: what rounding does is then far below any fault of a compiler.
    """
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield {name: outcome_of(name) for name in CASES}
    finally:
        torch.set_default_dtype(usual)


def outcome_of(name):
    make_optimizer, _ = CASES[name]
    expected = jobs.configure(6, name, make_optimizer)
    losses = jobs.train(expected, jobs.loaders(name, N))
    before = n_programs()
    configuration = jobs.configure(8, name, make_optimizer)
    result = jobs.train(configuration, jobs.loaders(name, N))
    return {
        "v7": (losses, jobs.states(expected)),
        "v8": (result, jobs.states(configuration)),
        "programs": n_programs() - before,
        "configuration": configuration,
    }


@pytest.mark.parametrize("name", CASES)
def test_losses_are_those_of_version_7_to_rounding(name, outcomes):
    outcome = outcomes[name]
    assert outcome["programs"] == 1
    assert outcome["configuration"].epoch_fn.is_compilable
    (losses, val_losses, metrics), states = outcome["v7"]
    result, states_found = outcome["v8"]
    assert result[0] == pytest.approx(losses, rel=1e-9)
    assert result[1] == pytest.approx(val_losses, rel=1e-9)
    for key in metrics:  # an accuracy is a float32
        assert result[2][key] == pytest.approx(metrics[key], abs=1e-6)
    for ours, theirs in zip(states_found[0], states[0], strict=True):
        assert ours == theirs
    for key, value in states[0].items():
        torch.testing.assert_close(
            states_found[0][key], value, rtol=1e-9, atol=1e-12
        )
    assert states_found[1].keys() == states[1].keys()


def test_what_is_frozen_or_not_used_stays_as_it_is(outcomes):
    start = jobs.configure(8, "partly").model.state_dict()
    found = outcomes["partly"]["v8"][1][0]
    for key, value in start.items():
        assert torch.equal(value, found[key]) is not key.startswith("head")


def test_a_learning_rate_that_changes_does_not_compile_again(outcomes):
    """With a scheduler of torch, which exchanges optimizer.step."""
    configuration = outcomes["line"]["configuration"]
    reference = jobs.configure(6, "line", optim.SGD)
    reference.model.load_state_dict(configuration.model.state_dict())
    before, found, expected = n_programs(), [], []
    for one in (configuration, reference):
        scheduler = optim.lr_scheduler.ExponentialLR(one.optimizer, 0.5)
        data, val_data = jobs.loaders("line", N)
        for _ in range(4):
            if one is reference:
                losses = [one.train_step_fn(x, y) * len(x) for x, y in data]
                expected.append(sum(losses) / N)
            else:
                found.append(one.epoch_fn(data, val_data)[0])
            one.optimizer._opt_called = True  # or torch warns
            scheduler.step()
    assert configuration.optimizer.param_groups[0]["lr"] < 0.001
    assert found == pytest.approx(expected, rel=1e-5)
    assert n_programs() == before


def test_a_layer_thawed_later_is_trained(outcomes):
    configuration = outcomes["partly"]["configuration"]
    first = configuration.model.first
    first.requires_grad_(True)
    data = jobs.loaders("partly", N)
    for _ in range(2):
        before = first.weight.clone()
        configuration.epoch_fn(*data)
        assert not torch.equal(before, first.weight)
    assert configuration.epoch_fn.is_compilable
    assert configuration.epoch_fn._groups() is not None


def test_hooks_on_the_optimizer_are_called(outcomes):
    configuration, calls = outcomes["tied"]["configuration"], []
    handle = configuration.optimizer.register_step_post_hook(
        lambda *_: calls.append(1)
    )
    configuration.epoch_fn(*jobs.loaders("tied", N))
    handle.remove()
    configuration.epoch_fn(*jobs.loaders("tied", N))
    assert len(calls) == 2


def test_a_program_is_run_straight_while_its_guards_hold(outcomes, monkeypatch):
    configuration = outcomes["line"]["configuration"]
    epoch_fn, calls = configuration.epoch_fn, []
    group = configuration.optimizer.param_groups[0]
    data = jobs.loaders("line", N)
    before = epoch_fn(*data)

    def compile_again(*_):
        calls.append(1)
        return torch.zeros(2)

    monkeypatch.setattr(epoch_fn.whole, "compiled", compile_again)
    assert epoch_fn(*data)[0] < before[0]
    assert calls == []
    monkeypatch.setitem(group, "weight_decay", 0.1)  # is in the program
    assert epoch_fn(*data) == (0.0, 0.0, {})
    assert calls == [1]


@pytest.mark.parametrize(
    ("name", "is_asked"),
    [
        ("G['torch'].autograd.grad.__code__", False),
        ("list(dict.keys(G['__builtins_dict___2']))[0]", False),
        ("G['batches_of'].__code__", False),
        ("G['__import_helpers_dot_epochs_dot_updates'].sgd", False),
        ("G['__import_tests_dot_epochs_dot_jobs'].head", True),
        ("G['__import___main__'].SCALE", True),
    ],
)
def test_what_a_model_uses_of_its_own_file_is_asked(name, is_asked, outcomes):
    whole = outcomes["line"]["configuration"].epoch_fn.whole
    assert whole._may_change(name) is is_asked


def test_an_epoch_that_is_stopped_ends(outcomes, monkeypatch):
    epoch_fn = outcomes["line"]["configuration"].epoch_fn

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(epoch_fn, "whole", stopped)
    with pytest.raises(KeyboardInterrupt):
        epoch_fn(*jobs.loaders("line", N))
    assert epoch_fn.is_compilable
    assert torch.is_grad_enabled()


def test_what_diverges_is_put_back(outcomes):
    configuration = outcomes["line"]["configuration"]
    before = state_of(configuration)
    rate = configuration.optimizer.param_groups[0]["lr"]
    configuration.optimizer.param_groups[0]["lr"] = 1e9
    with pytest.raises(DivergenceError):
        jobs.train(configuration, jobs.loaders("line", N), 30)
    assert identical(before[0], state_of(configuration)[0])
    assert configuration.epoch_fn.is_compilable
    configuration.optimizer.param_groups[0]["lr"] = rate
