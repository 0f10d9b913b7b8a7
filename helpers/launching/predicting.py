"""Predictions of a run, from its two files alone.

The description says which class the model is of and with which arguments, how
inputs were scaled and what the classes are called. Nothing is taken from the
code that trained it, whose defaults may have changed since.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from helpers.checkpoints import load_model, read_checkpoint
from helpers.errors import RunNameError, one_line
from helpers.launching.inputs import Inputs, preparation_of
from helpers.launching.options import near
from helpers.launching.run_files import (
    ABOUT,
    CHECKPOINT,
    RunError,
    build_model,
    read_about,
)
from helpers.paths import RUNS, display_path
from helpers.runs import run_folder

AT_ONCE = 1_000  # rows: bounds the memory that a prediction takes


@dataclass(frozen=True)
class Trained:
    """A model out of the two files of a run.

    Attributes:
        model: with its parameters, in eval mode, on the CPU.
        about: what the run is.
        n_epochs: how long it was trained.
    """

    model: nn.Module
    about: dict[str, Any]
    n_epochs: int


def load_trained(run: str | Path) -> Trained:
    """Load the model of a run.

    Args:
        run: a name below ``runs/``, or a folder that holds the two files.

    Raises:
        RunError: there is no such run, or its description is damaged.
        CheckpointError: its parameters are missing, damaged, or of another
            model.
    """
    folder = _folder(str(run))
    about = read_about(folder)
    if about is None:
        raise RunError(_no_such_run(str(run)))
    path = folder / CHECKPOINT
    if not path.exists():
        raise RunError(
            f"There is no {display_path(path)} beside {ABOUT}: no epoch of "
            "this run has been finished yet. Train it first."
        )
    model = load_model(path, build_model(about))
    return Trained(model.eval(), about, read_checkpoint(path)["epoch"])


def _folder(run: str) -> Path:
    """Return the folder of a run: that below runs/ comes first."""
    try:
        folder = run_folder(run)
    except RunNameError:
        folder = Path(run)
    if not (folder / ABOUT).exists():
        elsewhere = Path(run)
        return elsewhere if elsewhere.is_dir() else elsewhere.parent
    return folder


def _no_such_run(run: str) -> str:
    known = sorted(
        path.parent.relative_to(RUNS).as_posix()
        for path in RUNS.glob(f"**/{ABOUT}")
    )
    there = f" There are: {', '.join(known[:20])}." if known else ""
    return (
        f"There is no run {one_line(run)}: no such folder below runs/, and no "
        f"folder of that name, with an {ABOUT} in it.{near(run, known)}{there}"
    )


def predict(trained: Trained, inputs: Inputs) -> list[dict[str, Any]]:
    """Return a prediction per row, in plain values.

    Args:
        trained: the model and what it is.
        inputs: rows as it takes them.

    Returns:
        of classes: ``input``, ``class``, ``probability`` and
        ``probabilities``; of a quantity ``input`` and ``value``. Where it is
        known, ``label`` is the right answer.

    Raises:
        RunError: the description does not fit the model.
    """
    with torch.no_grad():
        yhat = torch.cat(
            [trained.model(part) for part in inputs.x.split(AT_ONCE)]
        )  # [n, n_outputs]
    outputs = trained.about["outputs"]
    labels: list[Any] = list(inputs.labels or ())
    if outputs["kind"] == "quantity":
        values = yhat[:, 0].tolist()
        if trained.about["inputs"]["kind"] == "table":
            values = preparation_of(trained.about).answers(yhat)
        found = [{"value": value} for value in values]
    else:
        names = outputs["class_names"]
        found = _classes(yhat, names)
        labels = [names[label] for label in labels]
    for row, name in zip(found, inputs.names, strict=True):
        row["input"] = name
    for row, label in zip(found, labels, strict=False):
        row["label"] = label
    return found


def _classes(yhat: torch.Tensor, names: list[str]) -> list[dict[str, Any]]:
    if yhat.shape[1] != len(names):
        raise RunError(
            f"{ABOUT} names {len(names)} classes, and the model gives "
            f"{yhat.shape[1]} numbers per row. Was the file edited?"
        )
    found = []
    for row in yhat.softmax(dim=1).tolist():
        best = max(range(len(row)), key=row.__getitem__)
        found.append(
            {
                "class": names[best],
                "probability": row[best],
                "probabilities": dict(zip(names, row, strict=True)),
            }
        )
    return found


def n_correct(found: list[dict[str, Any]]) -> int | None:
    """Return how many classes are right; None where nobody knows."""
    if not all("label" in row and "class" in row for row in found):
        return None
    return sum(row["class"] == row["label"] for row in found)


def in_words(row: dict[str, Any]) -> str:
    """Return a prediction as a line."""
    if "class" in row:
        answer = f"{row['class']}   {row['probability']:.1%}"
    else:
        answer = f"{row['value']:.6g}"
    label = row.get("label")
    if isinstance(label, float):
        label = f"{label:.6g}"
    told = "" if label is None else f"   (label {label})"
    return f"{row['input']}: {answer}{told}"
