"""What several test modules use: versions, comparisons, pages as files."""

import ast
import copy
import importlib
from pathlib import Path

import nbformat
import torch

from helpers.errors import CourseError

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"


def version(stage, number):
    """Import one version of a stage."""
    return importlib.import_module(f"helpers.{stage}.v{number}")


def configure(number, **options):
    """Configure the model of a version, without a log."""
    if number >= 3:
        options = {"run_name": None, **options}
    return version("model_configuration", number).configure_model(**options)


def identical(a, b) -> bool:
    """Compare nested states bit for bit, types and NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
        )
    if isinstance(a, dict):
        # order counts: it is the order of the parameters
        return list(a) == list(b) and all(identical(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(identical, a, b))
    return repr(a) == repr(b)


def state_of(configuration) -> list:
    """Copy all that a training changes in a configuration."""
    parts = [configuration.model, configuration.optimizer]
    if configuration.scheduler is not None:
        parts.append(configuration.scheduler)
    state = [copy.deepcopy(part.state_dict()) for part in parts]
    modes = [module.training for module in configuration.model.modules()]
    return [*state, modes]


def assert_one_sentence(error: BaseException) -> str:
    """Check that an error speaks to the reader, and return what it says."""
    said = str(error)
    assert isinstance(error, CourseError), repr(error)
    assert "\n" not in said, said
    assert 20 < len(said) < 700, said
    assert said[0].strip() and said[-1] != ",", said
    return said


# --------------------------------------------------------- pages as files


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


def is_navigation(cell) -> bool:
    """Tell whether storing the page made a cell."""
    return "navigation" in cell.metadata.get("tags", [])


def markdown_cells(path: Path) -> list:
    """Return the texts of a page, without what storing it puts in."""
    return [
        cell
        for cell in read(path).cells
        if cell.cell_type == "markdown" and not is_navigation(cell)
    ]


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


# --------------------------------------------------------------- the checkers
def import_every_checker() -> None:
    """Register every exercise: pages import their own chapter only."""
    for folder in sorted((ROOT / "helpers" / "check").glob("ch*")):
        importlib.import_module(f"helpers.check.{folder.name}")
