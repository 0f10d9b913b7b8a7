"""A figure of `make torture`: foreign servers and foreign processes."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.errors import ServiceError
from helpers.runs import tensorboard_server as servers

PRETENDING = Path(__file__).parents[1] / "runs" / "pretending.py"
KINDS = ("number given away", "younger", "another folder", "any web server")


def start(answer: str, name: str) -> tuple[subprocess.Popen, int]:
    """Start a program that answers on a port; return it and the port."""
    process = subprocess.Popen(
        [sys.executable, "-S", str(PRETENDING), answer, name],
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, int(process.stdout.readline())


def is_fooled(kind: str, folder: Path, notes: Path) -> tuple[bool, bool]:
    """Give a false note to the course; say what it believed and ended."""
    shown = folder / "other" if kind == "another folder" else folder
    answer = json.dumps({"data_location": str(shown)})
    if kind == "any web server":
        answer = random.choice(["", "[]", "<html>", "null", "{}", "3"])
    own = "reader's own" if kind == "number given away" else "tensorboard"
    process, port = start(answer, own)
    age = 3600 if kind == "younger" else 0
    note = {
        **{"version": "2.21.0", "path_prefix": "", "db": "", "cache_key": "x"},
        **{"pid": process.pid, "port": port, "logdir": str(folder)},
        "start_time": int(time.time()) - age,
    }
    (notes / f"pid-{process.pid}.info").write_text(json.dumps(note))
    try:
        servers.find_server(folder)
        believed = True
    except ServiceError:
        believed = False
    ended = False
    if kind in ("number given away", "younger"):
        servers.stop_server(folder)
        ended = process.poll() is not None
    process.kill()
    process.wait()
    process.stdout.close()
    return believed, ended


def foreign_servers(tries: int, folder: Path) -> tuple[int, int]:
    """Try false notes of every kind; count what was believed and ended."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    notes = folder / ".tensorboard-info"
    notes.mkdir()
    try:
        found = [
            is_fooled(KINDS[number % len(KINDS)], folder, notes)
            for number in range(tries)
        ]
    finally:
        tempfile.tempdir = before
    for file in notes.iterdir():
        os.unlink(file)
    return sum(b for b, _ in found), sum(e for _, e in found)
