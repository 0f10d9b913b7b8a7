"""Keeps the record of many runs: numbers, histograms, times, one table."""

import csv
import io
import json
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from IPython import get_ipython
from IPython.display import display
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from helpers.files import read_whole, write_whole
from helpers.launching.run_builder import SweepError, run_name
from helpers.metrics import number_correct
from helpers.page.markdown import table
from helpers.page.progress_bar import is_off
from helpers.page.sources import Shown
from helpers.paths import display_path
from helpers.runs import (
    clear_run,
    close_log,
    log_hparams,
    open_writer,
    run_folder,
)

TIMES = ("epoch_seconds", "run_seconds")
LIVE_ROWS = 8  # of the table that is shown while runs run


class Tally:
    """Adds up what one part of the data gave in one epoch."""

    def __init__(self):
        self.loss_sum, self.n_losses = 0.0, 0
        self.n_correct, self.n_judged = 0, 0

    def means(self, prefix: str) -> dict[str, float]:
        """Return means over the rows that were seen, by name."""
        found = {}
        if self.n_losses:
            found[f"{prefix}loss"] = self.loss_sum / self.n_losses
        if self.n_judged:
            found[f"{prefix}accuracy"] = self.n_correct / self.n_judged
        return found


class RunManager:
    """Keeps what each epoch of each run gave (chapter 16).

    Everything it needs is handed to it. The results of finished runs are
    written after each of them, so that a sweep can go on another day; a run
    that was interrupted is done again from its start.

    Args:
        name: a folder below ``runs/``; each run gets a folder in it.

    Attributes:
        rows: one dictionary per epoch, of finished runs and of this one.
    """

    def __init__(self, name: str):
        self.name = name
        self.folder = run_folder(name)
        self.rows: list[dict[str, Any]] = self._read()
        self.run: Any = None
        self._in_epoch = False
        self._shown: Any = None

    # ----------------------------------------------------------- the runs

    def missing(self, runs: Iterable[Any]) -> list[Any]:
        """Return the runs that are not finished yet, in their order."""
        done = {row["run"] for row in self.rows}
        return [run for run in runs if run_name(run) not in done]

    def begin_run(self, run: Any, network: nn.Module, loader: Any) -> None:
        """Begin a run: its clock, its folder, its log.

        Args:
            run: a named tuple of settings.
            network: whose weights and gradients are kept as histograms.
            loader: of the training part; how many rows it has is noted.

        Raises:
            SweepError: another run has not ended.
        """
        if self.run is not None:
            raise SweepError(
                f"The run {run_name(self.run)} has not ended: call end_run "
                "before the next begin_run."
            )
        name = run_name(run)
        # what an interrupted attempt has left would mix with this one
        clear_run(f"{self.name}/{name}")
        self.rows = [row for row in self.rows if row["run"] != name]
        self.run, self.network, self.epoch = run, network, 0
        self.n_rows = len(loader.dataset)
        self.gradients: dict[str, Any] = {}
        self._hooks = [
            parameter.register_hook(partial(self._keep_gradient, name))
            for name, parameter in network.named_parameters()
            if parameter.requires_grad
        ]
        self.writer = open_writer(f"{self.name}/{name}")
        self._run_began = time.perf_counter()

    def end_run(self) -> None:
        """End the run: its row in HPARAMS, its log, and the files of results.

        Raises:
            SweepError: no run has begun, or an epoch has not ended.
        """
        self._need(self.run is not None, "end_run", "begin_run")
        self._need(not self._in_epoch, "end_run", "end_epoch")
        self._need(self.epoch > 0, "end_run", "begin_epoch and end_epoch")
        tags = {
            _tag(name)
            for name in self.rows[-1]
            if name.endswith(("loss", "accuracy"))
        }
        log_hparams(self.writer, self.run._asdict(), sorted(tags))
        close_log(self.writer)
        for hook in self._hooks:
            hook.remove()
        self.run = None
        self.save()

    # --------------------------------------------------------- the epochs

    def begin_epoch(self) -> None:
        """Begin an epoch: its clock, and sums of 0.

        Raises:
            SweepError: no run has begun, or an epoch has not ended.
        """
        self._need(self.run is not None, "begin_epoch", "begin_run")
        self._need(not self._in_epoch, "begin_epoch", "end_epoch")
        self.training, self.validation = Tally(), Tally()
        self._in_epoch = True
        self._epoch_began = time.perf_counter()

    def track_loss(
        self, loss: float, n_rows: int, validation: bool = False
    ) -> None:
        """Add the mean loss of a batch, as often as the batch has rows.

        Raises:
            SweepError: no epoch has begun.
        """
        tally = self._tally(validation, "track_loss")
        tally.loss_sum += loss * n_rows
        tally.n_losses += n_rows

    def track_num_correct(self, yhat, y, validation: bool = False) -> None:
        """Add how many rows have their largest logit at their class.

        Args:
            yhat: logits [n, n_classes].
            y: classes [n].
            validation: of the validation part, not of the training part.

        Raises:
            SweepError: no epoch has begun.
        """
        tally = self._tally(validation, "track_num_correct")
        tally.n_correct += number_correct(yhat, y)
        tally.n_judged += len(y)

    def end_epoch(self) -> None:
        """End an epoch: means over the rows seen, times, scalars, histograms.

        Raises:
            SweepError: no epoch has begun.
        """
        now = time.perf_counter()  # before the time that logging takes
        self._need(self._in_epoch, "end_epoch", "begin_epoch")
        means = {**self.training.means(""), **self.validation.means("val_")}
        self.rows.append(
            {
                "run": run_name(self.run),
                **self.run._asdict(),
                "epoch": self.epoch,
                "n_rows": self.n_rows,
                **means,
                "epoch_seconds": now - self._epoch_began,
                "run_seconds": now - self._run_began,
            }
        )
        if self.writer is not None:
            for name, value in means.items():
                self.writer.add_scalar(_tag(name), value, self.epoch)
            self._log_histograms(self.writer)
        self._in_epoch = False
        self.epoch += 1
        self._show()

    def _keep_gradient(self, name: str, gradient: torch.Tensor) -> None:
        """Keep a copy: a step forgets its gradients before it returns."""
        self.gradients[name] = gradient.detach().clone()

    def _log_histograms(self, writer: SummaryWriter) -> None:
        for name, parameter in self.network.named_parameters():
            writer.add_histogram(f"weights/{name}", parameter, self.epoch)
        for name, gradient in self.gradients.items():
            writer.add_histogram(f"gradients/{name}", gradient, self.epoch)

    # -------------------------------------------------------- the results

    def save(self) -> None:
        """Write the results of finished runs, each file whole or not at all.

        Both files lie in the folder of the sweep: ``results.csv`` for a
        spreadsheet, ``results.json`` to go on from.
        """
        running = None if self.run is None else run_name(self.run)
        rows = [row for row in self.rows if row["run"] != running]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(
            self.folder / "results.csv", text.getvalue().encode(), SweepError
        )
        write_whole(
            self.folder / "results.json",
            (json.dumps(rows, indent=1) + "\n").encode(),
            SweepError,
        )

    def _read(self) -> list[dict[str, Any]]:
        path = self.folder / "results.json"
        if not path.exists():
            return []
        try:
            rows = json.loads(read_whole(path, SweepError))
            assert type(rows) is list
            assert all(isinstance(row["run"], str) for row in rows)
        except (ValueError, TypeError, KeyError, AssertionError):
            raise SweepError(
                f"{display_path(path)} is not what a RunManager wrote. Clear "
                f"the sweep with clear_run({self.name!r}), or choose another "
                "name."
            ) from None
        return rows

    def last_epochs(self) -> list[dict[str, Any]]:
        """Return the last row of each finished run."""
        running = None if self.run is None else run_name(self.run)
        last = {row["run"]: row for row in self.rows if row["run"] != running}
        return list(last.values())

    def table(self, n_last: int = LIVE_ROWS) -> Shown:
        """Return the last rows as a table that shows itself, without times."""
        rows = self.rows[-n_last:]
        left_out = ("run", "n_rows", *TIMES)
        head = [name for name in rows[0] if name not in left_out]
        cells = [[_short(row.get(name, "")) for name in head] for row in rows]
        columns = zip(*([head, *cells]), strict=True)
        widths = [max(map(len, column)) for column in columns]
        text = "\n".join(
            "  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True))
            for row in [head, *cells]
        )
        return Shown(text, table(cells, head))

    def _show(self) -> None:
        """Show the last rows: in a page always in one place, else a line."""
        if get_ipython() is None:
            print(
                " ".join(f"{k}={_short(v)}" for k, v in self.rows[-1].items())
            )
        elif is_off():
            pass
        elif self._shown is None:
            self._shown = display(self.table(), display_id=True)
        else:
            self._shown.update(self.table())

    # ------------------------------------------------------------- checks

    def _tally(self, validation: bool, called: str) -> Tally:
        self._need(self._in_epoch, called, "begin_epoch")
        return self.validation if validation else self.training

    def _need(self, holds: bool, called: str, before: str) -> None:
        if not holds:
            raise SweepError(f"{called} was called without {before} before it.")


def _tag(name: str) -> str:
    """Turn the name of a column into TensorBoard's: loss/validation."""
    part, _, what = name.rpartition("_")
    return f"{what}/{'validation' if part else 'training'}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
