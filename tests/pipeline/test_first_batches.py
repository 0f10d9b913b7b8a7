"""The look at the first batches: it names faults, and leaves good loops be."""

import functools
import warnings

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DataLoader, TensorDataset

from helpers.errors import (
    CourseError,
    CourseWarning,
    DivergenceError,
    FirstBatchError,
)
from helpers.model_training import v4 as model_training
from helpers.pipeline import Configuration
from helpers.step_functions import make_train_step_fn, make_val_step_fn

X = torch.linspace(-1, 1, 40).reshape(20, 2)
Y = X.sum(dim=1, keepdim=True)
CLASSES = (X[:, 0] > 0).long()


def loader(x=X, y=Y, **options):
    return DataLoader(TensorDataset(x, y), **{"batch_size": 5, **options})


def configure(model, loss_fn=None, lr=0.01, **parts):
    loss_fn = loss_fn or nn.MSELoss()
    optimizer = parts.pop("optimizer", None) or optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=lr
    )
    defaults = {
        "train_step_fn": make_train_step_fn(model, loss_fn, optimizer),
        "val_step_fn": make_val_step_fn(model, loss_fn),
    }
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        **{**defaults, **parts},
    )


def train(configuration, train_loader=None, n_epochs=2):
    train_loader = loader() if train_loader is None else train_loader
    return model_training.train(
        configuration, train_loader, train_loader, n_epochs=n_epochs
    )


def linear(n_out=1):
    return nn.Sequential(nn.Linear(2, n_out))


# ------------------------------------------------------------------ faults


def flat_labels():
    # a data set may shape its labels anywhere; the loss is where it counts
    squeezed = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    return configure(squeezed), loader()


def no_zero_grad():
    model, loss_fn = linear(), nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def no_eval():
    model = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5))
    return configure(
        model, val_step_fn=lambda x, y: F.mse_loss(model(x), y).item()
    ), None


def no_train():
    model = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5)).eval()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def validation_trains():
    model, loss_fn = linear(), nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    step = make_train_step_fn(model, loss_fn, optimizer)
    return configure(
        model, optimizer=optimizer, val_step_fn=torch.enable_grad()(step)
    ), None


def gradients_in_validation():
    model = linear()
    step = make_val_step_fn(model, nn.MSELoss())
    return configure(model, val_step_fn=torch.enable_grad()(step)), None


def tensor_loss():
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def nan_data():
    x = X.clone()
    x[2, 1] = float("nan")
    return configure(linear()), loader(x)


def foreign_optimizer():
    other = optim.SGD(linear().parameters(), lr=0.01)
    return configure(linear(), optimizer=other), None


def cleared_too_early():
    model, loss_fn = linear(), nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def stays_in_eval():
    """No train() in the step: validation leaves dropout off for good."""
    model = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5)).train()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def never_cleared_and(between):
    """Do something to the gradients between backward and step."""
    model, loss_fn = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), F.l1_loss
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        loss = loss_fn(model(x), y)
        loss.backward()
        between(model, loss_fn, x, y)
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def clip(model, *_):
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)


def a_second_backward(model, loss_fn, x, y):
    (0.1 * loss_fn(model(2 * x), y)).backward()


def returning(value_of):
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return value_of(loss)

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def with_value(place, value):
    """Put a value that is not finite into the last batch."""
    x, y = X.clone(), Y.clone()
    (x if place == "x" else y)[-1] = value
    return configure(linear()), loader(x, y)


FAULTS = {
    "without any gradient": cleared_too_early,
    "predictions have shape": flat_labels,
    "never cleared": no_zero_grad,
    "was in train mode": no_eval,
    "was in eval mode": no_train,
    "computes gradients or updates": validation_trains,
    "Gradients are on": gradients_in_validation,
    "holds its computation graph": tensor_loss,
    "of the first batch hold nan or inf": nan_data,
    "no parameter of this model": foreign_optimizer,
    r"predictions have shape \[5, 1\] and the labels \[5\]": lambda: (
        configure(linear()),
        loader(X[:, 0].reshape(20, 1).repeat(1, 2), Y.ravel()),
    ),
    "NumPy makes float64": lambda: (configure(linear()), loader(X.double())),
    "gives no batch": lambda: (
        configure(linear()),
        loader(batch_size=32, drop_last=True),
    ),
    "cannot train on one row": lambda: (
        configure(nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))),
        loader(batch_size=19),
    ),
    "has one output": lambda: (
        configure(linear(), nn.CrossEntropyLoss()),
        loader(y=CLASSES),
    ),
    "probabilities already": lambda: (
        configure(
            nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=1)),
            nn.CrossEntropyLoss(),
        ),
        loader(y=CLASSES),
    ),
    "eval mode in the training step": stays_in_eval,
    "gradients are never cleared": lambda: never_cleared_and(clip),
    "The gradients are never": lambda: never_cleared_and(a_second_backward),
    "plain numbers": lambda: returning(lambda loss: loss.detach()),
    "returns nothing": lambda: returning(lambda loss: None),
    "returns a str": lambda: returning(str),
    "batch 3, because the features": lambda: with_value("x", float("nan")),
    "batch 3, because the labels": lambda: with_value("y", float("inf")),
    "not among the classes": lambda: (
        configure(linear(2), nn.CrossEntropyLoss()),
        loader(y=CLASSES + 1),
    ),
    r"class labels have no axis of their own": lambda: (
        configure(linear(2), nn.CrossEntropyLoss()),
        loader(y=CLASSES.reshape(-1, 1)),
    ),
    r"predictions have shape \[5, 2\] and the labels \[5, 3\]": lambda: (
        configure(linear(2)),
        loader(y=Y.repeat(1, 3)),
    ),
    "a first convolution": lambda: (configure(nn.Conv1d(1, 1, 1)), None),
    "takes probabilities": lambda: (
        configure(linear(), nn.BCELoss(), lr=0.0),
        loader(100 * X, CLASSES.float().reshape(-1, 1)),
    ),
    "does not accept this pair": lambda: (
        configure(linear(), nn.BCEWithLogitsLoss()),
        loader(y=CLASSES.float()),
    ),
    "Class labels are int64": lambda: (
        configure(linear(2), nn.CrossEntropyLoss()),
        loader(y=F.one_hot(CLASSES, 2)),
    ),
    "labels are int64": lambda: (
        configure(linear(2), nn.CrossEntropyLoss()),
        loader(y=CLASSES.to(torch.int32)),
    ),
    "last batch of an epoch has a single row": lambda: (
        configure(
            nn.Sequential(
                nn.Unflatten(1, (2, 1, 1)),
                *(nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 1)),
                nn.Dropout(0.1),
            )
        ),
        DataLoader(
            TensorDataset(X, Y),
            batch_sampler=BatchSampler(range(20), 19, False),
        ),
    ),
    "since one row has no spread": lambda: (
        configure(nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))),
        Pieces((7, 7, 5, 1)),
    ),
    "different number of them": lambda: (
        configure(linear()),
        loader(X.repeat(1, 2)),
    ),
}


class Pieces:
    """A loader of which nobody knows how long its batches are."""

    def __init__(self, sizes):
        self.sizes = sizes

    def __iter__(self):
        yield from zip(X.split(self.sizes), Y.split(self.sizes), strict=True)


def bits(configuration):
    return [p.detach().clone() for p in configuration.model.parameters()]


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_fault_is_named_and_the_model_put_back(sentence):
    configuration, train_loader = FAULTS[sentence]()
    before = bits(configuration)
    with pytest.raises(CourseError, match=sentence) as caught:
        train(configuration, train_loader)
    assert "\n" not in str(caught.value)
    after = bits(configuration)
    assert all(map(torch.equal, before, after))
    assert all(p.grad is None for p in configuration.model.parameters())


def test_a_batch_on_another_device_than_the_model():
    # "meta" is a device that every machine has
    configuration = configure(linear().to("meta"))
    with pytest.raises(CourseError, match="batch is on cpu and the model on"):
        train(configuration)


def test_divergence_names_epoch_batch_and_a_smaller_rate():
    configuration = configure(linear(), lr=1e4)
    before = bits(configuration)
    with pytest.raises(CourseError, match=r"epoch \d+, batch \d.*try 1000"):
        train(configuration, n_epochs=50)
    assert all(map(torch.equal, before, bits(configuration)))


# ------------------------------------------------------------ no false alarm


class Shared(nn.Module):
    """One layer used twice, as an autoencoder with tied weights does."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(self.layer(x)).sum(dim=1, keepdim=True)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 4, batch_first=True)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        out, _ = self.lstm(x.unsqueeze(-1))
        return self.head(out[:, -1])


def frozen():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    model[0].requires_grad_(False)
    return configure(model), None


def frozen_batch_norm():
    """Fine-tuning with batch norm held in eval mode, on purpose."""
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        model.train()
        model[1].eval()
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def accumulating():
    """The optimizer steps every second batch, which needs no clearing first."""
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    calls = 0

    def step(x, y):
        nonlocal calls
        loss = F.mse_loss(model(x), y)
        loss.backward()
        calls += 1
        if calls % 2 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def clearing_by_hand(clear):
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        clear(model)
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def set_none(model):
    for p in model.parameters():
        p.grad = None


def set_zero(model):
    for p in model.parameters():
        if p.grad is not None:
            p.grad.zero_()


def several_losses():
    model = linear(2)

    def loss_fn(yhat, y):
        return F.mse_loss(yhat[:, :1], y) + 0.1 * F.l1_loss(yhat[:, 1:], -y)

    return configure(model, loss_fn), None


def step_as_class():
    class Step:
        def __init__(self, fn):
            self.fn = fn

        def __call__(self, x, y):
            return self.fn(x, y)

    configuration, _ = several_losses()
    configuration.train_step_fn = functools.partial(
        Step(configuration.train_step_fn)
    )
    return configuration, None


def lbfgs():
    model = linear()
    optimizer = optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)

    def step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            return loss

        return optimizer.step(closure).item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def zero_data(model):
    for p in model.parameters():
        if p.grad is not None:
            p.grad.data.zero_()


def kept_gradients():
    """Gradients copied into buffers that stay, and never added up."""
    model = linear()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for p in model.parameters():
        p.grad = torch.zeros_like(p)

    def step(x, y):
        loss = F.mse_loss(model(x), y)
        parameters = list(model.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        for p, gradient in zip(parameters, gradients, strict=True):
            p.grad.copy_(gradient)
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


class SqueezingLoss(nn.MSELoss):
    def forward(self, yhat, y):
        return super().forward(yhat.squeeze(1), y)


def squeezing_step():
    """A loss of torch, given squeezed predictions by the step."""
    model, loss_fn = linear(), F.mse_loss
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def flat_loss_fn(yhat, y):
        return loss_fn(yhat.squeeze(1), y)

    return configure(
        model,
        loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, flat_loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, flat_loss_fn),
    ), loader(y=Y.ravel())


def weights_beside_labels():
    def loss_fn(yhat, y):
        return (y[:, 1:] * (yhat - y[:, :1]).square()).mean()

    return configure(linear(), loss_fn), loader(y=torch.hstack([Y, Y.abs()]))


def slopes_by_x():
    """The loss holds the slope of the model, also in validation."""
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))

    def sloped(yhat_of, x, y):
        x = x.clone().requires_grad_()
        yhat = yhat_of(x)
        (slope,) = torch.autograd.grad(yhat.sum(), x, create_graph=True)
        return F.mse_loss(yhat, y) + slope.square().mean()

    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = sloped(model, x, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    @torch.enable_grad()
    def val_step(x, y):
        return sloped(model, x, y).item()

    parts = {"train_step_fn": step, "val_step_fn": val_step}
    return configure(model, optimizer=optimizer, **parts), None


def slopes_by_weights():
    model, loss_fn = linear(), nn.MSELoss()

    @torch.enable_grad()
    def val_step(x, y):
        loss = loss_fn(model(x), y)
        slopes = torch.autograd.grad(loss, list(model.parameters()))
        return (loss + sum(slope.norm() for slope in slopes)).item()

    return configure(model, loss_fn, val_step_fn=val_step), None


def one_number_for_all():
    model, loss_fn = linear(), nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    step = make_train_step_fn(model, loss_fn, optimizer)
    return configure(
        model,
        loss_fn,
        optimizer=optimizer,
        train_step_fn=lambda x, y: step(x, torch.tensor(1.0)),
    ), None


def optimised_input():
    model, picture = linear(), torch.zeros(5, 2, requires_grad=True)
    optimizer = optim.Adam([picture])

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(picture), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def zero_grad_first(model, optimizer, **parts):
    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step, **parts)


def sparse():
    model = nn.Sequential(nn.EmbeddingBag(3, 1, sparse=True))
    optimizer = optim.SparseAdam(list(model.parameters()))
    features = torch.arange(40).reshape(20, 2) % 3
    return zero_grad_first(model, optimizer), loader(features)


class Lookahead(optim.Optimizer):
    """Written as many are found: without ``super().__init__``."""

    def __init__(self, base):
        self.base, self.param_groups = base, base.param_groups
        self.step, self.zero_grad = base.step, base.zero_grad
        self.state_dict = base.state_dict
        self.load_state_dict = base.load_state_dict


class Both:
    """Two optimizers that behave as one."""

    def __init__(self, *optimizers):
        self.optimizers = optimizers

    def step(self):
        for optimizer in self.optimizers:
            optimizer.step()

    def zero_grad(self):
        for optimizer in self.optimizers:
            optimizer.zero_grad()


def two_optimizers():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    both = Both(
        optim.SGD(model[0].parameters(), lr=0.01),
        optim.Adam(model[1].parameters()),
    )
    return configure(model, optimizer=both), None


def adversaries():
    """The loss of one part reaches into the other, which clears later."""
    first, second = nn.Linear(2, 2), nn.Linear(2, 1)
    model = nn.Sequential(first, second)
    optimizers = [optim.SGD(m.parameters(), lr=0.01) for m in (first, second)]

    def step(x, y):
        for optimizer, sign in zip(optimizers[::-1], (1, -1), strict=True):
            optimizer.zero_grad()
            loss = (sign * model(x)).exp().mean()
            loss.backward()
            optimizer.step()
        return loss.item()

    return configure(model, optimizer=optimizers[0], train_step_fn=step), None


def lazy():
    model = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d(), nn.Tanh())
    model.append(nn.Linear(3, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    return configure(model, optimizer=optimizer), None


def scaled():
    model, scaler = linear(), torch.amp.GradScaler("cpu")
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        loss = F.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        return loss.item()

    return configure(model, optimizer=optimizer, train_step_fn=step), None


def rows_of_pictures():
    """One row is enough for batch norm where it has several pixels."""
    model = nn.Sequential(
        *(nn.Unflatten(1, (1, 2)), nn.BatchNorm1d(1)),
        *(nn.Flatten(), nn.Linear(2, 1)),
    )
    return configure(model), loader(batch_size=19)


ORDINARY = {
    "grad.data.zero_ by hand": lambda: clearing_by_hand(zero_data),
    "gradients copied": kept_gradients,
    "flat labels, flat predictions": lambda: (
        configure(nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))),
        loader(y=Y.ravel()),
    ),
    "flat logits": lambda: (
        configure(
            nn.Sequential(nn.Linear(2, 1), nn.Flatten(0)),
            nn.BCEWithLogitsLoss(),
        ),
        loader(y=CLASSES.float()),
    ),
    "a loss that squeezes": lambda: (
        configure(linear(), SqueezingLoss()),
        loader(y=Y.ravel()),
    ),
    "a step that squeezes": squeezing_step,
    "weights beside labels": weights_beside_labels,
    "slopes by x": slopes_by_x,
    "slopes by weights": slopes_by_weights,
    "one number for all": one_number_for_all,
    "several predictions of one label": lambda: (configure(linear(5)), None),
    "an optimised input": optimised_input,
    "sparse gradients": sparse,
    "an optimizer without hooks": lambda: (
        configure(
            m := linear(),
            optimizer=Lookahead(optim.SGD(m.parameters(), lr=0.01)),
        ),
        None,
    ),
    "two optimizers": two_optimizers,
    "adversaries": adversaries,
    "lazy layers": lazy,
    "scaled gradients": scaled,
    "batch norm of one row of pixels": rows_of_pictures,
    "linear": lambda: (configure(linear()), None),
    "adam": lambda: (
        configure(m := linear(), optimizer=optim.Adam(m.parameters())),
        None,
    ),
    "frozen layer": frozen,
    "frozen batch norm": frozen_batch_norm,
    "shared parameters": lambda: (configure(Shared()), None),
    "recurrent": lambda: (configure(Recurrent()), None),
    "embedding": lambda: (
        configure(
            nn.Sequential(nn.Embedding(3, 4), nn.Flatten(), nn.Linear(8, 1))
        ),
        loader(torch.randint(3, (20, 2))),
    ),
    "no labels": lambda: (
        configure(nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 2))),
        loader(y=X),
    ),
    "classes": lambda: (
        configure(linear(3), nn.CrossEntropyLoss()),
        loader(y=CLASSES),
    ),
    "class probabilities": lambda: (
        configure(linear(2), nn.CrossEntropyLoss()),
        loader(y=F.one_hot(CLASSES, 2).float()),
    ),
    "one logit": lambda: (
        configure(linear(), nn.BCEWithLogitsLoss()),
        loader(y=CLASSES.float().reshape(-1, 1)),
    ),
    "dropout": lambda: (
        configure(nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.2))),
        None,
    ),
    "batch norm": lambda: (
        configure(nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))),
        loader(batch_size=6),
    ),
    "several losses": several_losses,
    "step of another style": step_as_class,
    "accumulating gradients": accumulating,
    "accumulating over an odd number of batches": lambda: (
        accumulating()[0],
        loader(batch_size=7),
    ),
    "grad = None by hand": lambda: clearing_by_hand(set_none),
    "grad.zero_ by hand": lambda: clearing_by_hand(set_zero),
    "zero_grad of the model": lambda: clearing_by_hand(nn.Module.zero_grad),
    "L-BFGS": lbfgs,
    "weight decay and momentum": lambda: (
        configure(
            m := linear(),
            optimizer=optim.SGD(
                m.parameters(), lr=0.01, momentum=0.9, weight_decay=0.1
            ),
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_no_false_alarm(name):
    torch.manual_seed(0)
    configuration, train_loader = ORDINARY[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error", CourseWarning)
        losses, val_losses = train(configuration, train_loader)
    assert len(losses) == len(val_losses) == 2


def test_watching_changes_no_bit():
    """The same loop without a watch ends at the same weights and losses."""
    torch.manual_seed(1)
    watched = configure(
        nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.3), nn.Linear(4, 1))
    )
    torch.manual_seed(1)
    plain = configure(
        nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.3), nn.Linear(4, 1))
    )
    torch.manual_seed(2)
    losses, _ = train(watched, loader(), n_epochs=3)
    torch.manual_seed(2)
    plain_losses, _ = model_training.train.__wrapped__(
        plain, loader(), loader(), n_epochs=3
    )
    assert losses == plain_losses
    assert all(map(torch.equal, bits(watched), bits(plain)))


def test_what_an_optimizer_carries_stays_its_own():
    configuration = configure(linear())
    optimizer, calls = configuration.optimizer, []

    def zero_grad(set_to_none=True):
        calls.append(set_to_none)
        optim.SGD.zero_grad(optimizer, set_to_none)

    optimizer.zero_grad = zero_grad
    train(configuration)
    assert optimizer.zero_grad is zero_grad
    assert len(calls) == 8


def test_no_hook_stays_behind():
    configuration = configure(
        nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1)), nn.MSELoss()
    )
    train(configuration)
    optimizer = configuration.optimizer
    found = [optimizer._optimizer_step_post_hooks]
    for module in (*configuration.model.modules(), configuration.loss_fn):
        found += [module._forward_pre_hooks, module._forward_hooks]
    for p in configuration.model.parameters():
        found += [p._backward_hooks, p._post_accumulate_grad_hooks]
    assert not any(found)


# ---------------------------------------------------- going on all the same

SWITCHABLE = [
    "never cleared",
    "was in train mode",
    "was in eval mode",
    "computes gradients or updates",
    "Gradients are on",
    "no parameter of this model",
    "without any gradient",
    "predictions have shape",
    "probabilities already",
]


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("sentence", SWITCHABLE)
def test_an_alarm_can_be_switched_off_and_says_how(sentence):
    configuration, train_loader = FAULTS[sentence]()
    with pytest.raises(FirstBatchError, match="first_look = False"):
        train(configuration, train_loader)
    configuration, train_loader = FAULTS[sentence]()
    configuration.first_look = False
    losses, _ = train(configuration, train_loader)
    assert len(losses) == 2


def test_without_the_look_a_diverging_run_still_ends():
    configuration = configure(linear(), lr=1e4)
    configuration.first_look = False
    before = bits(configuration)
    with pytest.raises(DivergenceError, match="as they were before"):
        train(configuration, n_epochs=50)
    assert all(map(torch.equal, before, bits(configuration)))


# ----------------------------------------------------------------- putting back


def test_a_mended_step_starts_without_the_gradients_of_the_broken_one():
    broken, _ = no_zero_grad()
    torch.manual_seed(4)
    broken.model[0].reset_parameters()
    with pytest.raises(FirstBatchError):
        train(broken)
    fresh = configure(linear())
    fresh.model.load_state_dict(broken.model.state_dict())
    broken.train_step_fn = make_train_step_fn(
        broken.model, broken.loss_fn, broken.optimizer
    )
    assert train(broken) == train(fresh)


def test_modes_and_schedule_are_put_back_too():
    configuration, _ = no_zero_grad()
    configuration.model.eval()
    scheduler = optim.lr_scheduler.StepLR(configuration.optimizer, 1)
    configuration.scheduler = scheduler
    step = configuration.train_step_fn

    def train_step_fn(x, y):
        configuration.model.train()
        loss = step(x, y)
        scheduler.step()
        return loss

    configuration.train_step_fn = train_step_fn
    with pytest.raises(FirstBatchError):
        train(configuration)
    assert scheduler.last_epoch == 0
    assert configuration.optimizer.param_groups[0]["lr"] == 0.01
    assert not any(m.training for m in configuration.model.modules())


def test_lazy_layers_are_put_back_to_what_the_first_batch_made_of_them():
    torch.manual_seed(5)
    configuration = configure(nn.Sequential(nn.LazyLinear(1)), lr=1e4)
    seen = []
    configuration.model.register_forward_hook(
        lambda *_: seen.append(bits(configuration)), prepend=True
    )
    with pytest.raises(DivergenceError):
        train(configuration, n_epochs=50)
    assert all(map(torch.equal, seen[0], bits(configuration)))


def test_a_run_that_breaks_off_otherwise_keeps_what_it_learned():
    configuration = configure(linear())
    step, calls = configuration.train_step_fn, []

    def train_step_fn(x, y):
        calls.append(x)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return step(x, y)

    configuration.train_step_fn = train_step_fn
    before = bits(configuration)
    with pytest.raises(KeyboardInterrupt):
        train(configuration)
    assert not any(map(torch.equal, before, bits(configuration)))
