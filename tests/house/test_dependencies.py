"""Dependencies are listed twice, for two purposes, and the lists agree."""

import ast
import re
import sys
import tomllib

from packaging.requirements import Requirement

from tests.tools import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LINES = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
PINS = {
    found[1].lower(): found[2]
    for line in LINES
    if (found := re.match(r"([\w-]+)==(\S+)", line))
}
# What is imported under another name than it is installed by.
IMPORTED_AS = {
    "pillow": "PIL",
    "ipython": "IPython",
    "graphviz-pure": "graphviz_pure",
}


def declared() -> dict[str, Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    every = [*PROJECT["dependencies"], *(line for e in extras for line in e)]
    return {Requirement(line).name.lower(): Requirement(line) for line in every}


def test_every_pin_is_declared_and_within_its_range():
    assert set(PINS) == set(declared())
    for name, requirement in declared().items():
        assert requirement.specifier.contains(PINS[name]), (name, PINS[name])


def test_every_pin_says_why_it_is_here():
    for line in LINES:
        if line and not line.startswith("#"):
            reason = line.partition("#")[2].strip()
            assert len(reason.split()) >= 2, line


def test_what_helpers_imports_is_declared():
    needed = {Requirement(line).name for line in PROJECT["dependencies"]}
    names = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in needed}
    # scripts of the benchmark and of the site have environments of their own
    helpers = ROOT / "helpers"
    apart = {
        *(helpers / "measuring" / "libraries").glob("*.py"),
        *(helpers / "site" / "theme").glob("*.py"),
    }
    for path in set(helpers.rglob("*.py")) - apart:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module]
            else:
                continue
            for module in modules:
                root = module.partition(".")[0]
                ours = root == "helpers" or root in sys.stdlib_module_names
                assert ours or root in names, f"{path.name} imports {root}"


def test_python_versions_are_said_alike():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "(3, 11) <= v <= (3, 13)" in makefile
