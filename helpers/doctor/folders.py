"""Where the course writes, how much room is left, and who else writes there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from helpers.doctor.findings import Finding
from helpers.paths import ROOT, RUNS

ROOM = 500_000_000  # bytes: downloads, logs and checkpoints of all chapters
# What clients of synchronised folders call them; the end may be a company.
CLIENTS = {
    "onedrive": "OneDrive",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "icloud drive": "iCloud",
    "iclouddrive": "iCloud",
    "com~apple~clouddocs": "iCloud",
    "mobile documents": "iCloud",
}


def look_at_writing() -> Finding:
    """Try to write a file in every folder that the course writes to."""
    folders = {
        "runs/": RUNS,
        "notebooks/": ROOT / "notebooks",
        "the folder for temporary files": Path(tempfile.gettempdir()),
    }
    refused = []
    for name, folder in folders.items():
        try:
            if folder == RUNS:
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=str(folder)) as probe:
                probe.write(b"a probe")
        except OSError as error:
            refused.append(f"{name} cannot be written ({error.strerror})")
    if not refused:
        return Finding("writing", "runs/, notebooks/ and temporary files")
    return Finding(
        "writing",
        "; ".join(refused),
        "Copy the course to a folder of your own, or change who may write "
        "there.",
    )


def look_at_room() -> Finding:
    """Look how much room the disks have."""
    short = []
    folders = {"course": ROOT, "temporary files": Path(tempfile.gettempdir())}
    for name, folder in folders.items():
        try:
            free = shutil.disk_usage(str(folder)).free
        except OSError:  # it is not there: said by the check of writing
            continue
        if free < ROOM:
            short.append(f"{free / 1e6:,.0f} MB for the {name}")
    if not short:
        return Finding("disk", "room enough")
    return Finding(
        "disk",
        f"only {' and '.join(short)}",
        "Make room, at least 500 MB: a full disk ends the writing of logs and "
        "checkpoints.",
    )


def look_for_synchronisation() -> Finding:
    """Look whether a client copies this folder to the internet."""
    client = _client_of(ROOT)
    if not client:
        return Finding("synchronised folder", "no")
    return Finding(
        "synchronised folder",
        f"the course lies in a folder of {client}",
        f"Move it to a folder that {client} does not touch. The client copies "
        "thousands of files of .venv and of every run, and may hold a "
        "checkpoint open at the moment at which it is replaced.",
        must=False,
    )


def _client_of(folder: Path) -> str:
    """Return the name of the client that synchronises a folder, or ""."""
    for place in (folder, *folder.parents):
        name = place.name.lower()
        for start, client in CLIENTS.items():
            # "OneDrive - Company", "Dropbox (Personal)", "GoogleDrive-me@..."
            if name == start or name.startswith(
                (f"{start} -", f"{start} (", f"{start}-")
            ):
                return client
        if (place / ".dropbox.cache").is_dir():
            return "Dropbox"
    for variable in ("OneDrive", "OneDriveConsumer", "OneDriveCommercial"):
        root = os.environ.get(variable)
        if root and Path(root) in (folder, *folder.parents):
            return "OneDrive"
    return ""
