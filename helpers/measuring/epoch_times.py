"""Time an epoch of every training version against a loop written by hand.

    make bench
    python -m helpers bench --rounds 5 --epochs 10

Each version is compared with the plain loop that does the same work: all
points in one step, mini-batches, or mini-batches and validation. Both run in
turn, on the same loaders and one thread, and a ratio is the median over all
rounds, so that a busy machine slows both sides of a pair alike. Nothing is
logged or saved, except in the last two rows, which show what that costs.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.utils.tensorboard import SummaryWriter

from helpers.data_preparation import v0 as data_v0
from helpers.data_preparation import v1 as data_v1
from helpers.data_preparation import v2 as data_v2
from helpers.datasets.line import generate_data, split_data
from helpers.model_configuration import v0 as model_v0
from helpers.model_configuration import v1 as model_v1
from helpers.model_configuration import v2 as model_v2
from helpers.model_configuration import v3 as model_v3
from helpers.model_training import v0, v1, v2, v3, v4, v5, v6

N_EPOCHS = 40  # in one measurement
N_ROUNDS = 20  # measurements of every loop
NO_LOG: dict[str, Any] = {"run_name": None}
LIMIT = 1.2  # times its plain loop, for v6 without logging and saving


class Loop(NamedTuple):
    """A loop to time: what it is called with, and what it is compared with."""

    name: str
    plain: str  # name of the plain loop that does the same work; may be itself
    work: str
    train: Callable
    configure: Callable
    data: Sequence  # what train takes after the configuration
    options: dict = {}  # noqa: RUF012  (never changed)


# ---------------------------------------------------------- the plain loops


def plain_full_batch(configuration, x_train_tensor, y_train_tensor, n_epochs):
    """Train on all points at once, with one loss per epoch."""
    model, loss_fn = configuration.model, configuration.loss_fn
    optimizer = configuration.optimizer
    losses = []
    for _epoch in range(n_epochs):
        model.train()
        loss = loss_fn(model(x_train_tensor), y_train_tensor)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def plain_mini_batches(configuration, train_loader, n_epochs):
    """Train on mini-batches, with one loss per batch."""
    return plain_validation(configuration, train_loader, (), n_epochs)[0]


def plain_validation(configuration, train_loader, val_loader, n_epochs):
    """Train on mini-batches and validate; no batch to validate on skips it."""
    model, loss_fn = configuration.model, configuration.loss_fn
    optimizer, device = configuration.optimizer, configuration.device

    def train_step(x_batch, y_batch):
        model.train()
        loss = loss_fn(model(x_batch), y_batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    losses, val_losses = [], []
    for _epoch in range(n_epochs):
        total, count = 0.0, 0
        for x_batch, y_batch in train_loader:
            loss = train_step(x_batch.to(device), y_batch.to(device))
            total += loss * len(x_batch)
            count += len(x_batch)
        losses.append(total / count)
        total, count = 0.0, 0
        with torch.no_grad():
            for x_batch, y_batch in val_loader:
                model.eval()
                yhat = model(x_batch.to(device))
                total += loss_fn(yhat, y_batch.to(device)).item() * len(x_batch)
                count += len(x_batch)
        val_losses.append(total / max(count, 1))
    return losses, val_losses


# ------------------------------------------------------------------- timing


def list_loops(folder: Path) -> list[Loop]:
    """List what is timed; the loops that log or save write into ``folder``."""
    x, y = generate_data()
    x_train, y_train, _, _ = split_data(x, y)
    tensors = data_v0.prepare_data(x_train, y_train)
    loader = [data_v1.prepare_data(x_train, y_train)]
    loaders = data_v2.prepare_data(x, y)

    def silent():
        return model_v3.configure_model(**NO_LOG)

    def logged():
        configuration = silent()
        configuration.writer = SummaryWriter(tempfile.mkdtemp(dir=folder))
        return configuration

    full, mini, val = "plain full batch", "plain mini-batch", "plain validation"
    make_v0 = model_v0.configure_model
    make_v1 = model_v1.configure_model
    make_v2 = model_v2.configure_model
    saves = {"checkpoint_path": folder / "checkpoint.pt"}
    return [
        Loop(full, full, "80 at once", plain_full_batch, make_v0, tensors),
        Loop("v0", full, "80 at once", v0.train, make_v0, tensors),
        Loop("v1", full, "80 at once", v1.train, make_v1, tensors),
        Loop(mini, mini, "5 batches", plain_mini_batches, make_v0, loader),
        Loop("v2", mini, "5 batches", v2.train, make_v1, loader),
        Loop("v3", mini, "5 batches", v3.train, make_v1, loader),
        Loop(val, val, "5 + 2 batches", plain_validation, make_v0, loaders),
        Loop("v4", val, "5 + 2 batches", v4.train, make_v2, loaders),
        Loop("v5", val, "5 + 2 batches", v5.train, silent, loaders),
        Loop("v6", val, "5 + 2 batches", v6.train, silent, loaders),
        Loop("v5, logging", val, "and add_scalars", v5.train, logged, loaders),
        Loop("v6, logging", val, "and add_scalar, a checkpoint every 10 epochs",
             v6.train, logged, loaders, saves),
    ]  # fmt: skip


def measure(
    loops: Sequence[Loop], n_rounds: int = N_ROUNDS, n_epochs: int = N_EPOCHS
) -> dict[str, list[float]]:
    """Run all loops in turn, round after round.

    Returns:
        by name, the seconds that an epoch took, one number per round.
    """
    seconds = {loop.name: [] for loop in loops}
    for number in range(n_rounds + 1):
        # every second round backwards, so that none always follows another
        for loop in loops if number % 2 else reversed(loops):
            configuration = loop.configure()
            start = time.perf_counter()
            loop.train(
                configuration, *loop.data, n_epochs=n_epochs, **loop.options
            )
            end = time.perf_counter()
            if number > 0:  # round 0 warms up
                seconds[loop.name].append((end - start) / n_epochs)
    return seconds


def ratios(
    loops: Sequence[Loop], seconds: Mapping[str, list[float]]
) -> dict[str, float]:
    """Return by name how many times its plain loop each one takes (medians)."""
    return {
        loop.name: statistics.median(
            mine / plain
            for mine, plain in zip(
                seconds[loop.name], seconds[loop.plain], strict=True
            )
        )
        for loop in loops
    }


def format_table(
    loops: Sequence[Loop],
    seconds: Mapping[str, list[float]],
    times: Mapping[str, float],
) -> str:
    """Return a line per loop: milliseconds per epoch, ratio, work.

    Args:
        loops: what was timed.
        seconds: from `measure`.
        times: from `ratios`.
    """
    lines = [f"{'loop':16}  {'ms':>6}  {'ratio':>5}  work in an epoch"]
    for loop in loops:
        milliseconds = 1000 * statistics.median(seconds[loop.name])
        row = f"{loop.name:16}  {milliseconds:6.3f}  {times[loop.name]:5.2f}"
        lines.append(f"{row}  {loop.work}")
    return "\n".join(lines)


def judge(ratio: float) -> tuple[int, str]:
    """Compare the ratio of v6 with its limit; return exit status, sentence."""
    if ratio <= LIMIT:
        return 0, f"v6 stays within {LIMIT} times its plain loop."
    return 1, (
        f"v6 takes {ratio:.2f} times its plain loop, and the limit is {LIMIT}. "
        "Something that runs in every epoch or batch has become slow: run it "
        "again on an idle machine, then profile it."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one table; return 1 if v6 takes more than its limit."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers bench",
        description="Time an epoch of every training version.",
    )
    parser.add_argument(
        "--rounds", type=_at_least_1, default=N_ROUNDS,
        help="measurements of every loop",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=_at_least_1, default=N_EPOCHS,
        help="epochs in one measurement",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        loops = list_loops(Path(folder))
        seconds = measure(loops, options.rounds, options.epochs)
    times = ratios(loops, seconds)
    print(
        "An epoch: 80 points to train on, 20 to validate on, batches of 16, "
        "one thread.\nRatio: to the plain loop above it, which does the same "
        f"work; median of {options.rounds} rounds.\n"
    )
    print(format_table(loops, seconds, times))
    status, sentence = judge(times["v6"])
    print(f"\n{sentence}")
    return status


def _at_least_1(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it should be at least 1")
    return number
