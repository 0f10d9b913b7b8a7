"""The doctor: each fault of a machine is simulated, and named."""

import ast
import builtins
import contextlib
import errno
import importlib.metadata
import os
import re
import shutil
import socket
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers import __main__ as command_line
from helpers.doctor import (
    findings,
    folders,
    in_a_page,
    network,
    packages,
    processors,
    report,
)
from helpers.doctor.findings import Finding, NoAnswerError, ask_new_process
from tests.tools import ROOT

FOLDER = ROOT / "helpers" / "doctor"
# Run before the packages are there, on any Python.
BARE = [
    *(ROOT / "helpers" / name for name in ("__init__.py", "__main__.py")),
    ROOT / "helpers" / "paths.py",
    *(p for p in FOLDER.glob("*.py") if p.name != "in_a_page.py"),
]


def answers(monkeypatch, module, answer):
    """Let a module believe that a new process gave this answer."""

    def ask(source):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "ask_new_process", ask)


def must_be_done(finding: Finding, *words: str) -> None:
    assert finding.state == "to do", finding
    said = f"{finding.found} {finding.advice}"
    for word in words:
        assert word in said, said


# ------------------------------------------------------------------- Python


@pytest.mark.parametrize("version", [(3, 8, 1), (3, 10, 9), (3, 14, 0)])
def test_another_python(monkeypatch, version):
    stand_in = SimpleNamespace(version_info=version, maxsize=2**63)
    monkeypatch.setattr(packages, "sys", stand_in)
    number = ".".join(map(str, version))
    must_be_done(packages.look_at_python(), number, "PYTHON=python3.12")


def test_a_python_of_32_bits(monkeypatch):
    stand_in = SimpleNamespace(version_info=(3, 12, 1), maxsize=2**31 - 1)
    monkeypatch.setattr(packages, "sys", stand_in)
    must_be_done(packages.look_at_python(), "32 bits", "64 bits")


# ----------------------------------------------------------------- packages


def simulate_packages(monkeypatch, tmp_path, **versions):
    pins = {"torch": "2.13.0", "numpy": "2.4.6", "a-b": "1", "c": "1", "d": "2"}
    lines = [f"{name}=={pin}  # why" for name, pin in pins.items()]
    (tmp_path / "requirements.txt").write_text("\n".join([*lines, "-e ."]))
    monkeypatch.setattr(packages, "ROOT", tmp_path)

    def version(name):
        found = {**pins, **versions}[name.replace("-", "_")]
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    pins["a_b"] = pins["a-b"]
    stand_in = SimpleNamespace(
        metadata=SimpleNamespace(
            version=version,
            PackageNotFoundError=importlib.metadata.PackageNotFoundError,
        )
    )
    monkeypatch.setattr(packages, "importlib", stand_in)


@pytest.mark.parametrize("build", ["2.13.0", "2.13.0+cpu", "2.13.0+cu130"])
def test_any_build_of_the_pinned_version_will_do(monkeypatch, tmp_path, build):
    simulate_packages(monkeypatch, tmp_path, torch=build)
    assert packages.look_at_packages().state == "ok"


def test_missing_and_other_packages_are_named(monkeypatch, tmp_path):
    simulate_packages(monkeypatch, tmp_path, torch=None, numpy="1.26.4")
    found = packages.look_at_packages()
    must_be_done(found, "torch is missing; numpy is 1.26.4 instead of 2.4.6")
    must_be_done(found, "make clean", "pip install -r requirements.txt")


def test_of_many_packages_the_first_are_named(monkeypatch, tmp_path):
    names = ("torch", "numpy", "a_b", "c", "d")
    simulate_packages(monkeypatch, tmp_path, **dict.fromkeys(names))
    must_be_done(packages.look_at_packages(), "c is missing; and 1 more")


def test_another_python_than_that_of_the_course(monkeypatch, tmp_path):
    simulate_packages(monkeypatch, tmp_path, torch=None)
    (tmp_path / ".venv").mkdir()
    must_be_done(packages.look_at_packages(), "python -m helpers doctor`")
    monkeypatch.setattr(
        packages,
        "sys",
        SimpleNamespace(prefix=str(tmp_path / ".venv"), platform="linux"),
    )
    must_be_done(packages.look_at_packages(), "make clean")


def test_a_package_without_a_clone(monkeypatch):
    sentence = "start Python in a clone of the repository."
    monkeypatch.setattr(packages, "missing_course", lambda: sentence)
    must_be_done(packages.look_at_packages(), sentence)


# ------------------------------------------------------------------- kernel


def test_a_kernel_of_another_python(monkeypatch):
    spec = {"starts": "/opt/other/bin/python", "folder": "/home/me/kernels/x"}
    answers(monkeypatch, packages, spec)
    found = packages.look_at_kernel()
    must_be_done(found, "/opt/other/bin/python", "/home/me/kernels/x")


@pytest.mark.parametrize("name", ["python", "python3", sys.executable])
def test_a_kernel_of_this_python(monkeypatch, name):
    answers(monkeypatch, packages, {"starts": name, "folder": "/x"})
    assert packages.look_at_kernel().state == "ok"


def test_no_kernel(monkeypatch):
    answers(monkeypatch, packages, NoAnswerError("NoSuchKernel: python3"))
    must_be_done(packages.look_at_kernel(), "NoSuchKernel", "make clean")


def test_a_real_kernel_of_another_python_is_found(monkeypatch, tmp_path):
    """The user's own folder comes before that of the environment."""
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        '{"argv": ["/nowhere/python", "-m", "ipykernel_launcher"], '
        '"display_name": "Other", "language": "python"}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    must_be_done(packages.look_at_kernel(), "/nowhere/python", str(spec))


# -------------------------------------------------------------- new processes


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_package_at_all", "No module named"),
        ("pass", "it printed nothing"),
        ("print('hello')", "it printed 'hello'"),
        ("raise SystemExit(3)", "it printed nothing"),
    ],
)
def test_a_process_that_gives_no_answer(source, reason):
    with pytest.raises(NoAnswerError, match=reason):
        ask_new_process(source)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_process_that_dies():
    with pytest.raises(NoAnswerError, match="ended with signal 4"):
        ask_new_process("import os, signal; os.kill(os.getpid(), 4)")


def test_a_process_that_hangs(monkeypatch):
    monkeypatch.setattr(findings, "TIME_LIMIT", 0.5)
    with pytest.raises(NoAnswerError, match=r"within 0\.5 seconds"):
        ask_new_process("import time; time.sleep(60)")


# -------------------------------------------------------------------- torch


@pytest.mark.parametrize(
    ("system", "reason", "advice"),
    [
        ("linux", "ModuleNotFoundError: No module named 'torch'", "make clean"),
        ("win32", "OSError: [WinError 126] DLL load failed", "Visual C++"),
        ("linux", "its process ended with signal 4", "does not fit"),
    ],
)
def test_torch_that_does_not_run(monkeypatch, system, reason, advice):
    monkeypatch.setattr(processors, "sys", SimpleNamespace(platform=system))
    answers(monkeypatch, processors, NoAnswerError(reason))
    (found,) = processors.look_at_torch()
    must_be_done(found, reason, advice)


def simulate_torch(
    monkeypatch, device="cpu", threads=1, has_cuda=False, gpu=False, arm=False
):
    """Return what is said of threads and of the device."""
    answer = {"version": "2.13.0", "device": device}
    answer.update(threads=threads, has_cuda=has_cuda)
    answers(monkeypatch, processors, answer)
    monkeypatch.setattr(processors, "has_nvidia_gpu", lambda: gpu)
    machine = "arm64" if arm else "x86_64"
    monkeypatch.setattr(processors.platform, "machine", lambda: machine)
    monkeypatch.setattr(processors, "_count_cores", lambda: 2)
    return processors.look_at_torch()[1:]


def test_threads_without_a_core(monkeypatch):
    threads, _ = simulate_torch(monkeypatch, threads=64)
    assert threads.state == "note" and "OMP_NUM_THREADS=2" in threads.advice
    threads, _ = simulate_torch(monkeypatch, threads=2)
    assert threads.state == "ok"


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ({"device": "mps", "arm": True}, "last digits"),
        ({"device": "cuda", "has_cuda": True, "gpu": True}, "last digits"),
        ({"arm": True}, "last digits"),
        ({"gpu": True}, "make lab TORCH=cuda"),
        ({"gpu": True, "has_cuda": True}, "Update the driver"),
    ],
)
def test_devices_that_need_a_word(monkeypatch, machine, words):
    _, device = simulate_torch(monkeypatch, **machine)
    assert device.state == "note" and words in device.advice


def test_a_usual_processor_needs_no_word(monkeypatch):
    assert simulate_torch(monkeypatch)[1].state == "ok"


@pytest.mark.parametrize(("quota", "n"), [("150000 100000", 2), ("max 1", 64)])
def test_the_cores_of_a_container(monkeypatch, quota, n):
    monkeypatch.setattr(
        processors.os, "sched_getaffinity", lambda _: range(64), raising=False
    )
    monkeypatch.setattr(Path, "read_text", lambda _: quota)
    assert processors._count_cores() == n


def test_a_driver_of_nvidia_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(processors, "DRIVERS", (str(tmp_path / "nvidia"),))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not processors.has_nvidia_gpu()
    (tmp_path / "nvidia").mkdir()
    assert processors.has_nvidia_gpu()
    (tmp_path / "nvidia").rmdir()
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert processors.has_nvidia_gpu()


# ------------------------------------------------------------------ folders


@pytest.fixture
def clone(monkeypatch, tmp_path):
    """Let the doctor look at an empty clone; return its folder."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    monkeypatch.setattr(folders, "RUNS", tmp_path / "runs")
    return tmp_path


def test_folders_that_can_be_written(clone):
    assert folders.look_at_writing().state == "ok"
    assert list((clone / "runs").iterdir()) == []


def test_a_file_in_the_way_of_runs(clone):
    (clone / "runs").touch()
    must_be_done(folders.look_at_writing(), "runs/ cannot be written")


def test_a_folder_that_is_write_protected(clone, monkeypatch):
    def refuse(dir):
        raise PermissionError(errno.EACCES, "Permission denied", dir)

    monkeypatch.setattr(folders.tempfile, "TemporaryFile", refuse)
    found = folders.look_at_writing()
    must_be_done(found, "notebooks/ cannot be written (Permission denied)")
    must_be_done(found, "temporary files cannot", "folder of your own")


def test_no_folder_of_notebooks(clone):
    (clone / "notebooks").rmdir()
    must_be_done(folders.look_at_writing(), "notebooks/ cannot be written")


def test_a_full_disk(clone, monkeypatch):
    assert folders.look_at_room().state == "ok"
    full = SimpleNamespace(free=12_345_678)
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda _: full)
    must_be_done(folders.look_at_room(), "only 12 MB for the course", "500 MB")


@pytest.mark.parametrize(
    ("folder", "client"),
    [
        ("/Users/me/OneDrive/course", "OneDrive"),
        ("/Users/me/OneDrive - Some Company/Documents/course", "OneDrive"),
        ("/home/me/Dropbox/course", "Dropbox"),
        ("/home/me/Dropbox (Personal)/course", "Dropbox"),
        ("/Users/me/Library/CloudStorage/GoogleDrive-me@x/course", "Google"),
        ("/Users/me/Google Drive/course", "Google Drive"),
        ("/mnt/g/My Drive/course", "Google Drive"),
        ("/Users/me/Library/Mobile Documents/com~apple~CloudDocs/c", "iCloud"),
        ("/Users/me/iCloudDrive/course", "iCloud"),
    ],
)
def test_a_synchronised_folder(monkeypatch, folder, client):
    monkeypatch.setattr(folders, "ROOT", Path(folder))
    found = folders.look_for_synchronisation()
    assert found.state == "note" and client in found.found
    assert client in found.advice


def test_synchronised_folders_with_names_of_their_own(clone, monkeypatch):
    course = clone / "work" / "course"
    (course).mkdir(parents=True)
    monkeypatch.setattr(folders, "ROOT", course)
    assert folders.look_for_synchronisation().state == "ok"
    (clone / ".dropbox.cache").mkdir()
    assert "Dropbox" in folders.look_for_synchronisation().found
    (clone / ".dropbox.cache").rmdir()
    monkeypatch.setenv("OneDrive", str(clone / "work"))  # as Windows spells it
    assert "OneDrive" in folders.look_for_synchronisation().found


@pytest.mark.parametrize("name", ["dropbox_clone", "onedrives", "my driver"])
def test_names_that_only_look_like_it(monkeypatch, name):
    monkeypatch.setattr(folders, "ROOT", Path("/home/me") / name / "course")
    assert folders.look_for_synchronisation().state == "ok"


# ------------------------------------------------------------------ network


def test_this_machine_can_connect_to_itself(monkeypatch):
    monkeypatch.setattr(network, "_is_free", lambda port: True)
    assert network.look_at_ports().state == "ok"


def test_a_firewall(monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(socket, "create_connection", refuse)
    must_be_done(network.look_at_ports(), "connect to itself", "firewall")


@pytest.mark.parametrize("there", ["203.0.113.9", None])
def test_localhost_that_leads_elsewhere(monkeypatch, there):
    def find(*_, **__):
        if there is None:
            raise socket.gaierror("unknown")
        return [(0, 0, 0, "", (there, 80))]

    monkeypatch.setattr(network, "_connect_with_itself", lambda: None)
    monkeypatch.setattr(socket, "getaddrinfo", find)
    must_be_done(network.look_at_ports(), "localhost", "hosts file")


def test_ports_that_are_all_taken(monkeypatch):
    monkeypatch.setattr(network, "N_PORTS", 2)
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        first = one.getsockname()[1]
        monkeypatch.setattr(network, "FIRST_PORTS", {"TensorBoard": first})
        with contextlib.suppress(OSError):  # or somebody else holds it
            two.bind(("127.0.0.1", first + 1))
        must_be_done(network.look_at_ports(), "TensorBoard finds none", "End")


@pytest.fixture
def without_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_that_catches_this_machine(without_proxy, name):
    without_proxy.setenv(name, "http://proxy.example:3128")
    found = network.look_at_proxies()
    must_be_done(found, "127.0.0.1 and localhost", "NO_PROXY=127.0.0.1")
    without_proxy.setenv("no_proxy", "localhost")
    must_be_done(network.look_at_proxies(), "meant for 127.0.0.1")
    without_proxy.setenv("no_proxy", "127.0.0.1,localhost")
    assert network.look_at_proxies().state == "ok"


def test_no_proxy(without_proxy):
    assert network.look_at_proxies() == Finding("proxy", "none")


# --------------------------------------------------------------- the report

WELL = Finding("Python", "3.12.1")
NOTE = Finding("device", "mps", "Digits & more may differ.", must=False)
FAULT = Finding("disk", "only 1 MB " * 12, "Make room <now>.")


@pytest.mark.parametrize(
    ("found", "status", "sentence"),
    [
        ([WELL, NOTE], 0, "Everything is ready."),
        ([WELL, FAULT], 1, "One thing has to be done before the course works."),
        ([FAULT, NOTE, FAULT], 1, "2 things have to be done before"),
    ],
)
def test_the_exit_status_says_whether_something_must_be_done(
    monkeypatch, capsys, found, status, sentence
):
    monkeypatch.setattr(report, "look_around", lambda: found)
    assert report.main([]) == status
    said = capsys.readouterr().out
    assert said.splitlines()[-1].startswith(sentence)
    assert all(len(line) <= 80 for line in said.splitlines())
    for finding in found:
        assert finding.advice in said
        assert re.search(rf"(?m)^{finding.state} +{finding.subject}  ", said)


def test_a_page_shows_what_must_be_done_and_folds_the_rest():
    html = in_a_page.as_html([WELL, NOTE, FAULT])
    seen, folded = html.split(in_a_page.FOLD)
    assert "One thing has to be done" in seen and "Make room" in seen
    assert "may differ" not in seen and "&lt;now&gt;" in seen
    for words in ("3.12.1", "may differ", "Make room"):
        assert words in folded
    assert folded.endswith("</details>")


def test_only_the_fold_is_left_out_of_the_comparison():
    text = (ROOT / "tests" / "sanitize.cfg").read_text("ascii")
    pattern = re.search(r"\[machine\]\nregex: (.*)\n", text)[1]
    one, other = (
        re.sub(pattern, "", in_a_page.as_html([finding]))
        for finding in (WELL, NOTE)
    )
    assert one == other
    assert re.sub(pattern, "", in_a_page.as_html([FAULT])) != one


def test_every_check_takes_part(monkeypatch):
    """On this machine, whatever it has: a line for each subject."""
    subjects = [finding.subject for finding in report.look_around()]
    assert subjects == [
        *("Python", "packages", "kernel", "torch", "threads", "device"),
        *("writing", "disk", "synchronised folder", "ports", "proxy"),
    ]


# ------------------------------------------- before the packages are there


@pytest.mark.parametrize("path", BARE, ids=lambda path: path.name)
def test_it_needs_the_standard_library_alone(path):
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 8))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module]
        else:
            continue
        for module in modules:
            if module.startswith("helpers."):
                name = module.replace(".", "/")
                files = (ROOT / f"{name}.py", ROOT / name / "__init__.py")
                assert any(file in BARE for file in files), module
            else:
                assert module.partition(".")[0] in sys.stdlib_module_names


def run_bare(python: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [python, "-m", "helpers", *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """Return a Python in an environment without a single package."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder)
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


def test_it_runs_without_any_package(bare_python):
    done = run_bare(bare_python, "doctor")
    assert done.returncode == 1, done.stderr
    said = " ".join(done.stdout.split())
    for words in (
        "to do packages torch is missing; numpy is missing",
        "to do kernel none: ModuleNotFoundError: No module named",
        "to do torch does not run: ModuleNotFoundError: No module named",
    ):
        assert words in said
    assert done.stderr == ""


def test_other_commands_name_the_missing_package(bare_python):
    done = run_bare(bare_python, "progress")
    assert done.returncode == 1
    assert re.fullmatch(
        r"The package \w+ is missing here\. `python -m helpers doctor` says "
        r"what to do\.\n",
        done.stderr,
    )


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.14"])
def test_it_runs_on_another_python(version):
    program = f"python{version}"
    if not shutil.which(program) or run_bare(program).returncode:
        pytest.skip(f"there is no {program}")
    done = run_bare(program, "doctor")
    assert done.returncode == 1, done.stderr
    assert "the course needs 3.11, 3.12 or 3.13" in done.stdout


def test_a_missing_file_of_the_course_is_no_missing_package(monkeypatch):
    def fail(_):
        raise ModuleNotFoundError("no", name="helpers.gone")

    monkeypatch.setattr(command_line.importlib, "import_module", fail)
    with pytest.raises(ModuleNotFoundError):
        command_line.main(["progress"])


def test_nothing_is_written_apart_from_runs(monkeypatch, clone):
    written = []
    real = builtins.open

    def note(file, mode="r", *rest, **more):
        if set(mode) & set("wax+"):
            written.append(file)
        return real(file, mode, *rest, **more)

    monkeypatch.setattr(builtins, "open", note)
    before = sorted(clone.rglob("*"))
    report.look_around()
    after = sorted(clone.rglob("*"))
    assert written == [] and set(after) - set(before) <= {clone / "runs"}
