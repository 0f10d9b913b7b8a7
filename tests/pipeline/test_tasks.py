"""The versions know no task: other shapes, losses and models train as they are.

Each task is trained with every version from 2 to 6 and compared with a loop
that is written out here and uses nothing of ours.
"""

import numpy as np
import pytest
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split

from helpers.checkpoints import load_checkpoint
from helpers.errors import CourseError
from helpers.pipeline import Configuration
from helpers.randomness import epoch_seed
from helpers.step_functions import make_train_step_fn, make_val_step_fn
from tests.tools import identical, version

N = 70  # 56 and 14 points: ragged last batches of both
N_EPOCHS = 4


def pictures():
    """Draw N small pictures of three classes: a bar at one of three places."""
    generator = np.random.default_rng(0)
    classes = generator.integers(0, 3, N)
    x = 0.3 * generator.standard_normal((N, 1, 8, 8))
    for picture, place in zip(x, classes, strict=True):
        picture[0, :, 2 * place + 1] += 1
    return x.astype(np.float32), classes


def two_numbers():
    generator = np.random.default_rng(1)
    x = generator.random((N, 3))
    return x, np.stack([x.sum(axis=1), x[:, 0] - x[:, 1]], axis=1)


def network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3)
    )


def wide():
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))


def regularised():
    return nn.Sequential(
        *(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU()),
        *(nn.Dropout(0.3), nn.Linear(8, 2)),
    )


def sgd(parameters):
    return optim.SGD(parameters, lr=0.05, momentum=0.9)


# the points, the model, its loss, its optimizer
TASKS = {
    "classes": (pictures, network, nn.CrossEntropyLoss, optim.Adam),
    "two outputs": (two_numbers, wide, nn.MSELoss, sgd),
    "batch norm and dropout": (two_numbers, regularised, nn.MSELoss, sgd),
}


def configure(task):
    _, make_model, make_loss_fn, make_optimizer = TASKS[task]
    torch.manual_seed(2)
    model, loss_fn = make_model(), make_loss_fn()
    optimizer = make_optimizer(model.parameters())
    return Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
        writer=None,
    )


def loaders(task, number):
    points = TASKS[task][0]()
    stage = version("data_preparation", 1 if number < 4 else 2)
    made = stage.prepare_data(*points)
    return made if isinstance(made, tuple) else (made,)


def loaders_by_hand(task, number):
    """Make the same loaders with nothing of ours."""
    x, y = TASKS[task][0]()
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor(y, dtype=torch.int64 if y.ndim == 1 else torch.float32)
    generator = torch.Generator().manual_seed(13)
    parts = [TensorDataset(x, y)]
    if number >= 4:
        parts = random_split(parts[0], [0.8, 0.2], generator)
    first = DataLoader(parts[0], 16, shuffle=True, generator=generator)
    return [first, *(DataLoader(part, 16) for part in parts[1:])], generator


def loop_by_hand(task, number):
    """Train as version ``number`` should, in one plain loop."""
    torch.manual_seed(2)
    _, make_model, make_loss_fn, make_optimizer = TASKS[task]
    model, loss_fn = make_model(), make_loss_fn()
    optimizer = make_optimizer(model.parameters())
    (train_loader, *rest), generator = loaders_by_hand(task, number)
    is_weighted = number >= 4
    torch.manual_seed(3)
    losses, val_losses = [], []
    for epoch in range(N_EPOCHS):
        if number == 6:
            torch.manual_seed(epoch_seed(13, epoch))
            generator.manual_seed(epoch_seed(13, epoch))
        model.train()
        total = count = 0
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            n = len(x) if is_weighted else 1
            total, count = total + loss.item() * n, count + n
        losses.append(total / count)
        if rest:
            model.eval()
            total = count = 0
            with torch.no_grad():
                for x, y in rest[0]:
                    total += loss_fn(model(x), y).item() * len(x)
                    count += len(x)
            val_losses.append(total / count)
    return losses, val_losses, model


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("number", [2, 3, 4, 5, 6])
def test_any_task_trains_as_a_plain_loop_does(task, number):
    configuration = configure(task)
    data = loaders(task, number)
    torch.manual_seed(3)
    result = version("model_training", number).train(
        configuration, *data, n_epochs=N_EPOCHS
    )
    losses, val_losses = result if number >= 4 else (result, [])
    expected, expected_val, model = loop_by_hand(task, number)
    if number == 2:  # numpy adds up in another order than a sum does
        assert losses == pytest.approx(expected, rel=1e-12)
    else:
        assert losses == expected
    assert val_losses == expected_val
    assert identical(configuration.model.state_dict(), model.state_dict())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("task", TASKS)
def test_any_task_resumes_bit_for_bit(task, tmp_path):
    train = version("model_training", 6).train
    straight = configure(task)
    expected = train(straight, *loaders(task, 6), n_epochs=6)

    path = tmp_path / "checkpoint.pt"
    first = configure(task)
    options = {"checkpoint_path": path, "checkpoint_every": 3}
    train(first, *loaders(task, 6), n_epochs=3, **options)
    second = configure(task)
    torch.manual_seed(99)  # what was drawn before does not matter
    done = load_checkpoint(path, second)
    found = train(second, *loaders(task, 6), n_epochs=6, resume_from=done)
    assert found == expected
    for part in ("model", "optimizer"):
        assert identical(
            getattr(second, part).state_dict(),
            getattr(straight, part).state_dict(),
        )


# -------------------------------------------------------- labels of any shape


def labels_of(y):
    loader = version("data_preparation", 1).prepare_data(np.ones((4, 2)), y)
    return loader.dataset.tensors[1]


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (np.array([0, 2, 1, 1]), torch.int64),
        (np.array([0, 2, 1, 1], dtype=np.uint8), torch.int64),
        (torch.tensor([0, 2, 1, 1], dtype=torch.int32), torch.int64),
        (np.zeros((4, 3, 3), dtype=int), torch.int64),  # a class per pixel
        (np.array([[0], [2], [1], [1]]), torch.float32),
        (np.array([0.0, 2, 1, 1]), torch.float32),
        (np.ones((4, 2)), torch.float32),
        (np.ones((4, 1, 5)), torch.float32),
        (np.array([True, False, True, True]), torch.float32),
    ],
)
def test_whole_numbers_are_classes_unless_they_are_columns(y, dtype):
    labels = labels_of(y)
    assert labels.dtype is dtype
    assert labels.shape == y.shape
    assert labels.tolist() == np.asarray(y).astype(float).tolist()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_version_prepares_pictures_and_classes(number):
    x, y = pictures()
    made = version("data_preparation", number).prepare_data(x, y)
    if number == 0:
        batches = [made]
    else:
        made = made if number == 2 else (made,)
        batches = [batch for loader in made for batch in loader]
    assert sum(len(labels) for _, labels in batches) == N
    for features, labels in batches:
        assert features.dtype is torch.float32
        assert features.shape == (len(labels), 1, 8, 8)
        assert labels.dtype is torch.int64 and labels.ndim == 1


def test_flat_labels_are_named_where_they_meet_columns():
    x, y = two_numbers()
    data = version("data_preparation", 2).prepare_data(x, y[:, 0])
    configuration = configure("two outputs")
    configuration.model[2] = nn.Linear(8, 1)
    configuration.optimizer = sgd(configuration.model.parameters())
    with pytest.raises(CourseError, match=r"\[16, 1\] and the labels \[16\]"):
        version("model_training", 4).train(configuration, *data, n_epochs=1)


def test_flat_labels_are_right_for_a_model_that_squeezes():
    x, y = two_numbers()
    data = version("data_preparation", 2).prepare_data(x, y[:, 0])
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0))
    loss_fn, optimizer = nn.MSELoss(), sgd(model.parameters())
    configuration = Configuration(
        device=torch.device("cpu"),
        model=model,
        loss_fn=loss_fn,
        optimizer=optimizer,
        train_step_fn=make_train_step_fn(model, loss_fn, optimizer),
        val_step_fn=make_val_step_fn(model, loss_fn),
    )
    losses, _ = version("model_training", 4).train(
        configuration, *data, n_epochs=20
    )
    assert losses[-1] < 0.1 * losses[0]
