"""Anybody's CSV file from the command line: trained on, resumed, predicted."""

import csv
import json
import os
import shutil

import numpy as np
import pytest
import torch

from helpers.data_preparation import v2 as data_preparation
from helpers.datasets.tables import read_table
from helpers.launching.predicting import load_trained
from helpers.launching.run_files import usual_run_name
from helpers.runs import run_folder
from tests.launching.running import (
    listing,
    new_name,
    predicted,
    start,
    state,
    trained,
)
from tests.tools import identical

N_ROWS = 120
HEADER = ["age", "height", "city", "pet"]


@pytest.fixture(autouse=True, scope="module")
def leave_nothing():
    yield
    shutil.rmtree(run_folder("launching"), ignore_errors=True)


@pytest.fixture
def table(tmp_path):
    """A table whose pet follows from the height, which is a line of the age."""
    generator = np.random.default_rng(1)
    path = tmp_path / "my pets (1).csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(HEADER)
        for _ in range(N_ROWS):
            age = generator.uniform(1, 15)
            height = 1e6 + 20 * age + generator.normal()
            pet = "Größe" if age > 8 else "cat"
            city = generator.choice(["Ulm", "Bonn"])
            rows.writerow([f"{age:.2f}", f"{height:.1f}", city, pet])
    return path


def train(capsys, table, label, *words):
    name = new_name("table")
    words = ("--data", table, "--label", label, "--run-name", name, *words)
    ended = trained(capsys, "table", *words)
    assert ended.status == 0, ended.err
    return name, ended


def answers(capsys, *words):
    ended = predicted(capsys, *words, "--json")
    assert ended.status == 0, ended.err
    return json.loads(ended.out)["predictions"]


def test_classes_are_found_named_and_predicted(capsys, table):
    name, ended = train(capsys, table, "pet", "--n-epochs", 30)
    assert "classification" in ended.out and "semicolons" in ended.out
    assert state(name)["metrics"]["accuracy"][-1] > 0.9
    found = answers(capsys, name, "--input", table)
    assert len(found) == N_ROWS
    with open(table, encoding="utf-8") as file:
        pets = [row["pet"] for row in csv.DictReader(file, delimiter=";")]
    right = sum(
        row["class"] == pet for row, pet in zip(found, pets, strict=True)
    )
    assert right > 0.9 * N_ROWS
    assert set(found[0]["probabilities"]) == {"cat", "Größe"}
    lines = predicted(capsys, name, "--input", table).out.splitlines()
    assert lines[0].startswith("row 1: ") and len(lines) == N_ROWS


def test_quantities_come_in_the_units_of_the_file(capsys, table):
    name, ended = train(capsys, table, "height", "--n-epochs", 60)
    assert "regression" in ended.out
    with open(table, encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    heights = np.array([float(row["height"]) for row in rows])
    found = answers(capsys, name, "--input", table)
    errors = np.abs(np.array([row["value"] for row in found]) - heights)
    spread = heights.std()
    assert errors.mean() < 0.2 * spread
    # the metric is what is predicted, on the validation part
    split = data_preparation.prepare_data(
        np.arange(N_ROWS)[:, None], np.arange(N_ROWS)
    )
    rows_held_out = split[1].dataset.indices
    (said,) = state(name)["metrics"].values()
    assert said[-1] == pytest.approx(errors[rows_held_out].mean(), rel=1e-3)


def test_scaling_comes_from_the_rows_that_are_trained_on(capsys, table):
    name, _ = train(capsys, table, "pet", "--n-epochs", 1)
    about = json.loads((run_folder(name) / "hparams.json").read_text())
    split = data_preparation.prepare_data(
        np.arange(N_ROWS)[:, None], np.arange(N_ROWS)
    )
    rows = split[0].dataset.indices
    expected = read_table(table, "pet").prepare(rows).preparation.to_plain()
    plain = json.loads(json.dumps(expected))
    assert about["inputs"]["preparation"] == plain
    everything = read_table(table, "pet").prepare(range(N_ROWS)).preparation
    assert plain != json.loads(json.dumps(everything.to_plain()))


def test_predictions_need_the_two_files_and_not_the_table(
    capsys, table, tmp_path
):
    name, _ = train(capsys, table, "pet", "--n-epochs", 2)
    before = answers(capsys, name, "--input", table)
    new_rows = tmp_path / "new.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    # without the label, columns in another order, other separators
    with open(new_rows, "w", encoding="utf-8") as file:
        for line in lines:
            age, height, city, _ = line.split(";")
            file.write(f"{city}\t{height}\t{age}\n")
    table.unlink()
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(run_folder(name), elsewhere)
    for events in elsewhere.glob("*tfevents*"):
        events.unlink()
    assert answers(capsys, elsewhere, "--input", new_rows) == before
    model = load_trained(elsewhere).model
    assert not model.training
    assert isinstance(model.out, torch.nn.Linear)


def test_a_run_on_a_table_goes_on_to_the_last_bit(capsys, table):
    name, _ = train(capsys, table, "pet", "--n-epochs", 2, "--lr", 0.01)
    other, _ = train(capsys, table, "pet", "--n-epochs", 4, "--lr", 0.01)
    words = ("table", "--run-name", name, "--resume", "--n-epochs", 4)
    # --resume knows the table as well
    ended = trained(capsys, *words)
    assert ended.status == 0 and "Going on after epoch 2" in ended.out
    assert identical(state(name), state(other))
    assert "is finished" in trained(capsys, *words).out


def test_a_table_that_has_changed_is_refused(capsys, table, tmp_path):
    name, _ = train(capsys, table, "pet", "--n-epochs", 1)
    words = ("table", "--label", "pet", "--run-name", name, "--n-epochs", 2)
    moved = tmp_path / "moved.csv"
    shutil.copy(table, moved)
    with open(table, "a", encoding="utf-8") as file:
        file.write("1;2;Ulm;cat\n")
    before = listing(run_folder(name))
    ended = trained(capsys, *words, "--data", table)
    assert ended.status == 2 and "--data" in ended.err
    assert "changed since" in ended.err and "--run-name" in ended.err
    assert listing(run_folder(name)) == before
    # the same rows under another name are the same table
    assert trained(capsys, *words, "--data", moved).status == 0


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--label", "height"], "--label is height here"),
        (["--label", "pet", "--ignore", "city"], "--ignore is"),
        (["--label", "pet", "--n-hidden", "8"], "--n-hidden is 8"),
        (["--label", "pet", "--header"], "--header is True"),
    ],
)
def test_other_options_of_the_table_are_refused(capsys, table, words, part):
    name, _ = train(capsys, table, "pet", "--n-epochs", 1)
    words = ("--data", table, "--run-name", name, "--n-epochs", 2, *words)
    ended = trained(capsys, "table", *words)
    assert ended.status == 2 and part in ended.err


def test_what_the_reader_of_tables_refuses_ends_with_1(capsys, table, tmp_path):
    name = new_name()
    for data, label, part in [
        (table, "pets", 'mean "pet"'),
        (tmp_path / "none.csv", "pet", "none.csv"),
        (tmp_path, "pet", "folder"),
    ]:
        words = ("--data", data, "--label", label, "--run-name", name)
        ended = trained(capsys, "table", *words)
        assert ended.status == 1 and not ended.out
        assert part in ended.err and "Traceback" not in ended.err
        assert not run_folder(name).exists()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--task", "classify"], ["--task", "classification or regression"]),
        (["--max-categories", "0"], ["--max-categories", "from 2 to"]),
        (["--n-layers", "-1"], ["--n-layers", "from 0 to 20"]),
        (["--batch-size", "97", "--drop-last"], ["97", "96 rows to train on"]),
        (["--decimal", ";"], ["--decimal", ". or ,"]),
        (["--delimiter", "coma"], ["--delimiter", "mean comma?"]),
        (["--delimiter", ""], ["--delimiter", "semicolon"]),
        (["--encoding", "utf-9"], ["--encoding", "utf-16", "'utf-9'"]),
        (["--encoding", "a\0b"], ["--encoding"]),
    ],
)
def test_options_of_a_table_that_make_no_sense(capsys, table, words, parts):
    name = new_name()
    words = ("--data", table, "--label", "pet", "--run-name", name, *words)
    ended = trained(capsys, "table", *words)
    assert ended.status == 2 and not ended.out
    for part in parts:
        assert part in ended.err
    assert not run_folder(name).exists()


def test_predicting_from_a_table_says_what_is_missing(capsys, table, tmp_path):
    name, _ = train(capsys, table, "pet", "--n-epochs", 1)
    ended = predicted(capsys, name)
    assert ended.status == 2 and "--input FILE.csv" in ended.err
    ended = predicted(capsys, name, "--input", table, table)
    assert ended.status == 2 and "one CSV file" in ended.err
    path = tmp_path / "short.csv"
    path.write_text("age;city\n3;Ulm\n")
    ended = predicted(capsys, name, "--input", path)
    assert ended.status == 1 and "height" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_damaged_preparation_is_one_sentence(capsys, table):
    name, _ = train(capsys, table, "pet", "--n-epochs", 1)
    path = run_folder(name) / "hparams.json"
    about = json.loads(path.read_text())
    about["inputs"]["preparation"] = {"features": 3}
    path.write_text(json.dumps(about))
    ended = predicted(capsys, name, "--input", table)
    assert ended.status == 1 and "Traceback" not in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("my pets (1).csv", "table-my-pets-1"),
        ("/a/b/iris.data.csv", "table-iris.data"),
        ("größe.csv", "table-gr-e"),
        ("表.csv", "table"),
        ("x" * 300 + ".csv", "table-" + "x" * 60),
        ("..csv", "table"),
    ],
)
def test_a_run_is_named_after_its_table(data, name):
    assert usual_run_name("table", data) == name
    assert run_folder(usual_run_name("table", data))


def test_a_file_of_options_may_hold_all(capsys, table, tmp_path):
    name = new_name()
    path = tmp_path / "run.json"
    options = {
        "task": "table",
        "data": str(table),
        "label": "pet",
        "ignore": ["city"],
        "n_epochs": 2,
        "run_name": name,
    }
    path.write_text(json.dumps(options))
    ended = trained(capsys, "--config", path)
    assert ended.status == 0, ended.err
    about = json.loads((run_folder(name) / "hparams.json").read_text())
    assert about["source"]["ignore"] == ["city"]
    assert "is finished" in trained(capsys, "--config", path).out


def test_a_terminal_without_the_letters_of_a_table_ends_nothing(table):
    """The class is called Größe, and this output knows ASCII alone."""
    name = new_name()
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for words in (
        ("train", "table", "--data", table, "--label", "pet"),
        ("predict", name, "--input", table),
    ):
        more = ()
        if words[0] == "train":
            more = ("--n-epochs", 30, "--run-name", name)
        program = start(*words, *more, env=environment)
        out, err = program.communicate(timeout=120)
        assert program.returncode == 0, err
        assert "Gr\\xf6\\xdfe" in out
