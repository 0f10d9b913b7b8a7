"""Train on more data than a process may keep in memory.

A file of rows lies on disk and is read on demand. A process that may hold much
less than the file trains on it, with the fast epoch of chapter 17; the same
process cannot load the file.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    SequentialSampler,
)

from helpers.errors import CourseError
from helpers.model_configuration import v7 as model_v7
from helpers.model_training import v8 as training_v8
from helpers.networks import MLP

resource: Any = None
with contextlib.suppress(ImportError):  # Windows has no limits of this kind
    import resource

N_FEATURES = 1023
ROW = np.dtype((np.float32, N_FEATURES + 1))  # the last number is the label
MEGABYTE = 1_000_000
BATCH_SIZE = 256
MORE = 40  # megabytes that a process may hold beyond what it starts with
TIME_LIMIT = 300  # seconds
PROGRAM = f"from {__name__} import run_limited; run_limited()"


class RowsOnDemand(Dataset):
    """Rows of a binary file of float32; only what is wanted is read.

    It is called with the row numbers of a batch and gives the whole batch, so
    that a loader has nothing to collate (`loader_of`).
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.n_rows = self.path.stat().st_size // ROW.itemsize
        self.file = open(self.path, "rb", buffering=0)  # noqa: SIM115

    def __len__(self) -> int:
        return self.n_rows

    def __getitem__(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features [n, n_features] and labels [n, 1] of some rows."""
        found = np.empty((len(rows), N_FEATURES + 1), dtype=np.float32)
        row: Any
        for row, place in zip(found, rows, strict=True):
            self.file.seek(place * ROW.itemsize)
            self.file.readinto(row)
        numbers = torch.from_numpy(found)
        return numbers[:, :-1], numbers[:, -1:]


def loader_of(
    dataset: RowsOnDemand, batch_size: int, shuffle: bool
) -> DataLoader:
    """Return a loader that wants a whole batch of a dataset at once."""
    sampler = (
        RandomSampler(dataset, generator=torch.Generator().manual_seed(0))
        if shuffle
        else SequentialSampler(dataset)
    )
    batches = BatchSampler(sampler, batch_size, drop_last=False)
    return DataLoader(
        dataset,
        sampler=batches,
        batch_size=None,
        generator=torch.Generator().manual_seed(0),
    )


def write_rows(path: Path, n_bytes: int) -> None:
    """Write random rows, at least so many bytes of them, piece by piece."""
    generator = np.random.default_rng(0)
    n_rows = -(-n_bytes // ROW.itemsize)
    with open(path, "wb") as file:
        for start in range(0, n_rows, 1000):
            rows = generator.random(
                (min(1000, n_rows - start), N_FEATURES + 1), np.float32
            )
            rows[:, -1] = rows[:, :4].sum(axis=1)  # the label
            file.write(rows.tobytes())


def measure_memory(megabytes: int = 300, more: int = MORE) -> dict | None:
    """Train in a process that may hold much less than the data.

    Args:
        megabytes: size of the file of rows, in units of 10^6 bytes.
        more: megabytes that the process may hold beyond what it needs before
            it sees any data.

    Returns:
        file and limit, in megabytes; n_rows; losses of two epochs, read on
        demand; peak, megabytes that the process came to hold beyond its start;
        and loading, the name of the error that loading the file ends with.
        None where the system enforces no such limit (macOS, Windows).

    Raises:
        CourseError: the process failed while it read on demand.
    """
    if resource is None or sys.platform != "linux":
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        write_rows(path, megabytes * MEGABYTE)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), str(more)],
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
        )
        if done.returncode != 0:
            raise CourseError(
                "The process with a limit on its memory failed: "
                f"{(done.stderr.strip().splitlines() or ['no message'])[-1]}"
            )
        return {
            "file": path.stat().st_size / MEGABYTE,
            "limit": more,
            **json.loads(done.stdout.splitlines()[-1]),
        }


def run_limited() -> None:
    """Set a limit, train, then try to load everything; print what happened.

    The command line has the path of the file and the limit in megabytes.
    """
    path, more = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    _train(path, n_epochs=1, n_rows=4 * BATCH_SIZE)  # what training needs
    before = _held()
    limit = before + more * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    losses = _train(path, n_epochs=2)
    print(
        json.dumps(
            {
                "n_rows": path.stat().st_size // ROW.itemsize,
                "losses": losses,
                "held": (_held() - before) / MEGABYTE,
                "loading": _error_of(partial(np.fromfile, path, np.float32)),
            }
        )
    )


def _train(path: Path, n_epochs: int, n_rows: int | None = None) -> list[float]:
    dataset = RowsOnDemand(path)
    if n_rows is not None:
        dataset.n_rows = min(n_rows, dataset.n_rows)  # the first ones only
    no_log: dict[str, Any] = {"run_name": None}
    configuration = model_v7.configure_model(
        lr=0.0001,
        device="cpu",
        **no_log,
        make_model=lambda: MLP(N_FEATURES, 1, n_layers=1),
        make_optimizer=optim.Adam,
        loss_fn=nn.MSELoss(),
        metrics={},
    )
    losses, _, _ = training_v8.train(
        configuration,
        loader_of(dataset, BATCH_SIZE, shuffle=True),
        loader_of(dataset, BATCH_SIZE, shuffle=False),
        n_epochs=n_epochs,
    )
    return losses


def _held(name: str = "VmData:") -> int:
    """Return how many bytes of data this process holds now."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _error_of(load: Callable[[], object]) -> str | None:
    try:
        load()
    except (MemoryError, RuntimeError) as error:
        return type(error).__name__
    return None
