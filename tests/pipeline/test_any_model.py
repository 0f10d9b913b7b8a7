"""Version 6 of the model configuration: what was a constant is an argument."""

import functools

import pytest
import torch
from torch import nn, optim

from helpers.networks import MLP
from helpers.runs import read_scalars, run_folder
from tests.tools import configure, identical, state_of, version


def parts_of(configuration):
    return {
        name: getattr(configuration, name)
        for name in configuration.parts()
        if "step_fn" not in name and name != "model"
    }


def test_without_arguments_it_is_version_5():
    before, after = configure(5), configure(6)
    assert identical(state_of(before), state_of(after))
    assert before.parts() == after.parts()
    assert repr(before.optimizer) == repr(after.optimizer)
    assert type(before.loss_fn) is type(after.loss_fn)
    assert list(after.metric_step_fns) == ["accuracy"]
    options = {"image_size": 12, "n_classes": 3, "kernel_size": 2, "lr": 0.5}
    before, after = configure(5, **options), configure(6, **options)
    assert identical(state_of(before), state_of(after))


def test_every_constant_can_be_another():
    configuration = configure(
        6,
        lr=0.25,
        make_model=functools.partial(MLP, 3, 1, n_hidden=4),
        make_optimizer=functools.partial(optim.SGD, momentum=0.5),
        loss_fn=nn.L1Loss(),
        metrics={"squared": nn.MSELoss(), "absolute": nn.L1Loss()},
    )
    assert isinstance(configuration.model, MLP)
    (group,) = configuration.optimizer.param_groups
    assert (group["lr"], group["momentum"]) == (0.25, 0.5)
    x, y = torch.rand(5, 3), torch.rand(5, 1)
    errors = (configuration.model(x) - y).detach()
    assert list(configuration.metric_step_fns) == ["squared", "absolute"]
    for name, right in (
        ("squared", errors.square().mean()),
        ("absolute", errors.abs().mean()),
    ):
        found = configuration.metric_step_fns[name](x, y)
        assert found == pytest.approx(float(right))
    assert configuration.val_step_fn(x, y) == pytest.approx(
        float(errors.abs().mean())
    )
    assert configure(6, metrics={}).metric_step_fns == {}


def test_the_seed_decides_the_first_weights():
    def weights(seed):
        torch.rand(3)  # whatever was drawn before
        return configure(6, seed=seed).model.state_dict()

    assert identical(weights(1), weights(1))
    assert not identical(weights(1), weights(2))


@pytest.mark.parametrize("has_example", [True, False])
def test_the_graph_is_drawn_with_a_batch_like_the_example(has_example):
    name = f"any_model/{has_example}"
    configuration = version("model_configuration", 6).configure_model(
        run_name=name,
        make_model=functools.partial(MLP, 3, 1),
        example=torch.rand(2, 3) if has_example else None,
    )
    configuration.writer.add_scalar("a", 1.0, 0)
    configuration.writer.close()
    assert read_scalars(name)["a"] == ([0], [1.0])
    content = b"".join(p.read_bytes() for p in run_folder(name).iterdir())
    assert (b"MLP/Linear[out]" in content) is has_example
