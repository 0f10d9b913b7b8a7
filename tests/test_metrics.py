"""Metrics against counting one row after another."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.metrics import (
    accuracy,
    confusion_matrix,
    number_correct,
    predict_all,
)
from helpers.mini_batch.v1 import mini_batch
from helpers.step_functions import make_val_step_fn


def logits_and_classes(n=53, n_classes=4):
    generator = torch.Generator().manual_seed(n)
    yhat = torch.randn(n, n_classes, generator=generator)
    y = torch.randint(n_classes, (n,), generator=generator)
    return yhat, y


def counted(yhat, y):
    rows = zip(yhat.tolist(), y.tolist(), strict=True)
    return sum(row.index(max(row)) == label for row, label in rows)


def test_accuracy_and_number_correct_count_rows():
    yhat, y = logits_and_classes()
    n = counted(yhat, y)
    assert 0 < n < len(y)
    assert number_correct(yhat, y) == n
    assert type(number_correct(yhat, y)) is int
    assert accuracy(yhat, y).shape == ()
    assert accuracy(yhat, y).item() == pytest.approx(n / len(y))


@pytest.mark.parametrize("batch_size", [1, 7, 16, 53, 100])
def test_a_step_and_the_inner_loop_of_part_one_measure_it(batch_size):
    yhat, y = logits_and_classes()
    loader = DataLoader(TensorDataset(yhat, y), batch_size=batch_size)
    step_fn = make_val_step_fn(nn.Identity(), accuracy)
    share = mini_batch("cpu", loader, step_fn)
    assert share == pytest.approx(counted(yhat, y) / len(y), abs=1e-7)


def test_predict_all_predicts_in_eval_mode_and_leaves_no_trace():
    body = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8))
    model = nn.Sequential(body, nn.Dropout(0.5), nn.Linear(8, 2))
    body.eval()  # a mixture of modes, to be found again
    modes = [module.training for module in model.modules()]
    before = {k: v.clone() for k, v in model.state_dict().items()}
    x, y = torch.randn(11, 3), torch.arange(11)
    loader = DataLoader(TensorDataset(x, y), batch_size=4)
    predictions, labels = predict_all(model, loader)
    assert [module.training for module in model.modules()] == modes
    assert torch.is_grad_enabled() and not predictions.requires_grad
    assert torch.equal(labels, y)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    model.eval()
    assert torch.allclose(predictions, model(x), atol=1e-6)


def test_predict_all_puts_the_mode_back_after_an_error():
    model = nn.Linear(3, 1)
    loader = DataLoader(TensorDataset(torch.zeros(2, 4), torch.zeros(2)))
    with pytest.raises(RuntimeError):
        predict_all(model, loader)
    assert model.training and torch.is_grad_enabled()


def test_a_confusion_matrix_counts_pairs_rows_are_true_classes():
    generator = np.random.default_rng(3)
    labels, predicted = generator.integers(4, size=(2, 60))  # of 6 classes
    expected = np.zeros((6, 6), dtype=int)
    for true, guess in zip(labels, predicted, strict=True):
        expected[true, guess] += 1
    counts = confusion_matrix(
        torch.as_tensor(predicted), torch.as_tensor(labels), 6
    )
    assert counts.tolist() == expected.tolist()
    assert counts.dtype == torch.int64
