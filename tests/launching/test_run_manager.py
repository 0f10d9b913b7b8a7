"""Runs of a grid, and the record that is kept of them."""

import csv
import json
import time

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.launching import run_manager
from helpers.launching.run_builder import RunBuilder, SweepError, run_name
from helpers.launching.run_manager import RunManager
from helpers.runs import read_scalars, run_folder
from helpers.runs.histograms import read_histograms
from helpers.runs.hparams_table import shown_hparams
from tests.launching.running import new_name

GRID = {"lr": [0.1, 0.01], "seed": [1, 2, 3]}
X = torch.linspace(-1, 1, 10)[:, None]
Y = (X[:, 0] > 0).long()


# ---------------------------------------------------------------- the builder


def test_runs_are_the_product_in_the_order_of_nested_loops():
    runs = RunBuilder.get_runs(GRID)
    expected = [(lr, seed) for lr in (0.1, 0.01) for seed in (1, 2, 3)]
    assert [tuple(run) for run in runs] == expected
    assert runs[0]._fields == ("lr", "seed")
    assert runs[-1].lr == 0.01


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"lr": []}, "lr is an empty list"),
        ({"lr": 0.1}, "lr should be a list"),
        ({"model": "conv"}, "model should be a list"),
        ({"lr": [0.1, 0.2, 0.1]}, "lr has 0.1 twice"),
        ({"n": [1, True]}, "n has True twice"),
        ({"lr": [nn.Linear(1, 1)]}, "numbers, texts and truth values"),
        ({"class": [1]}, "'class' cannot name a setting"),
        ({3: [1]}, "3 cannot name a setting"),
        ({}, "should be a dictionary of lists"),
        ([0.1], "should be a dictionary of lists"),
        ({"a": list(range(101)), "b": list(range(100))}, "10,100 combinations"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(grid, said):
    with pytest.raises(SweepError) as refused:
        RunBuilder.get_runs(grid)
    assert said in str(refused.value)


def test_names_are_short_and_say_all_settings():
    (run,) = RunBuilder.get_runs({"lr": [0.01], "model": ["mlp"], "seed": [3]})
    assert run_name(run) == "lr=0.01_model=mlp_seed=3"
    run_folder(f"group/{run_name(run)}")  # a name that a folder can have


# ---------------------------------------------------------------- the manager


def make(seed: int):
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 2))
    # 4, 4 and 2 rows
    return network, DataLoader(TensorDataset(X, Y), batch_size=4)


def train(run, manager, n_epochs=2, stop_at=None, sizes=None):
    """Train as a page does; ``stop_at`` is an epoch that is not finished."""
    network, loader = make(run.seed)
    optimizer = torch.optim.SGD(network.parameters(), lr=run.lr)
    manager.begin_run(run, network, loader)
    for epoch in range(n_epochs):
        manager.begin_epoch()
        for number, (x, y) in enumerate(loader):
            if sizes and number not in sizes:
                continue
            yhat = network(x)
            loss = nn.functional.cross_entropy(yhat, y)
            loss.backward()
            if epoch == stop_at:
                raise KeyboardInterrupt
            optimizer.step()
            optimizer.zero_grad()
            manager.track_loss(loss.item(), len(y))
            manager.track_num_correct(yhat, y)
            manager.track_loss(2 * loss.item(), len(y), validation=True)
            manager.track_num_correct(yhat, y, validation=True)
        manager.end_epoch()
    manager.end_run()


def without_times(rows):
    return [
        {key: row[key] for key in row if not key.endswith("seconds")}
        for row in rows
    ]


def test_means_are_over_the_rows_seen():
    manager = RunManager(new_name("sweep"))
    (run,) = RunBuilder.get_runs({"lr": [0.1], "seed": [1]})
    network, loader = make(1)
    manager.begin_run(run, network, loader)
    manager.begin_epoch()
    right = torch.eye(2)[Y] * 9
    for loss, rows in ((1.0, slice(0, 4)), (4.0, slice(4, 6))):
        y = Y[rows]
        manager.track_loss(loss, len(y))
        manager.track_num_correct(right[rows], y if loss == 1 else 1 - y)
    manager.end_epoch()
    # 6 of the 10 rows were seen: neither 10 nor two batches of 4 divide
    (row,) = manager.rows
    assert row["loss"] == pytest.approx((4 * 1.0 + 2 * 4.0) / 6)
    assert row["accuracy"] == pytest.approx(4 / 6)
    assert row["n_rows"] == 10
    assert "val_loss" not in row


def test_times_are_those_of_epoch_and_run(monkeypatch):
    clock = iter([100.0, 101.0, 103.5, 110.0, 111.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    manager = RunManager(new_name("sweep"))
    (run,) = RunBuilder.get_runs({"lr": [0.1], "seed": [1]})
    manager.begin_run(run, *make(1))  # at 100
    for _ in range(2):
        manager.begin_epoch()  # at 101 and 110
        manager.end_epoch()  # at 103.5 and 111
    assert [row["epoch_seconds"] for row in manager.rows] == [2.5, 1.0]
    assert [row["run_seconds"] for row in manager.rows] == [3.5, 11.0]


def test_everything_of_a_run_is_logged_in_its_own_folder():
    name = new_name("sweep")
    manager = RunManager(name)
    runs = RunBuilder.get_runs(GRID)
    for run in runs:
        train(run, manager)
    curves = read_scalars(f"{name}/lr=0.1_seed=2")
    rows = [row for row in manager.rows if row["run"] == "lr=0.1_seed=2"]
    for tag, column in (
        ("loss/training", "loss"),
        ("accuracy/training", "accuracy"),
        ("loss/validation", "val_loss"),
        ("accuracy/validation", "val_accuracy"),
    ):
        steps, values = curves[tag]
        assert steps == [0, 1]
        assert values == pytest.approx([row[column] for row in rows])
    histograms = read_histograms(f"{name}/lr=0.1_seed=2")
    assert len(histograms) == 8 and len(histograms["weights/0.weight"]) == 2
    edges, counts = histograms["gradients/2.bias"][0]
    assert counts.sum() == 2 and len(edges) == len(counts) + 1
    columns, written = shown_hparams(run_folder(name))
    assert columns == ["lr", "seed"]
    assert sorted(written) == sorted(map(run_name, runs))  # and no sub-runs
    assert written["lr=0.1_seed=2"] == {"lr": 0.1, "seed": 2}


def test_results_go_to_csv_and_json():
    name = new_name("sweep")
    manager = RunManager(name)
    for run in RunBuilder.get_runs(GRID):
        train(run, manager)
    folder = run_folder(name)
    rows = json.loads((folder / "results.json").read_text())
    assert rows == manager.rows and len(rows) == 12
    with open(folder / "results.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in table] == [r["loss"] for r in rows]
    assert list(table[0])[:4] == ["run", "lr", "seed", "epoch"]
    assert len(manager.last_epochs()) == 6
    assert {row["epoch"] for row in manager.last_epochs()} == {1}


@pytest.mark.parametrize("stop_at", [0, 1])
def test_an_interrupted_sweep_ends_with_the_same_table(stop_at):
    runs = RunBuilder.get_runs(GRID)
    straight = RunManager(new_name("sweep"))
    for run in runs:
        train(run, straight)
    name = new_name("sweep")
    for n_done in (1, 3):
        manager = RunManager(name)
        for run in manager.missing(runs)[:n_done]:
            train(run, manager)
        with pytest.raises(KeyboardInterrupt):
            train(manager.missing(runs)[0], manager, stop_at=stop_at)
    manager = RunManager(name)
    assert len(manager.missing(runs)) == 2
    for run in manager.missing(runs):
        train(run, manager)
    assert without_times(manager.rows) == without_times(straight.rows)
    steps, _ = read_scalars(f"{name}/{run_name(runs[1])}")["loss/training"]
    assert steps == [0, 1]  # nothing of the first attempt


def test_a_run_that_is_not_finished_is_in_no_file():
    name = new_name("sweep")
    manager = RunManager(name)
    first, second, *_ = RunBuilder.get_runs(GRID)
    train(first, manager)
    with pytest.raises(KeyboardInterrupt):
        train(second, manager, stop_at=1)
    manager.save()
    rows = json.loads((run_folder(name) / "results.json").read_text())
    assert {row["run"] for row in rows} == {run_name(first)}


def test_calls_in_the_wrong_order_are_named():
    (run,) = RunBuilder.get_runs({"lr": [0.1], "seed": [1]})
    manager = RunManager(new_name("sweep"))
    for called in ("begin_epoch", "end_epoch", "end_run"):
        with pytest.raises(SweepError, match=f"{called} was called without"):
            getattr(manager, called)()
    with pytest.raises(SweepError, match="track_loss was called without"):
        manager.track_loss(1.0, 2)
    manager.begin_run(run, *make(1))
    with pytest.raises(SweepError, match="end_run was called without"):
        manager.end_run()
    with pytest.raises(SweepError, match="_seed=1 has not ended"):
        manager.begin_run(run, *make(1))
    manager.begin_epoch()
    with pytest.raises(SweepError, match="begin_epoch was called without"):
        manager.begin_epoch()


@pytest.mark.parametrize("text", ["{", "{}", '[{"epoch": 1}]', "[3]"])
def test_a_damaged_file_of_results_is_a_sentence(text):
    name = new_name("sweep")
    folder = run_folder(name)
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(text)
    with pytest.raises(SweepError, match="is not what a RunManager wrote"):
        RunManager(name)


def test_the_table_is_shown_once_and_updated_in_place(monkeypatch):
    shown = []

    class Handle:
        def update(self, table):
            shown.append("update")

    def display(table, display_id):
        shown.append("display")
        return Handle()

    monkeypatch.setattr(run_manager, "get_ipython", lambda: object())
    monkeypatch.setattr(run_manager, "is_off", lambda: False)
    monkeypatch.setattr(run_manager, "display", display)
    manager = RunManager(new_name("sweep"))
    for run in RunBuilder.get_runs(GRID):
        train(run, manager)
    assert shown == ["display", *["update"] * 11]


def test_without_a_page_there_is_a_line_per_epoch(capsys):
    manager = RunManager(new_name("sweep"))
    (run,) = RunBuilder.get_runs({"lr": [0.1], "seed": [1]})
    train(run, manager)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and "run=lr=0.1_seed=1" in lines[0]


def test_the_table_has_settings_and_results_and_no_times():
    manager = RunManager(new_name("sweep"))
    for run in RunBuilder.get_runs(GRID):
        train(run, manager)
    table = manager.table(3)
    head, *rows = repr(table).splitlines()
    assert head.split()[:3] == ["lr", "seed", "epoch"] and len(rows) == 3
    assert "seconds" not in head
    assert table._repr_html_().count("<tr>") == 4


def test_hooks_are_gone_when_a_run_has_ended():
    manager = RunManager(new_name("sweep"))
    (run,) = RunBuilder.get_runs({"lr": [0.1], "seed": [1]})
    train(run, manager)
    kept = dict(manager.gradients)
    manager.network(X).sum().backward()
    assert all(manager.gradients[name] is kept[name] for name in kept)
