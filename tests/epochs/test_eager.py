"""Eager epochs give the losses of version 7, and respect every hook."""

import functools
import inspect

import pytest
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset

from helpers.datasets.whole_batches import WholeBatches
from helpers.epochs.eager import make_val_epoch_fn
from helpers.epochs.formulas import update_of
from helpers.epochs.shortcuts import quick_loss, quick_step
from helpers.epochs.updates import groups_of
from helpers.errors import DivergenceError, FirstBatchError
from tests.epochs import jobs
from tests.tools import identical, state_of

OPTIMIZERS = sorted(
    (
        kind
        for _, kind in inspect.getmembers(optim, inspect.isclass)
        if issubclass(kind, optim.Optimizer)
        and kind not in (optim.Optimizer, optim.LBFGS, optim.SparseAdam)
        and kind.__name__ != "Muon"  # for matrices alone
    ),
    key=lambda kind: kind.__name__,
)
VARIANTS = {
    "momentum": functools.partial(optim.SGD, momentum=0.9),
    "nesterov": functools.partial(optim.SGD, momentum=0.9, nesterov=True),
    "dampening": functools.partial(optim.SGD, momentum=0.9, dampening=0.5),
    "decay": functools.partial(optim.SGD, weight_decay=0.1),
    "maximize": functools.partial(optim.SGD, momentum=0.9, maximize=True),
    "fused": functools.partial(optim.Adam, fused=True),
    "amsgrad": functools.partial(optim.AdamW, amsgrad=True),
    "foreach": functools.partial(optim.Adam, foreach=True),
    "two groups": jobs.in_two_groups(optim.SGD, momentum=0.5),
}
# what is written down for them is used, not the functions of torch
FORMULAS_HOLD = (
    (optim.SGD, {"lr": 0.1}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (optim.Adam, {}),
    (optim.AdamW, {"weight_decay": 0}),
)


def both(name="mlp", make_optimizer=optim.Adam, data=jobs.loaders, hook=None):
    """Train with version 7 and with eager epochs; return both outcomes."""
    outcomes = []
    for number in (6, 7):
        configuration = jobs.configure(number, name, make_optimizer)
        if hook is not None:
            hook(configuration)
        result = jobs.train(configuration, data())
        outcomes.append([*result, jobs.states(configuration)])
    return outcomes


def assert_alike(found, expected):
    """Compare losses to rounding, and what is trained bit for bit."""
    for ours, theirs in zip(found[:2], expected[:2], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6)
    assert found[2].keys() == expected[2].keys()
    for name in found[2]:
        assert found[2][name] == pytest.approx(expected[2][name], rel=1e-6)
    assert identical(found[3], expected[3])


@pytest.mark.parametrize("name", jobs.MODELS)
def test_any_model_is_trained_bit_for_bit(name):
    expected, found = both(name, data=lambda: jobs.loaders(name))
    assert_alike(found, expected)


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)
def test_any_optimizer_is_used_bit_for_bit(kind):
    expected, found = both("partly", kind)
    assert_alike(found, expected)


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_setting_is_used_bit_for_bit(variant):
    expected, found = both(make_optimizer=VARIANTS[variant])
    assert_alike(found, expected)


@pytest.mark.parametrize("n", [2, 15, 16, 17, 32])
def test_any_number_of_rows(n):
    """One row in the last batch, fewer rows than a batch, full batches."""
    data = functools.partial(jobs.loaders, "dropout", n, n)
    expected, found = both("dropout", data=data)
    assert_alike(found, expected)


class OnDemand(Dataset):
    """Reads a row when it is wanted."""

    def __init__(self):
        self.x, self.y = jobs.points("mlp", 40)

    def __len__(self):
        return 40

    def __getitem__(self, index):
        return self.x[index], self.y[index]


@pytest.mark.parametrize("n_workers", [0, 1])
def test_any_loader(n_workers):
    def data():
        first = DataLoader(OnDemand(), 16, True, num_workers=n_workers)
        return first, DataLoader(OnDemand(), 16)

    expected, found = both(data=data)
    assert_alike(found, expected)


def test_hooks_of_optimizer_and_gradients_are_called():
    calls = []

    def hook(configuration):
        optimizer = configuration.optimizer
        parameters = list(configuration.model.parameters())

        def clip(*_):
            nn.utils.clip_grad_norm_(parameters, 0.05)

        optimizer.register_step_pre_hook(clip)
        optimizer.register_step_post_hook(lambda *_: calls.append("step"))
        parameters[0].register_hook(lambda gradient: gradient * 2)
        parameters[1].register_post_accumulate_grad_hook(
            lambda _: calls.append("gradient")
        )

    expected, found = both(hook=hook)
    assert_alike(found, expected)
    assert calls.count("step") == calls.count("gradient") == 2 * 3 * 2


def test_a_step_of_ones_own_is_taken():
    def hook(configuration):
        optimizer, step = configuration.optimizer, configuration.optimizer.step

        def half(*args, **kwargs):
            for group in optimizer.param_groups:
                group["lr"] *= 0.5
            return step(*args, **kwargs)

        optimizer.step = half

    expected, found = both(make_optimizer=optim.SGD, hook=hook)
    assert_alike(found, expected)


def test_a_parameter_that_is_thawed_later_is_trained():
    configuration = jobs.configure(7, "partly")
    jobs.train(configuration, jobs.loaders(), 1)
    configuration.model.first.requires_grad_(True)
    before = configuration.model.first.weight.clone()
    jobs.train(configuration, jobs.loaders(), 1)
    assert not torch.equal(before, configuration.model.first.weight)


def test_the_quick_update_is_used_where_it_can_be():
    """Otherwise the tests above would compare a step with itself."""
    weight = nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    optimizer = optim.SGD([weight], lr=0.1)
    assert quick_step(optimizer).__name__ == "update"
    optimizer.register_step_post_hook(lambda *_: None)
    assert quick_step(optimizer) == optimizer.step
    for kind, options in FORMULAS_HOLD:
        optimizer = kind([weight], **options)
        optimizer.step()
        (group,) = groups_of(optimizer)
        assert "group" not in update_of(group).__code__.co_freevars
    assert quick_loss(nn.L1Loss()).__class__ is nn.L1Loss
    assert quick_loss(nn.MSELoss()).__name__ == "quick"


# -------------------------------------------------------------- first look


def wrong_labels():
    x, y = jobs.points("line")
    loader = jobs.WholeBatches(x, y[:, 0], 16, torch.Generator())
    return loader, loader


def class_out_of_range():
    x, y = jobs.points("mlp")
    loader = jobs.WholeBatches(x, y + 5, 16, torch.Generator())
    return loader, loader


@pytest.mark.parametrize("number", [7, 8])
@pytest.mark.parametrize(
    ("name", "data"), [("line", wrong_labels), ("mlp", class_out_of_range)]
)
def test_faults_of_the_labels_are_found(number, name, data):
    configuration = jobs.configure(number, name)
    before = state_of(configuration)
    with pytest.raises(FirstBatchError):
        jobs.train(configuration, data())
    assert identical(before, state_of(configuration))


@pytest.mark.parametrize("number", [7, 8])
def test_the_optimizer_of_another_model_is_found(number):
    def make_optimizer(_, lr):
        return optim.SGD(jobs.mlp().parameters(), lr=lr)

    configuration = jobs.configure(number, make_optimizer=make_optimizer)
    with pytest.raises(FirstBatchError, match="optimizer"):
        jobs.train(configuration, jobs.loaders())


def test_what_diverges_is_put_back():
    configuration = jobs.configure(7, "line", optim.SGD)
    before = state_of(configuration)
    configuration.optimizer.param_groups[0]["lr"] = 1e6
    with pytest.raises(DivergenceError):
        jobs.train(configuration, jobs.loaders("line"), 50)
    assert identical(before[0], state_of(configuration)[0])


def test_a_class_of_whole_batches_keeps_its_own_validation_batches():
    """It may make them anew in every epoch."""

    class Scaled(WholeBatches):
        n_epochs = 0

        def __iter__(self):
            self.n_epochs += 1
            return iter([(x * self.n_epochs, y) for x, y in super().__iter__()])

    x, y = torch.ones(4, 1), torch.zeros(4, 1)
    configuration = jobs.configure(7, "line", optim.SGD)
    validate = make_val_epoch_fn(configuration.model, configuration.loss_fn)
    loader = Scaled(x, y, 2)
    first, second = validate(loader)[0], validate(loader)[0]
    assert first != second
    same = WholeBatches(x, y, 2)
    assert validate(same)[0] == validate(same)[0] == first
