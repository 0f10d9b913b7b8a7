"""The usual libraries: their pins, their environment, what a script does."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from torch import optim

from helpers.errors import CourseError
from helpers.measuring import against_plain, own_environment
from helpers.measuring.jobs import job_called
from helpers.measuring.libraries_environment import (
    LIBRARIES,
    PINS,
    SCRIPTS,
    format_libraries,
    judge_libraries,
    make_environment,
    measure_libraries,
)
from helpers.measuring.stored import STORED
from tests.tools import ROOT


def pins_of(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(
        re.match(r"([\w.-]+)==(\S+)", line).groups()
        for line in lines
        if line and not line.startswith(("#", "-"))
    )


def test_every_library_is_pinned_and_none_is_a_dependency():
    theirs, ours = pins_of(PINS), pins_of(ROOT / "requirements.txt")
    assert {"pytorch-ignite", "accelerate", "skorch"} <= set(theirs)
    assert {"lightning", "fastai", "keras"} <= set(theirs)
    # torch is that of the course, and nothing shadows what the course has
    assert not set(theirs) & set(ours)


def test_every_script_is_in_the_table():
    assert {path.name for path in SCRIPTS.glob("*.py")} == set(
        LIBRARIES.values()
    )


def test_the_course_never_imports_a_script():
    for path in (ROOT / "helpers").rglob("*.py"):
        if path.parent != SCRIPTS:
            text = path.read_text(encoding="utf-8")
            assert "measuring.libraries." not in text, path


@pytest.mark.parametrize("name", ["speeds", "libraries", "page"])
def test_stored_results_are_of_the_versions_of_the_course(name):
    path = STORED / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path.name} has not been measured yet")
    found = json.loads(path.read_text(encoding="utf-8"))
    ours = pins_of(ROOT / "requirements.txt")
    for package, version in found["machine"]["versions"].items():
        assert version == ours[package]
    theirs = pins_of(PINS)
    for values in found.get("libraries", {}).values():
        assert values["version"] in theirs.values()


# ----------------------------------------------------------------- the scripts


def plain_run(parts):
    def run(n_epochs):
        return against_plain.run_plain(parts, n_epochs)

    return run


def other_rate(parts):
    parts.optimizer.param_groups[0]["lr"] *= 1.05
    return plain_run(parts)


def val_only(parts):
    return lambda n_epochs: (None, plain_run(parts)(n_epochs)[1])


@pytest.mark.parametrize("prepare", [plain_run, val_only])
def test_a_script_prints_times_of_equal_work(monkeypatch, capsys, prepare):
    monkeypatch.setattr(sys, "argv", ["", "2", "1", "line-sgd", "line-adam"])
    against_plain.compare("numpy", prepare)  # any package that is installed
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(found["jobs"]) == {"line-sgd", "line-adam"}
    for times in found["jobs"].values():
        assert times["ratio"][0] > 0
        assert len(times["seconds"]) == len(times["plain"]) == 3


def test_other_work_is_refused():
    with pytest.raises(CourseError, match="does other work"):
        against_plain.compare_job(job_called("line-sgd"), other_rate, 1, 1)


def test_a_different_adam_has_more_room(monkeypatch):
    seen = {}

    def compared(job, prepare, n_rounds, n_epochs, tolerance):
        seen[job.name] = tolerance
        return {}

    monkeypatch.setattr(against_plain, "compare_job", compared)
    monkeypatch.setattr(sys, "argv", ["", "1", "1", "line-sgd", "line-adam"])
    against_plain.compare("numpy", plain_run, adam_tolerance=0.2)
    assert seen == {"line-sgd": against_plain.TOLERANCE, "line-adam": 0.2}
    assert job_called("line-adam").make_optimizer is optim.Adam


def test_losses_are_compared_in_one_order_whoever_looks_first():
    parts = against_plain.parts_of(job_called("line-sgd"), in_one_order=True)
    orders = [
        [x.flatten().tolist() for x, _ in parts.train_loader] for _ in range(2)
    ]
    assert orders[0] == orders[1]
    assert orders[0] != [
        x.flatten().tolist()
        for x, _ in against_plain.parts_of(job_called("line-sgd")).train_loader
    ]


# ------------------------------------------------------------- the environment


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    calls = []

    def made(folder, with_pip):
        assert with_pip
        packages = [
            folder / "lib" / f"python{v}" / "site-packages"
            for v in ["{}.{}".format(*sys.version_info)]
        ]
        for place in (*packages, folder / "Lib" / "site-packages"):
            place.mkdir(parents=True)

    def called(command, **_):
        calls.append(command)
        return subprocess.CompletedProcess(command, 0, '{"jobs": {}}', "")

    monkeypatch.setattr(own_environment.venv, "create", made)
    monkeypatch.setattr(subprocess, "run", called)
    return calls


def test_the_environment_is_made_once_and_sees_the_torch_of_the_course(cache):
    said = []
    python = make_environment(said.append)
    assert len(said) == len(cache) == 1
    assert "--no-deps" in cache[0]
    (link,) = python.parents[1].rglob("course.pth")
    assert str(ROOT) in link.read_text().splitlines()
    assert make_environment(said.append) == python
    assert len(said) == len(cache) == 1


def test_an_environment_half_made_is_made_again(cache, monkeypatch):
    def failing(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network")

    usual = subprocess.run
    monkeypatch.setattr(subprocess, "run", failing)
    with pytest.raises(CourseError, match="not be installed: ERROR: no net"):
        make_environment(lambda _: None)
    monkeypatch.setattr(subprocess, "run", usual)
    make_environment(lambda _: None)
    assert len(cache) == 1


def test_each_script_is_called_with_rounds_epochs_and_jobs(cache):
    jobs = [job_called("mlp")]
    found = measure_libraries(jobs, 3, 2, ["Keras"], lambda _: None)
    assert found == {"Keras": {"jobs": {}}}
    *_, script, n_rounds, n_epochs, name = cache[-1]
    assert Path(script).name == "with_keras.py"
    assert (n_rounds, n_epochs, name) == ("3", "2", "mlp")


FOUND = {
    "Ignite": {"version": "0.5", "jobs": {"mlp": {"ratio": [1.1, 1.0, 1.2]}}},
    "Keras": {"version": "3.1", "jobs": {"mlp": {"ratio": [0.5, 0.4, 0.6]}}},
}


def test_the_table_has_a_line_per_library():
    lines = format_libraries(FOUND).splitlines()
    assert [line.split()[0] for line in lines] == ["library", "Ignite", "Keras"]
    assert lines[1].split()[1:] == ["0.5", "1.10"]


def test_a_library_that_is_ahead_is_named():
    results = [
        {
            "name": "mlp",
            "title": "MLP",
            "ratios": {"eager": [0.6] * 3, "compiled": [0.3] * 3},
        }
    ]
    (sentence,) = judge_libraries(FOUND, results)
    assert sentence.startswith("MLP: Keras takes 0.50 times the plain loop")
    assert sentence.endswith("the eager version 0.60.")
