"""Read the pages as files."""

import ast
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def pages() -> list[Path]:
    """Return every page, in the order of the course."""
    return sorted(
        path
        for path in NOTEBOOKS.rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    )


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def markdown_cells(path: Path) -> list:
    return [cell for cell in read(path).cells if cell.cell_type == "markdown"]


def python_of(cell) -> str:
    """Return the source of a code cell without its magic lines."""
    lines = cell.source.splitlines()
    return "\n".join(
        "pass" if line.lstrip().startswith(("%", "!")) else line
        for line in lines
    )


def definitions(page: str, name: str) -> list:
    """Execute every definition of a name in a page, and return the results.

    Only the page's imports and the definition itself are executed.

    Raises:
        AssertionError: the page defines no such function or class.
    """
    imports, found = [], []
    for cell in code_cells(NOTEBOOKS / page):
        for node in ast.parse(python_of(cell)).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                imports.append(node)
            elif getattr(node, "name", None) == name:
                # the names that were imported up to here
                body = ast.Module([*imports, node], type_ignores=[])
                namespace = {"__name__": page}
                exec(compile(body, page, "exec"), namespace)
                found.append(namespace[name])
    assert found, f"{page} does not define {name}"
    return found
