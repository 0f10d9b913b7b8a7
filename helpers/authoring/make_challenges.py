"""Make each challenge from its solution: `make challenges`.

In `notebooks/challenges`, NAME.ipynb is made from NAME_solution.ipynb.
In a solution, a code cell tagged `task` holds an answer: in the challenge only
its imports, names and signatures are left. A cell tagged `reasons` belongs to
the solution alone. All other cells are the same in both.
"""

import argparse
import ast
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.authoring.execute_pages import execute
from helpers.authoring.navigation import is_navigation, put_navigation
from helpers.course import NOTEBOOKS
from helpers.paths import missing_course

FOLDER = NOTEBOOKS / "challenges"
END = "_solution.ipynb"
# What stands in a challenge where its solution says that it is the solution,
# and what ends it.
BANNER = (
    "> Write your answers in place of the `...`. Each is checked on the spot, "
    "and nothing you do here can break anything."
)
END_NOTE = (
    "Stuck, or done? There is [a solution with reasons]({solution}), best "
    "read after your own attempt."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make and execute every challenge; return how many failed."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers challenges",
        description="Make each challenge from its solution, and execute it.",
    )
    parser.parse_args(arguments)
    if no_course := missing_course():
        parser.error(no_course)
    failed = 0
    for solution in sorted(FOLDER.glob(f"[!.]*{END}")):
        path = challenge_path(solution)
        page = make_challenge(nbformat.read(solution, 4), solution.name)
        nbformat.write(page, path)
        error = execute(path)
        print(f"{path.name}: {error or 'made and executed'}")
        failed += error is not None
    return failed


def challenge_path(solution: Path) -> Path:
    """Return where the challenge of a solution lies."""
    return solution.with_name(solution.name.removesuffix(END) + ".ipynb")


def make_challenge(solution: NotebookNode, file_name: str) -> NotebookNode:
    """Return a challenge, not executed yet, for a solution.

    Args:
        solution: a notebook with cells tagged `task` and `reasons`.
        file_name: of the solution, for the link to it.
    """
    cells, said = [], False
    for cell in solution.cells:
        tags = cell.metadata.get("tags", [])
        source = cell.source
        if is_navigation(cell):
            continue
        if "reasons" in tags:
            if said:
                continue
            source, tags, said = BANNER, [], True
        if "task" in tags:
            source = without_answers(source)
        make = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
        metadata = {"tags": list(tags)} if tags else {}
        cells.append(make(source, id=cell.id, metadata=metadata))
    note = END_NOTE.format(solution=file_name)
    cells.append(nbformat.v4.new_markdown_cell(note, id="end-note"))
    page = nbformat.v4.new_notebook(cells=cells, metadata=solution.metadata)
    page.nbformat_minor = 5
    put_navigation(page, challenge_path(FOLDER / file_name))
    return page


def without_answers(source: str) -> str:
    """Return the signatures of a cell, with ``...`` for what was written.

    Imports stay, a function keeps its name and its arguments, a class its
    methods, an assignment its name.
    """
    lines = source.splitlines()
    parts = [_emptied(node, lines) for node in ast.parse(source).body]
    return "\n\n\n".join(part for part in parts if part)


def _emptied(node: ast.stmt, lines: list[str]) -> str:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "\n".join(lines[node.lineno - 1 : node.end_lineno])
    if isinstance(node, ast.FunctionDef):
        return _desk(node, lines)
    if isinstance(node, ast.ClassDef):
        methods = [
            _desk(part, lines)
            for part in node.body
            if isinstance(part, ast.FunctionDef)
        ]
        return "\n\n".join([_header(node, lines), *methods]).replace(
            ":\n\n", ":\n", 1
        )
    if isinstance(node, ast.Assign):
        return f"{ast.unparse(node.targets[0])} = ..."
    return ""


def _desk(node: ast.FunctionDef, lines: list[str]) -> str:
    """Return a signature with room below it for the reader's own code."""
    indent = " " * (node.col_offset + 4)
    return f"{_header(node, lines)}\n{indent}# your code\n{indent}..."


def _header(node: ast.FunctionDef | ast.ClassDef, lines: list[str]) -> str:
    """Return the lines of a signature, up to its colon."""
    return "\n".join(lines[node.lineno - 1 : node.body[0].lineno - 1]).rstrip()
