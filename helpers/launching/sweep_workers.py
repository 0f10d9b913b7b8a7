"""Processes side by side, each of which trains runs of a sweep in turn."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from helpers.launching.sweep_config import SweepRun

Answered = tuple[SweepRun, dict[str, Any]]
WORK = "from helpers.launching import sweep_worker; sweep_worker.main()"
TRIES = 2  # of a run whose process ended in the middle of it


class Workers:
    """A few processes that are given runs until there are none left.

    Args:
        task: what to train on.
        runs: to be trained, in this order.
        n_processes: how many processes there are.
        kept_open: files that the processes keep open as long as they live.
    """

    def __init__(
        self,
        task: str,
        runs: Sequence[SweepRun],
        n_processes: int,
        kept_open: Sequence[int] = (),
    ):
        self.task, self.kept_open = task, kept_open
        self.waiting: queue.SimpleQueue[SweepRun] = queue.SimpleQueue()
        for run in runs:
            self.waiting.put(run)
        self.n_left = len(runs)
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.processes: set[subprocess.Popen] = set()
        self.lock = threading.Lock()
        self.is_over = False
        self.threads = [
            threading.Thread(target=self._serve, daemon=True)
            for _ in range(min(n_processes, len(runs)))
        ]

    def results(self) -> Generator[Answered, None, None]:
        """Yield each run with what its process answered, as they come.

        Whatever happens in between, every process has ended afterwards.
        """
        try:
            for thread in self.threads:
                thread.start()
            for _ in range(self.n_left):
                yield self.answers.get()
        finally:
            self.end()

    def end(self) -> None:
        """End every process, at once, and wait until it is gone."""
        with self.lock:
            self.is_over = True
            processes = list(self.processes)
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

    def _serve(self) -> None:
        """Take runs from the queue, and have one process train them."""
        process = None
        with contextlib.suppress(queue.Empty):
            while not self.is_over:
                run = self.waiting.get_nowait()
                for _ in range(TRIES):
                    if process is None or process.poll() is not None:
                        process = self._start()
                    if process is None:
                        return
                    answer = self._ask(process, run)
                    if answer is not None:
                        break
                    process.wait()
                else:
                    answer = {"error": _how_it_ended(process)}
                self.answers.put((run, answer))
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def _start(self) -> subprocess.Popen | None:
        with self.lock:
            if self.is_over:
                return None
            process = subprocess.Popen(
                [sys.executable, "-c", WORK],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=self.kept_open,
                env={**os.environ, "PYTHONPATH": _where_helpers_are()},
            )
            self.processes.add(process)
            return process

    def _ask(
        self, process: subprocess.Popen, run: SweepRun
    ) -> dict[str, Any] | None:
        """Have a run trained; None if the process ends before it answers."""
        assert process.stdin is not None and process.stdout is not None
        order = {"name": run.name, "task": self.task, "values": run.values}
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())
        except (OSError, ValueError):
            return None


def _where_helpers_are() -> str:
    """Return a search path that leads to this package, wherever it lies."""
    here = str(Path(__file__).resolve().parents[2])
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join([here, before] if before else [here])


def _how_it_ended(process: subprocess.Popen | None) -> str:
    status = "?" if process is None else process.returncode
    return (
        f"Its process ended in the middle of it, {TRIES} times, with status "
        f"{status}. Is the memory full? Run fewer processes."
    )
