"""The page ``map_of_the_loop.ipynb``: who calls whom, what each version added.

It is made from the files of the versions and from `course.toml`, and links to
both and to the sections that explain them.
"""

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import nbformat

from helpers import plots
from helpers.course import chapters, section
from helpers.page.loop_map import STAGES, Version, calls_of, versions
from helpers.paths import ROOT

INTRODUCTION = """\
# A map of the loop

Which function calls which, and what each version of the pipeline added. The
code draws this page from its own files, so it shows the pipeline as it is. Each
version links to its file and to the section that builds it.

## Who calls whom

The picture has the pipeline at the end of Part I: model configuration **{0}**
and model training **{1}**. An arrow leads from a function to what it calls, or
from a builder to the step that it returns.
"""
DRAWING = """\
from helpers import plots
from helpers.page.loop_map import calls_of

plots.calls(calls_of(model="{0}", training="{1}"))
"""
PART_ONE = "10"  # the chapter at whose end the picture shows the pipeline
VERSIONS = """\
## What each version added

A version differs from the one before it by a single idea. The tables name the
arguments and parts of the configuration that a version is the first of its
stage to take, and the functions and classes that it is the first to call.
"""
FUNCTIONS = """\
## The functions behind the stages

What the versions call from the rest of `helpers`, with the first version that
does.
"""


def make_cells() -> list[nbformat.NotebookNode]:
    """Make the cells of the page."""
    page = next(page for page in chapters() if page.key == PART_ONE)
    model, training = page.versions[1:]
    drawn = plots.calls(calls_of(model, training))
    shown = nbformat.v4.new_output(
        "execute_result", data=drawn._repr_mimebundle_(), execution_count=1
    )
    parts = [VERSIONS, *(_table(stage) for stage in STAGES)]
    cells = [
        ("introduction", INTRODUCTION.format(model, training)),
        ("versions", "\n".join(parts)),
        ("functions", f"{FUNCTIONS}\n{_functions()}"),
    ]
    made = [nbformat.v4.new_markdown_cell(text, id=i) for i, text in cells]
    drawing = nbformat.v4.new_code_cell(
        DRAWING.format(model, training).strip(),
        id="drawing",
        execution_count=1,
        outputs=[shown],
    )
    return [made[0], drawing, *made[1:]]


def _table(stage: str) -> str:
    """Return the versions of a stage as a table, below a heading."""
    name = stage.replace("_", " ")
    rows = [
        f"### {name.capitalize()}: `{STAGES[stage]}`\n",
        "| version | what it is | takes first | calls first | built in |",
        "|---|---|---|---|---|",
    ]
    known: set[str] = set()
    for version in versions(stage):
        taken = [f"`{n}`" for n in version.takes if n not in known]
        called = [f"`{n}`" for n in version.calls if _is_plain(n, known)]
        known |= {*version.takes, *version.calls}
        rows.append(
            f"| [{version.name}]({_source(version.path)}) | {version.adds} | "
            f"{', '.join(taken)} | {', '.join(called)} | "
            f"{_built_in(version)} |"
        )
    return "\n".join(rows) + "\n"


def _is_plain(name: str, known: Iterable[str]) -> bool:
    """Tell whether a name is new, and not a call on the result of another."""
    return name not in known and re.fullmatch(r"[\w.]+", name) is not None


def _source(path: Path) -> str:
    """Return the way from notebooks/ to a file of the repository."""
    return f"../{path.relative_to(ROOT).as_posix()}"


def _built_in(version: Version) -> str:
    """Link to the section that first imports a version."""
    wanted = re.compile(
        rf"from helpers\.{version.stage} import {version.name}\b"
        rf"|helpers\.{version.stage}\.{version.name}\b"
    )
    for page in chapters():
        heading = ""
        for cell in nbformat.read(page.path, as_version=4).cells:
            if cell.cell_type == "code" and wanted.search(cell.source):
                address = section(page.file, heading)
                return f"[{page.key}, *{heading}*]({address})"
            if cell.cell_type == "markdown":
                found = re.findall(r"(?m)^## (.+?)\s*$", cell.source)
                heading = found[-1] if found else heading
    return ""


def _functions() -> str:
    """Return a table of what the versions call, with its own first line."""
    first: dict[str, tuple[str, Version]] = {}
    for stage in STAGES:
        for version in versions(stage):
            for name in version.calls:
                module = version.origins.get(name, "")
                if module.startswith("helpers."):
                    first.setdefault(name, (module, version))
    rows = ["| function | what it does | first called in |", "|---|---|---|"]
    for name, (module, version) in sorted(
        first.items(), key=lambda item: item[0].lower()
    ):
        path, words = _definition(module, name)
        stage = version.stage.replace("_", " ")
        rows.append(
            f"| [`{name}`]({_source(path)}) | {words} | "
            f"{stage} [{version.name}]({_source(version.path)}) |"
        )
    return "\n".join(rows)


def _definition(module: str, name: str) -> tuple[Path, str]:
    """Return the file that defines a name, and the first line of its words.

    A room passes on what its files define; this follows the imports.
    """
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and any(
            (alias.asname or alias.name) == name for alias in node.names
        ):
            return _definition(node.module or "", name)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and (
            node.name == name
        ):
            words = inspect.cleandoc(ast.get_docstring(node) or "")
            return path, words.split("\n\n")[0].replace("\n", " ")
    raise LookupError(f"{module} does not define {name}.")
