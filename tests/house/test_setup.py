"""The course is set up anywhere: odd machines, copies, an installed package."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from helpers import paths
from tests.tools import ROOT, code_cells, pages

posix = pytest.mark.skipif(os.name != "posix", reason="not on this system")
# Where no folder can be made: below a file, whoever asks.
NO_HOME = "/dev/null/home"
# What a process of a data loader adds to the temporary folder.
SOCKET = "/pymp-12345678/listener-12345678"
# What the tests set for themselves, and what says where caches are.
PRIVATE = ("TRAINING_LOOP_RUNS", "TRAINING_LOOP_PROGRESS")
CACHES = ("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")


def run(*command, cwd, without=(), **variables) -> subprocess.CompletedProcess:
    kept = {k: v for k, v in os.environ.items() if k not in without}
    return subprocess.run(
        command,
        cwd=cwd,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=200,
    )


# ------------------------------------------------------- temporary folders

TINY_TESTS = """
import multiprocessing.connection, tempfile, threading
import pytest

def test_socket():
    # as a process of a data loader opens one, to send its batches
    multiprocessing.connection.Listener(family="AF_UNIX").close()

@pytest.mark.timeout(2)
def test_that_hangs():
    threading.Event().wait()

def test_after_it():
    assert len(tempfile.gettempdir()) < 72
"""


@posix
def test_a_long_temporary_folder_and_a_test_that_hangs(tmp_path):
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "test_tiny.py").write_text(TINY_TESTS)
    long = tmp_path / ("x" * 100)
    long.mkdir()
    done = run(
        *(sys.executable, "-m", "pytest", "-q", "-n", "1", "test_tiny.py"),
        cwd=tmp_path,
        PYTHONPATH=str(ROOT),
        TMPDIR=str(long),
    )
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "FAILED test_tiny.py::test_that_hangs - Failed: Timeout" in (
        done.stdout
    )
    assert list(long.iterdir()) == []


def test_every_test_has_a_time_limit(pytestconfig):
    assert 120 < float(pytestconfig.getini("timeout")) <= 600


@posix
def test_the_folder_of_these_tests_has_room_for_a_socket():
    assert len(tempfile.gettempdir() + SOCKET) <= 103


@posix
@pytest.mark.parametrize(("n_letters", "is_kept"), [(71, True), (72, False)])
def test_a_page_leaves_a_long_temporary_folder(monkeypatch, n_letters, is_kept):
    folder = "/" + "x" * (n_letters - 1)
    assert len("/" + "x" * 70 + SOCKET) == 103
    monkeypatch.setenv("TMPDIR", folder)
    monkeypatch.setattr(tempfile, "tempdir", folder)
    paths.use_short_temporary_folder()
    assert os.environ["TMPDIR"] == (folder if is_kept else "/tmp")
    assert tempfile.tempdir == (folder if is_kept else None)


# ------------------------------------------------- a home that is read-only

FIRST_CELL = """
from helpers import plots
from helpers.page.set_up import set_up
set_up()
import matplotlib.font_manager, pathlib
for folder in (matplotlib.get_configdir(), matplotlib.get_cachedir()):
    assert list(pathlib.Path(folder).glob("fontlist*")), folder
"""


@posix
def test_the_first_cell_is_quiet_without_a_home(tmp_path):
    done = run(
        *(sys.executable, "-c", FIRST_CELL),
        cwd=tmp_path,
        without=CACHES,
        PYTHONPATH=str(ROOT),
        HOME=NO_HOME,
        TMPDIR=str(tmp_path),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == [
        f"training_loop_{os.getuid()}"
    ]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_no_page_imports_matplotlib_before_helpers(page):
    """`helpers` finds it a folder to write to, which it reads only once."""
    lines = [line for c in code_cells(page) for line in c.source.splitlines()]
    roots = [
        found[1]
        for line in lines
        if (found := re.match(r"(?:import|from) (helpers|matplotlib)\b", line))
    ]
    # the glossary has no code
    assert roots[:1] == (["helpers"] if code_cells(page) else [])


@pytest.fixture
def caches(monkeypatch, tmp_path):
    """Make this process believe in other folders; return how to ask it."""
    for name in CACHES:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def ask() -> dict[str, str]:
        paths.use_writable_caches()
        return {k: os.environ[k] for k in CACHES if k in os.environ}

    return ask


@posix
def test_a_home_that_can_be_written_is_used(caches, tmp_path):
    assert caches() == {}
    assert list(tmp_path.iterdir()) == []


@posix
def test_caches_that_cannot_be_written_move(caches, monkeypatch, tmp_path):
    own = tmp_path / f"training_loop_{os.getuid()}"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".config").touch()
    assert caches() == {"MPLCONFIGDIR": str(own / "matplotlib")}
    (tmp_path / "home" / ".cache").touch()
    monkeypatch.setenv("MPLCONFIGDIR", "chosen")
    assert caches() == {"MPLCONFIGDIR": "chosen", "XDG_CACHE_HOME": str(own)}
    assert own.stat().st_mode & 0o777 == 0o700


@posix
def test_a_folder_under_our_name_is_not_trusted(caches, monkeypatch, tmp_path):
    """Anybody may make a link in the temporary folder."""
    (tmp_path / "theirs").mkdir()
    own = tmp_path / f"training_loop_{os.getuid()}"
    own.symlink_to(tmp_path / "theirs")
    monkeypatch.setenv("HOME", NO_HOME)
    chosen = Path(caches()["XDG_CACHE_HOME"])
    assert chosen.parent == tmp_path and chosen != own


# ------------------------------------------------------------------- clones


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_a_clone_with_automatic_line_ends_keeps_every_byte(tmp_path):
    if run("git", "rev-parse", "HEAD", cwd=ROOT).returncode:
        pytest.skip("this folder is not a clone that git may read")
    clone = tmp_path / "clone"
    options = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    done = run(
        *("git", *options, "clone", "-q", *options, str(ROOT), str(clone)),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    lines = run("git", "ls-files", "--eol", cwd=clone).stdout.splitlines()
    assert len(lines) > 200
    assert [line for line in lines if "crlf" in line.split("\t")[0]] == []
    for path in (clone / "data").iterdir():
        if path.is_file():
            stored = subprocess.run(
                ["git", "show", f"HEAD:data/{path.name}"],
                cwd=clone,
                capture_output=True,
            ).stdout
            assert path.read_bytes() == stored, path.name


# ----------------------------------------------------------------- Makefile

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="no make")


@pytest.fixture
def folder(tmp_path):
    """A folder like a clone, with an environment that has no packages."""
    folder = tmp_path / "a clone, (moved)"
    (folder / ".venv").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (1e9, 1e9))  # older than the environment
    return folder


def planned(folder: Path) -> str:
    done = run("make", "-n", "lint", cwd=folder, without=("MAKEFLAGS",))
    assert done.returncode == 0, done.stderr
    assert "ruff check" in done.stdout
    return done.stdout


@needs_make
def test_an_environment_of_this_folder_is_used(folder):
    (folder / ".venv" / ".ready").write_text(f"{folder.resolve()}\n")
    assert "venv --clear" not in planned(folder)
    assert "set up" not in planned(folder)


@needs_make
def test_a_newer_list_of_packages_sets_up_again(folder):
    (folder / ".venv" / ".ready").write_text(f"{folder.resolve()}\n")
    (folder / "requirements.txt").touch()
    os.utime(folder / ".venv" / ".ready", (1.1e9, 1.1e9))
    assert "venv --clear" in planned(folder)
    assert "was set up for" not in planned(folder)


@needs_make
@pytest.mark.parametrize("noted", ["/elsewhere", ""])
def test_an_environment_of_another_folder_is_set_up_again(folder, noted):
    (folder / ".venv" / ".ready").write_text(noted)
    said = planned(folder)
    assert "venv --clear .venv" in said
    assert "pwd -P > .venv/.ready" in said
    assert (
        f"was set up for {noted or 'an unknown folder'}. It is set up again "
        f"for {folder.resolve()}."
    ) in said


@posix
@needs_make
def test_a_link_to_another_environment_is_not_emptied(folder, tmp_path):
    """Only the link goes: the environment belongs to another clone."""
    (folder / ".venv" / ".ready").write_text("/elsewhere")
    (folder / ".venv").rename(tmp_path / "theirs")
    (folder / ".venv").symlink_to(tmp_path / "theirs")
    # stands for python3, and makes an environment whose pip does nothing
    stand_in = tmp_path / "python"
    stand_in.write_text(
        "#!/bin/sh\n"
        'if [ "$2" = venv ]; then rm -rf "$4"/.ready "$4"/*; '
        'mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; fi\n'
    )
    stand_in.chmod(0o755)
    done = run(
        *("make", f"PYTHON={stand_in}", ".venv/.ready"),
        cwd=folder,
        without=("MAKEFLAGS",),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "theirs" / ".ready").read_text() == "/elsewhere"
    ready = folder / ".venv" / ".ready"
    assert ready.read_text().strip() == str(folder.resolve())
    assert not (folder / ".venv").is_symlink()


# -------------------------------------------------- the package on its own

BUILDING = ("pip", "setuptools")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """`pip install .` into a folder of its own, without what it depends on."""
    for name in BUILDING:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not here, and building needs it")
    source = tmp_path_factory.mktemp("source")
    # a build leaves files beside what it builds
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "helpers", source / "helpers", ignore=ours)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    target = tmp_path_factory.mktemp("package")
    done = run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
        *("--no-index", "--no-build-isolation", "--target", str(target)),
        str(source),
        cwd=source,
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def alone(package, tmp_path):
    """Return what runs Python with the installed package in a fresh folder."""

    def python(*arguments, cwd=tmp_path):
        return run(
            *(sys.executable, *arguments),
            cwd=cwd,
            without=PRIVATE,
            PYTHONPATH=str(package),
        )

    return python


def files_of(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_file_of_helpers_is_in_the_package(package):
    assert files_of(ROOT / "helpers") == files_of(package / "helpers")
    if os.name == "posix":
        shim = "helpers/runs/tensorboard_of_this_kernel.sh"
        assert os.access(package / shim, os.X_OK)


USE = """
import importlib, json, pkgutil, sys
import helpers
from helpers.__main__ import main
for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
    importlib.import_module(module.name)

from helpers.check import chapter_01
from helpers.checkpoints import load_checkpoint
from helpers.data_preparation.v2 import prepare_data
from helpers.datasets import CSVDataset
from helpers.datasets.line import CSV_FILE, generate_data
from helpers.doctor.packages import look_at_packages
from helpers.errors import DataError
from helpers.model_configuration.v3 import configure_model
from helpers.model_training.v6 import train
from helpers.practice.quiz import load_quiz
from helpers.runs import checkpoint_path

loaders = prepare_data(*generate_data())
path = checkpoint_path("alone")
whole, _ = train(configure_model(run_name=None), *loaders, n_epochs=4)
train(
    configure_model(run_name="alone"), *loaders, n_epochs=2,
    checkpoint_path=path, checkpoint_every=2,
)
configuration = configure_model(run_name="alone")
losses, _ = train(
    configuration, *loaders, n_epochs=4,
    resume_from=load_checkpoint(path, configuration),
)

said = []
for read in (lambda: CSVDataset(CSV_FILE), lambda: load_quiz("03")):
    try:
        read()
    except DataError as error:
        said.append(str(error))
print(look_at_packages().advice)

refused = []
for command in ("notebooks", "data", "challenges"):
    try:
        main([command])
    except SystemExit as ended:
        refused.append(ended.code)

print(json.dumps({
    "from": helpers.__file__,
    "checkpoint": str(path),
    "exact": losses == whole,
    "errors": said,
    "refused": refused,
    "verdict": str(chapter_01.train_step(lambda *_: lambda x, y: 0.0)),
}))
"""


def test_the_package_runs_from_any_folder(alone, package, tmp_path):
    done = alone("-c", USE)
    assert done.returncode == 0, done.stderr
    problem, line = done.stdout.strip().splitlines()
    found = json.loads(line)
    assert found["from"] == str(package / "helpers" / "__init__.py")
    checkpoint = Path(found["checkpoint"])
    assert checkpoint.is_relative_to(tmp_path.resolve() / "runs")
    assert checkpoint.is_file()
    assert found["exact"]
    assert "Expected" in found["verdict"]
    advice = "start Python in a clone of the repository."
    assert advice in problem
    assert [said.endswith(advice) for said in found["errors"]] == [True] * 2
    # commands for writers
    assert found["refused"] == [2, 2, 2]
    assert done.stderr.count(advice) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"runs"}


def test_commands_of_the_package_run_from_any_folder(alone, package, tmp_path):
    before = files_of(package)
    assert "progress" in alone("-m", "helpers").stdout
    said = alone("-m", "helpers", "progress").stdout
    assert "01 Higher-order functions" in said
    assert "Kept in runs/progress.jsonl" in said
    assert list(tmp_path.iterdir()) == []
    assert files_of(package) == before


WHERE = "from helpers.paths import ROOT, RUNS; print(ROOT, RUNS, sep='\\n')"


@pytest.mark.parametrize("below", ["", "notebooks/challenges"])
def test_an_installed_package_finds_the_clone_around_it(alone, below):
    done = alone("-P", "-c", WHERE, cwd=ROOT / below)
    assert done.stdout.splitlines() == [str(ROOT), str(ROOT / "runs")]
