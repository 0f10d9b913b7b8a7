"""Compiled epochs: exact resume, and the way out where nothing compiles."""

import os
import subprocess
import sys
import time

import pytest
import torch
from torch import nn, optim
from torch._dynamo.utils import counters

from helpers.checkpoints import load_checkpoint
from tests.epochs import jobs
from tests.tools import ROOT, identical


def n_programs():
    return counters["stats"]["unique_graphs"]


def in_a_new_process(folder, number, name, **environment):
    return subprocess.run(
        [sys.executable, jobs.__file__, str(folder), str(number), name],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=240,
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Train for 6 epochs with a checkpoint after 3."""
    found = {}
    for number in (7, 8):
        folder = tmp_path_factory.mktemp(f"v{number}")
        configuration = jobs.configure(number, "batch norm")
        options = {
            "checkpoint_path": folder / "batch norm.pt",
            "checkpoint_every": 3,
        }
        data = jobs.loaders("batch norm")
        jobs.train(configuration, data, 3, **options)
        straight = jobs.configure(number, "batch norm")
        result = jobs.train(straight, jobs.loaders("batch norm"), 6)
        found[number] = folder, [result, jobs.states(straight)]
    return found


@pytest.mark.parametrize("number", [7, 8])
def test_a_new_process_goes_on_bit_for_bit_and_in_silence(number, saved):
    folder, straight = saved[number]
    done = in_a_new_process(folder, number, "batch norm")
    found = torch.load(folder / "batch norm.result.pt")
    assert identical(found, straight)
    assert done.stdout == done.stderr == ""


@pytest.mark.parametrize(("saves", "loads"), [(8, 6), (8, 7), (7, 8)])
def test_versions_read_the_checkpoints_of_each_other(saves, loads, saved):
    folder, (straight, _) = saved[saves]
    configuration = jobs.configure(loads, "batch norm")
    checkpoint = load_checkpoint(folder / "batch norm.pt", configuration)
    result = jobs.train(
        configuration, jobs.loaders("batch norm"), 6, resume_from=checkpoint
    )
    assert result[0] == pytest.approx(straight[0], rel=2e-3)
    assert result[0][:3] == straight[0][:3]


# --------------------------------------------------------------- no program


def test_without_a_compiler_it_says_so_once_and_goes_on(saved, tmp_path):
    (tmp_path / "batch norm.pt").write_bytes(
        (saved[7][0] / "batch norm.pt").read_bytes()
    )
    started = time.monotonic()
    done = in_a_new_process(
        tmp_path,
        8,
        "batch norm",
        CXX=str(tmp_path / "no-compiler"),
        TORCHINDUCTOR_CACHE_DIR=str(tmp_path / "empty"),
    )
    found = torch.load(tmp_path / "batch norm.result.pt")
    assert identical(found, saved[7][1])
    said = done.stdout + done.stderr
    assert said.count("not compiled") == 1
    assert "Traceback" not in said
    assert time.monotonic() - started < 120


class Branching(nn.Module):
    """Decides by what it sees, which no program can."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer(x.flatten(1))
        return x if x.sum().item() > 0 else 2 * x


def test_a_model_that_cannot_be_compiled_is_trained_eagerly():
    expected = jobs.train(
        jobs.configure(7, make_model=Branching), jobs.loaders()
    )
    configuration = jobs.configure(8, make_model=Branching)
    with pytest.warns(UserWarning, match="not compiled") as warnings:
        found = jobs.train(configuration, jobs.loaders(), 3)
    assert len(warnings) == 1
    assert found == expected
    assert not configuration.epoch_fn.is_compilable


def test_an_optimizer_whose_update_is_not_compiled_is_used_as_it_is():
    expected = jobs.configure(7, make_optimizer=optim.RMSprop)
    found = jobs.configure(8, make_optimizer=optim.RMSprop)
    before = n_programs()
    assert jobs.train(found, jobs.loaders()) == jobs.train(
        expected, jobs.loaders()
    )
    assert n_programs() == before
