"""The look at the first batches of classifiers: faults, doubts, and a zoo."""

import functools
import warnings

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    SequentialSampler,
    Subset,
    TensorDataset,
)

from helpers.errors import CourseWarning, FirstBatchError
from helpers.learning_rates import lr_range_test
from helpers.model_training import v4, v7
from helpers.pipeline import Configuration, class_judges
from helpers.step_functions import make_train_step_fn, make_val_step_fn
from tests.tools import assert_one_sentence

N, N_CLASSES = 40, 4
torch.manual_seed(0)
Y = torch.arange(N) % N_CLASSES
X = torch.rand(N, 1, 8, 8) + 0.2 * Y[:, None, None, None]
ROWS = X.flatten(1)  # [N, 64]
ONE_HOT = F.one_hot(Y, N_CLASSES)  # [N, N_CLASSES]
YES = (Y % 2).float().reshape(-1, 1)  # [N, 1]


def configure(model, loss_fn=None, lr=0.01, **parts):
    loss_fn = nn.CrossEntropyLoss() if loss_fn is None else loss_fn
    optimizer = parts.pop("optimizer", None) or optim.SGD(
        model.parameters(), lr=lr
    )
    steps = {
        "train_step_fn": make_train_step_fn(model, loss_fn, optimizer),
        "val_step_fn": make_val_step_fn(model, loss_fn),
    }
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        **{**steps, **parts},
    )


def loader(x=ROWS, y=Y, **options):
    return DataLoader(TensorDataset(x, y), **{"batch_size": 8, **options})


def train(configuration, train_loader, val_loader=None, n_epochs=2):
    val_loader = train_loader if val_loader is None else val_loader
    return v4.train(configuration, train_loader, val_loader, n_epochs=n_epochs)


def linear(n_out=N_CLASSES, *layers):
    return nn.Sequential(nn.Linear(64, n_out), *layers)


def network(n_out=N_CLASSES, n_channels=1):
    return nn.Sequential(
        *(nn.Conv2d(n_channels, 6, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(54, n_out)),
    )


def pixel_network():
    """A class per pixel: a label [n, H, W] for logits [n, classes, H, W]."""
    return nn.Conv2d(1, N_CLASSES, 3, padding=1)


def own_cross_entropy(yhat, y):
    return F.cross_entropy(yhat, y)


def picked(yhat, y):
    """A negative log-likelihood as a reader writes it in chapter 13."""
    return -yhat[range(len(y)), y].mean()


# ------------------------------------------------------------------ faults

FAULTS = {
    # labels out of range, or too few outputs
    r"go from 1 to 4, but 4 is not .* 0 to 3 .*4 outputs.* y - 1": lambda: (
        configure(linear()),
        loader(y=Y + 1),
    ),
    r"go from -1 to 3.*ignore_index=-1\)": lambda: (
        configure(linear()),
        loader(y=torch.where(Y == 2, -1, Y)),
    ),
    r"go from 0 to 3, .*3 outputs.*nn.Linear\(n_features, 4\)": lambda: (
        configure(linear(3)),
        loader(),
    ),
    r"go from 0 to 3, but 3 is not .*of a model with 2 outputs": lambda: (
        configure(linear(2, nn.LogSoftmax(dim=1)), nn.NLLLoss()),
        loader(),
    ),
    r"go from 0 to 3, but 3 is not .*of a model with 3 outputs": lambda: (
        configure(linear(3), F.cross_entropy),
        loader(),
    ),
    r"from 0 to 3, but 3 is not .*of a model with 3 outputs": lambda: (
        configure(linear(3, nn.LogSoftmax(dim=1)), picked),
        loader(),
    ),
    # in another form than classes
    r"\[8, 4\], one-hot: .*y.argmax\(dim=1\)": lambda: (
        configure(linear()),
        loader(y=ONE_HOT),
    ),
    r"\[8, 4\], one-hot: .*y.argmax\(dim=1\)\.": lambda: (
        configure(linear(), F.cross_entropy),
        loader(y=ONE_HOT),
    ),
    r"\[8, 4\], one-hot: a column per class": lambda: (
        configure(linear(4, nn.LogSoftmax(dim=1)), nn.NLLLoss()),
        loader(y=ONE_HOT.float()),
    ),
    r"one-hot: .*The model has 5 outputs": lambda: (
        configure(linear(5)),
        loader(y=ONE_HOT.float()),
    ),
    r"one class per row.*several classes may be right": lambda: (
        configure(linear()),
        loader(y=(ROWS[:, :4] > 0.4).long()),
    ),
    r"labels are float32, but class labels .*y.long\(\)": lambda: (
        configure(linear()),
        loader(y=Y.float()),
    ),
    r"labels are bool, but class labels": lambda: (
        configure(linear()),
        loader(y=Y > 1),
    ),
    r"labels are int32, but class labels": lambda: (
        configure(linear(), F.cross_entropy),
        loader(y=Y.int()),
    ),
    r"shape \[8, 1\] .*, but .* no axis.*y.squeeze\(1\)\.": lambda: (
        configure(linear()),
        loader(y=Y.reshape(-1, 1)),
    ),
    r"shape \[8, 1\] .*, but .*y.squeeze\(1\).long\(\)": lambda: (
        configure(linear()),
        loader(y=Y.reshape(-1, 1).float()),
    ),
    r"shape \[8, 1, 8, 8\] .*have no axis of their own": lambda: (
        configure(pixel_network()),
        loader(X, (X > 0.6).long()),
    ),
    r"along axis 1 .*yhat.movedim\(-1, 1\)": lambda: (
        configure(nn.Sequential(nn.Embedding(9, 5), nn.Linear(5, 9))),
        loader(torch.arange(N * 3).reshape(N, 3) % 9, torch.ones(N, 3).long()),
    ),
    r"72 rows of predictions, \[72, 4\], and 8 labels": lambda: (
        configure(
            nn.Sequential(
                *(nn.Conv2d(1, 6, 3), nn.MaxPool2d(2), nn.Flatten(0)),
                *(nn.Unflatten(0, (-1, 6)), nn.Linear(6, 4)),
            )
        ),
        loader(X),
    ),
    # one output
    r"has one output, so the loss is 0": lambda: (
        configure(linear(1)),
        loader(y=YES),
    ),
    r"one output, so the loss is 0 whatever": lambda: (
        configure(linear(1), F.cross_entropy),
        loader(y=YES),
    ),
    r"one number per row, which torch takes": lambda: (
        configure(linear(1, nn.Flatten(0))),
        loader(y=YES.ravel()),
    ),
    # what the model gives
    r"probabilities already": lambda: (
        configure(linear(4, nn.Softmax(dim=1))),
        loader(),
    ),
    r"are probabilities already": lambda: (
        configure(linear(4, nn.Softmax(dim=1)), F.cross_entropy),
        loader(),
    ),
    r"predictions are probabilities already": lambda: (
        configure(linear(4, nn.Softmax(dim=1)), own_cross_entropy),
        loader(),
    ),
    r"The predictions are probabilities already": lambda: (
        configure(linear(4, nn.Softmax(dim=1))),
        loader(y=ONE_HOT.float()),
    ),
    r"softmax with dim=0": lambda: (
        configure(linear(4, nn.Softmax(dim=0))),
        loader(),
    ),
    r"a softmax with dim=0": lambda: (
        configure(linear(4, nn.LogSoftmax(dim=0)), nn.NLLLoss()),
        loader(),
    ),
    r"sigmoid at the end .* no class can become certain": lambda: (
        configure(linear(4, nn.Sigmoid())),
        loader(),
    ),
    r"sigmoid at the end .* 0.5 to 0.73": lambda: (
        configure(linear(1, nn.Sigmoid()), nn.BCEWithLogitsLoss()),
        loader(y=YES),
    ),
    r"sigmoid at the end .* outside 0.5 to 0.73": lambda: (
        configure(
            linear(1, nn.Sigmoid(), nn.Flatten(0)),
            F.binary_cross_entropy_with_logits,
        ),
        loader(y=YES.ravel()),
    ),
    r"are logits: without a log_softmax": lambda: (
        configure(linear(), nn.NLLLoss()),
        loader(),
    ),
    r"are logits: without a log_softmax nothing": lambda: (
        configure(linear(), picked),
        loader(),
    ),
    r"from a softmax at the end .* logarithm is missing": lambda: (
        configure(linear(4, nn.Softmax(dim=1)), nn.NLLLoss()),
        loader(),
    ),
    # yes or no
    r"nn.BCELoss takes probabilities, but": lambda: (
        configure(linear(1), nn.BCELoss()),
        loader(10 * ROWS - 5, YES),
    ),
    r"labels go from 0 to 3, .*takes 0 for no": lambda: (
        configure(linear(1), nn.BCEWithLogitsLoss()),
        loader(y=Y.float().reshape(-1, 1)),
    ),
    r"labels go from -1 to 1, .*takes 0 for no": lambda: (
        configure(linear(1), F.binary_cross_entropy_with_logits),
        loader(y=2 * YES - 1),
    ),
    r"labels are int64, but this loss .*y.float\(\)": lambda: (
        configure(linear(), nn.BCEWithLogitsLoss()),
        loader(y=ONE_HOT),
    ),
    r"label of its own\. Give both .*y.reshape\(yhat.shape\)": lambda: (
        configure(linear(1), nn.BCEWithLogitsLoss()),
        loader(y=YES.ravel()),
    ),
    r"label of its own\. Classes of shape \[n\] are for": lambda: (
        configure(linear(), F.binary_cross_entropy_with_logits),
        loader(),
    ),
    # images
    r"\[8, 8, 8\], without an axis .*of 8 channels.*unsqueeze\(1\)": lambda: (
        configure(network()),
        loader(X[:, 0]),
    ),
    r"one image of 8 channels": lambda: (  # as many rows as channels: silent
        configure(nn.Sequential(nn.Conv2d(8, 8, 3), nn.Flatten())),
        loader(X[:, 0]),
    ),
    r"so that nn.Conv1d takes the whole batch": lambda: (
        configure(nn.Sequential(nn.Conv1d(1, 2, 3), nn.Flatten())),
        loader(),
    ),
    r"lie in rows, .*x.reshape": lambda: (configure(network()), loader()),
    r"last axis, .*x.permute\(0, 3, 1, 2\)": lambda: (
        configure(network(n_channels=3)),
        loader(X.repeat(1, 3, 1, 1).permute(0, 2, 3, 1)),
    ),
    r"features are uint8, .*x / 255": lambda: (
        configure(network()),
        loader((100 * X).to(torch.uint8)),
    ),
    r"takes rows \[n, n_features\]: nn.Flatten\(\)": lambda: (
        configure(linear()),
        loader(X),
    ),
    r"become too small on the way": lambda: (
        configure(nn.Sequential(nn.Conv2d(1, 2, 5), nn.Conv2d(2, 2, 5))),
        loader(X),
    ),
    # the rest
    r"weights of shape \[3\] .* one weight per class": lambda: (
        configure(linear(), nn.CrossEntropyLoss(torch.ones(3))),
        loader(),
    ),
    r"No gradient leads from the loss .*accuracy as a metric": lambda: (
        configure(linear(), accuracy),
        loader(),
    ),
    r"no row for one of the features, which go up to 6": lambda: (
        configure(nn.Sequential(nn.Embedding(3, 4), nn.Flatten())),
        loader(torch.arange(N).reshape(-1, 1) % 7),
    ),
    r"An embedding takes whole numbers: x.long\(\)": lambda: (
        configure(nn.Sequential(nn.Embedding(3, 4), nn.Flatten())),
        loader(Y.float().reshape(-1, 1)),
    ),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_fault_is_named_in_the_first_batch(sentence):
    configuration, train_loader = FAULTS[sentence]()
    before = [p.detach().clone() for p in configuration.model.parameters()]
    steps = count_steps(configuration)
    with pytest.raises(FirstBatchError, match=sentence) as caught:
        train(configuration, train_loader)
    assert_one_sentence(caught.value)
    assert steps["n"] == 1
    after = list(configuration.model.parameters())
    assert all(map(torch.equal, before, after))


def count_steps(configuration):
    step, counted = configuration.train_step_fn, {"n": 0}

    def counting_step(x, y):
        counted["n"] += 1
        return step(x, y)

    configuration.train_step_fn = counting_step
    return counted


# ------------------------------------------------- before torch, and in time


@pytest.mark.parametrize(
    "y",
    [
        Y + 1,
        torch.where(Y == 2, -1, Y),
        ONE_HOT,
        Y.float(),
        Y.reshape(-1, 1),
        Y[:, None, None],
    ],
)
@pytest.mark.parametrize("loss_fn", [nn.CrossEntropyLoss, nn.NLLLoss])
def test_labels_are_judged_before_torch_sees_them(monkeypatch, loss_fn, y):
    """An accelerator would end the process over some of them."""
    computed = []
    name = "cross_entropy" if loss_fn is nn.CrossEntropyLoss else "nll_loss"
    monkeypatch.setattr(F, name, lambda *_, **__: computed.append(1))
    with pytest.raises(FirstBatchError):
        train(
            configure(linear(4, nn.LogSoftmax(dim=1)), loss_fn()), loader(y=y)
        )
    assert not computed


@pytest.mark.parametrize(
    ("loss_fn", "name", "x", "y"),
    [
        (nn.BCELoss, "binary_cross_entropy", 10 * ROWS - 5, YES),
        (nn.BCELoss, "binary_cross_entropy", ROWS / 64, 3 * YES),
        (nn.BCELoss, "binary_cross_entropy", ROWS / 64, YES.long()),
        (
            nn.BCEWithLogitsLoss,
            "binary_cross_entropy_with_logits",
            *(ROWS, YES.ravel()),
        ),
    ],
)
def test_yes_and_no_are_judged_before_torch_sees_them(
    monkeypatch, loss_fn, name, x, y
):
    computed = []
    monkeypatch.setattr(F, name, lambda *_, **__: computed.append(1))
    model = linear(1)
    nn.init.constant_(model[0].weight, 1 / 2)
    nn.init.zeros_(model[0].bias)
    with pytest.raises(FirstBatchError):
        train(configure(model, loss_fn()), loader(x, y))
    assert not computed


def test_a_function_is_judged_before_it_is_called_on_an_accelerator(
    monkeypatch,
):
    monkeypatch.setattr(class_judges, "is_on_cpu", lambda _: False)
    configuration = configure(linear(3), F.cross_entropy)
    called = []

    def step(x, y):
        configuration.model(x)
        called.append(1)

    configuration.train_step_fn = step
    with pytest.raises(FirstBatchError, match="3 is not among the classes"):
        train(configuration, loader())
    assert not called


def test_an_accelerator_that_stopped_is_explained():
    def step(x, y):
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    with pytest.raises(FirstBatchError, match='device="cpu"') as caught:
        train(configure(linear(), train_step_fn=step), loader())
    assert_one_sentence(caught.value)


class Broken(nn.Linear):
    """A layer that takes nothing back."""

    def load_state_dict(self, *_, **__):
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")


def test_the_first_error_is_told_where_nothing_can_be_put_back():
    configuration = configure(Broken(64, 3))
    with pytest.raises(FirstBatchError, match="not among the classes"):
        train(configuration, loader())


# ------------------------------------------------------------- later batches

LATE = torch.cat([Y[:-1], torch.tensor([5])])  # out of range in the last row
DATA, LATE_DATA = TensorDataset(ROWS, Y), TensorDataset(ROWS, LATE)


def shuffled(dataset):
    generator = torch.Generator().manual_seed(3)
    return DataLoader(dataset, 8, shuffle=True, generator=generator)


LATE_LOADERS = {
    "in order": lambda: DataLoader(LATE_DATA, 8),
    "shuffled": lambda: shuffled(LATE_DATA),
    "a split": lambda: shuffled(Subset(LATE_DATA, range(10, N))),
    "a split of a split": lambda: DataLoader(
        Subset(Subset(LATE_DATA, range(5, N)), range(10, 35)), 8
    ),
    "whole batches by index": lambda: DataLoader(
        LATE_DATA,
        sampler=BatchSampler(SequentialSampler(LATE_DATA), 8, False),
        batch_size=None,
    ),
}


@pytest.mark.parametrize("name", LATE_LOADERS)
@pytest.mark.parametrize("place", ["train_loader", "val_loader"])
@pytest.mark.parametrize("loss_fn", [nn.CrossEntropyLoss(), F.cross_entropy])
def test_labels_in_memory_are_looked_at_in_the_first_step(name, place, loss_fn):
    configuration = configure(linear(), loss_fn)
    before = configuration.model[0].weight.detach().clone()
    loaders = [DataLoader(DATA, 8), DataLoader(DATA, 8)]
    loaders[place == "val_loader"] = LATE_LOADERS[name]()
    steps = count_steps(configuration)
    with pytest.raises(
        FirstBatchError, match=f"labels of {place} go from 0 to 5, but 5 is"
    ):
        train(configuration, *loaders)
    assert steps["n"] == 1
    assert torch.equal(before, configuration.model[0].weight)


class Items:
    """A dataset that computes its items, and counts them."""

    def __init__(self):
        self.n_read = 0

    def __len__(self):
        return N

    def __getitem__(self, item):
        self.n_read += 1
        return LATE_DATA[item]


@pytest.mark.parametrize("loss_fn", [nn.CrossEntropyLoss(), F.cross_entropy])
def test_labels_of_a_lazy_dataset_are_named_when_they_come(loss_fn):
    configuration, items = configure(linear(), loss_fn), Items()
    steps = count_steps(configuration)
    before = configuration.model[0].weight.detach().clone()
    with pytest.raises(
        FirstBatchError, match=r"Target 5 is out .* labels of this .* 0 to 5\."
    ) as caught:
        train(configuration, DataLoader(items, 8))
    assert_one_sentence(caught.value)
    assert items.n_read == N and steps["n"] == 5  # nothing was read before
    assert torch.equal(before, configuration.model[0].weight)


def test_labels_of_a_later_validation_batch_are_named_too():
    with pytest.raises(FirstBatchError, match=r"labels of this .* 0 to 5\."):
        train(configure(linear()), DataLoader(DATA, 8), DataLoader(Items(), 8))


def test_a_range_test_looks_at_labels_in_memory_too():
    with pytest.raises(FirstBatchError, match="5 is not among the classes"):
        lr_range_test(configure(linear()), DataLoader(LATE_DATA, 8), n_steps=2)


def test_labels_that_are_left_out_of_the_loss_may_be_any():
    loss_fn = nn.CrossEntropyLoss(ignore_index=5)
    losses, _ = train(configure(linear(), loss_fn), DataLoader(LATE_DATA, 8))
    assert len(losses) == 2


# ------------------------------------------------------------------- doubts

PIXELS = (255 * X / X.max()).round()

DOUBTS = {
    r"whole numbers up to 255, .* x / 255": lambda: (
        configure(network(), lr=1e-6),
        loader(PIXELS),
    ),
    r"whole numbers up to 255": lambda: (
        configure(linear(), lr=1e-6),
        loader(PIXELS.flatten(1)),
    ),
    r"as unscaled pixels are": lambda: (
        configure(nn.Sequential(nn.Flatten(), linear()), lr=1e-6),
        loader(PIXELS[:, 0]),
    ),
    r"reach the first layer like that": lambda: (
        configure(AsFloat(64, 4), lr=1e-6),
        loader(PIXELS.flatten(1).to(torch.uint8)),
    ),
    r"whole numbers up to .*, as unscaled": lambda: (
        # a normalising layer that comes too late
        configure(
            nn.Sequential(
                *(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3)),
                *(nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(32, 4)),
            )
        ),
        loader(PIXELS),
    ),
    r"a row adds up to 3, not to 1.*nn.BCEWithLogitsLoss": lambda: (
        configure(linear()),
        loader(y=1 - ONE_HOT.float()),
    ),
}


class AsFloat(nn.Linear):
    def forward(self, input):
        return super().forward(input.float())


@pytest.mark.parametrize("sentence", DOUBTS)
def test_a_doubt_is_a_warning_in_the_first_step(sentence):
    configuration, train_loader = DOUBTS[sentence]()
    with pytest.warns(CourseWarning, match=sentence) as caught:
        losses, _ = train(configuration, train_loader)
    assert len(losses) == 2
    assert len([w for w in caught if w.category is CourseWarning]) == 1
    assert "\n" not in str(caught[0].message)

    configuration, train_loader = DOUBTS[sentence]()
    configuration.first_look = False
    with warnings.catch_warnings():
        warnings.simplefilter("error", CourseWarning)
        train(configuration, train_loader)


def test_a_warning_reads_well_and_comes_each_time(monkeypatch):
    shown = []

    def show(*warning):
        shown.append(warnings.formatwarning(*warning[:4]))

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        monkeypatch.setattr(warnings, "showwarning", show)
        for _ in range(2):
            train(*DOUBTS[r"whole numbers up to 255"]())
    assert shown[0] == shown[1]
    lines = shown[0].splitlines()
    assert lines[0].startswith("CourseWarning: The features are whole numbers")
    assert max(map(len, lines)) <= 88 and lines[-1].endswith("silences this.")


# ------------------------------------------------------------------- metrics


def accuracy(yhat, y):
    return (yhat.argmax(dim=1) == y).float().mean()


def measured(step_fn=None, **parts):
    model = linear(4, nn.Dropout(0.1))
    step_fn = step_fn or make_val_step_fn(model, accuracy)
    return configure(
        model,
        metric_step_fns={"accuracy": functools.partial(step_fn)},
        writer=None,
        **parts,
    )


def train_with_metrics(configuration, data=None):
    data = data or loader()
    return v7.train(configuration, data, data, n_epochs=2)


def test_a_metric_of_a_model_in_train_mode_is_named():
    configuration = measured()

    def in_train_mode(x, y):
        configuration.model.train()
        return accuracy(configuration.model(x), y).item()

    configuration.metric_step_fns = {"accuracy": in_train_mode}
    with pytest.raises(
        FirstBatchError,
        match=r"train mode in the step of the metric 'accuracy', .*dropout",
    ):
        train_with_metrics(configuration)


def test_a_metric_that_returns_a_tensor_is_named():
    configuration = measured()

    def as_tensor(x, y):
        configuration.model.eval()
        return accuracy(configuration.model(x), y)

    configuration.metric_step_fns = {"accuracy": as_tensor}
    with pytest.raises(FirstBatchError, match="'accuracy' returns a tensor"):
        train_with_metrics(configuration)


def test_healthy_metrics_are_left_alone_and_given_back():
    configuration = measured()
    before = configuration.metric_step_fns
    with warnings.catch_warnings():
        warnings.simplefilter("error", CourseWarning)
        *_, metrics = train_with_metrics(configuration)
    assert len(metrics["accuracy"]) == 2
    assert configuration.metric_step_fns is before


def test_one_hot_labels_beside_a_metric_are_a_doubt():
    configuration = measured(lambda x, y: 0.5)
    with pytest.warns(CourseWarning, match=r"one-hot.*y.argmax\(dim=1\)"):
        train_with_metrics(configuration, loader(y=ONE_HOT.float()))
