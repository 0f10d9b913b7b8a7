"""MNIST-1D: the signals of the course, and files in their place."""

import hashlib
import re
import sys
import types

import numpy as np
import pytest
import torch

from helpers.data_preparation.v2 import prepare_data
from helpers.datasets import mnist_1d
from helpers.datasets.mnist_1d import MNIST_1D, load_mnist_1d
from helpers.errors import DataError
from tests.tools import ROOT, assert_one_sentence


@pytest.mark.parametrize(("part", "n"), [("train", 4000), ("test", 1000)])
def test_the_signals(part, n):
    x, y, class_names = load_mnist_1d(part)
    assert x.shape == (n, 40) and x.dtype == np.float32
    assert y.shape == (n,) and y.dtype == np.int64
    assert class_names == tuple("0123456789")
    assert abs(x.mean()) < 0.02 and abs(x.std() - 1) < 0.02
    # of 5,000 signals, 500 belong to each class
    assert np.bincount(y, minlength=10).min() > n / 10 - 25


def test_both_parts_are_what_they_were():
    content = b"".join(
        array.tobytes()
        for part in ("train", "test")
        for array in load_mnist_1d(part)[:2]
    )
    assert hashlib.sha256(content).hexdigest()[:16] == "fb563feda6e40422"


def test_no_signal_is_in_both_parts():
    train, test = (
        set(map(bytes, load_mnist_1d(p).x)) for p in mnist_1d.N_SIGNALS
    )
    assert len(train) == 4000 and not train & test


def test_the_pipeline_takes_them():
    signals = load_mnist_1d()
    x_batch, y_batch = next(iter(prepare_data(signals.x, signals.y)[0]))
    assert x_batch.shape == (16, 40) and x_batch.dtype == torch.float32
    assert y_batch.shape == (16,) and y_batch.dtype == torch.int64


def test_the_file_is_small_and_its_origin_is_said():
    assert MNIST_1D.stat().st_size < 180_000
    said = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    row = next(line for line in said.splitlines() if "`mnist_1d.npz`" in line)
    assert "Apache 2.0" in row and "greydanus/mnist1d" in row


def test_the_readme_tells_how_it_was_made(tmp_path, monkeypatch):
    """Its lines, with our signals in place of new ones, make the file."""
    said = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    program = next(
        block
        for block in re.findall(r"(?s)```python\n(.*?)```", said)
        if "mnist1d" in block
    )
    train, test = load_mnist_1d(), load_mnist_1d("test")
    drawn = {"x": train.x, "y": train.y, "x_test": test.x, "y_test": test.y}
    module = types.ModuleType("mnist1d.data")
    module.__dict__.update(
        get_dataset_args=dict, make_dataset=lambda options: drawn
    )
    monkeypatch.setitem(sys.modules, "mnist1d", types.ModuleType("mnist1d"))
    monkeypatch.setitem(sys.modules, "mnist1d.data", module)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    exec(program, {})
    made = tmp_path / "data" / "mnist_1d.npz"
    with np.load(made) as new, np.load(MNIST_1D) as ours:
        assert list(new) == list(ours)
        assert all(np.array_equal(new[name], ours[name]) for name in ours)
        assert all(array.dtype == np.uint8 for array in new.values())


@pytest.mark.parametrize("part", ["val", "", None, 0, ["train"]])
def test_another_part(part):
    with pytest.raises(DataError) as caught:
        load_mnist_1d(part)
    assert '"train" and "test"' in assert_one_sentence(caught.value)


def wrong_arrays():
    with np.load(MNIST_1D) as arrays:
        good = dict(arrays)
    signals, labels = good["train_signals"], good["train_labels"]
    yield {}
    yield {"train_labels": labels}
    yield good | {"train_signals": signals[:, :39]}
    yield good | {"train_signals": signals / 23}
    yield good | {"train_signals": signals.reshape(4000, 4, 10)}
    yield good | {"train_labels": labels[1:]}
    yield good | {"train_labels": labels + 1}
    yield good | {"train_labels": labels.astype(np.int64)}


@pytest.mark.parametrize("number", range(8))
def test_other_files_in_its_place(number, tmp_path, monkeypatch):
    path = tmp_path / "mnist_1d.npz"
    np.savez(path, **list(wrong_arrays())[number])
    monkeypatch.setattr(mnist_1d, "MNIST_1D", path)
    with pytest.raises(DataError) as caught:
        load_mnist_1d()
    assert "git checkout" in assert_one_sentence(caught.value)


@pytest.mark.parametrize("n_bytes", [0, 100, 90_000])
def test_a_cut_file(n_bytes, tmp_path, monkeypatch):
    path = tmp_path / "mnist_1d.npz"
    path.write_bytes(MNIST_1D.read_bytes()[:n_bytes])
    monkeypatch.setattr(mnist_1d, "MNIST_1D", path)
    with pytest.raises(DataError) as caught:
        load_mnist_1d()
    assert_one_sentence(caught.value)
