"""The package `helpers` as pages: what each room holds, from its docstrings.

Nothing is imported, so that a page needs neither torch nor a display.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from helpers.paths import ROOT
from helpers.site.docstrings import as_markdown
from helpers.site.links import fence

HELPERS = Path(__file__).parents[1]
# Checkers would give answers away, and no reader calls the other rooms.
LEFT_OUT = ("check", "practice", "authoring", "site", "measuring/libraries")
# Rooms whose files are the lesson: their sources are shown.
SHOWN = {
    *("data_preparation", "model_configuration", "model_training"),
    *("mini_batch", "step_functions"),
}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
HEAD = """\
# The package `helpers`

What the pages import, room by room. [The chapters](../index.md) build the
versions of the three stages; everything else stands here once. The rooms
`data_preparation`, `model_configuration`, `model_training` and `mini_batch`
show the source of every version.

| room | what it is for |
|---|---|
"""


def write(folder: Path, files: set[str]) -> None:
    """Write a page for each room, and one that lists them.

    Args:
        folder: where Sphinx reads.
        files: of the repository whose source is to be seen, too.
    """
    place = folder / "helpers"
    place.mkdir()
    rows = []
    for room, paths in rooms().items():
        text = _page(room, paths, files)
        (place / f"{room}.md").write_text(text, encoding="utf-8")
        said = _docstring(paths[0]).split("\n")[0]
        rows.append(f"| [`helpers.{room}`]({room}.md) | {as_markdown(said)} |")
    table = "\n".join(rows)
    (place / "index.md").write_text(f"{HEAD}{table}\n", encoding="utf-8")


def rooms() -> dict[str, list[Path]]:
    """Return the files of each room, its door first."""
    found: dict[str, list[Path]] = {}
    for path in sorted(HELPERS.rglob("*.py"), key=_door_first):
        name = path.relative_to(HELPERS).as_posix()
        room = name.split("/")[0].removesuffix(".py")
        is_out = any(name.startswith(f"{folder}/") for folder in LEFT_OUT)
        if room != "__init__" and not is_out:
            found.setdefault(room, []).append(path)
    return found


def _door_first(path: Path) -> tuple[Path, bool, str]:
    return path.parent, path.name != "__init__.py", path.name


def _docstring(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return ast.get_docstring(tree) or ""


def _page(room: str, paths: list[Path], files: set[str]) -> str:
    # thirty rooms would fill the contents beside every page
    parts = ["---\norphan: true\n---", f"# `helpers.{room}`"]
    if len(paths) > 1:
        parts.append(as_markdown(_docstring(paths.pop(0))))
    for path in paths:
        parts += _module(room, path, files)
    return "\n\n".join(parts) + "\n"


def _module(room: str, path: Path, files: set[str]) -> Iterator[str]:
    """Yield the parts of a module: docstring, what is public, source."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    file = path.relative_to(ROOT).as_posix()
    name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    yield f"## `{name}`"
    if docstring := ast.get_docstring(tree):
        yield as_markdown(docstring)
    for node in _public(tree.body):
        yield from _definition(node, source)
    if room in SHOWN or file in files:
        yield folded("Source", fence(source, "python"))


def _public(nodes: list[ast.stmt]) -> Iterator[Definition]:
    """Yield the functions and classes that somebody else may use."""
    for node in nodes:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node


def _definition(node: Definition, source: str) -> Iterator[str]:
    """Yield the head of a function or class, its docstring, its methods."""
    lines = source.splitlines()
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    head = "\n".join(lines[start - 1 : node.body[0].lineno - 1])
    if head.strip():
        yield fence(_dedented(head, node.col_offset), "python")
    said = [as_markdown(ast.get_docstring(node) or "")]
    if isinstance(node, ast.ClassDef):
        for part in _public(node.body):
            said += _definition(part, source)
    inner = "\n\n".join(part for part in said if part)
    if inner:
        yield f'<div class="definition">\n\n{inner}\n\n</div>'


def _dedented(head: str, indent: int) -> str:
    return "\n".join(line[indent:] for line in head.splitlines())


def folded(summary: str, inner: str) -> str:
    """Fold Markdown away below a line that opens it."""
    return f"<details>\n<summary>{summary}</summary>\n\n{inner}\n\n</details>"
