"""The command, its verdicts and its files."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.errors import CourseError, DataError
from helpers.measuring import bench, compile_times, speeds
from helpers.measuring.jobs import JOBS, job_called
from helpers.measuring.machine import describe_machine, say_machine
from helpers.measuring.speeds import KEPT, MISSED, UNDECIDED, judge
from helpers.measuring.stored import read_benchmark, rounded, write_benchmark


def result(ratio, noise=0.02, name="eager", low=None):
    return {
        "name": "mlp",
        "title": "line",
        "limits": {"eager": 0.4, "compiled": 0.1},
        "ratios": {name: [ratio, low or ratio, ratio]},
        "seconds": {name: [0.001, 0.001, 0.001]},
        "noise": noise,
    }


@pytest.mark.parametrize(
    ("judged", "status", "said"),
    [
        (result(0.4), KEPT, ""),
        (result(0.41), MISSED, "eager takes 0.410 times the plain loop"),
        (result(0.2, name="compiled"), MISSED, "the limit is 0.1"),
        (result(9.0, name="floor"), KEPT, ""),
        (result(0.41, noise=0.3), UNDECIDED, "varied by 30%"),
        (result(0.39, noise=0.3), KEPT, ""),
        (result(0.41, low=0.39), UNDECIDED, "a quarter of the rounds kept it"),
    ],
)
def test_a_limit_is_judged_unless_the_machine_is_busy(judged, status, said):
    found, sentences = judge([judged])
    assert found == status
    assert said in " ".join(sentences)
    assert bool(sentences) == bool(said)


def test_a_limit_missed_on_a_quiet_machine_counts_most():
    busy, quiet = result(0.5, noise=0.3), result(0.5)
    assert judge([busy, quiet])[0] == judge([quiet, busy])[0] == MISSED


def test_the_limits_are_those_of_the_course():
    limits = {job.name: (job.eager_limit, job.compiled_limit) for job in JOBS}
    assert limits == {
        "line-sgd": (0.38, 0.08),
        "line-momentum": (0.38, 0.08),
        "line-adam": (0.38, 0.08),
        "mlp": (0.60, 0.36),
        "network": (0.86, 0.58),
    }
    assert speeds.limits_of(JOBS[0])["teaching"] == 1.15


def test_a_job_is_measured_as_plain_data():
    found = speeds.measure_job(
        job_called("line-sgd"), n_rounds=2, n_epochs=1, names=["eager", "floor"]
    )
    assert list(found["ratios"]) == ["plain", "plain again", "eager", "floor"]
    assert found["ratios"]["plain"] == [1.0, 1.0, 1.0]
    assert all(r > 0 for values in found["ratios"].values() for r in values)
    assert (found["n_train"], found["n_val"]) == (80, 20)
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (result(0.5, noise=0.3), [4, 8]),
        (result(0.41, low=0.39), [4, 8]),
        (result(0.41), [4]),
        (result(0.39, noise=0.3), [4]),
    ],
)
def test_what_is_too_close_to_call_is_measured_again(
    found, expected, monkeypatch
):
    rounds = []

    def measured(job, n_rounds, *_):
        rounds.append(n_rounds)
        return found

    monkeypatch.setattr(speeds, "measure_job", measured)
    speeds.measure_all(4, 1, JOBS[:1])
    assert rounds == expected


def test_a_table_shows_ratio_spread_and_limit():
    table = speeds.format_speeds([result(0.25)])
    assert table.splitlines()[1].split() == [
        *["line", "eager", "1.000", "0.250", "0.250", "0.250", "0.40"]
    ]


def test_the_command_prints_and_keeps(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "LAST", tmp_path)
    monkeypatch.setattr(
        bench, "measure_all", lambda rounds, epochs, jobs, say: [result(0.41)]
    )
    status = bench.main(["--short", "--jobs", "line-sgd", "--rounds", "1"])
    said = capsys.readouterr().out
    assert status == MISSED
    assert "line" in said
    assert "and the limit is 0.4" in said
    assert "torch 2." in said
    kept = read_benchmark("speeds", tmp_path)
    assert kept["jobs"] == [result(0.41)]
    assert kept["machine"]["cores"] >= 1
    assert (tmp_path / "speeds.png").read_bytes().startswith(b"\x89PNG")


def test_everything_is_measured_to_be_stored(tmp_path, monkeypatch, capsys):
    stored, last = tmp_path / "stored", tmp_path / "last"
    monkeypatch.setattr(bench, "STORED", stored)
    monkeypatch.setattr(bench, "LAST", last)
    quick = [result(0.3)]
    monkeypatch.setattr(bench, "measure_all", lambda *_, **__: quick)
    monkeypatch.setattr(
        bench,
        "measure_compile_times",
        lambda jobs: {job.name: {"cold": 2.0, "cached": 1.0} for job in jobs},
    )
    row = {"name": "v1", "work": "", "is_limited": True}
    row |= {"seconds": [1.0] * 3, "ratio": [1.3] * 3}
    monkeypatch.setattr(bench, "measure_versions", lambda: [row])
    library = {"version": "1", "jobs": {"mlp": {"ratio": [0.2] * 3}}}
    monkeypatch.setattr(
        bench, "measure_libraries", lambda *_, **__: {"Ignite": library}
    )
    monkeypatch.setattr(bench, "measure_for_the_page", lambda _: {"rows": 1})
    monkeypatch.setattr(bench, "format_page", lambda found: "tables")
    status = bench.main(["--store", "--jobs", "mlp"])
    said = capsys.readouterr().out
    assert status == MISSED  # v1 takes too long
    assert "Every ratio is within" not in said
    assert "v1 takes 1.30 times its plain loop" in said
    assert "Ignite takes 0.20 times the plain loop" in said
    for name, key in (
        ("speeds", "compiling"),
        ("libraries", "libraries"),
        ("page", "rows"),
    ):
        assert set(read_benchmark(name, stored)) >= {"machine", key}
    assert [path.name for path in last.iterdir()] == ["speeds.png"]


def test_limits_that_are_kept_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "LAST", tmp_path)
    monkeypatch.setattr(bench, "measure_all", lambda *_, **__: [result(0.3)])
    assert bench.main(["--short", "--jobs", "mlp"]) == KEPT
    assert "Every ratio is within its limit." in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--rounds", "--epochs"])
@pytest.mark.parametrize("value", ["0", "-1", "x"])
def test_settings_that_make_no_sense_are_refused(capsys, option, value):
    with pytest.raises(SystemExit):
        bench.main([option, value])
    assert option in capsys.readouterr().err


def test_a_job_that_is_not_known_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["--jobs", "sine"])
    assert "line-sgd" in capsys.readouterr().err


# ----------------------------------------------------------- files and machine


def test_what_is_written_is_read_back(tmp_path):
    results = {"a": [0.123456, 2, None], "b": {"c": [[1.0], "x"]}}
    path = write_benchmark("page", results, tmp_path)
    assert read_benchmark("page", tmp_path) == {
        "a": [0.1235, 2, None],
        "b": {"c": [[1.0], "x"]},
    }
    path.write_text("{")
    with pytest.raises(DataError, match="damaged"):
        read_benchmark("page", tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="helpers bench"):
        read_benchmark("page", tmp_path)


def test_numbers_of_a_list_share_a_line(tmp_path):
    values = {"x": [0.5, -1e-07, 3], "y": ["a", "b"]}
    text = write_benchmark("page", values, tmp_path).read_text()
    assert '"x": [0.5, -1e-07, 3]' in text
    assert json.loads(text) == values


def test_times_are_rounded_and_counts_are_not():
    assert rounded({1: (0.00012345678, 123456)}) == {"1": [0.0001235, 123456]}


def test_the_machine_is_described_without_naming_it():
    machine = describe_machine("numpy")
    assert set(machine["versions"]) == {"torch", "numpy"}
    said = say_machine(machine)
    for word in (machine["date"], machine["cpu"], "torch 2.", "thread"):
        assert word in said
    node = os.uname().nodename if hasattr(os, "uname") else "?"
    assert node not in json.dumps(machine)


class Slow:
    """A contender whose first epochs compile."""

    def __init__(self, seconds):
        self.seconds = seconds

    def run(self, n_epochs):
        time.sleep(self.seconds)
        self.seconds = 0


def test_compiling_took_the_difference(monkeypatch, capsys):
    monkeypatch.setattr(
        compile_times,
        "contenders_for",
        lambda job, names: {names[0]: Slow(0.1)},
    )
    monkeypatch.setattr(sys, "argv", ["", "line-sgd"])
    exec(compile_times.PROGRAM)
    assert 0.05 < float(capsys.readouterr().out) < 5


def test_compiling_is_timed_cold_and_from_the_cache(monkeypatch):
    folders = []

    def started(command, env, **_):
        folder = Path(env["TORCHINDUCTOR_CACHE_DIR"])
        folders.append((folder, [path.name for path in folder.iterdir()]))
        (folder / "compiled").write_text("")
        assert command[1:] == ["-c", compile_times.PROGRAM, "mlp"]
        return subprocess.CompletedProcess(command, 0, "words\n2.5\n", "")

    monkeypatch.setattr(subprocess, "run", started)
    times = compile_times.measure_compile_times([job_called("mlp")])
    assert times == {"mlp": {"cold": 2.5, "cached": 2.5}}
    (first, cold), (second, cached) = folders
    assert first == second
    assert (cold, cached) == ([], ["compiled"])
    assert not first.exists()
    assert "2.5    2.5" in compile_times.format_compile_times(times)


def test_a_process_that_fails_says_why(monkeypatch):
    def started(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "a\nError: reason\n")

    monkeypatch.setattr(subprocess, "run", started)
    with pytest.raises(CourseError, match="compiles mlp failed: Error: reason"):
        compile_times.measure_compile_times([job_called("mlp")])
