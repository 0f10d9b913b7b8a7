"""Every way in: workflows, containers, Binder, conda; each file is checked."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from jupyter_server.services.contents.manager import ContentsManager
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from traitlets.config.loader import JSONFileConfigLoader

from helpers import __main__ as command_line
from helpers.page.saving import before_saving
from tests.tools import ROOT

SCHEMAS = Path(__file__).with_name("schemas")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = dict(
    re.findall(
        r"(?m)^([\w-]+)==(\S+)", (ROOT / "requirements.txt").read_text("utf-8")
    )
)
every_workflow = pytest.mark.parametrize(
    "path", WORKFLOWS, ids=lambda path: path.stem
)
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="no bash")


class Strict(yaml.SafeLoader):
    """Reads YAML 1.2's words only, and refuses a key that stands twice."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"twice: {keys}"
        return super().construct_mapping(node, deep)


# "on" is a word here, not the same as true
Strict.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:bool"
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Strict.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf")
)


def read_yaml(text: str):
    return yaml.load(text, Strict)


def check(content: object, schema: str) -> None:
    rules = json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(rules)
    jsonschema.validate(content, rules, jsonschema.Draft202012Validator)


def steps_of(path: Path) -> list[dict]:
    jobs = read_yaml(path.read_text("utf-8"))["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


# ---------------------------------------------------------------- workflows


@every_workflow
def test_workflows_fit_their_schema(path):
    check(read_yaml(path.read_text("utf-8")), "workflow")


TINY = """
name: tiny
on: {push: {branches: [main]}}
permissions: {contents: read}
jobs:
  one:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps: [{uses: actions/checkout@v5}]
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("uses: actions/checkout@v5", "uses: actions/checkout"),
        ("uses: actions/checkout@v5", "uses: somebody/thing@v1"),
        ("uses: actions/checkout@v5", "name: nothing to do"),
        ("timeout-minutes: 5", "timeout-minutes: ten"),
        ("runs-on: ubuntu-latest", "run-on: ubuntu-latest"),
        ("permissions: {contents: read}", "permissions: write-all"),
        ("{branches: [main]}", "{branch: [main]}"),
        ("{push: {branches: [main]}}", "{schedule: [{cron: '61 4 * * 1'}]}"),
    ],
)
def test_the_schema_refuses_what_github_would(right, wrong):
    check(read_yaml(TINY), "workflow")
    assert right in TINY
    with pytest.raises(jsonschema.ValidationError):
        check(read_yaml(TINY.replace(right, wrong)), "workflow")


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(AssertionError, match="twice"):
        read_yaml("a: 1\nb: 2\na: 3\n")


@needs_bash
@every_workflow
def test_what_workflows_run_is_a_script(path):
    for step in steps_of(path):
        if "run" in step and step.get("shell") != "pwsh":
            script = re.sub(r"\$\{\{.*?\}\}", "WORD", step["run"])
            done = subprocess.run(
                ["bash", "-n"], input=script, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr


@every_workflow
def test_what_workflows_call_exists(path):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for script in (step.get("run", "") for step in steps_of(path)):
        for target in re.findall(r"\bmake ([a-z-]+)\b", script):
            assert re.search(rf"(?m)^{target}:", makefile), target
        for command in re.findall(r"-m helpers ([a-z-]+)", script):
            assert command in command_line.COMMANDS, command
        for file in re.findall(r"python (\.?[\w/]+\.py)", script):
            assert (ROOT / file).is_file(), file


def test_what_is_named_between_braces_exists():
    """An expression that GitHub does not know becomes an empty word."""
    known = r"(matrix|github|runner|steps)\.[\w.]+"
    for path in WORKFLOWS:
        text = path.read_text("utf-8")
        jobs = read_yaml(text)["jobs"]
        for expression in re.findall(r"\$\{\{ (.*?) \}\}", text):
            assert re.fullmatch(known, expression), expression
        for job in jobs.values():
            matrix = job.get("strategy", {}).get("matrix", {})
            names = {
                *matrix,
                *(k for m in matrix.get("include", []) for k in m),
            }
            used = set(re.findall(r"\bmatrix\.(\w+)", json.dumps(job)))
            assert used <= names, used
            assert set(job.get("needs", [])) <= set(jobs)


def test_the_tests_run_on_three_systems_and_every_python():
    jobs = read_yaml((WORKFLOWS[0].parent / "tests.yml").read_text("utf-8"))[
        "jobs"
    ]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert {os.partition("-")[0] for os in matrix["os"]} == {
        *("ubuntu", "macos", "windows")
    }
    allowed = SpecifierSet(PROJECT["requires-python"])
    every = {f"3.{n}" for n in range(9, 20) if f"3.{n}" in allowed}
    assert set(matrix["python"]) == every
    assert {"lint", "browser", "site", "publish"} <= set(jobs)


def test_no_file_names_an_owner():
    """The address of the repository is known to GitHub alone."""
    files = [*WORKFLOWS, *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    for path in files:
        for owner in re.findall(
            r"(?:github\.com|mybinder\.org/v2/gh|github/)/?([\w.-]+)/",
            path.read_text("utf-8"),
        ):
            assert owner in ("OWNER", "blob"), (path.name, owner)


# ------------------------------------------------------ the next releases


def copy_for_trying(folder: Path) -> Path:
    for name in (
        *("pyproject.toml", "requirements.txt", "Makefile", "README.md"),
        *(".ci/next_release.py", "binder/requirements.txt"),
        *("helpers/doctor/packages.py", "tests/house/test_dependencies.py"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


TRY = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("tried", ".ci/next_release.py")
tried = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tried)
class Page:
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def read(self):
        names = ("2.13.0", "2.14.0", "2.14.2", "2.14.10", "2.140.0")
        return "".join(f"<a>torch-{n}-cp312.whl</a>" for n in names).encode()
tried.urllib.request.urlopen = lambda *_, **__: Page()
tried.main(*sys.argv[1:])
"""


def try_release(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", TRY, *words],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_the_next_torch_can_be_allowed(tmp_path):
    folder = copy_for_trying(tmp_path)
    done = try_release(folder, "torch", "2.14")
    assert done.returncode == 0, done.stderr
    text = (folder / "requirements.txt").read_text("utf-8")
    assert re.search(r"(?m)^torch==2\.14\.10 +# ", text)
    binder = (folder / "binder" / "requirements.txt").read_text("utf-8")
    assert "torch==2.14.10+cpu\n" in binder
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    assert "torch>=2.14,<2.15" in project["project"]["dependencies"]
    # what was allowed once is not there to be allowed again
    assert "has nothing like" in try_release(folder, "torch", "2.14").stderr


def test_a_torch_that_is_not_out_yet(tmp_path):
    done = try_release(copy_for_trying(tmp_path), "torch", "2.77")
    assert done.returncode == 1
    assert done.stderr == "There is no torch 2.77 yet.\n"


def test_the_next_python_can_be_allowed(tmp_path):
    folder = copy_for_trying(tmp_path)
    done = try_release(folder, "python", "3.14")
    assert done.returncode == 0, done.stderr
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    said = project["project"]["requires-python"]
    assert said == ">=3.11,<3.15"
    for name in ("Makefile", "helpers/doctor/packages.py"):
        assert "(3, 14)" in (folder / name).read_text("utf-8"), name
    tests = (folder / "tests/house/test_dependencies.py").read_text("utf-8")
    assert f'== "{said}"' in tests and "<= (3, 14)" in tests


# ------------------------------------------------------ containers, Binder


def test_the_development_container():
    path = ROOT / ".devcontainer" / "devcontainer.json"
    container = json.loads(path.read_text("utf-8"))
    check(container, "devcontainer")
    version = re.search(r":\d+-(3\.\d+)-", container["image"])[1]
    assert version in SpecifierSet(PROJECT["requires-python"])
    assert container["postCreateCommand"] == "make .venv/.ready"


def test_binder_has_the_pins_of_what_pages_need():
    text = (ROOT / "binder" / "requirements.txt").read_text("utf-8")
    found = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", text))
    assert found.pop("torch") == f"{PINS['torch']}+cpu"
    extras = PROJECT["optional-dependencies"]["pages"]
    needed = {
        Requirement(line).name.lower()
        for line in [*PROJECT["dependencies"], *extras]
    } - {"torch"}
    assert set(found) == needed
    assert found == {name: PINS[name] for name in needed}


def test_binder_has_a_python_of_the_course():
    line = (ROOT / "binder" / "runtime.txt").read_text("utf-8").strip()
    name, version = line.split("-")
    assert name == "python"
    assert version in SpecifierSet(PROJECT["requires-python"])


@needs_bash
@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_jupyterlab_on_binder_saves_pages_as_here(tmp_path):
    """The script is run with a pip that only notes how it was called."""
    pip = tmp_path / "pip"
    pip.write_text('#!/bin/sh\necho "$@" > "$HOME/called"\n')
    pip.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [ROOT / "binder" / "postBuild"],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path), "PATH": path},
        check=True,
    )
    assert "--editable ." in (tmp_path / "called").read_text()
    loader = JSONFileConfigLoader(
        "jupyter_server_config.json", path=str(tmp_path / ".jupyter")
    )
    manager = ContentsManager(config=loader.load_config())
    assert manager.pre_save_hook is before_saving


# -------------------------------------------------------------------- conda


def test_conda_takes_the_pins_of_the_course():
    text = (ROOT / "environment.yml").read_text("utf-8")
    environment = read_yaml(text)
    check(environment, "environment")
    python, *_, of_pip = environment["dependencies"]
    assert python.removeprefix("python=") in SpecifierSet(
        PROJECT["requires-python"]
    )
    # the very file, so that no pin is said twice
    assert of_pip == {"pip": ["-r requirements.txt"]}
