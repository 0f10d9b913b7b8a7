"""Every server of the course listens on this machine only."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
import torch

from helpers.deployment.model_file import Feature, export_model

ROOT = Path(__file__).parents[2]


def start(arguments, tmp_path):
    """Start a server with private folders; end it with its children."""
    private = {
        name: str(tmp_path / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "HOME")
    }
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **private},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process):
    for member in [*psutil.Process(process.pid).children(True), process]:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself
            member.terminate()
    process.wait(timeout=10)
    process.stdout.close()


def addresses(process, seconds=30):
    """Wait until a process listens, and return all it listens on."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        assert process.poll() is None, process.stdout.read()
        main = psutil.Process(process.pid)
        listening = []
        for member in [main, *main.children(True)]:
            # a helper process may end between the list and the question
            with contextlib.suppress(psutil.NoSuchProcess):
                listening += [
                    connection.laddr
                    for connection in member.net_connections(kind="inet")
                    if connection.status == psutil.CONN_LISTEN
                ]
        if listening:
            return listening
        time.sleep(0.1)
    raise AssertionError("the server never listened")


def jupyter_arguments():
    """Return the arguments of `make lab`, as make itself would run them."""
    made = subprocess.run(
        ["make", "--dry-run", "--always-make", "lab", "DISPLAY="],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.replace("\\\n", " ")
    line = next(x for x in made.splitlines() if "-m jupyterlab" in x)
    return shlex.split(line)[1:]


def is_loopback(address):
    return address.ip in ("127.0.0.1", "::1")


def assert_listens_on_loopback(arguments, tmp_path):
    process = start(arguments, tmp_path)
    try:
        found = addresses(process)
        assert all(map(is_loopback, found)), found
    finally:
        end(process)


@pytest.mark.skipif(sys.platform == "win32", reason="needs make")
def test_jupyterlab_listens_on_loopback_and_asks_for_its_token(tmp_path):
    arguments = [*jupyter_arguments(), "--no-browser", "--ServerApp.port=0"]
    process = start(arguments, tmp_path)
    try:
        found = addresses(process)
        assert all(map(is_loopback, found)), found
        port = found[0].port
        url = f"http://127.0.0.1:{port}/api/contents"
        limit = time.monotonic() + 20
        while True:
            try:
                answer = httpx.get(url, timeout=5)
                break
            except httpx.HTTPError:
                assert time.monotonic() < limit
                time.sleep(0.2)
        assert answer.status_code == 403
        # The address that is printed leads to the start page.
        printed = ""
        while "?token=" not in printed:
            printed = process.stdout.readline()
            assert printed
        assert "/lab/tree/notebooks/00_start_here.ipynb" in printed
        token = re.search(r"token=(\w+)", printed).group(1)
        assert len(token) >= 32
        allowed = httpx.get(url, params={"token": token}, timeout=5)
        assert allowed.status_code == 200
    finally:
        end(process)


def test_tensorboard_listens_on_loopback(tmp_path):
    arguments = ["-m", "tensorboard.main", f"--logdir={tmp_path}", "--port=0"]
    assert_listens_on_loopback(arguments, tmp_path)


def test_the_prediction_service_listens_on_loopback(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(1, 1))
    percent = Feature("x_percent", "percent", lowest=0, highest=100, scale=100)
    export_model(tmp_path / "model.pt2", model, [percent])
    file = str(tmp_path / "model.pt2")
    arguments = ["-m", "helpers", "serve", file, "--port", "0"]
    assert_listens_on_loopback(arguments, tmp_path)
