"""The look at the first batches of classifiers: faults, doubts, and a zoo."""

import functools
import warnings

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import (
    DataLoader,
    IterableDataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    random_split,
)

from helpers.errors import CourseError, CourseWarning, FirstBatchError
from helpers.model_training import v4, v7
from helpers.pipeline import Configuration
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
