"""Copies of the executed pages, made ready for readers without a kernel."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.course import NOTEBOOKS, Page, all_pages, references
from helpers.site import outputs
from helpers.site.links import lead_links

SOLUTION = "_solution"
# The site has its own links to the page before and the next one.
NAVIGATION = ("navigation-top", "navigation-end")
# What begins like this calls something that only a kernel can answer; its
# stored output is a quiz, a verdict or a figure that stands for itself.
CALLS = (
    "from helpers.practice.quiz import",
    "from helpers.check import",
    "from helpers import plots\n\nplots.pipeline_now(",
)


def write(folder: Path, files: set[str]) -> None:
    """Write a copy of each page into a folder, as below ``notebooks/``.

    Its pictures become files of the folder `outputs.PICTURES`.

    Args:
        folder: where Sphinx reads.
        files: gains the files of the repository that a page links to.
    """
    pictures: dict[str, bytes] = {}
    for path, is_solution in sources():
        name = path.relative_to(NOTEBOOKS).as_posix()
        copy = nbformat.read(path, as_version=4)
        prepare(copy, name, files, pictures)
        if is_solution:
            mark_solution(copy)
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        nbformat.write(copy, target)
    (folder / outputs.PICTURES).mkdir()
    for name, png in pictures.items():
        (folder / outputs.PICTURES / name).write_bytes(png)


def sources() -> Iterator[tuple[Path, bool]]:
    """Yield each notebook of the course, and whether it is a solution."""
    for page in (*all_pages(), *references()):
        if not page.path.exists():
            continue
        yield page.path, False
        solution = solution_of(page)
        if solution is not None:
            yield solution, True


def solution_of(page: Page) -> Path | None:
    """Return where the solution of a challenge is; None if there is none."""
    path = page.path.with_stem(page.path.stem + SOLUTION)
    return path if page.kind == "challenge" and path.exists() else None


def prepare(
    page: NotebookNode, name: str, files: set[str], pictures: dict[str, bytes]
) -> None:
    """Make the cells of a page suit a reader without a kernel.

    Args:
        page: as it is stored; it is changed.
        name: its path below ``notebooks/``.
        files: gains the files of the repository that the page links to.
        pictures: gains the pictures of the page, by the names of their files.
    """
    up = "../" * name.count("/")
    # a page that was never executed does not say it
    page.metadata["language_info"] = {"name": "python"}
    page.cells = [cell for cell in page.cells if cell.id not in NAVIGATION]
    for cell in page.cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "markdown":
            cell.source = lead_links(cell.source, name, files)
            continue
        if cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            tags.add("hide-output")
        if cell.source.startswith(CALLS):
            tags.add("remove-input")
        if "no-stored-output" in tags:
            cell.outputs = [outputs.note_on_frame()]
        cell.outputs = [
            outputs.prepared(one, up, pictures) for one in cell.outputs
        ]
        cell.metadata = NotebookNode(tags=sorted(tags))


def mark_solution(page: NotebookNode) -> None:
    """Name a solution as such, out of the contents, the search, the way on."""
    page.metadata.update(orphan=True, nosearch=True)
    title = next(c for c in page.cells if c.source.startswith("# Challenge "))
    title.source = title.source.replace("# Challenge", "# Solution: challenge")
