"""Chapter 13 as code: the losses of its versions, and its other dataset."""

import gzip
import hashlib
import linecache
import re
import struct

import numpy as np
import pytest
import torch

from helpers.datasets import fashion_mnist
from helpers.datasets.downloads import RemoteFile
from tests.tools import NOTEBOOKS, python_of, read

(PAGE,) = NOTEBOOKS.glob("13_*.ipynb")
EXACT = {(1, 2), (3, 4), (4, 5)}  # the same operations in the same order
N_FAKE = 800


def cells():
    """Give the code of every cell that is not an exercise or the quiz."""
    for cell in read(PAGE).cells:
        practice = {"exercise", "quiz"} & set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and not practice:
            yield cell.id, python_of(cell).replace("set_up()\n", "\n")


def run(names, *wanted):
    """Execute cells as a page does, so that their sources can be found."""
    for ident, source in cells():
        if any(re.search(f"(?m){one}", source) for one in wanted):
            file = f"<{PAGE.name}, {ident}>"
            lines = source.splitlines(keepends=True)
            linecache.cache[file] = (len(source), None, lines, file)
            exec(compile(source, file, "exec"), names)


@pytest.fixture(scope="module")
def page():
    """Run the page as far as the last refactoring."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    names = {"__name__": "__main__"}
    run(
        names,
        *(r"^import torch\n", r"= load_digits\(\)", r"^def log_softmax"),
        *(
            r"^def from_scratch|= 32, 5, 0.5",
            r"^def compare",
            r"losses_[1-7] =",
        ),
        *(r"^class Logistic", r"^def loss_batch", r"^def fit\("),
        r"^class WrappedDataLoader",
    )
    yield names
    torch.set_num_threads(threads)
    for name in [name for name in linecache.cache if PAGE.name in name]:
        del linecache.cache[name]


def test_each_refactoring_reaches_the_same_loss(page):
    losses = [np.array(page[f"losses_{number}"]) for number in range(8)]
    for number in range(7):
        before, after = losses[number], losses[number + 1]
        if (number, number + 1) in EXACT:
            assert before.tolist() == after.tolist(), number
        assert np.abs(after - before).max() < 1e-6, number
    assert len(losses[0]) == page["epochs"] and losses[0][-1] < 0.3
    assert (np.diff(losses[0]) < 0).all()


def test_compare_tells_versions_apart(page):
    with pytest.raises(AssertionError):
        page["compare"]([0.5, 0.4], [0.5, 0.4 + 2e-6])
    with pytest.raises(AssertionError):
        page["compare"]([0.5], [0.5 + 1e-9], to_the_last_bit=True)


def test_the_loop_only_gets_shorter(page):
    lines, loops = page["lines"], list(page["loops"].values())
    assert loops == sorted(loops, reverse=True) and loops[-1] == 1
    numbers = list(lines.values())
    assert min(numbers) == numbers[-1] < numbers[0] / 2
    # counted by hand in the page: two definitions, and the version itself
    assert numbers[0] == 2 + 2 + 20


# ---------------------------------------------------------- Fashion-MNIST


def idx(array) -> bytes:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(head + array.tobytes())


@pytest.fixture
def downloaded(tmp_path, monkeypatch):
    """Put small IDX files where Fashion-MNIST would lie."""
    numbers = np.random.RandomState(0)
    labels = numbers.randint(0, 10, N_FAKE).astype(np.uint8)
    images = numbers.randint(0, 60, (N_FAKE, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] = 255  # a stripe for each class
    files = []
    for array, name in ((images, "images.gz"), (labels, "labels.gz")):
        content = idx(array)
        (tmp_path / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        address = f"http://127.0.0.1:9/{name}"
        files.append(RemoteFile(address, len(content), digest, {}))
    monkeypatch.setattr(fashion_mnist, "FILES", {"train": tuple(files)})
    monkeypatch.setattr(fashion_mnist, "N_IMAGES", {"train": N_FAKE})
    loaders = fashion_mnist.load_fashion_mnist, fashion_mnist.is_downloaded
    for function in loaders:
        monkeypatch.setattr(function, "__defaults__", ("train", tmp_path))
    assert fashion_mnist.is_downloaded()


PIPELINE = (r"^from helpers.data_preparation", r"^from helpers.model_conf")


def test_the_same_page_trains_on_fashion_mnist(page, downloaded, capsys):
    names, seen = dict(page), []
    run(names, r"^from helpers.mini_batch", *PIPELINE)
    right = fashion_mnist.load_fashion_mnist

    def load():
        seen.append(right())
        return seen[-1]

    names["fashion_mnist"] = type(
        "Module",
        (),
        {"load_fashion_mnist": load, "is_downloaded": lambda: True},
    )
    capsys.readouterr()
    run(names, r"^def classify")
    (data,) = seen
    assert data.images.shape == (N_FAKE, 28, 28)
    # one line, about the digits: the same as without Fashion-MNIST
    (line,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"training 0.\d\d, validation .+ 0.9\d", line)
    *_, share = names["classify"](data, n_epochs=1)
    assert share > 0.7


def test_without_fashion_mnist_nothing_is_loaded(page, monkeypatch, capsys):
    names = dict(page)
    run(names, r"^from helpers.mini_batch", *PIPELINE)
    monkeypatch.setattr(fashion_mnist, "is_downloaded", lambda: False)
    monkeypatch.setattr(fashion_mnist, "load_fashion_mnist", None)
    run(names, r"^def classify")
    assert "accuracy 0.9" in capsys.readouterr().out
