"""What pytest has to know for pages and tests alike."""

import getpass
import importlib
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parent

# What a process of a data loader adds to the temporary folder is the path of a
# socket, "/pymp-12345678/listener-12345678", and a socket's path may have 103
# bytes on macOS. Batch systems have temporary folders that are too long.
ROOM = 103 - 32


def _private_folder() -> Path:
    """Make a folder for this process alone, with a short path."""
    usual = tempfile.gettempdir()
    length = len(os.fsencode(usual)) + len("/tl_12345678/t")
    if length > ROOM and os.access("/tmp", os.W_OK):
        usual = "/tmp"
    return Path(tempfile.mkdtemp(prefix="tl_", dir=usual))


# A page that is opened while the tests run must not see a test's kernel.
# Every pytest process gets its own folder for temporary files and for runs.
_private = _private_folder()
(_private / "t").mkdir()
os.environ.update(
    TRAINING_LOOP_RUNS=str(_private / "runs"),
    TRAINING_LOOP_DOWNLOADS=str(_private / "downloads"),
    TRAINING_LOOP_PROGRESS="off",  # what a test solves, no reader solved
    TQDM_DISABLE="1",  # no progress bar in outputs
)
# What torch compiles takes it seconds: the same folder for all processes, and
# for the next time. It is the one that torch would take without all this.
os.environ.setdefault(
    "TORCHINDUCTOR_CACHE_DIR",
    os.path.join(tempfile.gettempdir(), f"torchinductor_{getpass.getuser()}"),
)
importlib.import_module("helpers")  # finds a folder for caches of all processes
if "PYTEST_XDIST_WORKER" not in os.environ:
    # Lists the fonts of this machine once: a page that had to do it would print
    # a notice about it, which is not stored.
    importlib.import_module("matplotlib.font_manager")
os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(_private / "t")))
tempfile.tempdir = None  # read the new place
# A script that starts the tests in the background lets them ignore Ctrl-C. The
# programs under test would inherit that, and could not be stopped.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    # nbval reads this path from the working directory; make it any directory
    if hasattr(config.option, "nbval_sanitize_with"):
        config.option.nbval_sanitize_with = str(ROOT / "tests" / "sanitize.cfg")


# The slowest files, in this order: given out first, so that no core waits for
# one of them at the end.
SLOWEST = (
    "tests/launching/test_torchrun.py",
    "tests/epochs/test_compiled.py",
    "notebooks/18",
    "tests/processes/test_together.py",
    "notebooks/15",
    "notebooks/16",
    "notebooks/17",
    "tests/launching/test_stopping.py",
    "notebooks/14",
    "notebooks/challenges/an_image",
    "notebooks/13",
    "tests/practice/test_exercises.py",
    "tests/checkpoints/test_torture.py",
    "tests/checkpoints/test_saving.py",
    "tests/deployment/test_service.py",
    "notebooks/08",
    "notebooks/09",
    "notebooks/10",
    "notebooks/05",
)


def pytest_collection_modifyitems(items):
    def place(item):
        starts = [item.nodeid.startswith(name) for name in SLOWEST]
        return starts.index(True) if any(starts) else len(SLOWEST)

    items.sort(key=place)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    """End the TensorBoard servers that pages of this process left running."""
    _end_servers(_private / "t" / ".tensorboard-info")
    shutil.rmtree(_private, ignore_errors=True)


def _end_servers(notes: Path) -> None:
    for note in notes.glob("pid-*.info"):
        try:
            pid = json.loads(note.read_text())["pid"]
            process = psutil.Process(pid)
            if "tensorboard" in " ".join(process.cmdline()):
                process.terminate()
                process.wait(timeout=5)
        except (OSError, ValueError, KeyError, psutil.Error):
            continue
