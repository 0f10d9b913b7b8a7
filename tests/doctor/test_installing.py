"""Setting up: which build of torch, from where, by pip or by uv."""

import base64
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from helpers.doctor import installing, processors
from tests.serving import serving
from tests.tools import ROOT

OF_US = ("PIP_", "UV_", "TORCH", "CPU_INDEX", "INSTALLER", "MAKEFLAGS")


@pytest.fixture
def machine(monkeypatch):
    """Simulate Linux without a GPU, where pip has no index of its own."""
    monkeypatch.setattr(installing, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(installing, "_own_index", lambda installer: "")
    monkeypatch.setattr(installing, "_trouble_with", lambda index: "")
    monkeypatch.setattr(installing.sys, "platform", "linux")
    return monkeypatch


CPU = "https://cpu.example/whl"


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("auto", CPU),
        ("cpu", CPU),
        ("cuda", None),
        ("https://x/y", "https://x/y"),
    ],
)
def test_what_was_asked_for_is_taken(machine, asked, index):
    found, said = installing.choose_index(asked, CPU, "pip")
    assert found == index
    assert ("TORCH=cuda" in said) == (asked == "auto")
    assert "\n" not in said


@pytest.mark.parametrize("system", ["darwin", "win32"])
@pytest.mark.parametrize("asked", ["auto", "cpu"])
def test_elsewhere_the_usual_build_has_no_cuda(machine, system, asked):
    machine.setattr(installing.sys, "platform", system)
    assert installing.choose_index(asked, CPU, "pip") == (None, "")


def test_with_a_gpu_the_usual_build_is_taken(machine):
    machine.setattr(installing, "has_nvidia_gpu", lambda: True)
    index, said = installing.choose_index("auto", CPU, "pip")
    assert index is None and "TORCH=cpu" in said
    assert installing.choose_index("cpu", CPU, "pip")[0] == CPU


def test_an_index_that_somebody_set_decides(machine):
    machine.setattr(installing, "_own_index", lambda _: "pip's setting x")
    index, said = installing.choose_index("auto", CPU, "pip")
    assert index is None and said.startswith("pip's setting x decides")


def test_an_index_that_does_not_answer_is_given_up(machine):
    machine.setattr(installing, "_trouble_with", lambda _: "timed out")
    index, said = installing.choose_index("auto", CPU, "pip")
    assert index is None
    assert "does not answer (timed out): torch comes from the usual" in said


@pytest.mark.parametrize("key", installing.OF_PIP)
@pytest.mark.parametrize("place", ["global", ":env:"])
def test_settings_of_pip_are_read(monkeypatch, key, place):
    listed = f"global.timeout='5'\n{place}.{key}='file:///x'\n"
    done = subprocess.CompletedProcess([], 0, listed.encode())
    monkeypatch.setattr(installing.subprocess, "run", lambda *_, **__: done)
    assert installing._own_index("pip") == f"pip's setting {place}.{key}"
    done.stdout = b"global.timeout='5'\ninstall.no-cache-dir='1'\n"
    assert installing._own_index("pip") == ""


def test_a_variable_of_pip_is_found(monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert installing._own_index("pip") == "pip's setting :env:.index-url"


@pytest.mark.parametrize(
    ("has_uv", "of_pip", "of_uv", "chosen"),
    [
        (False, "", "", "pip"),
        (True, "", "", "uv"),
        (True, "x", "", "pip"),  # uv would not know that index
        (True, "x", "y", "uv"),
    ],
)
def test_uv_is_used_where_it_is_there(
    monkeypatch, has_uv, of_pip, of_uv, chosen
):
    own = {"pip": of_pip, "uv": of_uv}
    found = "/usr/bin/uv" if has_uv else None
    monkeypatch.setattr(installing, "_own_index", own.get)
    monkeypatch.setattr(installing.shutil, "which", lambda _: found)
    assert installing._installer("auto") == chosen
    assert installing._installer("pip") == "pip"
    assert installing._installer("uv") == "uv"


def test_a_variable_of_uv_is_found(monkeypatch):
    for name in installing.OF_UV:
        monkeypatch.delenv(name, raising=False)
    assert installing._own_index("uv") == ""
    monkeypatch.setenv("UV_INDEX_URL", "x")
    assert installing._own_index("uv") == "UV_INDEX_URL"


@pytest.fixture
def commands(machine):
    """Collect what would be run; the second item says with which status."""
    seen, status = [], {}

    def run(command, cwd):
        seen.append(command)
        is_torch = any("torch==" in word for word in command)
        return subprocess.CompletedProcess(
            command, status.get("torch", 0) if is_torch else 0
        )

    machine.setattr(installing.subprocess, "run", run)
    return seen, status


def test_torch_is_installed_before_the_others(commands):
    seen, _ = commands
    assert installing.main(["--installer", "pip", "--cpu-index", CPU]) == 0
    torch, others = seen
    assert torch[:4] == [sys.executable, "-m", "pip", "install"]
    assert torch[4:] == ["torch==2.13.0", "--no-deps", "--index-url", CPU]
    assert others[4:] == ["--requirement", "requirements.txt"]
    assert not any("quiet" in word for word in [*torch, *others])


def test_uv_installs_into_this_environment(commands):
    seen, _ = commands
    assert installing.main(["--installer", "uv", "--torch", "cuda"]) == 0
    assert seen == [
        [
            *("uv", "pip", "install", "--python", sys.executable),
            *("--requirement", "requirements.txt"),
        ]
    ]


def test_a_cpu_build_that_fails_is_said_and_the_others_go_on(commands, capsys):
    seen, status = commands
    status["torch"] = 1
    assert installing.main(["--installer", "pip"]) == 0
    assert len(seen) == 2
    assert "could not be installed" in capsys.readouterr().out
    # what somebody named has to work
    assert installing.main(["--installer", "pip", "--torch", "cpu"]) == 1
    assert len(seen) == 3


@pytest.mark.usefixtures("commands")
def test_on_colab_the_kernel_stays_as_it_is(monkeypatch):
    kept = []
    monkeypatch.setattr(
        installing.Path,
        "write_text",
        lambda self, text, encoding: kept.extend(text.split()),
    )
    assert installing.main(["--installer", "pip", "--colab"]) == 0
    names = {line.partition("==")[0] for line in kept}
    assert {"torch", "numpy", "tensorboard"} <= names
    assert names.isdisjoint({"ipykernel", "ipython", "jupyterlab", "pytest"})


def test_nonsense_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        installing.main(["--torch", "gpu"])
    assert ended.value.code == 2
    assert "should be cpu, cuda, auto or the address" in capsys.readouterr().err


def test_without_a_clone_there_is_nothing_to_install(monkeypatch, capsys):
    monkeypatch.setattr(installing, "missing_course", lambda: "No clone.")
    assert installing.main([]) == 1
    assert capsys.readouterr().err == "No clone.\n"


# --------------------------------------------- an index on this machine


def write_wheel(folder: Path, name: str, version: str) -> None:
    """Write the smallest wheel that pip installs."""
    stem = f"{name}-{version}"
    files = {
        f"{name}.py": f"__version__ = {version!r}\n",
        f"{stem}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        ),
        f"{stem}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n"
        ),
    }
    record = ""
    for path, text in files.items():
        digest = hashlib.sha256(text.encode()).digest()
        encoded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        record += f"{path},sha256={encoded},{len(text)}\n"
    record += f"{stem}.dist-info/RECORD,,\n"
    files[f"{stem}.dist-info/RECORD"] = record
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


@pytest.fixture
def index(tmp_path):
    """Serve two indexes on 127.0.0.1; return the address, and what is asked."""
    folder = tmp_path / "served"
    for place, version in (("cpu", "2.13.0+cpu"), ("usual", "2.13.0")):
        write_wheel(folder / place / "torch", "torch", version)
    write_wheel(folder / "usual" / "tiny", "tiny", "1.0")
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given):
            super().__init__(*given, directory=str(folder))

        def log_message(self, *_):
            asked.append(self.path)

    with serving(Handler) as address:
        yield address, asked


@pytest.fixture
def clone(tmp_path):
    """A folder like a clone, that needs torch and nothing else."""
    folder = tmp_path / "clone"
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(
        ROOT / "helpers" / "doctor", folder / "helpers" / "doctor", ignore=ours
    )
    for name in ("__init__.py", "__main__.py", "paths.py"):
        shutil.copy(ROOT / "helpers" / name, folder / "helpers")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "data" / "quizzes").mkdir(parents=True)
    (folder / "requirements.txt").write_text("torch==2.13.0  # the subject\n")
    return folder


def make(folder: Path, *arguments: str, **variables) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(OF_US)}
    # no settings of pip, so that nobody has decided yet
    kept = {**kept, "PIP_CONFIG_FILE": os.devnull, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        ["make", ".venv/.ready", f"PYTHON={sys.executable}", *arguments],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installed(folder: Path) -> str:
    """Return the version of torch that a clone has."""
    done = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-c",
         "import torch; print(torch.__version__)"],
        capture_output=True,
        text=True,
    )  # fmt: skip
    return done.stdout.strip()


needs_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("make"),
    reason="needs Linux and make",
)


@needs_linux
@pytest.mark.skipif(processors.has_nvidia_gpu(), reason="there is a GPU")
def test_make_takes_the_cpu_build_by_itself(clone, index):
    address, asked = index
    said = make(clone, f"CPU_INDEX={address}/cpu", "INSTALLER=pip")
    assert installed(clone) == "2.13.0+cpu"
    assert said.count("No NVIDIA GPU here: torch comes without CUDA") == 1
    assert "Downloading" in said, "pip's own progress is not swallowed"
    assert any(path.endswith(".whl") for path in asked)


@needs_linux
def test_make_takes_the_build_that_was_named(clone, index):
    address, _ = index
    usual = {"PIP_INDEX_URL": f"{address}/usual"}
    said = make(clone, "INSTALLER=pip", "TORCH=cuda", **usual)
    assert installed(clone) == "2.13.0"
    assert "NVIDIA" not in said
    # the same again does nothing; another build is another environment
    assert "is up to date" in make(clone, "TORCH=cuda", "INSTALLER=pip")
    (clone / "requirements.txt").write_text("torch==2.13.0\ntiny==1.0\n")
    os.utime(clone / "requirements.txt", (1e9, 1e9))
    said = make(clone, "INSTALLER=pip", f"TORCH={address}/cpu", **usual)
    assert "is set up again, with TORCH=http" in said
    assert installed(clone) == "2.13.0+cpu"


@needs_linux
@pytest.mark.skipif(processors.has_nvidia_gpu(), reason="there is a GPU")
def test_a_dead_index_costs_a_moment_and_the_usual_one_goes_on(
    clone, index, monkeypatch
):
    """Nothing listens on that port; find-links would mean a decision."""
    address, _ = index
    monkeypatch.setattr(installing, "ROOT", clone)
    monkeypatch.setattr(installing, "_own_index", lambda _: "")
    found, said = installing.choose_index(
        "auto", "http://127.0.0.1:9/cpu", "pip"
    )
    assert found is None and "refused" in said
    found, said = installing.choose_index("auto", f"{address}/none", "pip")
    assert found is None and "status 404" in said
    found, _ = installing.choose_index("auto", f"{address}/cpu", "pip")
    assert found == f"{address}/cpu"
