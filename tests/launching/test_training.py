"""Runs: begun, killed, gone on with, finished, refused, and side by side."""

import dataclasses
import fcntl
import json
import os
import pty
import random
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
import torch
from torch.utils.tensorboard import SummaryWriter

from helpers.launching import run_files, train, training
from helpers.launching.interruptions import Stopped
from helpers.launching.options import TASKS
from helpers.launching.run_files import MODELS, build_model
from helpers.runs import read_scalars, run_folder
from tests.launching.running import (
    fork,
    listing,
    new_name,
    run,
    start,
    state,
    trained,
)
from tests.tools import identical

QUICK = {
    "line": ["--n-epochs", "4"],
    "digits": ["--n-epochs", "2", "--batch-size", "256"],
    "mnist-1d": ["--n-epochs", "2", "--batch-size", "256", "--n-channels", "4"],
}
EVERY_FILE = {"checkpoint.pt", "hparams.json"}


def straight(capsys, task, n_epochs, *words):
    """Train without a break; return the name of the run."""
    name = new_name("straight")
    words = (task, "--run-name", name, "--n-epochs", n_epochs, *words)
    assert trained(capsys, *words).status == 0
    return name


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
        ["--batch-size", "30", "--drop-last"],
    ],
    ids=" ".join,
)
def test_every_hyperparameter_changes_what_is_learned(capsys, words):
    usual = straight(capsys, "line", 2, "--batch-size", "30")
    changed = straight(capsys, "line", 2, *words)
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


# ------------------------------------------------------------------ killed


@pytest.mark.parametrize(
    ("task", "n_epochs", "words"),
    [
        ("line", 60, ["--momentum", "0.5"]),
        ("digits", 6, ["--batch-size", "128"]),
    ],
)
def test_killed_at_random_moments_it_ends_as_undisturbed(
    capsys, task, n_epochs, words
):
    """After every kill the two files, if there, belong together."""
    began = time.monotonic()
    undisturbed = straight(capsys, task, n_epochs, *words)
    took = time.monotonic() - began
    name = new_name("killed")
    folder = run_folder(name)
    words = (task, "--n-epochs", n_epochs, "--run-name", name, *words)
    draw = random.Random(f"{task} 1")
    kills, epochs = 0, []
    for _ in range(8):
        process = fork(*words)
        process.join(draw.uniform(0.1, 0.9) * took)
        if process.exitcode is None:
            process.kill()
            kills += 1
        process.join()
        if (folder / "checkpoint.pt").exists():
            epochs.append(state(name)["epoch"])
            about = json.loads((folder / "hparams.json").read_text())
            weights = state(name)["model_state_dict"]
            build_model(about).load_state_dict(weights)
    # killed before the end, and more than once with some epochs done
    assert kills >= 2 and len(set(epochs)) >= 2
    assert trained(capsys, *words).status == 0
    assert identical(state(name), state(undisturbed))
    assert read_scalars(name) == read_scalars(undisturbed)


@pytest.mark.parametrize("moment", ["description", "checkpoint"])
def test_killed_between_the_two_files_they_belong_together(
    capsys, monkeypatch, moment
):
    """Stop at the very line that writes one of them, before and after."""
    name = new_name()
    words = ("line", "--run-name", name, "--n-epochs", 3)

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    place = "write_about" if moment == "description" else "save_checkpoint"
    with monkeypatch.context() as patch:
        patch.setattr(training, place, killed)
        with pytest.raises(Killed):
            train.main([str(word) for word in words])
    folder = run_folder(name)
    assert not (folder / "checkpoint.pt").exists()
    assert (folder / "hparams.json").exists() == (moment == "checkpoint")
    assert trained(capsys, *words).status == 0
    assert identical(state(name), state(straight(capsys, "line", 3)))


def check_stopped(capsys, name, words, said, reason):
    """Check what a stopped run said, and that its advice holds."""
    assert "Traceback" not in said and reason in said
    done = state(name)["epoch"]
    assert done >= 5
    assert f"{done} of 3000 epochs are saved" in said
    # the command that is printed goes on
    command = said.splitlines()[-1].split()
    assert command[:4] == ["python", "-m", "helpers", "train"]
    assert command[4:] == [*map(str, words)]
    words = ("line", "--run-name", name, "--n-epochs", done + 2)
    assert trained(capsys, *words).status == 0
    other = straight(capsys, "line", done + 2, "--print-every", 0)
    assert identical(state(name), state(other))


def test_ctrl_c_ends_it_with_a_sentence_and_it_goes_on(capsys):
    name = new_name("stopped")
    words = ("line", "--n-epochs", 3000, "--run-name", name)
    process = start("train", *words)
    for line in process.stdout:
        if line.startswith("epoch 5 "):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    check_stopped(capsys, name, words, err, "Ctrl-C")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_a_sentence_and_it_goes_on(
    capsys, tmp_path, number
):
    name = new_name("stopped")
    words = ("line", "--n-epochs", 3000, "--run-name", name)
    process = fork(*words, log=tmp_path / "log")
    wait_for(lambda: "epoch 5 " in (tmp_path / "log").read_text())
    os.kill(process.pid, number)
    process.join(60)
    said = (tmp_path / "log").read_text()
    assert process.exitcode == 128 + number, said
    check_stopped(capsys, name, words, said, number.name)


def wait_for(is_so):
    until = time.monotonic() + 60
    while True:
        try:
            if is_so():
                return
        except OSError:  # no such file yet
            pass
        assert time.monotonic() < until
        time.sleep(0.02)


def test_stopped_before_the_first_epoch_it_says_that_nothing_is_saved(
    capsys, monkeypatch
):
    name = new_name()

    def stopped(*_, **__):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training.model_training, "train", stopped)
    ended = trained(capsys, "line", "--run-name", name)
    assert ended.status == 130
    assert "nothing to save" in ended.err and f"--run-name {name}" in ended.err
    # afterwards Ctrl-C does what it did before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_stopped_beside_a_damaged_file_it_still_says_so(capsys, monkeypatch):
    name = straight(capsys, "line", 1)
    path = run_folder(name) / "checkpoint.pt"

    def stopped(*_, **__):
        path.write_bytes(b"damaged")
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training.model_training, "train", stopped)
    words = ("line", "--run-name", name, "--n-epochs", 2)
    ended = trained(capsys, *words)
    assert ended.status == 130 and ended.err.startswith("Stopped by Ctrl-C")


def test_a_signal_that_torch_turns_into_an_error_is_still_one(
    capsys, monkeypatch
):
    def stopped(*_, **__):
        try:
            signal.raise_signal(signal.SIGTERM)
        except Stopped as stop:
            raise RuntimeError("while a class was made") from stop

    monkeypatch.setattr(training.model_training, "train", stopped)
    ended = trained(capsys, "line", "--run-name", new_name())
    assert ended.status == 143 and "RuntimeError" not in ended.err


# ------------------------------------------------------- something is wrong


def test_a_loss_that_diverges_is_one_sentence(capsys):
    name = new_name()
    words = ("line", "--run-name", name, "--n-epochs", 200, "--lr", 50)
    ended = trained(capsys, *words, "--print-every", 0)
    assert ended.status == 1 and "Traceback" not in ended.err
    assert "learning rate 50 is too large" in ended.err
    assert "--run-name" in ended.err
    # what was saved before is finite
    folder = run_folder(name)
    if (folder / "checkpoint.pt").exists():
        assert state(name)["epoch"] > 0


def test_a_full_disk_is_one_sentence_and_keeps_the_epoch_before(
    capsys, tmp_path
):
    name = new_name()
    words = ("digits", "--run-name", name, "--batch-size", 256)
    assert trained(capsys, *words, "--n-epochs", 1).status == 0
    before = state(name)
    process = fork(
        *(*words, "--n-epochs", 3), log=tmp_path / "log", most_bytes=100_000
    )
    process.join(60)
    err = (tmp_path / "log").read_text()
    assert process.exitcode == 1, err
    assert "Traceback" not in err
    assert "could not be written" in err and "File too large" in err
    assert identical(state(name), before)
    assert trained(capsys, *words, "--n-epochs", 3).status == 0
    other = straight(capsys, "digits", 3, "--batch-size", 256)
    assert identical(state(name), state(other))


def test_a_folder_that_cannot_be_made_is_one_sentence(capsys):
    name = new_name("file")
    run_folder(name).parent.mkdir(parents=True, exist_ok=True)
    run_folder(name).write_text("not a folder")
    ended = trained(capsys, "line", "--run-name", name)
    assert ended.status == 1 and "Traceback" not in ended.err
    assert "cannot be used" in ended.err and "--run-name" in ended.err
    assert len(ended.err.splitlines()) == 1
    run_folder(name).unlink()


def test_a_disk_that_refuses_the_description_is_one_sentence(
    capsys, monkeypatch
):
    def refuses(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("helpers.files._replace", refuses)
    name = new_name()
    ended = trained(capsys, "line", "--run-name", name)
    assert ended.status == 1 and "No space left on device" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not list(run_folder(name).iterdir())  # no log without a run


def test_whatever_else_goes_wrong_is_one_sentence(capsys, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("out of\npatience")

    monkeypatch.setattr(training.model_training, "train", fails)
    ended = trained(capsys, "line", "--run-name", new_name())
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert "RuntimeError" in ended.err and "patience" in ended.err


def test_a_full_memory_is_one_sentence(capsys, monkeypatch):
    def fails(*_, **__):
        raise torch.OutOfMemoryError("no")

    monkeypatch.setattr(training.model_training, "train", fails)
    ended = trained(capsys, "line", "--run-name", new_name())
    assert ended.status == 1 and "--batch-size" in ended.err


def test_a_second_process_is_kept_out_of_a_run(capsys):
    name = new_name("busy")
    words = ("line", "--n-epochs", 100_000, "--run-name", name)
    process = fork(*words)
    try:
        wait_for((run_folder(name) / "checkpoint.pt").exists)
        further = state(name)["epoch"] + 1000
        ended = trained(capsys, *words[:2], further, *words[3:])
        assert ended.status == 1
        assert "Another process is training the run" in ended.err
    finally:
        process.kill()
        process.join()
    # a killed process locks nothing
    words = ("line", "--run-name", name, "--n-epochs")
    assert trained(capsys, *words, state(name)["epoch"] + 1).status == 0


def test_without_locks_it_trains_all_the_same(capsys, monkeypatch):
    monkeypatch.setattr(run_files, "fcntl", None)
    straight(capsys, "line", 1)


def test_a_log_that_cannot_be_written_costs_a_warning(capsys, monkeypatch):
    def refuses(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SummaryWriter, "__init__", refuses)
    name = new_name()
    ended = trained(capsys, "line", "--run-name", name, "--n-epochs", 2)
    assert ended.status == 0 and state(name)["epoch"] == 2
    assert ended.err.startswith("Warning: Nothing will be logged")
    assert len(ended.err.splitlines()) == 1


# ---------------------------------------------------------------- terminal


def on_terminal(*words):
    """Run ``train`` on a terminal of its own; return what it showed."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers", "train", *words],
        **dict.fromkeys(("stdin", "stdout", "stderr"), its),
        env={**os.environ, "TQDM_DISABLE": "0"},
    )
    os.close(its)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # Linux: the other end was closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return shown.decode()


def test_a_terminal_shows_a_bar_in_place_of_lines():
    name = new_name("terminal")
    shown = on_terminal("line", "--n-epochs", "120", "--run-name", name)
    assert "epochs:" in shown and "%|" in shown and "val_loss=" in shown
    assert "epoch 1 of" not in shown
    assert "Done: loss" in shown


def test_the_bar_goes_away_before_a_sentence_comes(capsys, monkeypatch):
    class Bar(list):
        disable = False
        is_closed = False

        def set_postfix(self, values, refresh):
            assert set(values) == {"val_loss"} and not refresh
            shown.append(values)
            if len(shown) == 2:
                raise OSError(5, "Input/output error")

        def close(self):
            self.is_closed = True

    bars, shown = [], []

    def progress(steps):
        bars.append(Bar(steps))
        return bars[-1]

    monkeypatch.setattr(training, "progress", progress)
    name = new_name()
    ended = trained(capsys, "line", "--run-name", name, "--n-epochs", 3)
    assert ended.status == 1 and "Input/output error" in ended.err
    assert bars[0].is_closed and state(name)["epoch"] == 2


def test_no_reader_of_the_output_is_no_traceback():
    name = new_name()
    words = ("train", "line", "--run-name", name, "--n-epochs", 3000)
    process = start(*words)
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert "Traceback" not in err and "BrokenPipe" not in err


@pytest.fixture(autouse=True, scope="module")
def leave_nothing():
    yield
    shutil.rmtree(run_folder("launching"), ignore_errors=True)


def test_main_reads_the_command_line_of_the_process(capsys, monkeypatch):
    name = new_name()
    words = ["helpers", "train", "line", "--n-epochs", "1", "--run-name", name]
    monkeypatch.setattr(sys, "argv", words)
    assert run(capsys, lambda _: train.main()).status == 0
