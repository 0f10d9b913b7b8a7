"""Where things lie: the repository, its data and its runs."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"

# The tests point this elsewhere, so that they never touch a reader's runs.
RUNS = Path(os.environ.get("TRAINING_LOOP_RUNS", ROOT / "runs"))


def display_path(path: str | Path) -> str:
    """Name a file as pages print it: from ``runs/`` or ``data/`` downwards."""
    path = Path(path).absolute()
    for folder, name in ((RUNS, "runs"), (DATA, "data"), (ROOT, ".")):
        if path.is_relative_to(folder.absolute()):
            return (Path(name) / path.relative_to(folder.absolute())).as_posix()
    return path.name
