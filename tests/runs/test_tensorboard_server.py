"""TensorBoard's server: never another one, and no other program is ended."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from tensorboard import manager
from torch.utils.tensorboard import SummaryWriter

from helpers.errors import ServiceError
from helpers.runs import close_log, log_losses, open_writer, run_folder
from helpers.runs import tensorboard_server as servers
from tests.tools import assert_one_sentence

PRETENDING = Path(__file__).with_name("pretending.py")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """An empty folder for the notes of servers."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    folder = tmp_path / "tmp" / ".tensorboard-info"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def start():
    """A function that starts a program; all are ended after the test."""
    processes = []

    def start(*arguments, answer=""):
        command = [sys.executable, str(PRETENDING), answer, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in processes:
        with contextlib.suppress(OSError):
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        process.stdout.close()


def environment(folder):
    return json.dumps({"version": "2.21.0", "data_location": str(folder)})


def write_note(notes, pid, port, logdir, age=0.0, **changes):
    """Write a note as a server does."""
    content = {
        "version": "2.21.0",
        "start_time": int(time.time() - age),
        "port": port,
        "pid": pid,
        "path_prefix": "",
        "logdir": str(logdir),
        "db": "",
        "cache_key": "x",
        **changes,
    }
    file = notes / f"pid-{pid}.info"
    file.write_text(json.dumps(content))
    return file


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def has_no_server(folder):
    with pytest.raises(ServiceError) as caught:
        servers.find_server(folder)
    return assert_one_sentence(caught.value)


def test_a_server_is_found_and_ended(notes, start, tmp_path):
    process, port = start("tensorboard", answer=environment(tmp_path))
    file = write_note(notes, process.pid, port, tmp_path)
    assert servers.find_server(tmp_path) == f"http://localhost:{port}"
    servers.forget_dead_servers()
    assert file.exists()
    assert servers.stop_server(tmp_path)
    assert process.wait(5) is not None
    assert not file.exists()
    assert not servers.stop_server(tmp_path)


def test_two_servers_of_one_folder_end_at_once(notes, start, tmp_path):
    both = [start("tensorboard", answer=environment(tmp_path)) for _ in "ab"]
    for process, port in both:
        write_note(notes, process.pid, port, tmp_path)
    assert servers.stop_server(tmp_path)
    assert all(process.wait(5) is not None for process, _ in both)


# ------------------------------------------- a process that is another one


@pytest.mark.parametrize("answers", [False, True])
def test_another_program_with_the_number_is_not_ended(
    answers, notes, start, tmp_path
):
    """A killed server left its note; its number was given away."""
    process, port = start("reader's own", answer=environment(tmp_path))
    file = write_note(
        notes, process.pid, port if answers else free_port(), tmp_path
    )
    assert not servers.stop_server(tmp_path)
    assert process.poll() is None
    has_no_server(tmp_path)
    assert not file.exists()


def test_a_younger_tensorboard_with_the_number_is_not_ended(
    notes, start, tmp_path
):
    process, port = start("tensorboard", answer=environment(tmp_path))
    write_note(notes, process.pid, port, tmp_path, age=3600)
    assert not servers.stop_server(tmp_path)
    assert process.poll() is None


@needs_posix
def test_a_server_that_does_not_want_to_end(
    notes, start, tmp_path, monkeypatch
):
    process, port = start(
        "tensorboard", "stubborn", answer=environment(tmp_path)
    )
    write_note(notes, process.pid, port, tmp_path)
    wait = psutil.Process.wait
    monkeypatch.setattr(
        psutil.Process, "wait", lambda self, timeout: wait(self, timeout / 10)
    )
    assert servers.stop_server(tmp_path)
    assert process.wait(5) is not None


def test_a_process_that_may_not_be_ended(notes, start, tmp_path, monkeypatch):
    process, port = start("tensorboard", answer=environment(tmp_path))
    write_note(notes, process.pid, port, tmp_path)

    def refuse(self):
        raise psutil.AccessDenied(self.pid)

    monkeypatch.setattr(psutil.Process, "terminate", refuse)
    with pytest.raises(ServiceError) as caught:
        servers.stop_server(tmp_path)
    assert_one_sentence(caught.value)


# --------------------------------------------- a server that is another one

FOREIGN = ["", "[]", "null", "3", "<html></html>", '{"data_location": 3}', "{}"]


@pytest.mark.parametrize("answer", [*FOREIGN, environment("/another/folder")])
def test_what_answers_must_be_the_server_of_this_folder(
    answer, notes, start, tmp_path
):
    """The server of this folder has no note that is true of its port."""
    process, port = start("tensorboard", answer=answer)
    write_note(notes, process.pid, port, tmp_path)
    has_no_server(tmp_path)
    with pytest.raises(ServiceError):
        servers.served_tags(tmp_path, wait=0.1)


def test_a_killed_server_is_not_found_where_another_answers(
    notes, start, tmp_path
):
    ours, other = tmp_path / "ours", tmp_path / "other"
    gone, _ = start("tensorboard")
    gone.kill()
    gone.wait()
    process, port = start("tensorboard", answer=environment(other))
    write_note(notes, gone.pid, port, ours)  # the port was given away
    write_note(notes, process.pid, port, other)
    has_no_server(ours)
    assert servers.find_server(other) == f"http://localhost:{port}"
    servers.forget_dead_servers()
    assert [file.name for file in notes.iterdir()] == [
        f"pid-{process.pid}.info"
    ]


# ------------------------------------------------------ notes of all kinds


@needs_posix
def test_a_server_that_is_busy_is_not_forgotten(notes, start, tmp_path):
    process, port = start("tensorboard", answer=environment(tmp_path))
    file = write_note(notes, process.pid, port, tmp_path)
    process.send_signal(signal.SIGSTOP)
    servers.forget_dead_servers()
    assert file.exists()
    assert "does not answer" in has_no_server(tmp_path)
    process.send_signal(signal.SIGCONT)
    assert servers.find_server(tmp_path) == f"http://localhost:{port}"


MALFORMED = [
    b"[]",
    b"null",
    b"3",
    b"",
    b"{",
    b"\xff\xfe not text",
    b"[" * 100_000,
    b"{}",
    *(
        json.dumps(
            {
                **{"pid": 1, "port": 1, "logdir": "/", "start_time": 1},
                **change,
            }
        ).encode()
        for change in (
            {"port": "abc"},
            {"port": [1]},
            {"port": None},
            {"port": -1},
            {"port": 70_000},
            {"port": 1.5},
            {"pid": 10**30},
            {"pid": 0},
            {"pid": "1"},
            {"logdir": None},
            {"logdir": "a\0b"},
            {"start_time": "now"},
        )
    ),
]


@pytest.mark.parametrize("content", MALFORMED)
def test_malformed_notes(content, notes, tmp_path):
    file = notes / "pid-1.info"
    file.write_bytes(content)
    long_ago = time.time() - 60
    os.utime(file, (long_ago, long_ago))
    has_no_server(tmp_path)
    assert not servers.stop_server(tmp_path)
    servers.forget_dead_servers()
    assert not file.exists()


def test_a_note_that_is_being_written_stays(notes, tmp_path):
    (notes / "pid-1.info").write_bytes(b"")
    servers.forget_dead_servers()
    assert (notes / "pid-1.info").exists()


def test_a_folder_in_place_of_a_note(notes, tmp_path):
    (notes / "pid-1.info").mkdir()
    (notes / "pid-2.info").mkdir()
    (notes / "pid-2.info" / "something").write_bytes(b"")
    for name in ("pid-1.info", "pid-2.info"):
        long_ago = time.time() - 60
        os.utime(notes / name, (long_ago, long_ago))
    servers.forget_dead_servers()
    assert not (notes / "pid-1.info").exists()
    assert (notes / "pid-2.info" / "something").exists()
    has_no_server(tmp_path)


# ------------------------------------------------------- the real program

KERNEL = """
import sys, time
from tensorboard import manager
from helpers.runs import tensorboard_server
tensorboard_server.use_this_environment()
result = manager.start(["--logdir", sys.argv[1], "--port", "0"])
print(type(result).__name__, flush=True)
time.sleep(60)
"""


@needs_posix
def test_tensorboard_ends_with_the_kernel_that_started_it(notes):
    """Even with one that is killed, and cannot end anything itself."""
    writer = open_writer("served/run")
    log_losses(writer, 0, 1.0, 2.0)
    close_log(writer)
    folder = run_folder("served")
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(notes.parent)},
    )
    try:
        assert kernel.stdout.readline() == "StartLaunched\n"
        assert servers.find_server(folder).startswith("http://localhost:")
        assert servers.served_tags(folder) == {
            "run": ["loss/training", "loss/validation"]
        }
        server = psutil.Process(manager.get_all()[0].pid)
        assert server.ppid() == kernel.pid
    finally:
        kernel.kill()
        kernel.wait()
        kernel.stdout.close()
    server.wait(10)  # raises if it lives on
    assert not list(notes.iterdir())


def write_curve(folder, steps, value):
    with SummaryWriter(folder) as writer:
        for step in steps:
            writer.add_scalar("loss", value, step)


@needs_posix  # there the fast reader is installed
@pytest.mark.parametrize(
    ("fast", "restarted", "resumed"),
    [
        ("true", [*range(5)], [*range(12)]),
        ("false", [*range(20), *range(5)], [*range(10), *range(8, 12)]),
    ],
)
def test_what_the_two_readers_show_of_a_step_back(
    fast, restarted, resumed, notes, tmp_path
):
    """Chapter 06 tells this; should a release change it, that has to change."""
    logdir = tmp_path / "logs"
    for name, first, second in (
        ("restarted", range(20), range(5)),
        ("resumed", range(10), range(8, 12)),
    ):
        write_curve(logdir / name, first, 1.0)
        time.sleep(1.1)  # event files are read in the order of their seconds
        write_curve(logdir / name, second, 2.0)
    program = Path(sysconfig.get_path("scripts")) / "tensorboard"
    options = ["--logdir", logdir, "--port", "0", f"--load_fast={fast}"]
    server = subprocess.Popen(
        [program, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(notes.parent)},
    )
    try:
        end = time.monotonic() + 60
        while not list(notes.glob("pid-*")) and time.monotonic() < end:
            time.sleep(0.2)
        steps, values = servers.served_scalars(logdir, "restarted", "loss")
        assert steps == restarted
        assert values[-1] == 2.0
        assert servers.served_scalars(logdir, "resumed", "loss")[0] == resumed
        for run, tag in (("resumed", "other"), ("other", "loss")):
            with pytest.raises(ServiceError) as caught:
                servers.served_scalars(logdir, run, tag, wait=1)
            assert_one_sentence(caught.value)
    finally:
        server.terminate()
        server.wait(10)
