"""Runs: begun, gone on with, finished, refused."""

import dataclasses
import json
import shutil
import sys

import pytest
import torch

from helpers.launching import tasks, train, training
from helpers.launching.command_line import read_options
from helpers.launching.options import TASKS
from helpers.launching.run_files import MODELS, build_model
from helpers.runs import read_scalars, run_folder
from tests.launching.running import (
    listing,
    new_name,
    run,
    state,
    straight,
    trained,
)
from tests.tools import identical

QUICK = {
    "line": ["--n-epochs", "4"],
    "digits": ["--n-epochs", "2", "--batch-size", "256"],
    "mnist-1d": ["--n-epochs", "2", "--batch-size", "256", "--n-channels", "4"],
}
EVERY_FILE = {"checkpoint.pt", "hparams.json"}


# ------------------------------------------------------------------- begun


@pytest.mark.parametrize("task", QUICK)
def test_a_run_leaves_two_files_and_a_line_per_epoch(capsys, task):
    name = new_name()
    ended = trained(capsys, task, *QUICK[task], "--run-name", name)
    assert ended.status == 0 and not ended.err
    lines = ended.out.splitlines()
    n_epochs = int(QUICK[task][1])
    told = [line for line in lines if line.startswith("epoch ")]
    assert [line.split()[1] for line in told] == [
        str(epoch + 1) for epoch in range(n_epochs)
    ]
    assert all("loss" in line and "val_loss" in line for line in told)
    # where TensorBoard finds it
    assert any("tensorboard --logdir " in line for line in lines)
    assert f"predict {name}" in lines[-1]
    files = {path.name for path in run_folder(name).iterdir()}
    events = {file for file in files if "tfevents" in file}
    assert files == EVERY_FILE | events and len(events) == 1
    curves = read_scalars(name)
    assert curves["loss/training"][0] == list(range(n_epochs))
    if task != "line":
        assert all("accuracy" in line for line in told)
        assert len(curves["accuracy/validation"][0]) == n_epochs


def test_the_description_leaves_nothing_to_defaults(capsys):
    name = new_name()
    trained(capsys, "digits", *QUICK["digits"], "--run-name", name)
    about = json.loads((run_folder(name) / "hparams.json").read_text())
    for argument, value in about["model"]["arguments"].items():
        assert value is not None, argument
    model = build_model(about)
    assert type(model) is MODELS[about["model"]["class"]]
    kind = TASKS["digits"].__dataclass_fields__["hyperparameters"].type
    assert list(about["hyperparameters"]) == [
        field.name for field in dataclasses.fields(kind)
    ]
    assert about["settings"] == {"seed": 42}
    assert "device" not in json.dumps(about)


def test_the_seed_decides_and_the_settings_do_not(capsys):
    first = straight(capsys, "line", 3)
    same = straight(capsys, "line", 3, "--print-every", 0, "--device", "cpu")
    other = straight(capsys, "line", 3, "--seed", 1)
    assert identical(state(first), state(same))
    assert not identical(state(first), state(other))


def test_the_seed_decides_the_first_weights():
    found = []
    for seed in ("1", "1", "2"):
        options = read_options(["digits", "--seed", seed])
        configuration = tasks.configure(
            options, tasks.prepare(options), torch.device("cpu"), None
        )
        found.append(configuration.model.state_dict())
    assert identical(found[0], found[1])
    assert not identical(found[0], found[2])


def test_the_seed_decides_the_order_of_the_rows_as_well(capsys, monkeypatch):
    seeds = []

    def noted(*data, seed, **options):
        seeds.append(seed)
        return train_of_version_7(*data, seed=seed, **options)

    train_of_version_7 = training.model_training.train
    monkeypatch.setattr(training.model_training, "train", noted)
    straight(capsys, "line", 2, "--seed", 7)
    assert seeds == [7, 7]


@pytest.mark.parametrize(
    "words",
    [
        ["--lr", "0.01"],
        ["--batch-size", "8"],
        ["--optimizer", "adam"],
        ["--momentum", "0.5"],
        ["--weight-decay", "0.1"],
        ["--drop-last"],
    ],
    ids=" ".join,
)
def test_every_hyperparameter_changes_what_is_learned(capsys, words):
    usual = straight(capsys, "line", 2, "--batch-size", "30")
    changed = straight(capsys, "line", 2, "--batch-size", "30", *words)
    assert not identical(
        state(usual)["model_state_dict"], state(changed)["model_state_dict"]
    )


def test_lines_come_as_often_as_wished(capsys):
    name = new_name()
    words = ("line", "--n-epochs", 5, "--run-name", name, "--print-every")
    out = trained(capsys, *words, 2).out
    told = [line for line in out.splitlines() if line.startswith("epoch")]
    assert [line.split()[1] for line in told] == ["2", "4", "5"]
    name = new_name()
    words = ("line", "--n-epochs", 5, "--run-name", name, "--print-every", 0)
    assert "epoch 1" not in trained(capsys, *words).out


def test_the_curves_and_the_printed_numbers_are_those_saved(capsys):
    name = straight(capsys, "digits", 2)
    saved, curves = state(name), read_scalars(name)
    for tag, values in [
        ("loss/training", saved["loss"]),
        ("loss/validation", saved["val_loss"]),
        ("accuracy/validation", saved["metrics"]["accuracy"]),
    ]:
        assert curves[tag][1] == pytest.approx(values)


def test_hyperparameters_are_logged_under_the_same_names_for_all():
    groups = []
    for kind in TASKS.values():
        fields = kind.__dataclass_fields__
        more = {}
        if "source" in fields:
            more = {"source": None}
        options = kind(
            hyperparameters=fields["hyperparameters"].type(),
            settings=fields["settings"].type(),
            **more,
        )
        groups.append(training.hparams_of(options))
    assert len({tuple(group) for group in groups}) == 1
    assert all(
        type(value) in (bool, int, float, str)
        for group in groups
        for value in group.values()
    )
    # one type for each column, or TensorBoard could not sort it
    for name in groups[0]:
        assert len({isinstance(group[name], str) for group in groups}) == 1


def test_tensorboard_finds_the_hyperparameters_in_the_run_itself(capsys):
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    name = straight(capsys, "line", 2, "--lr", 0.25)
    events = EventAccumulator(str(run_folder(name)))
    events.Reload()
    contents = events.PluginTagToContent("hparams")
    found = HParamsPluginData.FromString(
        contents["_hparams_/session_start_info"]
    )
    hparams = found.session_start_info.hparams
    assert hparams["lr"].number_value == 0.25
    assert hparams["data"].string_value == "line"
    # no run of its own, as add_hparams would make
    assert not [p for p in run_folder(name).iterdir() if p.is_dir()]


# ---------------------------------------------------------- gone on with


def test_the_same_command_extends_a_run_to_the_last_bit(capsys):
    name = new_name()
    words = ("digits", "--batch-size", 128, "--run-name", name)
    assert trained(capsys, *words, "--n-epochs", 1).status == 0
    ended = trained(capsys, *words, "--n-epochs", 3)
    assert ended.status == 0 and "Going on after epoch 1" in ended.out
    assert "epoch 1 of" not in ended.out and "epoch 2 of 3" in ended.out
    other = straight(capsys, "digits", 3, "--batch-size", 128)
    assert identical(state(name), state(other))
    assert read_scalars(name) == read_scalars(other)
    about = json.loads((run_folder(name) / "hparams.json").read_text())
    assert about["hyperparameters"]["n_epochs"] == 3


def test_a_finished_run_says_so_and_nothing_changes(capsys):
    name = straight(capsys, "line", 3)
    before = listing(run_folder(name))
    words = ("line", "--n-epochs", 3, "--run-name", name)
    ended = trained(capsys, *words)
    assert ended.status == 0 and not ended.err
    assert "is finished" in ended.out and "all of its 3 epochs" in ended.out
    assert "--n-epochs" in ended.out and "--run-name" in ended.out
    assert listing(run_folder(name)) == before


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--lr", "0.2"], ["--lr is 0.2 here", "started with 0.1"]),
        (["--batch-size", "8"], ["--batch-size is 8", "with 16"]),
        (["--seed", "1"], ["--seed is 1", "with 42"]),
        (["--drop-last"], ["--drop-last is True", "with False"]),
        (["--optimizer", "adam"], ["--optimizer is adam", "with sgd"]),
        (["--n-epochs", "2"], ["--n-epochs 2 is less", "done, 3"]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("n_epochs", [3, 5])
def test_other_hyperparameters_are_refused_by_name(
    capsys, n_epochs, words, parts
):
    name = straight(capsys, "line", 3)
    before = listing(run_folder(name))
    words = ("line", "--run-name", name, "--n-epochs", n_epochs, *words)
    ended = trained(capsys, *words)
    assert ended.status == 2 and not ended.out
    for part in [*parts, "--run-name"]:
        assert part in ended.err
    assert listing(run_folder(name)) == before


def test_other_data_are_refused(capsys):
    name = straight(capsys, "line", 1)
    ended = trained(capsys, "digits", "--run-name", name)
    assert ended.status == 2
    assert "was trained on line, not on digits" in ended.err


def test_resume_takes_the_options_of_the_run(capsys):
    name = straight(capsys, "line", 2, "--lr", 0.3, "--seed", 5)
    words = ("line", "--run-name", name, "--resume")
    assert "is finished" in trained(capsys, *words).out
    assert trained(capsys, *words, "--n-epochs", 4).status == 0
    other = straight(capsys, "line", 4, "--lr", 0.3, "--seed", 5)
    assert identical(state(name), state(other))
    ended = trained(capsys, *words, "--lr", 0.1)
    assert ended.status == 2 and "--lr is 0.1 here" in ended.err


def test_resume_starts_no_run(capsys):
    name = new_name()
    ended = trained(capsys, "line", "--run-name", name, "--resume")
    assert ended.status == 2 and name in ended.err
    assert "Leave out --resume" in ended.err
    assert not run_folder(name).exists()
    name = straight(capsys, "line", 1)
    ended = trained(capsys, "digits", "--run-name", name, "--resume")
    assert ended.status == 2 and "trained on line" in ended.err
    ended = trained(capsys, "line", "--run-name", "../x", "--resume")
    assert ended.status == 2 and "../x" in ended.err


def test_the_description_of_a_run_is_a_file_of_options(capsys):
    name = straight(capsys, "line", 2, "--lr", 0.3)
    path = run_folder(name) / "hparams.json"
    again = new_name()
    ended = trained(capsys, "--config", path, "--run-name", again)
    assert ended.status == 0
    assert identical(state(name), state(again))


def test_a_folder_of_another_run_is_refused(capsys):
    name = straight(capsys, "line", 1)
    (run_folder(name) / "hparams.json").unlink()
    ended = trained(capsys, "line", "--run-name", name)
    assert ended.status == 2
    assert f"--run-name {name} is taken" in ended.err
    (run_folder(name) / "checkpoint.pt").unlink()  # its curves are still there
    assert trained(capsys, "line", "--run-name", name).status == 2


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b"{", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[]", "should hold an object"),
        (b"{}", "format should be int, and is missing"),
    ],
)
def test_a_damaged_description_is_one_sentence(capsys, content, part):
    name = straight(capsys, "line", 1)
    (run_folder(name) / "hparams.json").write_bytes(content)
    before = listing(run_folder(name))
    ended = trained(capsys, "line", "--run-name", name)
    assert ended.status == 1 and "Traceback" not in ended.err
    assert part in ended.err and "hparams.json" in ended.err
    assert listing(run_folder(name)) == before


def test_a_description_of_a_later_format_is_refused(capsys):
    name = straight(capsys, "line", 1)
    path = run_folder(name) / "hparams.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    ended = trained(capsys, "line", "--run-name", name)
    assert ended.status == 1 and "format 2" in ended.err


def test_a_damaged_checkpoint_is_one_sentence(capsys):
    name = straight(capsys, "line", 1)
    path = run_folder(name) / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-100])
    ended = trained(capsys, "line", "--run-name", name, "--n-epochs", 3)
    assert ended.status == 1 and "is damaged" in ended.err
    assert "Traceback" not in ended.err


def test_a_run_that_learned_nothing_takes_other_options(capsys):
    name = straight(capsys, "line", 1)
    (run_folder(name) / "checkpoint.pt").unlink()  # killed in its first epoch
    words = ("line", "--run-name", name, "--n-epochs", 2, "--lr", 0.3)
    assert trained(capsys, *words).status == 0
    other = straight(capsys, "line", 2, "--lr", 0.3)
    assert identical(state(name), state(other))
    about = json.loads((run_folder(name) / "hparams.json").read_text())
    assert about["hyperparameters"]["lr"] == 0.3


def test_main_reads_the_command_line_of_the_process(capsys, monkeypatch):
    name = new_name()
    words = ["helpers", "train", "line", "--n-epochs", "1", "--run-name", name]
    monkeypatch.setattr(sys, "argv", words)
    assert run(capsys, lambda _: train.main()).status == 0


@pytest.fixture(autouse=True, scope="module")
def leave_nothing():
    yield
    shutil.rmtree(run_folder("launching"), ignore_errors=True)
