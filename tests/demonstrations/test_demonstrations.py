"""Each demonstration, in a short form."""

import json
import os
import subprocess
import sys

import pytest
import torch

from helpers.checkpoints import read_checkpoint
from helpers.demonstrations import (
    kill_while_saving,
    kill_while_training,
    resume_elsewhere,
    resume_without,
)
from helpers.runs import checkpoint_path, clear_run, read_scalars
from tests.tools import identical

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*torch.jit.trace.*:DeprecationWarning",
    "ignore:.*fork.*:DeprecationWarning",
)


@pytest.fixture
def run_name():
    name = "demonstrations/run"
    clear_run(name)
    yield name
    clear_run(name)


@needs_fork
def test_kills_while_saving(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kill_while_saving, "N_NUMBERS", 200_000)
    path = tmp_path / "trial.pt"
    assert kill_while_saving.main([str(path), "3"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert list(counts) == list(kill_while_saving.WAYS)
    # chance decides how many plain saves are lost; of the others, none is
    assert counts["aside, then os.replace"] == 0
    assert 0 <= counts["torch.save"] <= 3
    assert kill_while_saving.is_whole(path)


def test_half_a_file_counts_as_lost(tmp_path):
    path = tmp_path / "half.pt"
    kill_while_saving.save_plainly({"weight": torch.ones(1000)}, path)
    assert kill_while_saving.is_whole(path)
    path.write_bytes(path.read_bytes()[:2000])
    assert not kill_while_saving.is_whole(path)


@needs_fork
def test_a_run_that_is_killed_twice_is_that_of_nobody(run_name, capsys):
    assert kill_while_training.main([run_name, "60", "2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 2
    assert found == sorted(found)
    killed = read_checkpoint(checkpoint_path(run_name))
    curves = read_scalars(run_name)
    clear_run(run_name)
    kill_while_training.train_on(run_name, 60)
    assert identical(killed, read_checkpoint(checkpoint_path(run_name)))
    assert curves == read_scalars(run_name)


@needs_fork
def test_what_is_killed_draws_no_bar(run_name, monkeypatch):
    """In a page, a bar in a forked process is a warning in the terminal."""
    monkeypatch.delenv("TQDM_DISABLE")
    seen = []
    monkeypatch.setattr(
        kill_while_training,
        "train_on",
        lambda *_: seen.append(os.environ.get("TQDM_DISABLE")),
    )
    monkeypatch.setattr(os, "nice", lambda _: 0)
    kill_while_training._train(run_name, 1)
    assert seen == ["1"]


def test_resuming_in_another_process(run_name):
    kill_while_training.train_on(run_name, 10)
    command = [sys.executable, "-m", "helpers", "resume", run_name, "20"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == (
        "a new process went on from epoch 10 to epoch 20\n"
    ), done.stderr
    state = read_checkpoint(checkpoint_path(run_name))
    clear_run(run_name)
    kill_while_training.train_on(run_name, 20)
    assert identical(state, read_checkpoint(checkpoint_path(run_name)))


def test_resuming_what_is_not_there(run_name, capsys):
    assert resume_elsewhere.main([run_name, "20"]) == 1
    assert "There is no" in capsys.readouterr().err


@pytest.mark.parametrize("seed", [None, 13])
def test_what_a_resume_needs(seed, tmp_path, capsys):
    differences = resume_without.compare_resumes(tmp_path / "five.pt", seed)
    lines = capsys.readouterr().out.splitlines()[1:]
    exact = {line.split()[0] for line in lines if "False" not in line}
    needless = set() if seed is None else {"random_state", "generator_state"}
    assert exact == {"nothing", *needless}
    assert [len(values) for values in differences.values()] == [20] * 6
    assert not differences["nothing"].any()
    assert differences["optimizer_state_dict"].max() > 1e-4
