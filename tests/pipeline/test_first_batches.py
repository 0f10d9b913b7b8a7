"""The look at the first batches: it names faults, and leaves good loops be."""

import functools

import pytest
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from helpers.errors import CourseError
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


FAULTS = {
    "without any gradient": cleared_too_early,
    "predictions have shape": flat_labels,
    "never cleared": no_zero_grad,
    "was in train mode": no_eval,
    "was in eval mode": no_train,
    "computes gradients or updates": validation_trains,
    "Gradients are on": gradients_in_validation,
    "drags its graph": tensor_loss,
    "hold nan or inf": nan_data,
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
    "batch of one row": lambda: (
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
    "another number of them": lambda: (
        configure(linear()),
        loader(X.repeat(1, 2)),
    ),
}


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


ORDINARY = {
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
