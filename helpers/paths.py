"""Where things lie: the course, its data, its runs, and where to write."""

# The doctor runs on older Pythons, to say which one the course needs.
from __future__ import annotations

import os
import tempfile
from pathlib import Path


def _find_course() -> Path:
    """Return the clone of the course that this package works in.

    That is the folder above the package. Where the package was installed into
    an environment, it is the current folder or one above it; without a clone
    there, the current folder holds the runs, and there is no data.
    """
    above = Path(__file__).resolve().parents[1]
    if _is_course(above):
        return above
    here = Path.cwd()
    return next(filter(_is_course, (here, *here.parents)), here)


def _is_course(folder: Path) -> bool:
    return (folder / "data" / "quizzes").is_dir()


ROOT = _find_course()
DATA = ROOT / "data"

# The tests point these elsewhere, so that they never touch a reader's runs, and
# find nothing that a reader has downloaded.
RUNS = Path(os.environ.get("TRAINING_LOOP_RUNS", ROOT / "runs"))
DOWNLOADS = Path(os.environ.get("TRAINING_LOOP_DOWNLOADS", DATA / "downloads"))


def missing_course() -> str:
    """Say what to do where there is no clone of the course; "" where one is."""
    if _is_course(ROOT):
        return ""
    return (
        "The pages, data and quizzes of the course are in its repository, not "
        "in the installed package: start Python in a clone of the repository."
    )


def display_path(path: str | Path) -> str:
    """Name a file as pages print it: from ``runs/`` or ``data/`` downwards."""
    path = Path(path).absolute()
    places = (
        (RUNS, "runs"),
        (DOWNLOADS, "data/downloads"),
        (DATA, "data"),
        (ROOT, "."),
    )
    for folder, name in places:
        if path.is_relative_to(folder.absolute()):
            return (Path(name) / path.relative_to(folder.absolute())).as_posix()
    return path.name


# ----------------------------------------------------- where nobody may write

# bytes: the shortest limit for the path of a socket (macOS), without what a
# process of a data loader adds, "/pymp-12345678/listener-12345678"
LONGEST_TEMPORARY_FOLDER = 103 - 32


def use_short_temporary_folder() -> None:
    """Use /tmp where the temporary folder's path is too long for a socket.

    Batch systems give such paths. A loader's process could not send a batch,
    and the training run would wait for it forever.
    """
    path = os.fsencode(tempfile.gettempdir())
    is_too_long = len(path) > LONGEST_TEMPORARY_FOLDER
    if is_too_long and os.name == "posix" and os.access("/tmp", os.W_OK):
        os.environ["TMPDIR"] = "/tmp"
        tempfile.tempdir = None  # read the new place


def use_writable_caches() -> None:
    """Keep caches in a temporary folder where the home folder is read-only.

    Otherwise matplotlib and fontconfig would each print a notice in the first
    cell of every page. Must run before matplotlib is imported. Nothing happens
    where the home folder can be written, or on Windows.
    """
    if os.name != "posix":
        return
    try:
        home = Path.home()
    except RuntimeError:  # a user without a name, as containers have them
        home = Path(os.devnull)
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    of_matplotlib = [config / "matplotlib", cache / "matplotlib"]
    if not all(map(_can_write, [cache, *of_matplotlib])):
        own = _make_own_cache()
        if not _can_write(cache):
            os.environ["XDG_CACHE_HOME"] = str(own)
        os.environ.setdefault("MPLCONFIGDIR", str(own / "matplotlib"))


def _can_write(folder: Path) -> bool:
    """Tell whether a folder can be written or made, without making it."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _make_own_cache() -> Path:
    """Make a folder for caches that belongs to this user alone."""
    folder = Path(tempfile.gettempdir(), f"training_loop_{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
            return folder
    except OSError:
        pass  # somebody else's file has that name
    return Path(tempfile.mkdtemp(prefix="training_loop_"))
