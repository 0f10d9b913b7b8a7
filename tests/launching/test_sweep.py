"""The command sweep: files that make no sense, sweeps that end, and kills."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from helpers.checkpoints import read_checkpoint
from helpers.demonstrations.new_processes import quick_context
from helpers.launching import sweep
from helpers.launching.sweep_config import read_sweep
from helpers.launching.sweep_results import read_results, summarise
from helpers.launching.sweep_workers import WORK
from helpers.runs import read_scalars, run_folder
from helpers.runs.hparams_table import shown_hparams
from tests.launching.running import listing, new_name, run, start

LINE = """
task = "line"
name = "{name}"
processes = {processes}
[options]
n_epochs = {n_epochs}
batch_size = 40
[grid]
lr = {lrs}
seed = {seeds}
"""


def write(folder: Path, text: str | None = None, **more) -> Path:
    """Write a file for the command; return its path."""
    values = {
        "name": new_name("sweep"),
        "processes": 1,
        "n_epochs": 2,
        "lrs": [0.05, 0.1],
        "seeds": [1, 2],
        **more,
    }
    path = folder / f"{values['name'].replace('/', '-')}.toml"
    path.write_text((text or LINE).format(**values))
    return path


def swept(capsys, *words):
    return run(capsys, sweep.main, *words)


def files_of(name: str) -> tuple[bytes, bytes]:
    folder = run_folder(name)
    return tuple(
        (folder / file).read_bytes() for file in ("results.csv", "results.json")
    )


# -------------------------------------------------- a file that makes no sense

TEMPLATE = 'task = "mnist-1d"\nname = "launching/wrong"\n'
TABLE = 'task = "table"\n[options]\ndata = "no.csv"\nlabel = "y"\n'
WRONG = {
    "# nothing": "task is missing",
    'task = "mnist"': "task is 'mnist', and should be line",
    "task = 3": "task should be a text in quotes, and is 3",
    'tasks = "line"': "'tasks' is not a key of a sweep",
    "x = ": "is not TOML",
    TEMPLATE: "[grid] is missing or empty",
    TEMPLATE + "grid = 3": "[grid] should hold lines",
    TEMPLATE + "[grid]\nlr = 0.1": "lr in [grid] should be a list",
    TEMPLATE + "[grid]\nlr = []": "lr is an empty list",
    TEMPLATE + "[grid]\nlr = [0.1, 0.1]": "lr has 0.1 twice",
    TEMPLATE + "[grid]\nlr = [1, 1.0]": "lr has 1.0 twice",
    TEMPLATE + '[grid]\nlr = ["a"]': "lr in [grid] should be a number",
    TEMPLATE + "[grid]\nlr = [true]": "lr in [grid] should be a number",
    TEMPLATE + "[grid]\nlr = [nan]": "--lr should be a finite number",
    TEMPLATE + "[grid]\nlr = [-1]": "--lr should be a finite number",
    TEMPLATE + "[grid]\nseed = [1.5]": "seed in [grid] should be a whole",
    TEMPLATE + "[grid]\nlrr = [1]": "Did you mean lr?",
    TEMPLATE + '[grid]\nrun_name = ["a"]': "'run_name' cannot be swept",
    TEMPLATE + '[grid]\ndevice = ["cpu"]': "'device' cannot be swept",
    TEMPLATE + '[grid]\nmodel = ["conf"]': "Did you mean conv?",
    TEMPLATE + '[options]\nrun_name = "a"\n[grid]\nlr = [1]': "'run_name' in",
    TEMPLATE + "[options]\nlr = 1\n[grid]\nlr = [1]": "lr is in [options] and",
    TEMPLATE + "[options]\nn_epochs = 1.5\n[grid]\nlr = [1]": "a whole number",
    TEMPLATE + '[options]\ndevice = "gpu9"\n[grid]\nlr = [1]': "device in [opt",
    "processes = 0\n" + TEMPLATE + "[grid]\nlr = [1]": "from 1 to 256",
    "processes = true\n" + TEMPLATE + "[grid]\nlr = [1]": "a whole number",
    'task = "line"\nname = "../x"\n[grid]\nlr = [1]': "cannot name a run",
    'task = "table"\n[grid]\nlr = [1]': "data is missing in [options]",
    TEMPLATE + "[grid]\ndrop_last = [true]\nbatch_size = [8, 5000]": (
        "--batch-size 5,000 with --drop-last"
    ),
    TABLE + "[grid]\nlr = [1]": "no.csv cannot be read",
    'task = "line"\n[grid]\nmomentum = [0, 1]': "--momentum should be below 1",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[-40:])
def test_a_wrong_file_is_one_sentence_and_status_2(capsys, tmp_path, text):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    ended = swept(capsys, path)
    assert ended.status == 2 and not ended.out
    assert WRONG[text] in ended.err
    assert ended.err.count("\n") == 1
    assert not run_folder("launching/wrong").exists()


def test_no_file_a_folder_or_two_files(capsys, tmp_path):
    for words, said in (
        ([tmp_path / "none.toml"], "There is no none.toml"),
        ([tmp_path], "is a folder"),
        (["a.toml", "b.toml"], "unrecognized arguments: b.toml"),
        ([], "the following arguments are required: config"),
    ):
        ended = swept(capsys, *words)
        assert ended.status == 2 and said in ended.err
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    ended = swept(capsys, tmp_path / "bytes.toml")
    assert ended.status == 2 and "not text in UTF-8" in ended.err


def test_help_shows_a_file_that_is_right(capsys, tmp_path):
    ended = swept(capsys, "--help")
    assert ended.status == 0 and "usage: python -m helpers" in ended.out
    lines = ended.out.partition("such as:\n")[2].splitlines()
    path = tmp_path / "example.toml"
    shown = [line for line in lines if line.startswith("    ")]
    path.write_text("\n".join(shown))
    assert len(read_sweep(path).runs) == 6


def test_names_of_the_file_and_hyphens_will_do(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(
        'task = "line"\n[options]\nn-epochs = 3\n[grid]\nbatch-size = [8, 16]'
    )
    found = read_sweep(path)
    assert found.name == "small" and found.n_processes >= 1
    assert [run.name for run in found.runs] == [
        "small/batch_size=8",
        "small/batch_size=16",
    ]
    assert found.runs[0].options.hyperparameters.n_epochs == 3


# --------------------------------------------------------- a sweep that ends


def test_runs_are_those_of_the_command_train(capsys, tmp_path):
    name = new_name("sweep")
    path = write(tmp_path, name=name, processes=2)
    ended = swept(capsys, path)
    assert ended.status == 0 and not ended.err
    alone = new_name("alone")
    words = ["--n-epochs", "2", "--batch-size", "40", "--lr", "0.1"]
    process = start("train", "line", *words, "--seed", "2", "--run-name", alone)
    assert process.wait(60) == 0
    swept_run = run_folder(f"{name}/lr=0.1_seed=2") / "checkpoint.pt"
    one, other = map(
        read_checkpoint, (swept_run, run_folder(alone) / "checkpoint.pt")
    )
    assert one["loss"] == other["loss"]
    with open(run_folder(name) / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["lr"], row["seed"]) for row in rows] == [
        ("0.05", "1"),
        ("0.05", "2"),
        ("0.1", "1"),
        ("0.1", "2"),
    ]
    assert float(rows[-1]["val_loss"]) == one["val_loss"][-1]
    # a line for each, a table of means, how sure it is
    lines = ended.out.splitlines()
    assert sum(" of 4   lr=" in line for line in lines) == 4
    assert any(line.startswith("lr ") and "mean" in line for line in lines)
    assert "The first two differ by" in ended.out
    # the curves and the row in HPARAMS of every run, in its own folder
    columns, written = shown_hparams(run_folder(name))
    assert len(written) == 4 and {"lr", "seed"} <= {*columns}
    assert len({tuple(sorted(row)) for row in written.values()}) == 1
    assert read_scalars(f"{name}/lr=0.1_seed=2")["loss/training"][0] == [0, 1]

    before = listing(run_folder(name))
    again = swept(capsys, path)
    assert again.status == 0 and "4 of them done" in again.out
    changed = {"results.csv", "results.json"}
    after = listing(run_folder(name))
    assert {Path(p).name for p in after if after[p] != before[p]} <= changed

    # one more seed: three runs are there, so two are new
    path.write_text(path.read_text().replace("[1, 2]", "[1, 2, 3]"))
    more = swept(capsys, path)
    assert more.status == 0 and "6 runs on line, 4 of them done" in more.out

    # the file of results is gone: the checkpoints have them
    table = files_of(name)
    (run_folder(name) / "results.json").unlink()
    assert swept(capsys, path).status == 0
    assert files_of(name) == table

    # other options under the same name are refused before anything starts
    path.write_text(path.read_text().replace("batch_size = 40", "batch_size=8"))
    other = swept(capsys, path)
    assert other.status == 2 and "--batch-size is 8 here" in other.err
    assert "give the sweep another name" in other.err
    assert files_of(name) == table


def test_a_run_that_diverges_fails_alone(capsys, tmp_path):
    name = new_name("sweep")
    path = write(tmp_path, name=name, lrs=[0.1, 1e30], seeds=[1])
    ended = swept(capsys, path)
    assert ended.status == 1
    assert (
        "failed: The loss" in ended.out and "1 of the runs failed" in ended.err
    )
    entries = read_results(run_folder(name))
    assert ["error" in entry["result"] for entry in entries] == [False, True]


def test_means_and_spreads_over_seeds():
    rows = [
        {"lr": lr, "seed": seed, "accuracy": value}
        for lr, seed, value in ((1, 1, 0.2), (2, 1, 0.9), (1, 2, 0.4))
    ]
    one, two = summarise(rows, ["lr"], "accuracy")
    assert one.settings == {"lr": 1} and one.n == 2
    assert one.mean == pytest.approx(0.3)
    assert one.spread == pytest.approx(0.02**0.5)
    assert two.mean == 0.9 and two.spread != two.spread


# ------------------------------------------------------------ kills and Ctrl-C


def fork(path: Path):
    """Start the command in a process that has torch already; return it."""
    process = quick_context().Process(target=_silent, args=(path,))
    process.start()
    return process


def _silent(path: Path) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.exit(sweep.main([str(path)]))


def wait_for_run(name: str, n: int, seconds: float = 60) -> None:
    """Wait until so many runs of a sweep have begun."""
    until = time.monotonic() + seconds
    while len(list(run_folder(name).glob("*/hparams.json"))) < n:
        assert time.monotonic() < until
        time.sleep(0.02)


def gone(processes, seconds: float = 20) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def test_a_sweep_killed_again_and_again_has_the_same_table(capsys, tmp_path):
    settings = {"seeds": list(range(6)), "n_epochs": 8, "processes": 2}
    straight = new_name("straight")
    assert swept(capsys, write(tmp_path, name=straight, **settings)).status == 0
    name = new_name("killed")
    path = write(tmp_path, name=name, **settings)
    moments = random.Random(0)
    for n_begun in (1, 4):
        process = fork(path)
        wait_for_run(name, n_begun)
        workers = psutil.Process(process.pid).children()
        time.sleep(moments.random() / 5)
        process.kill()
        process.join()
        assert gone(workers), "a process of a killed sweep goes on"
    n_begun = len(list(run_folder(name).glob("*/hparams.json")))
    process = fork(path)
    wait_for_run(name, n_begun + 1)
    (victim, *_) = psutil.Process(process.pid).children()
    victim.kill()  # its run is begun again by another process
    process.join()
    assert process.exitcode == 0
    ours, theirs = (
        [file.replace(n.encode(), b"NAME") for file in files_of(n)]
        for n in (name, straight)
    )
    assert ours == theirs


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_every_process_and_says_how_to_go_on(tmp_path):
    name = new_name("stopped")
    path = write(tmp_path, name=name, n_epochs=100_000, processes=2)
    process = start("sweep", path, start_new_session=True)
    wait_for_run(name, 2)
    workers = psutil.Process(process.pid).children()
    assert len(workers) == 2
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped by Ctrl-C. 0 of 4 runs are done" in err
    assert f"python -m helpers sweep {path}" in err and "Traceback" not in err
    assert gone(workers, 5)


def test_two_of_one_name_at_a_time_are_refused(capsys, tmp_path, monkeypatch):
    name = new_name("twice")
    path = write(tmp_path, name=name, n_epochs=100_000)
    process = fork(path)
    wait_for_run(name, 1)
    monkeypatch.setattr(sweep, "WAIT_FOR_LOCK", 0.0)
    ended = swept(capsys, path)
    assert ended.status == 1 and "Another process is running" in ended.err
    workers = psutil.Process(process.pid).children()
    process.terminate()
    process.join()
    assert process.exitcode == 143 and gone(workers, 5)


def test_the_results_are_plain_json(capsys, tmp_path):
    name = new_name("sweep")
    assert swept(capsys, write(tmp_path, name=name)).status == 0
    found = json.loads((run_folder(name) / "results.json").read_text())
    first = found["runs"][0]
    assert first["settings"] == {"lr": 0.05, "seed": 1}
    assert first["asked"]["hyperparameters"]["batch_size"] == 40
    assert set(first["result"]) == {"n_epochs", "loss", "val_loss"}


def test_the_worker_ends_when_its_input_does():
    process = subprocess.Popen(
        [sys.executable, "-c", WORK],
        stdin=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == 0
