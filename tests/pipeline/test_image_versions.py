"""The versions for images and classes, and metrics beside the loss."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.checkpoints import (
    CheckpointError,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from helpers.datasets.digits import load_digits
from helpers.errors import DataError, PairingError
from helpers.metrics import number_correct, predict_all
from helpers.runs import read_scalars
from helpers.step_functions import make_val_step_fn
from tests.tools import assert_one_sentence, configure, identical, version

DIGITS = load_digits()


def loaders(n=300, **options):
    prepare_data = version("data_preparation", 3).prepare_data
    options = {"highest": DIGITS.highest, **options}
    return prepare_data(DIGITS.images[:n], DIGITS.labels[:n], **options)


def train(number, configuration, *data, **options):
    module = version("model_training", number)
    return module.train(configuration, *data, **options)


# ------------------------------------------------------------------- data


def test_every_image_is_in_one_part_scaled_with_its_label():
    parts = loaders(n=None)
    assert [len(part.dataset) for part in parts] == [1438, 359]
    rows = [row for part in parts for row in part.dataset.indices]
    assert sorted(rows) == list(range(1797))
    for part in parts:
        x, y = part.dataset[5]
        row = part.dataset.indices[5]
        assert x.shape == (1, 8, 8) and x.dtype == torch.float32
        assert y.dtype == torch.int64 and int(y) == DIGITS.labels[row]
        assert np.allclose(x[0].numpy() * 16, DIGITS.images[row])
    x, _ = next(iter(parts[0]))
    assert x.shape == (32, 1, 8, 8)


@pytest.mark.parametrize(
    ("images", "highest"),
    [
        (DIGITS.images[:, None], 16),  # with a channel axis
        (DIGITS.images, 15),  # a pixel above
        (DIGITS.images / -16, 1),  # below 0
        (DIGITS.images, 0),
        (DIGITS.images.reshape(-1, 64), 16),
    ],
)
def test_other_images_are_refused_in_a_sentence(images, highest):
    prepare_data = version("data_preparation", 3).prepare_data
    with pytest.raises(DataError) as caught:
        prepare_data(images, DIGITS.labels, highest=highest)
    assert_one_sentence(caught.value)


def test_the_split_is_that_of_version_2():
    before = version("data_preparation", 2).prepare_data(
        DIGITS.images, DIGITS.labels
    )
    for earlier, later in zip(before, loaders(n=None), strict=True):
        assert list(earlier.dataset.indices) == list(later.dataset.indices)


# ------------------------------------------------------- training, unchanged


@pytest.mark.parametrize("number", [4, 5])
@pytest.mark.parametrize("training", [4, 5, 6])
def test_the_training_of_part_one_trains_a_classifier(training, number):
    configuration = configure(number)
    train_loader, val_loader = loaders(n=600)
    n_epochs = {4: 12, 5: 6}[number]
    losses, val_losses = train(
        training, configuration, train_loader, val_loader, n_epochs=n_epochs
    )
    assert losses[-1] < 0.4 * losses[0] and len(val_losses) == n_epochs
    logits, y = predict_all(
        configuration.model, val_loader, configuration.device
    )
    assert val_losses[-1] == pytest.approx(
        nn.functional.cross_entropy(logits, y).item(), abs=1e-5
    )
    assert number_correct(logits, y) > 0.75 * len(y)


@pytest.mark.parametrize("number", [4, 5])
def test_a_configuration_starts_equal_each_time_and_logs_its_graph(number):
    options = {"run_name": f"images/v{number}"}
    first, second = configure(number, **options), configure(number)
    assert identical(first.model.state_dict(), second.model.state_dict())
    assert second.writer is None
    first.writer.close()


# ---------------------------------------------------------------- metrics


def test_v7_is_v6_with_metrics_beside_it():
    results = []
    for number in (6, 7):
        configuration = configure(5)
        losses, val_losses, *metrics = train(
            number, configuration, *loaders(), n_epochs=3
        )
        results.append((losses, val_losses, configuration.model.state_dict()))
    assert identical(*results)
    (metrics,) = metrics
    logits, y = predict_all(configuration.model, loaders()[1])
    assert list(metrics) == ["accuracy"] and len(metrics["accuracy"]) == 3
    assert metrics["accuracy"][-1] == pytest.approx(
        number_correct(logits, y) / len(y)
    )


def mean_confidence(yhat, y):
    return yhat.softmax(dim=1).amax(dim=1).mean()


def error(yhat, y):
    return (yhat.argmax(dim=1) != y).float().mean()


def with_metrics(*functions):
    configuration = configure(5)
    configuration.metric_step_fns = {
        fn.__name__: make_val_step_fn(configuration.model, fn)
        for fn in functions
    }
    return configuration


def test_any_metric_that_is_a_mean_over_rows(tmp_path):
    configuration = with_metrics(error, mean_confidence)
    *_, metrics = train(7, configuration, *loaders(), n_epochs=2)
    logits, y = predict_all(configuration.model, loaders()[1])
    for fn in (error, mean_confidence):
        assert metrics[fn.__name__][-1] == pytest.approx(
            fn(logits, y).item(), abs=1e-6
        )
    none = with_metrics()
    *_, metrics = train(7, none, *loaders(), n_epochs=1)
    assert metrics == {}


def test_metrics_are_logged_under_tags_of_their_own():
    run_name = "images/metrics"
    configuration = configure(5, run_name=run_name)
    losses, _, metrics = train(7, configuration, *loaders(), n_epochs=3)
    scalars = read_scalars(run_name)
    assert scalars["accuracy/validation"][0] == [0, 1, 2]
    assert scalars["accuracy/validation"][1] == pytest.approx(
        metrics["accuracy"]
    )
    assert scalars["loss/training"][1] == pytest.approx(losses)


def test_a_version_that_needs_metrics_says_who_has_them():
    with pytest.raises(PairingError, match=r"first version with it is v5"):
        train(7, configure(4), *loaders(), n_epochs=1)


# ---------------------------------------------------------------- resuming


def saved_after(epochs, path, **options):
    configuration = configure(5)
    train(
        7, configuration, *loaders(), n_epochs=epochs,
        checkpoint_path=path, checkpoint_every=epochs, **options,
    )  # fmt: skip
    return path


def test_a_resumed_run_equals_an_undisturbed_one(tmp_path):
    straight = configure(5)
    expected = train(7, straight, *loaders(), n_epochs=4)
    path = saved_after(2, tmp_path / "half.pt")
    resumed = configure(5)
    checkpoint = load_checkpoint(path, resumed)
    found = train(7, resumed, *loaders(), n_epochs=4, resume_from=checkpoint)
    assert found == expected
    assert identical(straight.model.state_dict(), resumed.model.state_dict())
    assert checkpoint.metrics["accuracy"] == expected[2]["accuracy"][:2]


def test_other_metrics_than_those_of_the_file_are_refused(tmp_path):
    path = saved_after(1, tmp_path / "one.pt")
    configuration = with_metrics(error)
    checkpoint = load_checkpoint(path, configuration)
    with pytest.raises(CheckpointError, match=r"accuracy.*error") as caught:
        train(7, configuration, *loaders(), n_epochs=2, resume_from=checkpoint)
    assert_one_sentence(caught.value)


def test_a_file_without_metrics_serves_a_run_without(tmp_path):
    path, configuration = tmp_path / "v6.pt", configure(5)
    train(
        6, configuration, *loaders(), n_epochs=1,
        checkpoint_path=path, checkpoint_every=1,
    )  # fmt: skip
    assert "metrics" not in read_checkpoint(path)
    again = configure(5)
    checkpoint = load_checkpoint(path, again)
    with pytest.raises(CheckpointError, match=r"holds no metrics"):
        train(7, again, *loaders(), n_epochs=2, resume_from=checkpoint)
    train(6, again, *loaders(), n_epochs=2, resume_from=checkpoint)


@pytest.mark.parametrize(
    "metrics",
    [
        {"accuracy": [0.5]},  # of two epochs
        {"accuracy": [0.5, float("nan")]},
        {"accuracy": [0.5, "high"]},
        {"accuracy": 0.5},
    ],
)
def test_metrics_that_no_run_could_have_are_not_saved(tmp_path, metrics):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"as it was")
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(path, configure(5), [1.0, 0.5], [1.0, 0.5], metrics)
    assert_one_sentence(caught.value)
    assert path.read_bytes() == b"as it was"
