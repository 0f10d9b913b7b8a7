"""Runs of ``train`` under torchrun, and hosts that are network namespaces."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from helpers.processes.starting import Heard, Kill, end, run_processes
from tests.launching.several_runs import BEGINS, ENDED

ENGINE = [sys.executable, "-m", "torch.distributed.run"]
PATIENCE = 120  # seconds: other tests may run beside this one
SEVERAL = str(Path(__file__).with_name("several_runs.py"))


def together(
    *words: Any, n_processes: int = 2, kill: Kill | None = None, restarts=0
) -> Heard:
    """Train in several processes; wait for all of them."""
    return run_processes(
        ["-m", "helpers", "train", *map(str, words)],
        n_processes,
        kill=kill,
        max_restarts=restarts,
    )


def together_in_turn(
    folder: Path, commands: Sequence[Sequence[Any]], n_processes: int = 2
) -> list[Heard]:
    """Train several times in the same processes, one run after another.

    Args:
        folder: a new one, for notes.
        commands: the words of each.

    Returns:
        what was heard in each; its status is 0 if all processes ended so.
    """
    folder.mkdir()
    file = folder / "commands.json"
    file.write_text(json.dumps([[str(w) for w in one] for one in commands]))
    heard = run_processes(
        [SEVERAL, str(file), str(folder)], n_processes, time_limit=300
    )
    assert heard.status == 0, all_said(heard)
    found = [Heard() for _ in commands]
    for rank in range(n_processes):
        for one, lines in zip(found, _cases(heard.lines[rank]), strict=True):
            *lines, ended = lines
            one.status |= ended != f"{ENDED} 0"
            if lines:
                one.lines[rank] = lines
        for one, lines in zip(found, _cases(heard.errors[rank]), strict=True):
            if lines:
                one.errors[rank] = lines
    return found


def _cases(lines: Sequence[str]) -> Iterator[list[str]]:
    """Cut what a process said where a new run begins."""
    starts = [i for i, line in enumerate(lines) if line.startswith(BEGINS)]
    for start, stop in zip(starts, [*starts[1:], None], strict=True):
        yield list(lines[start + 1 : stop])


def all_said(heard: Heard) -> str:
    """Return the error output of all processes."""
    return "\n".join(
        line for rank in sorted(heard.errors) for line in heard.errors[rank]
    )


class Started(NamedTuple):
    """A torchrun that runs, and the files of what it says."""

    process: subprocess.Popen
    out: Any
    err: Any

    def said(self) -> str:
        return self.out.read_text() + self.err.read_text()


@contextlib.contextmanager
def torchrun(folder, *words: Any, options=(), before=(), env=None):
    """Start torchrun as a terminal would; whatever happens, it ends.

    Args:
        folder: for the files of what it says.
        words: of ``train``.
        options: of torchrun.
        before: a command that runs it, such as ``ip netns exec NAME``.
        env: more of the environment.
    """
    out, err = folder / "out", folder / "err"
    command = [*before, *ENGINE, *options, "--log-dir", str(folder / "log")]
    with open(out, "w") as out_file, open(err, "w") as err_file:
        process = subprocess.Popen(
            [*command, "-m", "helpers", "train", *map(str, words)],
            stdout=out_file,
            stderr=err_file,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
            start_new_session=True,
        )
    try:
        yield Started(process, out, err)
    finally:
        end(process)


def wait_for(is_so, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


# ------------------------------------------------------------ two hosts


class Host(NamedTuple):
    """A network namespace: its name, its address and its interface."""

    name: str
    address: str
    interface: str


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def two_hosts():
    """Join two network namespaces by a cable; skip where that is forbidden."""
    if shutil.which("ip") is None or not hasattr(os, "geteuid") or os.geteuid():
        pytest.skip("network namespaces need root on Linux, and iproute2")
    name = uuid.uuid4().hex[:6]
    hosts = [
        Host(f"tl-{name}-{i}", f"10.77.0.{i + 1}", f"v{name}{i}")
        for i in (0, 1)
    ]
    first, second = hosts
    try:
        try:
            for host in hosts:
                _ip("netns", "add", host.name)
            _ip(
                *("link", "add", first.interface, "netns", first.name),
                *("type", "veth", "peer"),
                *("name", second.interface, "netns", second.name),
            )
            for host in hosts:
                inside = ("-n", host.name)
                place = ("dev", host.interface)
                _ip(*inside, "addr", "add", f"{host.address}/24", *place)
                _ip(*inside, "link", "set", host.interface, "up")
                _ip(*inside, "link", "set", "lo", "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.decode()}")
        yield hosts
    finally:
        for host in hosts:
            subprocess.run(
                ["ip", "netns", "del", host.name], capture_output=True
            )


@contextlib.contextmanager
def on_hosts(hosts, folders, *words: Any):
    """Start ``train`` on two hosts that share no disk.

    Args:
        hosts: from `two_hosts`.
        folders: of each host, for its runs and what it says.
    """
    with contextlib.ExitStack() as stack:
        started = []
        for number, (host, folder) in enumerate(
            zip(hosts, folders, strict=True)
        ):
            folder.mkdir(exist_ok=True)
            options = {
                "--nnodes": "2",
                "--nproc-per-node": "1",
                "--rdzv-backend": "c10d",
                "--rdzv-id": "two-hosts",
                "--rdzv-endpoint": f"{hosts[0].address}:29400",
                "--rdzv-conf": f"is_host={int(number == 0)}",
                "--local-addr": host.address,
            }
            one = torchrun(
                folder,
                *words,
                options=[part for pair in options.items() for part in pair],
                before=["ip", "netns", "exec", host.name],
                env={
                    "TRAINING_LOOP_RUNS": str(folder / "runs"),
                    "GLOO_SOCKET_IFNAME": host.interface,
                },
            )
            started.append(stack.enter_context(one))
        yield started


def statuses(started) -> list[int]:
    """Wait for processes, and return their exit statuses."""
    return [one.process.wait(timeout=PATIENCE) for one in started]
