"""Predictions: from the two files of a run alone, whatever the code is now."""

import gzip
import inspect
import json
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch

from helpers.datasets.digits import load_digits
from helpers.datasets.fashion_mnist import CLASS_NAMES
from helpers.datasets.images import LabelledImages
from helpers.datasets.line import generate_data
from helpers.datasets.mnist_1d import load_mnist_1d
from helpers.errors import DataError
from helpers.launching import inputs, tasks, train
from helpers.launching.command_line import read_options
from helpers.launching.options import TASKS
from helpers.launching.predicting import load_trained
from helpers.launching.tasks import prepare
from helpers.metrics import predict_all
from helpers.networks import MLP, Network, Network1d
from helpers.runs import run_folder
from tests.launching.running import (
    listing,
    new_name,
    predicted,
    start,
    state,
    trained,
)
from tests.tools import ROOT


@pytest.fixture(scope="module")
def runs():
    """Train a run of each kind once; return their names."""
    names = {}
    for task, *words in [
        ("line", "--n-epochs=30"),
        ("digits", "--n-epochs=3", "--kernel-size=2"),
        ("mnist-1d", "--n-epochs=2", "--n-channels=6", "--batch-size=200"),
    ]:
        names[task] = new_name(task)
        words = [task, *words, f"--run-name={names[task]}", "--print-every=0"]
        assert train.main(words) == 0
    yield names
    shutil.rmtree(run_folder("launching"), ignore_errors=True)


def answer(capsys, *words):
    """Return the object that --json prints."""
    ended = predicted(capsys, *words, "--json")
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


# ------------------------------------------------------------------ answers


def test_numbers_for_a_line(capsys, runs):
    weights = state(runs["line"])["model_state_dict"]
    w, b = float(weights["weight"]), float(weights["bias"])
    words = (runs["line"], "--input", "0", "-0.5", "1e3", "2")
    ended = predicted(capsys, *words)
    assert ended.status == 0 and not ended.err
    lines = ended.out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["0", "-0.5", "1e3", "2"]
    found = answer(capsys, *words)
    assert found["data"] == "line" and found["epochs"] == 30
    values = [row["value"] for row in found["predictions"]]
    expected = [b + w * x for x in (0, -0.5, 1e3, 2)]
    assert values == pytest.approx(expected, rel=1e-6)
    for line, value in zip(lines, values, strict=True):
        assert float(line.split()[-1]) == pytest.approx(value, rel=1e-5)


def test_what_was_held_out_comes_with_its_labels(capsys, runs):
    found = answer(capsys, runs["line"])["predictions"]
    assert len(found) == 20
    _, y = generate_data()
    assert {row["label"] for row in found} <= set(y.ravel().tolist())


@pytest.mark.parametrize("task", ["digits", "mnist-1d"])
def test_the_answers_are_those_of_the_trained_model(capsys, runs, task):
    """Held out: of the digits the validation part, of the signals the test."""
    options = [f"--config={run_folder(runs[task]) / 'hparams.json'}"]
    prepared = prepare(read_options(options))
    model = load_trained(runs[task]).model
    if task == "digits":
        logits, labels = predict_all(model, prepared.loaders[1])
    else:
        signals = load_mnist_1d("test")
        with torch.no_grad():
            logits = model(torch.as_tensor(signals.x))
        labels = torch.as_tensor(signals.y)
    found = answer(capsys, runs[task])
    assert [row["class"] for row in found["predictions"]] == [
        str(int(k)) for k in logits.argmax(dim=1)
    ]
    assert [row["label"] for row in found["predictions"]] == [
        str(int(k)) for k in labels
    ]
    right = int((logits.argmax(dim=1) == labels).sum())
    assert found["correct"] == right
    if task == "digits":
        accuracy = state(runs[task])["metrics"]["accuracy"][-1]
        assert right / len(labels) == pytest.approx(accuracy)
    first = found["predictions"][0]
    assert sum(first["probabilities"].values()) == pytest.approx(1)
    assert first["probability"] == max(first["probabilities"].values())
    out = predicted(capsys, runs[task]).out.splitlines()
    assert out[-1] == f"{right} of {len(labels):,} are right."
    # a beginning is shown, and how to see the rest
    assert out[-2] == f"... and {len(labels) - 20:,} more, which --json lists."
    assert len(out) == 20 + 2
    asked = [str(number) for number in range(25)]
    shown = predicted(capsys, runs[task], "--input", *asked).out.splitlines()
    assert len(shown) == 25 + 1


def test_rows_by_number(capsys, runs):
    every = answer(capsys, runs["digits"])["predictions"]
    some = answer(capsys, runs["digits"], "--input", 7, 0)["predictions"]
    assert [row["input"] for row in some] == ["held out 7", "held out 0"]
    assert [row["class"] for row in some] == [
        every[7]["class"],
        every[0]["class"],
    ]
    ended = predicted(capsys, runs["digits"], "--input", 359)
    assert ended.status == 2 and "from 0 to 358" in ended.err


@pytest.mark.parametrize("word", ["-1", "9" * 19, "", " "])
def test_what_numbers_no_row_is_refused(capsys, runs, word):
    ended = predicted(capsys, runs["digits"], "--input", word)
    assert ended.status == 2 and len(ended.err.splitlines()) == 1
    assert "--input" in ended.err and "number of a row" in ended.err


# -------------------------------------------------------------------- files


def idx(array, compressed=False):
    kinds = {np.uint8: 8, np.float32: 13}
    kind = kinds[array.dtype.type]
    content = bytes([0, 0, kind, array.ndim])
    content += struct.pack(f">{array.ndim}I", *array.shape)
    content += array.astype(array.dtype.newbyteorder(">")).tobytes()
    return gzip.compress(content) if compressed else content


@pytest.fixture
def image():
    # darker than any that was trained on: scaled by 16, not by its own highest
    return load_digits().images[:3] // 2


def write(path, array, form):
    if form == "npy":
        np.save(path, array)
    elif form == "npz":
        np.savez(path, pictures=array)
    elif form == "npz with labels":
        np.savez(path, images=array, labels=np.zeros(3))
    else:
        path.write_bytes(idx(array, compressed=form == "idx.gz"))
    return path if path.exists() else path.with_name(path.name + form[:4])


FORMS = ["npy", "npz", "npz with labels", "idx", "idx.gz"]


@pytest.mark.parametrize("form", FORMS)
def test_images_from_files_one_or_many(capsys, runs, tmp_path, image, form):
    model = load_trained(runs["digits"]).model
    x = torch.as_tensor(image, dtype=torch.float32)[:, None] / 16
    with torch.no_grad():
        expected = [str(int(k)) for k in model(x).argmax(dim=1)]
    many = tmp_path / "many"
    many.mkdir()
    path = write(many / f"a.{form[:3]}", image, form)
    found = answer(capsys, runs["digits"], "--input", path)["predictions"]
    assert [row["class"] for row in found] == expected
    assert [row["input"] for row in found] == [f"{path}[{i}]" for i in range(3)]
    assert "label" not in found[0]
    path = write(tmp_path / f"b.{form[:3]}", image[1], form)
    (one,) = answer(capsys, runs["digits"], "--input", path)["predictions"]
    assert one["class"] == expected[1] and one["input"] == str(path)
    both = answer(capsys, runs["digits"], "--input", path, 0)["predictions"]
    assert len(both) == 2


@pytest.mark.parametrize("form", ["npy", "idx"])
def test_signals_from_files(capsys, runs, tmp_path, form):
    x = load_mnist_1d("test").x[:4]
    path = write(tmp_path / f"s.{form}", x, form)
    found = answer(capsys, runs["mnist-1d"], "--input", path)["predictions"]
    expected = answer(capsys, runs["mnist-1d"], "--input", 0, 1, 2, 3)
    assert [row["probabilities"] for row in found] == [
        pytest.approx(row["probabilities"], abs=1e-6)
        for row in expected["predictions"]
    ]


def array_file(folder, array):
    np.save(folder / "x.npy", array, allow_pickle=True)
    return folder / "x.npy"


@pytest.mark.parametrize(
    ("array", "parts"),
    [
        (np.zeros((28, 28), np.uint8), ["[8, 8]", "holds [28, 28]"]),
        (np.zeros((2, 1, 8, 8), np.uint8), ["[N, 8, 8]", "[2, 1, 8, 8]"]),
        (np.zeros((0, 8, 8), np.uint8), ["[0, 8, 8]"]),
        (np.full((8, 8), 255, np.uint8), ["from 0 to 16", "255"]),
        (np.full((8, 8), -1), ["from 0 to 16", "-1"]),
        (np.full((8, 8), 0.9), ["look scaled already", "0 to 16"]),
        (np.full((8, 8), np.nan), ["nan"]),
        (np.full((8, 8), "a"), ["<U1"]),
        (np.full((8, 8), None), ["damaged, or holds no array of numbers"]),
        (np.zeros((8, 8), complex), ["complex128"]),
    ],
    ids=lambda value: str(getattr(value, "shape", ""))[:20],
)
def test_an_image_that_does_not_fit_is_one_sentence(
    capsys, runs, tmp_path, array, parts
):
    path = array_file(tmp_path, array)
    ended = predicted(capsys, runs["digits"], "--input", path)
    assert ended.status == 1 and not ended.out
    assert "Traceback" not in ended.err and len(ended.err.splitlines()) == 1
    for part in [*parts, "x.npy"]:
        assert part in ended.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG and so on",
        b"PK\x03\x04 cut",
        b"\x93NUMPY cut",
        b"\x1f\x8b cut",
        b"\0\0\x08\x03 cut",
        b"\0\0",
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    capsys, runs, tmp_path, content
):
    path = tmp_path / "image"
    path.write_bytes(content)
    ended = predicted(capsys, runs["digits"], "--input", path)
    assert ended.status == 1 and "Traceback" not in ended.err
    assert "image" in ended.err and len(ended.err.splitlines()) == 1


def test_a_file_with_several_arrays_names_them(capsys, runs, tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros(2), b=np.zeros(2))
    ended = predicted(capsys, runs["digits"], "--input", tmp_path / "x.npz")
    assert ended.status == 1 and "['a', 'b']" in ended.err


@pytest.mark.parametrize(
    "word", ["abc", "nan", "inf", "1e39", "1,5", "", "1_0", "\u0663"]
)
def test_what_is_no_number_is_refused(capsys, runs, word):
    ended = predicted(capsys, runs["line"], "--input", "1", word)
    assert ended.status == 2 and "finite numbers" in ended.err
    assert repr(word) in ended.err


def test_no_such_file_is_one_sentence(capsys, runs, tmp_path):
    ended = predicted(capsys, runs["digits"], "--input", tmp_path / "no.npy")
    assert ended.status == 1 and "There is no no.npy" in ended.err
    ended = predicted(capsys, runs["digits"], "--input", tmp_path)
    assert ended.status == 1 and "is a folder" in ended.err


# ------------------------------------------------------------ the two files

OTHER_DEFAULTS = """
import functools, sys
from helpers import networks
from helpers.launching import options, train, predict
for name, changed in {
    "Network": dict(image_size=28, kernel_size=9, n_classes=77),
    "Network1d": dict(length=400, n_classes=77, n_channels=1, kernel_size=3),
    "MLP": dict(n_hidden=1, n_layers=9),
}.items():
    kind = getattr(networks, name)
    kind.__init__.__defaults__ = tuple(changed.values())
for group in (options.OfLine, options.OfDigits, options.OfSignals):
    group.__init__.__defaults__ = ()
import helpers.launching.tasks as tasks
tasks.PREPARE.clear()
for run in sys.argv[1:]:
    assert predict.main([run, "--input", "0", "1", "--json"]) == 0
"""


def test_another_process_needs_these_two_files_and_no_defaults(
    capsys, runs, tmp_path
):
    """Copied to another folder, with every default of the training changed."""
    for task in ("digits", "mnist-1d"):
        (tmp_path / task).mkdir()
        for name in ("hparams.json", "checkpoint.pt"):
            shutil.copy(run_folder(runs[task]) / name, tmp_path / task)
    done = subprocess.run(
        [
            *(sys.executable, "-c", OTHER_DEFAULTS),
            *(str(tmp_path / "digits"), str(tmp_path / "mnist-1d")),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    for task, line in zip(
        ("digits", "mnist-1d"), done.stdout.splitlines(), strict=True
    ):
        here = answer(capsys, runs[task], "--input", 0, 1)
        assert json.loads(line)["predictions"] == here["predictions"]


def test_every_argument_of_a_network_is_in_the_description(runs):
    """Otherwise a default could change under a model that is on disk."""
    kinds = {"Network": Network, "Network1d": Network1d, "MLP": MLP}
    checked = set()
    for task, kind in TASKS.items():
        if task in ("table", "fashion-mnist"):
            continue
        fields = kind.__dataclass_fields__
        group = fields["hyperparameters"].type
        for model in ("conv", "mlp", "linear") if task == "mnist-1d" else [0]:
            more = {"model": model} if model else {}
            options = kind(
                hyperparameters=group(**more),
                settings=fields["settings"].type(),
            )
            described = prepare(options).model
            if described["class"] in kinds:
                parameters = inspect.signature(
                    kinds[described["class"]]
                ).parameters
                assert set(described["arguments"]) == set(parameters)
                checked.add(described["class"])
    assert checked == set(kinds)


def test_a_run_is_found_by_its_name_or_by_its_folder(capsys, runs):
    folder = run_folder(runs["line"])
    by_name = answer(capsys, runs["line"], "--input", 1)
    for place in (folder, folder / "hparams.json", folder / "checkpoint.pt"):
        found = answer(capsys, place, "--input", 1)
        assert found["predictions"] == by_name["predictions"]


def test_no_such_run_is_one_sentence_and_names_the_near_one(capsys, runs):
    ended = predicted(capsys, f"{runs['line']}x")
    assert ended.status == 1 and not ended.out
    assert f"Did you mean {runs['line']}?" in ended.err
    for run in ("../x", "/", "", "no such\nrun"):
        ended = predicted(capsys, run)
        assert ended.status == 1 and "Traceback" not in ended.err
        assert "There is no run" in ended.err


def test_before_the_first_epoch_there_is_no_model(capsys, runs, tmp_path):
    shutil.copy(run_folder(runs["line"]) / "hparams.json", tmp_path)
    ended = predicted(capsys, tmp_path)
    assert ended.status == 1 and "no epoch" in ended.err


def edited(capsys, folder, task, runs, change):
    """Predict with a description that was changed."""
    for name in ("hparams.json", "checkpoint.pt"):
        shutil.copy(run_folder(runs[task]) / name, folder)
    path = folder / "hparams.json"
    about = json.loads(path.read_text())
    change(about)
    path.write_text(json.dumps(about))
    ended = predicted(capsys, folder, "--input", "0")
    assert ended.status == 1 and "Traceback" not in ended.err
    assert len(ended.err.splitlines()) == 1
    return ended.err


def with_argument(name, value):
    return lambda about: about["model"]["arguments"].update({name: value})


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda a: a.pop("model"), "model should be dict"),
        (lambda a: a["model"].update({"class": "Sequential"}), "does not know"),
        (lambda a: a["model"].update({"class": ["x"]}), "does not know"),
        (with_argument("depth", 3), "cannot be built"),
        (with_argument("kernel_size", 9), "smaller kernel_size"),
        (with_argument("n_classes", -1), "cannot be built"),
        (with_argument("n_classes", 3), "belongs to another model"),
        (lambda a: a["inputs"].pop("highest"), "highest"),
        (lambda a: a["inputs"].update(kind="sounds"), "hparams.json"),
        (lambda a: a["outputs"].update(class_names=["a"]), "names 1 classes"),
        (lambda a: a["outputs"].update(class_names=3), "hparams.json"),
        (lambda a: a["held_out"].update(rows=["a"]), "hparams.json"),
        (lambda a: a["held_out"].update(rows=[10**6]), "hparams.json"),
        (lambda a: a.update(held_out=[]), "held_out should be dict"),
    ],
)
def test_an_edited_description_is_one_sentence(
    capsys, runs, tmp_path, change, part
):
    assert part in edited(capsys, tmp_path, "digits", runs, change)


def test_files_of_two_runs_are_told_apart(capsys, runs, tmp_path):
    shutil.copy(run_folder(runs["line"]) / "hparams.json", tmp_path)
    shutil.copy(run_folder(runs["digits"]) / "checkpoint.pt", tmp_path)
    ended = predicted(capsys, tmp_path, "--input", 1)
    assert ended.status == 1 and "belongs to another model" in ended.err


def test_predicting_changes_nothing(capsys, runs):
    before = listing(run_folder(runs["digits"]))
    answer(capsys, runs["digits"])
    assert listing(run_folder(runs["digits"])) == before


def test_while_it_trains_a_prediction_can_be_made(capsys, runs, tmp_path):
    """A run that is not finished has a model: that of its last epoch."""
    name = new_name()
    trained(capsys, "line", "--n-epochs", 1, "--run-name", name)
    assert answer(capsys, name, "--input", 0)["epochs"] == 1
    trained(capsys, "line", "--n-epochs", 2, "--run-name", name)
    assert answer(capsys, name, "--input", 0)["epochs"] == 2


def test_output_that_nobody_reads_is_no_traceback(runs):
    """As with ``| head``."""
    program = start("predict", runs["digits"])
    program.stdout.close()
    said = program.stderr.read()
    program.stderr.close()
    assert program.wait(timeout=60) == 1
    assert said == ""


# ------------------------------------------------------------ Fashion-MNIST


def clothes(part="train"):
    """Return a few images of the size of Fashion-MNIST: stripes, two ways."""
    generator = np.random.default_rng(len(part))
    labels = generator.integers(0, 2, 200)
    images = np.zeros((200, 28, 28), np.uint8)
    images[labels == 0, ::3] = 200
    images[labels == 1, :, ::3] = 255
    return LabelledImages(images, labels, CLASS_NAMES, 255)


def test_clothes_are_trained_on_and_those_of_the_test_part_predicted(
    capsys, monkeypatch
):
    monkeypatch.setattr(tasks, "load_fashion_mnist", clothes)
    monkeypatch.setattr(inputs, "load_fashion_mnist", clothes)
    name = new_name("clothes")
    ended = trained(capsys, "fashion-mnist", "--run-name", name)
    assert ended.status == 0 and "160 rows, with 40 held out" in ended.out
    found = answer(capsys, name)
    assert found["correct"] == len(found["predictions"]) == 200
    names = {row["class"] for row in found["predictions"]}
    assert names == {"T-shirt/top", "Trouser"}
    assert [row["label"] for row in found["predictions"][:3]] == [
        CLASS_NAMES[label] for label in clothes("test").labels[:3]
    ]


def test_no_network_is_one_sentence(capsys, monkeypatch):
    def fails(part="train"):
        raise DataError("It could not be downloaded: there is no network.")

    monkeypatch.setattr(tasks, "load_fashion_mnist", fails)
    name = new_name("clothes")
    ended = trained(capsys, "fashion-mnist", "--run-name", name)
    assert ended.status == 1 and ended.err.count("\n") == 1
    assert "no network" in ended.err and not run_folder(name).exists()
