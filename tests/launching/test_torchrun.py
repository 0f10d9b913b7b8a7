"""One run in several processes: begun, resumed, stopped, killed, refused."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
import torch

from helpers.launching import train
from helpers.processes.starting import Heard, Kill, run_processes
from helpers.runs import read_scalars, run_folder
from tests.launching import torture
from tests.launching.engine import (
    PATIENCE,
    all_said,
    on_hosts,
    statuses,
    together,
    together_in_turn,
    torchrun,
    two_hosts,
    wait_for,
)
from tests.launching.running import new_name, state, straight, trained
from tests.tools import identical

FAILING = str(Path(__file__).with_name("failing_process.py"))
TWO = ("--nproc-per-node", "2")


def differ_by(name, other) -> float:
    """Return how far the parameters of two runs are from each other."""
    mine, theirs = (state(run)["model_state_dict"] for run in (name, other))
    return max((mine[key] - theirs[key]).abs().max().item() for key in mine)


# ------------------------------------------------- several runs, one start

N_EPOCHS = 4
SGD = ("--optimizer", "sgd", "--lr", 0.1)
TASKS = ("line", "mnist-1d", "table")
REFUSED = {
    "--lr much": (["digits", "--lr", "much"], "--lr should be a number"),
    "no table": (
        ["table", "--data", "nowhere.csv", "--label", "c"],
        "nowhere.csv",
    ),
    "nothing to resume": (
        ["digits", "--resume"],
        "--resume goes on with a run",
    ),
}


class Found(NamedTuple):
    """A run of several processes: its name, its words, what they said."""

    name: str
    words: tuple
    heard: Heard


def start_in_turn(folder, commands, n_processes) -> dict[str, Found]:
    """Run commands in the same processes, by what each is to show."""
    names = {what: new_name(what.split()[0].strip("-")) for what in commands}
    typed = [
        (*words, "--run-name", names[what]) for what, words in commands.items()
    ]
    heard = together_in_turn(folder, typed, n_processes)
    return {
        what: Found(names[what], tuple(words), one)
        for (what, words), one in zip(commands.items(), heard, strict=True)
    }


@pytest.fixture(scope="module")
def in_two(tmp_path_factory) -> dict[str, Found]:
    """What two processes do, one run after another."""
    folder = tmp_path_factory.mktemp("in_two")
    table = folder / "table.csv"
    rows = [f"{i},{i % 7},{3 * i + i % 7}" for i in range(101)]
    table.write_text("\n".join(["a,b,c", *rows]))
    of_table = ("--data", table, "--label", "c", "--drop-last")
    slow = ("--n-epochs", 1, "--optimizer", "sgd", "--lr", 0.01)
    return start_in_turn(
        folder / "notes",
        {
            "undisturbed": ("digits", "--n-epochs", N_EPOCHS),
            "shorter": ("digits", "--n-epochs", 2),
            "line": ("line", *slow),
            "mnist-1d": ("mnist-1d", *slow),
            "table": ("table", *slow, *of_table),
            **{what: words for what, (words, _) in REFUSED.items()},
            "help": ("digits", "--help"),
            "after errors": ("digits", "--n-epochs", 2),
        },
        2,
    )


@pytest.fixture(scope="module")
def in_three(tmp_path_factory) -> dict[str, Found]:
    """What three processes do: a ragged batch, and a run begun by one."""
    words = ("digits", "--n-epochs", 1)
    begun = new_name("begun")
    assert train.main([*map(str, words), "--run-name", begun]) == 0
    sizes = ("--batch-size", 10, "--global-batch-size", 48)
    commands = {
        "global": (*words, *SGD, *sizes, "--run-name", new_name("global")),
        "moved": ("digits", "--n-epochs", 2, "--run-name", begun),
        "finished": ("digits", "--resume", "--run-name", begun),
    }
    folder = tmp_path_factory.mktemp("in_three") / "notes"
    heard = together_in_turn(folder, [*commands.values()], 3)
    return {
        what: Found(words[-1], words, one)
        for (what, words), one in zip(commands.items(), heard, strict=True)
    }


# ------------------------------------------------------------------- begun


@pytest.fixture(scope="module")
def undisturbed(in_two) -> str:
    """A run of two processes that nobody disturbs."""
    name, _, heard = in_two["undisturbed"]
    assert heard.status == 0, all_said(heard)
    return name


def test_the_first_process_prints_saves_and_logs(in_two, capsys):
    name, _, heard = in_two["undisturbed"]
    assert list(heard.lines) == [0] and not heard.errors
    told = [line for line in heard.lines[0] if line.startswith("epoch ")]
    assert [line.split()[1] for line in told] == ["1", "2", "3", "4"]
    files = {path.name for path in run_folder(name).iterdir()}
    events = {file for file in files if "tfevents" in file}
    assert files == {"checkpoint.pt", "hparams.json", *events}
    assert len(events) == 1
    assert read_scalars(name)["loss/training"][0] == [0, 1, 2, 3]
    plain = straight(capsys, "digits", N_EPOCHS)
    about, of_plain = (
        json.loads((run_folder(run) / "hparams.json").read_text())
        for run in (name, plain)
    )
    assert about == of_plain
    assert list(state(name)) == list(state(plain))
    # Adam makes much of the last bits of small gradients
    assert state(name)["loss"] == pytest.approx(state(plain)["loss"], rel=0.2)
    assert state(name)["loss"][0] == pytest.approx(
        state(plain)["loss"][0], 1e-3
    )


def test_any_number_of_processes_fills_a_global_batch(in_three, capsys):
    plain = straight(capsys, "digits", 1, "--batch-size", 48, *SGD)
    name, _, heard = in_three["global"]
    assert heard.status == 0, all_said(heard)
    assert differ_by(name, plain) < 1e-5
    for part in ("loss", "val_loss"):
        assert state(name)[part] == pytest.approx(state(plain)[part], rel=1e-5)
    (accuracy,) = state(name)["metrics"]["accuracy"]
    assert [accuracy] == pytest.approx(state(plain)["metrics"]["accuracy"])


@pytest.mark.parametrize("task", TASKS)
def test_every_task_trains_in_two_processes(in_two, capsys, task):
    name, words, heard = in_two[task]
    assert heard.status == 0, all_said(heard)
    plain = new_name(task)
    assert trained(capsys, *words, "--run-name", plain).status == 0
    assert differ_by(name, plain) < 1e-3


# ---------------------------------------------------------- gone on with


def test_a_run_goes_on_in_any_number_of_processes(
    in_three, undisturbed, capsys
):
    name, _, heard = in_three["moved"]
    assert heard.status == 0, all_said(heard)
    assert "Going on after epoch 1" in "\n".join(heard.lines[0])
    _, _, heard = in_three["finished"]
    assert "is finished" in heard.lines[0][0] and list(heard.lines) == [0]
    words = ("digits", "--run-name", name, "--n-epochs", 3)
    assert trained(capsys, *words).status == 0
    losses = state(undisturbed)["loss"][:3]
    assert state(name)["loss"] == pytest.approx(losses, rel=0.2)


# ----------------------------------------------------- killed, and stopped


def test_killed_twice_the_same_command_and_torchrun_go_on(undisturbed):
    """The second kill is that of the first process, which writes."""
    name = new_name("killed")
    words = ("digits", "--n-epochs", N_EPOCHS, "--run-name", name)
    heard = together(*words, kill=Kill(rank=1, line="epoch 1 "))
    assert heard.is_killed and heard.status == 1
    assert (heard.failed, heard.exit_status) == (1, -signal.SIGKILL)
    done = state(name)["epoch"]
    assert 1 <= done < N_EPOCHS
    # one sentence of one process, and how to go on
    said = all_said(heard)
    assert said.startswith("Stopped by ") and said.count("Stopped by") == 1
    assert f"{done} of {N_EPOCHS} epochs are saved" in said
    assert "torchrun --nproc-per-node 2 -m helpers train digits" in said
    assert "Traceback" not in said
    kill = Kill(rank=0, line=f"epoch {N_EPOCHS - 1} ")
    heard = together(*words, kill=kill, restarts=1)
    assert heard.is_killed
    assert heard.status == 0, all_said(heard)
    assert sum("Going on after" in line for line in heard.lines[0]) == 2
    assert identical(state(name), state(undisturbed))
    assert read_scalars(name) == read_scalars(undisturbed)


def test_killed_at_random_moments_it_ends_as_undisturbed(tmp_path):
    found = torture.kills(1, True, tmp_path, seed=1)
    assert found["same"] == found["tries"], found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_torchrun_ends_it_and_it_goes_on(capsys, number, tmp_path):
    name = new_name("stopped")
    words = ("line", "--n-epochs", 3000, "--run-name", name)
    with torchrun(tmp_path, *words, options=TWO) as started:
        wait_for(lambda: "\nepoch 5 " in started.out.read_text())
        workers = psutil.Process(started.process.pid).children()
        started.process.send_signal(number)
        assert started.process.wait(timeout=PATIENCE) != 0
        said = started.err.read_text()
    reason = {"SIGINT": "Ctrl-C", "SIGTERM": "a request to end (SIGTERM)"}
    assert f"Stopped by {reason[number.name]}. " in said
    assert said.count("are saved. Go on with the same command:") == 1
    assert not any(worker.is_running() for worker in workers)
    done = state(name)["epoch"]
    assert f"{done} of 3000 epochs" in said
    assert trained(capsys, *words[:2], done + 2, *words[3:]).status == 0
    assert state(name)["epoch"] == done + 2


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
def test_when_torchrun_is_killed_its_processes_end(capsys, tmp_path):
    name = new_name("orphans")
    words = ("line", "--n-epochs", 100_000, "--run-name", name)
    with torchrun(tmp_path, *words, options=TWO) as started:
        wait_for(lambda: "\nepoch 5 " in started.out.read_text())
        workers = psutil.Process(started.process.pid).children()
        assert len(workers) == 2
        started.process.kill()
        started.process.wait()
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert not alive
    done = state(name)["epoch"]
    assert trained(capsys, *words[:2], done + 1, *words[3:]).status == 0


# ------------------------------------------------------- something is wrong


def failing(rank, epoch, kind, *words, restarts=0):
    typed = map(str, (FAILING, rank, epoch, kind, *words))
    return run_processes(list(typed), 2, max_restarts=restarts)


@pytest.mark.parametrize(
    ("rank", "kind", "sentence"),
    [
        (1, "sentence", "Process 1 has no rows left."),
        (0, "other", "ValueError: something odd in process 0"),
    ],
)
def test_an_error_in_one_process_ends_all_with_its_sentence(
    rank, kind, sentence
):
    name = new_name()
    words = ("digits", "--n-epochs", 3, "--run-name", name)
    start = time.monotonic()
    heard = failing(rank, 3, kind, *words)
    assert time.monotonic() - start < PATIENCE
    assert heard.status == 1 and heard.failed == rank
    assert all_said(heard) == sentence
    # The first process may still be about to save the second epoch.
    assert state(name)["epoch"] in (1, 2)


def test_a_process_that_ends_without_a_word_is_told_by_another():
    name = new_name()
    heard = failing(
        1, 3, "quiet", "digits", "--n-epochs", 3, "--run-name", name
    )
    assert heard.status == 1 and heard.exit_status == 7
    said = all_said(heard)
    assert said.startswith("Stopped by ")
    # The first process may still be about to save the second epoch.
    saved = state(name)["epoch"]
    assert saved in (1, 2) and f"{saved} of 3 epochs are saved" in said


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_from_the_start_is_said_once(in_two, what):
    heard = in_two[what].heard
    assert heard.status != 0 and not heard.lines
    said = all_said(heard)
    assert REFUSED[what][1] in said and len(said.splitlines()) == 1, said


def test_what_went_wrong_before_does_not_count(in_two):
    """Processes that meet again after an error are as good as new."""
    names = [in_two[what].name for what in ("shorter", "after errors")]
    assert identical(*map(state, names))


def test_the_summary_of_torchrun_has_the_sentence(tmp_path):
    words = ("digits", "--lr", "much")
    with torchrun(tmp_path, *words, options=TWO) as started:
        assert started.process.wait(timeout=PATIENCE) == 1
        *_, summary = started.err.read_text().split("Root Cause")
    assert "--lr should be a number, and is 'much'." in summary


def test_help_is_shown_once(in_two):
    heard = in_two["help"].heard
    assert heard.status == 0 and list(heard.lines) == [0]
    said = " ".join("\n".join(heard.lines[0]).split())
    assert "--global-batch-size" in said


# ------------------------------------------------------------- two hosts


def test_two_hosts_without_a_shared_disk(in_two, tmp_path):
    """The second host has no files: it goes on from those of the first."""
    with two_hosts() as hosts:
        folders = [tmp_path / "first", tmp_path / "second"]
        for n_epochs in (1, 2):
            words = ("digits", "--n-epochs", n_epochs)
            with on_hosts(hosts, folders, *words) as started:
                found = statuses(started)
                said = [one.said() for one in started]
            assert found == [0, 0], said
        assert "Going on after epoch 1" in said[0]
        assert "epoch 2 of 2" in said[0]
        assert "epoch 2" not in said[1] and "Process 1 of 2" in said[1]
        assert (folders[0] / "runs/digits/checkpoint.pt").exists()
        assert not (folders[1] / "runs").exists()
    saved = torch.load(folders[0] / "runs/digits/checkpoint.pt")
    assert identical(saved, state(in_two["shorter"].name))


@pytest.fixture(autouse=True, scope="module")
def leave_nothing():
    yield
    for folder in ("launching", "torture"):
        shutil.rmtree(run_folder(folder), ignore_errors=True)
    assert "RANK" not in os.environ
