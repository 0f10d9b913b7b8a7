"""Runs that are killed, stopped, refused by the disk, or watched."""

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
from helpers.launching.interruptions import Stopped, interruptible
from helpers.launching.run_files import build_model
from helpers.runs import log_losses, read_scalars, run_folder
from tests.launching.running import (
    fork,
    new_name,
    start,
    state,
    straight,
    trained,
)
from tests.tools import identical

# ------------------------------------------------------------------ killed


@pytest.mark.parametrize(
    ("task", "n_epochs", "words"),
    [
        ("line", 100, ["--momentum", "0.5"]),
        ("digits", 12, ["--batch-size", "128"]),
    ],
)
def test_killed_at_random_moments_it_ends_as_undisturbed(
    capsys, tmp_path, task, n_epochs, words
):
    """After every kill the two files, if there, belong together."""
    undisturbed = straight(capsys, task, n_epochs, *words)
    name, log = new_name("killed"), tmp_path / "log"
    folder = run_folder(name)
    words = (task, "--n-epochs", n_epochs, "--run-name", name, *words)
    draw = random.Random(f"{task} 1")
    epochs = []
    # before the first epoch, then after one or more
    for n_lines in (0, 0, 1, 1, 2):
        log.write_text("")
        process = fork(*words, log=log)
        wait_for(folder.exists)
        wait_for(lambda n=n_lines: log.read_text().count("\nepoch ") >= n)
        time.sleep(draw.uniform(0, 0.05))
        process.kill()
        process.join()
        if (folder / "checkpoint.pt").exists():
            about = json.loads((folder / "hparams.json").read_text())
            weights = state(name)["model_state_dict"]
            build_model(about).load_state_dict(weights)
            epochs.append(state(name)["epoch"])
    assert epochs == sorted(epochs) and len(set(epochs)) >= 3
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

    place = "write_about" if moment == "description" else "save_together"
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
    # the tests may run where a signal is ignored, as under nohup
    before = signal.signal(number, signal.SIG_DFL)
    process = fork(*words, log=tmp_path / "log")
    signal.signal(number, before)
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
    # the bar comes after a second
    shown = on_terminal("line", "--n-epochs", "500", "--run-name", name)
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


def test_a_second_signal_ends_the_process_as_it_would_have():
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as arrived:
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGTERM)
        assert arrived.stopped.status == 143
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_signal_stays_ignored():
    """As ``nohup`` wishes."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible() as arrived:
            signal.raise_signal(signal.SIGHUP)
        assert arrived.stopped is None
    finally:
        signal.signal(signal.SIGHUP, before)


class Swallowing:
    """Its destructor gets a signal, and Python ignores what comes of it."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_ignores_ends_the_run_after_its_epoch(
    capsys, monkeypatch
):
    name = new_name("ignored")
    save_together = training.save_together

    def save(*arguments):
        # a second signal would end the tests
        monkeypatch.setattr(training, "save_together", save_together)
        Swallowing()
        save_together(*arguments)

    monkeypatch.setattr(training, "save_together", save)
    ended = trained(capsys, "line", "--n-epochs", 30, "--run-name", name)
    assert ended.status == 143
    assert "1 of 30 epochs are saved" in ended.err


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_ignores_is_raised_when_it_is_asked_for():
    with interruptible() as arrived:
        arrived.end_if_asked()
        Swallowing()
        assert arrived.stopped is not None
        with pytest.raises(Stopped):
            arrived.end_if_asked()


def test_a_signal_waits_until_the_log_is_written(monkeypatch, tmp_path):
    """Raised in the middle, it may leave a lock of the writer closed."""
    writer, flush, steps = SummaryWriter(tmp_path), SummaryWriter.flush, []

    def stopped_flush(self):
        os.kill(os.getpid(), signal.SIGTERM)
        steps.append("before")
        flush(self)
        steps.append("after")

    monkeypatch.setattr(SummaryWriter, "flush", stopped_flush)
    with interruptible() as arrived, pytest.raises(Stopped):
        log_losses(writer, 0, 1.0, 1.0)
    assert steps == ["before", "after"]
    assert arrived.stopped is not None
    monkeypatch.undo()
    log_losses(writer, 1, 1.0, 1.0)  # nothing waits any longer
    writer.close()
