"""Two hosts on one machine: one run, and a failure that is raised."""

import shutil

import pytest
import torch

from helpers.demonstrations.hosts import two_hosts
from helpers.processes.starting import WorkerError
from helpers.runs import run_folder


@pytest.fixture
def name():
    yield "test_hosts/run"
    shutil.rmtree(run_folder("test_hosts"), ignore_errors=True)


def test_two_hosts_make_one_run_and_the_first_writes(name, capsys):
    two_hosts(
        f"-m helpers train line --n-epochs 2 --run-name {name} --device cpu",
        leave_out=["Curves", "Predict"],
    )
    said = capsys.readouterr().out.splitlines()
    commands = [line for line in said if "$ torchrun --nnodes 2" in line]
    assert [line.split("$")[0] for line in commands] == ["host 0", "host 1"]
    assert [line.split()[1] for line in said if line.startswith("epoch")] == [
        "1",
        "2",
    ]
    assert not any(line.startswith(("Curves", "Predict")) for line in said)
    assert "files of the run on host 1: 0" in said
    saved = torch.load(run_folder(name) / "checkpoint.pt", weights_only=True)
    assert saved["epoch"] == 2 and len(saved["loss"]) == 2


def test_a_host_that_fails_is_named_with_what_it_said():
    with pytest.raises(WorkerError, match="status 1: --lr should be"):
        two_hosts("-m helpers train line --lr -1")
