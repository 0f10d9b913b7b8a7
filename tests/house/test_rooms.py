"""The rooms of `helpers`: arrows go down, and the doors say what is inside."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import ROOT

HELPERS = ROOT / "helpers"
# From the ground up. A room imports from its own floor's rooms only what is
# above it in this list, and everything from the floors below.
FLOORS = [
    {"errors", "paths"},
    {"files", "devices", "randomness", "course"},
    {"runs", "step_functions", "networks", "metrics", "processes"},
    {"page", "checkpoints", "pipeline"},
    {"datasets", "clinic"},
    {"plots", "learning_rates", "mini_batch", "epochs"},
    {"data_preparation", "model_configuration", "model_training"},
    {"deployment", "measuring", "demonstrations", "launching", "doctor"},
    {"practice"},
    {"check"},
    {"authoring", "site"},
    {"__main__"},
]
FLOOR_OF = {room: i for i, floor in enumerate(FLOORS) for room in floor}
MODULES = sorted(
    path
    for path in HELPERS.rglob("*.py")
    if path != HELPERS / "__init__.py" and "__pycache__" not in path.parts
)


def room_of(path: Path) -> str:
    return path.relative_to(HELPERS).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each module of ours that a file imports, and whether at its top."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # "from helpers.page import colours" imports a module
            names = [
                name
                if exists(name := f"{node.module}.{alias.name}")
                else node.module
                for alias in node.names
            ]
        else:
            continue
        for name in names:
            if name.partition(".")[0] == "helpers":
                yield name, id(node) in top


def exists(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").exists() or path.is_dir()


def test_the_entries_are_those_of_the_floors_and_few():
    entries = {room_of(path) for path in MODULES}
    assert entries == set(FLOOR_OF)
    assert len(entries) <= 33


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_go_down(path):
    mine = room_of(path)
    for name, at_top in imports_of(path):
        theirs = name.split(".")[1] if "." in name else "__init__"
        if theirs == mine or theirs == "__init__":
            continue
        assert FLOOR_OF[theirs] < FLOOR_OF[mine], f"{mine} imports {name}"
        assert at_top, f"{name} is imported inside a function"


def test_there_is_no_circle():
    graph = {
        name_of(path): {
            name for name, _ in imports_of(path) if name != name_of(path)
        }
        for path in MODULES
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way, name])
        if name in done or name not in graph:
            return
        for other in sorted(graph[name]):
            visit(other, (*way, name))
        done.add(name)

    for name in graph:
        visit(name, ())


FOLDERS = sorted(path.parent for path in MODULES if path.name == "__init__.py")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_door_says_what_is_inside(folder):
    door = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    assert door, f"{folder.name} has no docstring"
    if folder.parent == HELPERS:
        # what belongs there, and what does not
        assert len(door.split()) >= 15, f"{folder.name}: {door}"


def test_no_file_of_helpers_is_a_house_of_its_own():
    for path in MODULES:
        n_lines = len(path.read_text(encoding="utf-8").splitlines())
        assert n_lines <= 450, f"{name_of(path)} has {n_lines} lines"


def test_tests_mirror_the_rooms():
    rooms = {room for room in FLOOR_OF if (HELPERS / room).is_dir()}
    ladders = {
        *("data_preparation", "model_configuration", "model_training"),
        "mini_batch",  # tested together, in tests/pipeline
    }
    folders = {path.name for path in (ROOT / "tests").iterdir()}
    # the checkers are tested by the answers, in tests/practice
    assert rooms - ladders - {"check"} <= folders


def test_contributing_has_the_map():
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for room in FLOOR_OF:
        assert f"{room}" in said, room
