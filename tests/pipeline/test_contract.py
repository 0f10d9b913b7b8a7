"""What a version says of itself, and what a training run is given."""

import ast
import copy
import importlib
import inspect
import sys

import numpy as np
import pytest
import torch
from torch import nn, optim

import helpers.model_configuration
import helpers.model_training
from helpers.datasets.line import generate_data
from helpers.errors import CourseError, DataError, PairingError
from helpers.mini_batch.v1 import mini_batch
from helpers.pipeline import Configuration, gives, trains_with
from helpers.pipeline.versions import versions_of
from tests.tools import ROOT, configure, version


def loaders(number=2):
    made = version("data_preparation", number).prepare_data(*generate_data())
    return made if isinstance(made, tuple) else (made,)


# ----------------------------------------------- versions speak for themselves


@pytest.mark.parametrize("number", range(4))
def test_a_configuration_has_the_parts_that_its_version_gives(number):
    configuration = configure(number)
    function = version("model_configuration", number).configure_model
    assert tuple(configuration.parts()) == function.gives
    assert configuration.version == f"v{number}"
    assert repr(configuration) == f"Configuration({', '.join(function.gives)})"


@pytest.mark.parametrize("number", range(3))
def test_data_come_as_their_version_gives_them(number):
    function = version("data_preparation", number).prepare_data
    made = loaders(number)
    assert len(made) == len(function.gives)
    for value, name in zip(made, function.gives, strict=True):
        assert isinstance(value, torch.Tensor) is name.endswith("_tensor")


def test_versions_are_found_by_looking():
    for stage in ("data_preparation", "model_configuration"):
        folder = ROOT / "helpers" / stage
        files = sorted(path.stem for path in folder.glob("v*.py"))
        assert [name for name, _ in versions_of(stage)] == files


def test_a_training_uses_what_it_says_and_nothing_else():
    """Its source is read: every part it touches is among its needs."""
    for path in (ROOT / "helpers" / "model_training").glob("v*.py"):
        tree = ast.parse(path.read_text())
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "configuration"
        }
        (said,) = (
            keyword.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and node.arg == "needs"
            for keyword in [node]
        )
        assert used - {"device"} == set(said.split()), path.name


NEW_CONFIGURATION = '''
"""Model configuration, version 99: it keeps a moving average too."""

from helpers.model_configuration.v3 import configure_model as configure_v3
from helpers.pipeline import gives


@gives("device model loss_fn optimizer train_step_fn val_step_fn writer ema")
def configure_model(run_name=None):
    configuration = configure_v3(run_name=run_name)
    configuration.ema = []
    return configuration
'''
NEW_TRAINING = '''
"""Model training, version 99: it adds to the moving average."""

from helpers.pipeline import trains_with


@trains_with(needs="train_step_fn ema", takes="train_loader val_loader")
def train(configuration, train_loader, val_loader, *, max_steps, rank=0):
    for x, y in list(train_loader)[:max_steps]:
        configuration.ema.append(configuration.train_step_fn(x, y))
    return configuration.ema
'''


@pytest.fixture
def new_versions(tmp_path, monkeypatch):
    """Put files of two new versions, and a broken one, beside the others."""
    for stage, source in (
        (helpers.model_configuration, NEW_CONFIGURATION),
        (helpers.model_training, NEW_TRAINING),
    ):
        name = stage.__name__.rpartition(".")[2]
        folder = tmp_path / name
        folder.mkdir()
        (folder / "v99.py").write_text(source)
        (folder / "v8.py").write_text("def half(")
        paths = [*stage.__path__, str(folder)]
        monkeypatch.setattr(stage, "__path__", paths)
    yield
    for stage in (helpers.model_configuration, helpers.model_training):
        sys.modules.pop(f"{stage.__name__}.v99", None)
        vars(stage).pop("v99", None)


def test_a_new_version_needs_no_line_elsewhere(new_versions):
    train = importlib.import_module("helpers.model_training.v99").train
    with pytest.raises(PairingError) as caught:
        train(configure(3), *loaders(), max_steps=2)
    assert str(caught.value) == (
        "The configuration has no ema: it comes from model_configuration v3. "
        "The first version with it is v99: from helpers.model_configuration "
        "import v99 as model_configuration"
    )
    stage = importlib.import_module("helpers.model_configuration.v99")
    configuration = stage.configure_model()
    says = r"no val_loader.*model_training v99.*data_preparation v2"
    with pytest.raises(PairingError, match=says):
        train(configuration, *loaders(1), max_steps=2)
    assert configuration.version == "v99"
    assert len(train(configuration, *loaders(), max_steps=3, rank=1)) == 3


def test_asking_for_a_new_part_names_its_version(new_versions):
    with pytest.raises(PairingError, match="v99"):
        _ = configure(3).ema
    # what no version has stays an ordinary error
    assert not hasattr(configure(3), "emma")


# ------------------------------------------------------------ configurations


def test_parts_may_be_left_out_and_attached():
    configuration = Configuration(model=nn.Linear(1, 1))
    assert configuration.parts() == ["model"]
    with pytest.raises(PairingError, match=r"filled in by hand.*v0"):
        _ = configuration.optimizer
    configuration.optimizer = optim.SGD(configuration.model.parameters(), 0.1)
    configuration.scheduler = optim.lr_scheduler.ConstantLR(
        configuration.optimizer
    )
    configuration.notes = "kept"
    twin = copy.copy(configuration)
    assert twin.notes == "kept"
    assert set(twin.parts()) == {"model", "optimizer", "scheduler", "notes"}


def test_a_part_misspelt_is_refused_at_once():
    with pytest.raises(TypeError, match="optimiser"):
        Configuration(optimiser=None)


def test_no_part_is_looked_for_where_only_python_asks(monkeypatch):
    """Showing or copying a configuration imports no version."""

    def never(*_):
        raise AssertionError("looked through the versions")

    module = "helpers.pipeline.configuration.first_version_with"
    monkeypatch.setattr(module, never)
    configuration = configure(2)
    for name in ("_repr_html_", "_ipython_display_", "__len__"):
        assert not hasattr(configuration, name)
    copy.copy(configuration)


# ------------------------------------------------- what a training run is given


def test_the_training_gets_the_configuration_of_the_caller():
    seen = []

    @trains_with(needs="train_step_fn val_step_fn", takes="train_loader")
    def train(configuration, train_loader):
        seen.append(configuration)
        configuration.attached = "kept"
        return mini_batch("cpu", train_loader, configuration.train_step_fn)

    configuration = configure(2)
    before = configuration.train_step_fn, configuration.val_step_fn
    train(configuration, loaders(1)[0])
    assert seen[0] is configuration
    assert configuration.attached == "kept"
    after = configuration.train_step_fn, configuration.val_step_fn
    assert all(a is b for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("error", [KeyboardInterrupt, KeyError, DataError])
def test_step_functions_are_back_whatever_happens(error):
    @trains_with(needs="train_step_fn val_step_fn", takes="train_loader")
    def train(configuration, train_loader):
        mini_batch("cpu", train_loader, configuration.train_step_fn)
        raise error("stopped")

    configuration = configure(2)
    before = configuration.train_step_fn, configuration.val_step_fn
    with pytest.raises(error):
        train(configuration, loaders(1)[0])
    assert configuration.train_step_fn is before[0]
    assert configuration.val_step_fn is before[1]


def test_a_step_function_that_the_training_sets_stays():
    def other(x, y):
        return 0.0

    @trains_with(needs="train_step_fn", takes="train_loader")
    def train(configuration, train_loader):
        configuration.train_step_fn = other
        return 0.0

    configuration = configure(1)
    train(configuration, loaders(1)[0])
    assert configuration.train_step_fn is other


def test_names_of_arguments_mean_nothing():
    @trains_with(needs="train_step_fn", takes="images")
    def train(box, images, *, rank, max_steps=3, class_weights=None, seed=0):
        losses = []
        for x, y in list(images)[:max_steps]:
            losses.append(box.train_step_fn(x, y))
        return losses

    (loader,) = loaders(1)
    weights = torch.ones(3)
    losses = train(configure(1), loader, rank=0, class_weights=weights)
    assert len(losses) == 3
    with pytest.raises(PairingError, match="no images"):
        train(configure(1), rank=0)
    with pytest.raises(PairingError, match="max_steps is a DataLoader"):
        train(configure(1), loader, rank=0, max_steps=loader)


def test_a_training_of_ones_own_is_not_called_a_version():
    @trains_with(needs="train_step_fn", takes="train_loader")
    def train(configuration, train_loader):
        return []

    with pytest.raises(PairingError) as caught:
        train(configure(1))
    assert "This train() takes train_loader" in str(caught.value)


@pytest.mark.parametrize("n_epochs", [np.int64(2), np.int32(2), 2])
def test_whole_numbers_of_numpy_are_whole_numbers(n_epochs):
    configuration = configure(2)
    losses, _ = version("model_training", 4).train(
        configuration, *loaders(), n_epochs=n_epochs
    )
    assert len(losses) == 2


@pytest.mark.parametrize("value", [np.float64(2.0), np.bool_(True), 0, "2"])
def test_and_other_values_are_not(value):
    with pytest.raises(CourseError, match="whole number"):
        version("model_training", 4).train(
            configure(2), *loaders(), n_epochs=value
        )


def test_what_is_given_is_listed_with_the_function():
    @gives(["one", "two"])
    def prepare_data(x, y):
        return x, y

    assert prepare_data.gives == ("one", "two")
    assert prepare_data(1, 2) == (1, 2)
    assert list(inspect.signature(prepare_data).parameters) == ["x", "y"]
    assert "return x, y" in inspect.getsource(prepare_data)


# -------------------------------------------------------- arrays of other kinds


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (np.ones((4, 1), dtype=">f8"), "byte order"),
        (np.ones((4, 1), dtype=complex), "complex"),
        (np.ma.masked_equal(np.ones((4, 1)), 1), "masked"),
        (torch.ones(4, 1).to_sparse(), "sparse"),
        (np.ones(4), r"\[4\].*reshape"),
    ],
)
def test_arrays_that_cannot_be_taken_are_refused_for_their_reason(x, says):
    with pytest.raises(DataError, match=says):
        version("data_preparation", 1).prepare_data(x, np.ones((4, 1)))
    if x.ndim == 2:
        with pytest.raises(DataError, match=says):
            version("data_preparation", 1).prepare_data(np.ones((4, 1)), x)


def test_a_single_number_is_no_set_of_labels():
    with pytest.raises(DataError, match="single number"):
        version("data_preparation", 1).prepare_data(
            np.ones((4, 1)), np.array(1.0)
        )
