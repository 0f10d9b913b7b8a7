"""What the runs of a sweep gave: kept in two files, summed up over seeds."""

import csv
import io
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from helpers.checkpoints import read_checkpoint
from helpers.files import read_whole, write_whole
from helpers.launching.run_builder import SweepError
from helpers.launching.run_files import CHECKPOINT
from helpers.paths import display_path

FORMAT = 1
JSON, CSV = "results.json", "results.csv"
Results = dict[str, dict[str, Any]]  # by the name of the run


class Summary(NamedTuple):
    """One setting, over its seeds.

    Attributes:
        settings: its values of the grid, without the seed.
        n: how many runs.
        mean: of them.
        spread: standard deviation of them; nan of one.
    """

    settings: dict[str, Any]
    n: int
    mean: float
    spread: float


def result_of(folder: Path) -> dict[str, Any]:
    """Return the last losses and metrics of a run from its checkpoint.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    found = read_checkpoint(folder / CHECKPOINT)
    metrics = found.get("metrics", {})
    return {
        "n_epochs": found["epoch"],
        "loss": found["loss"][-1],
        "val_loss": found["val_loss"][-1],
        **{name: values[-1] for name, values in metrics.items()},
    }


def read_results(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of a sweep's file; none where there is no file.

    Raises:
        SweepError: it is damaged, or not a file of a sweep.
    """
    path = folder / JSON
    if not path.exists():
        return []
    try:
        found = json.loads(read_whole(path, SweepError))
        assert found["format"] == FORMAT
        entries = found["runs"]
        for entry in entries:
            assert isinstance(entry["run"], str)
            assert isinstance(entry["settings"], dict)
            assert isinstance(entry["asked"], dict)
            assert isinstance(entry["result"], dict)
    except (ValueError, TypeError, KeyError, AssertionError, RecursionError):
        raise SweepError(
            f"{display_path(path)} is not what this version of the course "
            "writes. Remove it: results of finished runs are read from their "
            "checkpoints."
        ) from None
    return entries


def write_results(folder: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write all entries, each of the two files whole or not at all.

    Args:
        folder: of the sweep.
        entries: in the order of the grid: ``run``, its ``settings``, all that
            was ``asked`` for, and the ``result``.

    Raises:
        SweepError: the disk refuses.
    """
    text = json.dumps({"format": FORMAT, "runs": list(entries)}, indent=1)
    write_whole(folder / JSON, f"{text}\n".encode(), SweepError)
    rows = [{**entry["settings"], **entry["result"]} for entry in entries]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(folder / CSV, table.getvalue().encode(), SweepError)


# ---------------------------------------------------------------- summed up


def summarise(
    rows: Iterable[Mapping[str, Any]], names: Sequence[str], metric: str
) -> list[Summary]:
    """Return mean and spread of a metric for each setting, over its seeds.

    Args:
        rows: of runs, with settings and metrics by name.
        names: of the settings that are told apart; the seed is not one.
        metric: the name of a column.

    Returns:
        in the order in which the settings first occur.
    """
    groups: dict[tuple, list[float]] = {}
    for row in rows:
        groups.setdefault(tuple(row[n] for n in names), []).append(row[metric])
    return [
        Summary(
            dict(zip(names, key, strict=True)),
            len(values),
            statistics.fmean(values),
            statistics.stdev(values) if len(values) > 1 else float("nan"),
        )
        for key, values in groups.items()
    ]


def metric_of(results: Iterable[Mapping[str, Any]]) -> str:
    """Return what to compare runs by: a metric where there is one."""
    for result in results:
        for name in result:
            if name not in ("n_epochs", "loss", "val_loss"):
                return name
    return "val_loss"


def in_words(result: Mapping[str, Any]) -> str:
    """Return a result on one line."""
    if "error" in result:
        return f"failed: {result['error']}"
    shown = [f"{k} {v:.4g}" for k, v in result.items() if k != "n_epochs"]
    return "   ".join(shown)
