"""Runs have names, and a folder each below ``runs/``."""

import re
import shutil
from pathlib import Path

from helpers.errors import RunNameError
from helpers.paths import RUNS, display_path

# One part of a run name. Windows allows no ':' and reserves a few names.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=+-]*(?<!\.)")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
# What the course writes, and TensorBoard's add_embedding.
_OURS = {".pt", ".pt2", ".part", ".json", ".csv"}
_PROJECTOR = {"projector_config.pbtxt", "tensors.tsv", "metadata.tsv"}
_PROJECTOR |= {"sprite.png"}
# What desktops and JupyterLab put into any folder that somebody looks at.
_LITTER = {".ds_store", "thumbs.db", "desktop.ini", ".directory"}


def run_folder(run_name: str) -> Path:
    """Return the folder of a run, below ``runs/``.

    Args:
        run_name: letters, digits and ``_ . = + -``; a ``/`` makes a group.

    Raises:
        RunNameError: the name would lead out of ``runs/``, or would not work
            on another system.
    """
    parts = run_name.split("/") if isinstance(run_name, str) else []
    good = parts and all(
        _PART.fullmatch(p) and not _RESERVED.fullmatch(p) for p in parts
    )
    if not good or len(run_name) > 120:
        raise RunNameError(
            f"{run_name!r} cannot name a run: use letters, digits and _ . = + "
            "- only, 120 at most, with / between a group and a run, such as "
            "'sweep/lr=0.1'. A name must stay inside runs/ and work on Windows "
            "too."
        )
    folder = RUNS / run_name
    if not folder.resolve().is_relative_to(RUNS.resolve()):
        raise RunNameError(
            f"{run_name!r} leads out of runs/, by a link. Remove the link or "
            "take another name."
        )
    return folder


def checkpoint_path(run_name: str) -> Path:
    """Return the checkpoint file of a run: ``runs/NAME/checkpoint.pt``."""
    return run_folder(run_name) / "checkpoint.pt"


def clear_run(run_name: str) -> None:
    """Delete one run, its logs and its checkpoint, and nothing else.

    Raises:
        RunNameError: the name would lead out of ``runs/``, the folder holds a
            file that no run wrote, or the system does not let it go.
    """
    folder = run_folder(run_name)
    if not folder.exists():
        return
    for file in folder.rglob("*"):
        if file.is_symlink() or not _may_go(file):
            raise RunNameError(
                f"{display_path(file)} was not written by a run, so "
                "nothing was deleted. Move it away, then clear "
                f"{run_name!r} again."
            )
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise RunNameError(
            f"{display_path(folder)} could not be cleared: {error.strerror}. "
            "Is one of its files open in another program?"
        ) from error


def _may_go(file: Path) -> bool:
    """Tell what a run, a desktop or JupyterLab wrote from a reader's file."""
    name = file.name
    return (
        file.is_dir()
        or "tfevents" in name
        or file.suffix in _OURS
        or name in _PROJECTOR
        or name.lower() in _LITTER
        or name.startswith("._")
        # copies that JupyterLab makes of files that are open
        or ".ipynb_checkpoints" in file.parts
    )
