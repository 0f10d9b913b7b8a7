"""Healthy loops of many tasks: the look at the first batches is silent."""

import functools
import warnings

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)

from helpers.errors import CourseWarning
from helpers.model_training import v4
from tests.pipeline.test_classes import (
    N_CLASSES,
    ONE_HOT,
    ROWS,
    YES,
    N,
    X,
    Y,
    configure,
    linear,
    loader,
    network,
    own_cross_entropy,
    picked,
    pixel_network,
)

SEQUENCES = torch.randn(N, 6, 3)  # six steps of three features
TOKENS = torch.arange(N * 6).reshape(N, 6) % 11
PIXELS = (255 * X / X.max()).round()  # as stored, in float32


class Apply(nn.Module):
    """Any function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Last(nn.Module):
    """A recurrent layer, of which the last step is used."""

    def __init__(self, layer, n_out=N_CLASSES):
        super().__init__()
        self.layer = layer
        self.head = nn.Linear(layer.hidden_size, n_out)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class TwoHeads(nn.Module):
    """A network that returns several things: as a tuple, or by name."""

    def __init__(self, as_dict):
        super().__init__()
        self.first, self.second = nn.Linear(64, 4), nn.Linear(64, 2)
        self.as_dict = as_dict

    def forward(self, x):
        pair = self.first(x), self.second(x)
        return dict(zip("ab", pair, strict=True)) if self.as_dict else pair


class RowByRow(nn.Module):
    """A convolution that gets one image after another."""

    def __init__(self):
        super().__init__()
        self.layer, self.head = nn.Conv2d(1, 2, 8), nn.Linear(2, 4)

    def forward(self, x):
        images = [self.layer(image.reshape(1, 8, 8)) for image in x]
        return self.head(torch.stack(images).flatten(1))


class RowsByVmap(nn.Module):
    """A layer that is called inside vmap."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 4)

    def forward(self, x):
        return torch.vmap(self.layer)(x)


class Focal(nn.Module):
    def __init__(self):
        super().__init__()
        self.loss_fn = nn.CrossEntropyLoss(reduction="none")

    def forward(self, yhat, y):
        loss = self.loss_fn(yhat, y)
        return ((1 - (-loss).exp()).square() * loss).mean()


class Smooth(nn.CrossEntropyLoss):
    """A loss of one's own that takes classes counted from 1."""

    def forward(self, input, target):
        return super().forward(input, target - 1)


def of_words(loss_fn):
    """Compare each word of each sentence, flat, as language models do."""

    def flat_loss_fn(yhat, y):
        return loss_fn(yhat.flatten(0, 1), y.flatten())

    return flat_loss_fn


def stepping(model, loss_of, loss_fn=None, **parts):
    """A step of one's own: ``loss_of(x, y)``."""
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        model.train()
        optimizer.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def val_step(x, y):
        model.eval()
        return loss_of(x, y).item()

    return configure(
        model, loss_fn, optimizer=optimizer,
        train_step_fn=step, val_step_fn=val_step, **parts,
    )  # fmt: skip


def labels_from_one(loss_fn):
    model = linear()
    return stepping(model, lambda x, y: loss_fn(model(x), y - 1), loss_fn)


def ctc():
    model = nn.Sequential(nn.Linear(3, 5), nn.LogSoftmax(dim=-1))

    def loss_fn(yhat, y):
        lengths = torch.full((len(y),), 6), torch.full((len(y),), 2)
        return F.ctc_loss(yhat.transpose(0, 1), y, *lengths)

    y = torch.tensor([[1, 2], [3, 4]]).repeat(N // 2, 1)
    return configure(model, loss_fn), loader(SEQUENCES, y)


def contrastive():
    model = linear(3)

    def loss_of(x, y):
        z = F.normalize(model(x), dim=1)
        return F.cross_entropy(z @ z.T / 0.5, torch.arange(len(z)))

    return stepping(model, loss_of, own_cross_entropy), loader()


def triplets():
    model = linear(3)
    loss_fn = nn.TripletMarginLoss()

    def loss_of(x, y):
        return loss_fn(model(x), model(x + 0.1), model(x.flip(0)))

    return stepping(model, loss_of, loss_fn), loader()


def per_row():
    """Losses one by one, through vmap, as for gradients per row."""
    model, loss_fn = linear(), nn.CrossEntropyLoss()

    def loss_of(x, y):
        one = torch.vmap(lambda z, c: loss_fn(z[None], c[None]))
        return one(model(x), y).mean()

    return stepping(model, loss_of, loss_fn), loader()


def in_bfloat16(model, loss_fn):
    def loss_of(x, y):
        with torch.autocast("cpu", torch.bfloat16):
            return loss_fn(model(x), y).float()

    return stepping(model, loss_of, loss_fn)


def zero_head():
    model = linear()
    nn.init.zeros_(model[0].weight)
    nn.init.zeros_(model[0].bias)
    return configure(model)


def transformer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return nn.Sequential(
        *(nn.Embedding(11, 8), nn.TransformerEncoder(layer, 1)),
        *(Apply(lambda z: z.mean(dim=1)), nn.Linear(8, 4)),
    )


def convolved_words():
    return nn.Sequential(
        *(nn.Embedding(11, 8), Apply(lambda z: z.transpose(1, 2))),
        *(nn.Conv1d(8, 4, 3), nn.AdaptiveMaxPool1d(1), nn.Flatten()),
    )


def normalised(*layers):
    return nn.Sequential(*layers, nn.ReLU(), nn.Flatten(), nn.LazyLinear(4))


class Lazy(IterableDataset):
    """Items that nobody has seen before they are asked for."""

    def __iter__(self):
        return zip(ROWS, Y, strict=True)


class Pieces:
    """Batches that somebody made."""

    def __init__(self, batches):
        self.batches = list(batches)

    def __iter__(self):
        return iter(self.batches)


# Labels of which some are out of range and never come up, or come otherwise.
ODD = torch.cat([Y, torch.tensor([7, 9])])
ODD_DATA = TensorDataset(torch.cat([ROWS, ROWS[:2]]), ODD)


def from_one(items):
    x, y = default_collate(items)
    return x, y - 1


SAMPLERS = {
    "a subset without the odd ones": lambda: DataLoader(
        Subset(Subset(ODD_DATA, range(1, N)), range(10, 30)), 8
    ),
    "a sampler without the odd ones": lambda: DataLoader(
        ODD_DATA, 8, sampler=SubsetRandomSampler(range(N))
    ),
    "weights without the odd ones": lambda: DataLoader(
        ODD_DATA, 8, sampler=WeightedRandomSampler([1] * N + [0, 0], N)
    ),
    "batches without the odd ones": lambda: DataLoader(
        ODD_DATA, batch_sampler=[[0, 1, 2], [3, 4, 5]]
    ),
    "labels shifted on the way": lambda: DataLoader(
        TensorDataset(ROWS, Y + 1), 8, collate_fn=from_one
    ),
    "whole batches by index": lambda: DataLoader(
        TensorDataset(ROWS, Y),
        sampler=BatchSampler(RandomSampler(ROWS), 8, False),
        batch_size=None,
    ),
    "a stream": lambda: DataLoader(Lazy(), 8),
}

ZOO = {
    # classes
    "logistic": lambda: (configure(linear()), loader()),
    "convolutions": lambda: (configure(network()), loader(X)),
    "more outputs than classes": lambda: (configure(linear(9)), loader()),
    "two outputs for yes and no": lambda: (
        configure(linear(2)),
        loader(y=YES.ravel().long()),
    ),
    "bytes as labels": lambda: (configure(linear()), loader(y=Y.byte())),
    "class weights": lambda: (
        configure(linear(), nn.CrossEntropyLoss(torch.ones(4))),
        loader(),
    ),
    "label smoothing": lambda: (
        configure(linear(), nn.CrossEntropyLoss(label_smoothing=0.1)),
        loader(),
    ),
    "rows left out": lambda: (
        configure(linear()),
        loader(y=torch.where(Y == 1, -100, Y)),
    ),
    "rows left out, marked -1": lambda: (
        configure(linear(), nn.CrossEntropyLoss(ignore_index=-1)),
        loader(y=torch.where(Y == 1, -1, Y)),
    ),
    "rows left out by a function": lambda: (
        configure(linear(), functools.partial(F.cross_entropy, ignore_index=9)),
        loader(y=torch.where(Y == 1, 9, Y)),
    ),
    "cross-entropy as a function": lambda: (
        configure(linear(), F.cross_entropy),
        loader(),
    ),
    "cross-entropy inside a function": lambda: (
        configure(linear(), own_cross_entropy),
        loader(),
    ),
    "labels counted from 1, mended in the step": lambda: (
        labels_from_one(nn.CrossEntropyLoss()),
        loader(y=Y + 1),
    ),
    "labels counted from 1, mended before a function": lambda: (
        labels_from_one(F.cross_entropy),
        loader(y=Y + 1),
    ),
    "labels counted from 1, mended in the loss": lambda: (
        configure(linear(), Smooth()),
        loader(y=Y + 1),
    ),
    "log-probabilities": lambda: (
        configure(linear(4, nn.LogSoftmax(dim=1)), nn.NLLLoss()),
        loader(),
    ),
    "log-probabilities, picked": lambda: (
        configure(linear(4, nn.LogSoftmax(dim=1)), picked),
        loader(),
    ),
    "log_softmax applied twice": lambda: (
        configure(linear(4, nn.LogSoftmax(dim=1))),
        loader(),
    ),
    "probabilities as labels": lambda: (
        configure(linear()),
        loader(y=(ONE_HOT + 0.1) / 1.4),
    ),
    "mixed one-hot labels": lambda: (
        configure(linear()),
        loader(y=0.7 * ONE_HOT.float() + 0.3 * ONE_HOT.flip(0).float()),
    ),
    "one-hot labels": lambda: (
        configure(linear()),
        loader(y=ONE_HOT.float()),
    ),
    "zeros at first": lambda: (zero_head(), loader()),
    "margins": lambda: (configure(linear(), nn.MultiMarginLoss()), loader()),
    "distillation": lambda: (
        configure(
            linear(4, nn.LogSoftmax(dim=1)), nn.KLDivLoss(reduction="batchmean")
        ),
        loader(y=(ONE_HOT + 0.1) / 1.4),
    ),
    "Brier score of a softmax": lambda: (
        configure(linear(4, nn.Softmax(dim=1)), nn.MSELoss()),
        loader(y=ONE_HOT.float()),
    ),
    "focal loss": lambda: (configure(linear(), Focal()), loader()),
    "a loss per row": per_row,
    "bfloat16": lambda: (
        in_bfloat16(linear(), nn.CrossEntropyLoss()),
        loader(),
    ),
    "bfloat16 and log-probabilities": lambda: (
        in_bfloat16(linear(4, nn.LogSoftmax(dim=1)), picked),
        loader(),
    ),
    "float64": lambda: (
        configure(linear(4, nn.LogSoftmax(dim=1)).double(), nn.NLLLoss()),
        loader(ROWS.double()),
    ),
    # yes or no
    "several classes at once": lambda: (
        configure(linear(), nn.BCEWithLogitsLoss(pos_weight=torch.ones(4))),
        loader(y=(ROWS[:, :4] > 0.4).float()),
    ),
    "probabilities of yes": lambda: (
        configure(linear(1, nn.Sigmoid()), nn.BCELoss()),
        loader(y=YES),
    ),
    "a gate before the logits": lambda: (
        configure(
            linear(8, nn.Sigmoid(), nn.Linear(8, 1)), nn.BCEWithLogitsLoss()
        ),
        loader(y=YES),
    ),
    "flat logits, smoothed labels": lambda: (
        configure(linear(1, nn.Flatten(0)), F.binary_cross_entropy_with_logits),
        loader(y=0.8 * YES.ravel() + 0.1),
    ),
    # classes at many places
    "a class per pixel": lambda: (
        configure(pixel_network()),
        loader(X, (3 * X[:, 0] / X.max()).long()),
    ),
    "a class per pixel, some left out": lambda: (
        configure(pixel_network(), nn.CrossEntropyLoss(ignore_index=255)),
        loader(X, torch.where(X[:, 0] > 0.5, 1, 255)),
    ),
    "a class per step": lambda: (
        configure(
            nn.Sequential(nn.Linear(3, 4), Apply(lambda z: z.transpose(1, 2)))
        ),
        loader(SEQUENCES, Y.reshape(-1, 1).repeat(1, 6)),
    ),
    "the next word": lambda: (
        configure(
            nn.Sequential(nn.Embedding(11, 8), nn.Linear(8, 11)),
            of_words(nn.CrossEntropyLoss()),
        ),
        loader(TOKENS, (TOKENS + 1) % 11),
    ),
    "the next word, flat in the step": lambda: (
        stepping(
            model := nn.Sequential(nn.Embedding(11, 8), nn.Linear(8, 11)),
            lambda x, y: F.cross_entropy(model(x).flatten(0, 1), y.flatten()),
            F.cross_entropy,
        ),
        loader(TOKENS, (TOKENS + 1) % 11),
    ),
    "CTC": ctc,
    # models of many kinds
    "a transformer": lambda: (configure(transformer()), loader(TOKENS)),
    "LSTM": lambda: (
        configure(Last(nn.LSTM(3, 5, batch_first=True))),
        loader(SEQUENCES),
    ),
    "GRU": lambda: (
        configure(Last(nn.GRU(3, 5, batch_first=True))),
        loader(SEQUENCES),
    ),
    "convolutions of words": lambda: (
        configure(convolved_words()),
        loader(TOKENS),
    ),
    "convolutions of a signal": lambda: (
        configure(nn.Sequential(nn.Conv1d(1, 4, 64), nn.Flatten())),
        loader(ROWS[:, None]),
    ),
    "convolutions of a volume": lambda: (
        configure(nn.Sequential(nn.Conv3d(1, 4, 4), nn.Flatten())),
        loader(ROWS.reshape(N, 1, 4, 4, 4)),
    ),
    "one image after another": lambda: (configure(RowByRow()), loader(X)),
    "one image after another, no channels": lambda: (
        configure(RowByRow()),
        loader(X[:, 0]),
    ),
    "a channel added in the model": lambda: (
        configure(nn.Sequential(nn.Unflatten(1, (1, 8)), network())),
        loader(X[:, 0]),
    ),
    "one image per batch": lambda: (
        configure(network()),
        loader(X, batch_size=1),
    ),
    "two results": lambda: (
        configure(
            TwoHeads(False),
            lambda yhat, y: F.cross_entropy(yhat[0], y) + yhat[1].var(),
        ),
        loader(),
    ),
    "results by name": lambda: (
        configure(TwoHeads(True), lambda z, y: F.cross_entropy(z["a"], y)),
        loader(),
    ),
    "contrastive": contrastive,
    "triplets": triplets,
    # images as they come
    "standardised images": lambda: (
        configure(network()),
        loader((X - X.mean()) / X.std()),
    ),
    "0 to 16": lambda: (configure(network()), loader((16 * X / 2).round())),
    "a normalising layer first": lambda: (
        configure(normalised(nn.BatchNorm2d(1), nn.Conv2d(1, 4, 3))),
        loader(PIXELS),
    ),
    "a normalising layer second": lambda: (
        configure(normalised(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))),
        loader(PIXELS),
    ),
    "rows of pixels, normalised": lambda: (
        configure(nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 4))),
        loader(PIXELS.flatten(1)),
    ),
    "a model that divides": lambda: (
        configure(nn.Sequential(Apply(lambda x: x / 255), network())),
        loader(PIXELS),
    ),
    "a model that takes bytes": lambda: (
        configure(nn.Sequential(Apply(lambda x: x / 255), network())),
        loader(PIXELS.to(torch.uint8)),
    ),
    "pixels seen by vmap only": lambda: (
        configure(RowsByVmap(), lr=1e-6),
        loader(PIXELS.flatten(1)),
    ),
    "sparse features": lambda: (
        configure(nn.Linear(64, 4)),
        Pieces((x.to_sparse(), y) for x, y in loader()),
    ),
    "bytes as tokens": lambda: (
        configure(
            nn.Sequential(nn.Embedding(256, 4), nn.Flatten(), nn.Linear(256, 4))
        ),
        loader(PIXELS.flatten(1).int()),
    ),
    "signs and counts": lambda: (
        configure(linear()),
        loader((ROWS * 60).round() - 20),
    ),
    "counts of words": lambda: (
        configure(linear(), lr=1e-4),
        loader((ROWS * 60).round()),
    ),
    "a few whole columns": lambda: (
        configure(nn.Linear(3, 4), lr=1e-5),
        loader((ROWS[:, :3] * 90).round()),
    ),
    "a picture made again": lambda: (
        configure(nn.Conv2d(1, 1, 3, padding=1), nn.MSELoss()),
        loader(X, X),
    ),
    # quantities
    "several quantities": lambda: (
        configure(linear(3), nn.HuberLoss()),
        loader(y=ROWS[:, :3]),
    ),
    "whole quantities": lambda: (
        configure(linear(1), nn.MSELoss()),
        loader(y=Y.reshape(-1, 1)),
    ),
    "counts": lambda: (
        configure(linear(1), nn.PoissonNLLLoss()),
        loader(y=Y.reshape(-1, 1).float()),
    ),
    **{
        name: (lambda make=make: (configure(linear()), make()))
        for name, make in SAMPLERS.items()
    },
}


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_a_healthy_loop_is_left_alone(name):
    torch.manual_seed(0)
    configuration, train_loader = ZOO[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error", CourseWarning)
        losses, val_losses = v4.train(
            configuration, train_loader, train_loader, n_epochs=2
        )
    assert len(losses) == len(val_losses) == 2


@pytest.mark.parametrize(
    "name", ["logistic", "convolutions", "a class per pixel"]
)
def test_the_look_changes_no_bit_of_a_classifier(name):
    results = []
    for looks in (True, False):
        torch.manual_seed(0)
        configuration, train_loader = ZOO[name]()
        configuration.first_look = looks
        torch.manual_seed(1)
        losses = v4.train(configuration, train_loader, train_loader, n_epochs=2)
        weights = [p.tolist() for p in configuration.model.parameters()]
        results.append((losses, weights, torch.rand(3).tolist()))
    assert results[0] == results[1]
