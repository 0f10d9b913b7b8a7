"""What the exercises of chapter 15 are tried with: passes, and stored runs."""

import dataclasses
import json
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.check.chapter_13.common import mean
from helpers.practice import Seen
from helpers.practice.probes.steps import Bench, lopsided, make_batches

RAGGED = ([0, 1, 2], [3], [4, 5, 6, 7, 8])
SOME_ROWS = ([0, 1], [3], [5, 6, 7, 8])
N_ROWS = 9  # of the dataset, whatever the loader gives

# ---------------------------------------------------------------- one pass


def _above(yhat, y):
    return (yhat > y).double().mean()


def _gap(yhat, y):
    return (2 * yhat - y).abs().mean()


METRICS = {"share above": _above, "gap": _gap}


def make_loader(seed: int) -> DataLoader:
    """Build a loader whose last batch, or any batch, has another size.

    Every fourth one leaves a row out, as a sampler may.
    """
    dataset = TensorDataset(*make_batches(1, n=N_ROWS, seed=seed)[0])
    if seed % 2:
        return DataLoader(dataset, batch_size=4)
    batches = RAGGED if seed % 4 else SOME_ROWS
    return DataLoader(dataset, batch_sampler=batches)  # type: ignore[arg-type]


def right_pass(bench: Bench, batches, functions: dict, *, trains: bool) -> dict:
    """Make the right pass; note per batch what is right, and what is not."""
    noted = {name: Seen(pairs=[], swapped=[], after=[]) for name in functions}
    for x, y in batches:
        yhat, n = bench.model(x), len(x)
        with torch.no_grad():
            for name, function in functions.items():
                noted[name].pairs.append((function(yhat, y).item(), n))
                noted[name].swapped.append((function(y, yhat).item(), n))
        if trains:
            lopsided(yhat, y).backward()
            bench.optimizer.step()
            bench.optimizer.zero_grad()
        with torch.no_grad():
            for name, function in functions.items():
                after = function(bench.model(x), y).item()
                noted[name].after.append((after, n))
    for seen in noted.values():
        seen.total = sum(value for value, _ in seen.pairs)
        seen.of_swapped, seen.of_after = mean(seen.swapped), mean(seen.after)
    return noted


# --------------------------------------------------------------- two files


@dataclasses.dataclass(frozen=True)
class Plan:
    """Hyperparameters whose defaults are never those of the files."""

    width: int = 4
    dropout: float = 0.5
    name: str = "plan"
    scaled: bool = False


@dataclasses.dataclass(frozen=True)
class Other:
    """Other names, and no defaults at all."""

    name: str
    width: int


def make_model(hparams) -> nn.Module:
    """Build what the hyperparameters say, with buffers and a mode."""
    return nn.Sequential(
        nn.Linear(2, hparams.width),
        nn.Sequential(nn.BatchNorm1d(hparams.width), nn.Dropout(0.5)),
        nn.Linear(hparams.width, 1),
    )


def write_run(folder: Path, values: dict, width: int) -> dict:
    """Write both files of a run; return the state of its model.

    The names in the JSON have the order of `values`.
    """
    folder.mkdir()
    numbers = torch.Generator().manual_seed(width)
    state = {
        name: torch.randn(value.shape, generator=numbers)
        if value.is_floating_point()
        else value + width
        for name, value in make_model(Seen(width=width)).state_dict().items()
    }
    (folder / "hparams.json").write_text(json.dumps(values))
    torch.save(state, folder / "model.pt")
    return state
