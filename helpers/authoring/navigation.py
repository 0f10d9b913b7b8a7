"""The cells with which a reader finds the way, made for every page.

    python -m helpers navigation                          every page
    python -m helpers navigation notebooks/03_*.ipynb     some pages

On top of a page stands a line of links: the page before, the contents, the
glossary, the map of the loop, the next page. Below the aims follow the sections
and exercises of the page with their minutes, and the terms it introduces. At
the end a chapter has the drawing of its pipeline, and every page the same line
again. All these cells are tagged ``navigation``. They are made from
`course.toml`, `data/glossary.toml` and the page itself. In a chapter, names of
PyTorch lead to its documentation (`api_links`). Storing a page brings all this
up to date, and this command does so without executing the page.
"""

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers import plots
from helpers.authoring import glossary, loop_map
from helpers.authoring.api_links import link_names
from helpers.course import (
    NOTEBOOKS,
    STOPS,
    Page,
    all_pages,
    anchor,
    reading_order,
    references,
)
from helpers.paths import missing_course
from helpers.practice.exercises import all_exercises

TAG = "navigation"
# of every stored page
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
SOLUTION = "_solution.ipynb"
CONTENTS = "00_start_here.ipynb"
# Headings that a list of sections does not need.
LEFT_OUT = (*STOPS, "What you learned")
# Pages that are made as a whole, by key.
MADE = {"glossary": glossary.make_cells, "map": loop_map.make_cells}
MOST_TERMS = 12  # that stand on a page unfolded
PRACTICE = re.compile(r"(Exercise|Task) (\w+\.\d+) · (.+)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring the cells of navigation up to date; return 0."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers navigation",
        description="Bring links, lists of sections and the drawings of the "
        "pipeline up to date on each page, without executing it.",
    )
    parser.add_argument("pages", nargs="*", type=Path, help="default: all")
    options = parser.parse_args(arguments)
    no_course = missing_course()
    if no_course and not options.pages:
        parser.error(no_course)
    for path in options.pages or all_files():
        page = read_page(path)
        before = nbformat.writes(page)
        bring_up_to_date(page, path)
        if nbformat.writes(page) != before:
            write_page(page, path)
            print(f"{path.name}: brought up to date")
    return 0


def all_files() -> list[Path]:
    """Return the files of all pages, those that are yet to be made included."""
    made = {page.path for page in references()}
    return sorted({*NOTEBOOKS.rglob("[!.]*.ipynb"), *made})


def read_page(path: Path) -> NotebookNode:
    """Read a page; one that is made as a whole may not exist yet."""
    made = {page.path for page in references()}
    if path.absolute() in made and not path.exists():
        page = nbformat.v4.new_notebook(metadata=METADATA)
        page.nbformat_minor = 5
        return page
    return nbformat.read(path, as_version=4)


def write_page(page: NotebookNode, path: Path) -> None:
    """Write a page as a whole, or not at all."""
    aside = path.with_suffix(".part")
    nbformat.write(page, aside)
    os.replace(aside, path)


def is_navigation(cell: NotebookNode) -> bool:
    """Tell whether a cell was made here."""
    return TAG in cell.metadata.get("tags", [])


def bring_up_to_date(page: NotebookNode, path: Path) -> None:
    """Put into a page what is made: navigation, and links to documentation.

    Args:
        page: changed.
        path: where the page lies.
    """
    put_navigation(page, path)
    listed = _page_at(path)
    if listed is not None and listed.kind == "chapter":
        link_names(page.cells)


def put_navigation(page: NotebookNode, path: Path) -> None:
    """Put the cells of navigation into a page, in place of those it has.

    Args:
        page: changed; its first Markdown cell has the title and the aims.
        path: where the page lies, or will; one that the course does not list
            stays as it is.
    """
    listed = _page_at(path)
    if listed is None:
        return
    cells = [cell for cell in page.cells if not is_navigation(cell)]
    if listed.key in MADE:
        cells = MADE[listed.key]()
    line = _line(listed, path)
    top = [_markdown("navigation-top", line)]
    below, end = [], []
    if listed.kind != "reference":
        text = _sections(cells, path)
        below = [_markdown("navigation-sections", text)] if text else []
    if listed.kind == "chapter":
        n_run = sum(cell.cell_type == "code" for cell in cells)
        end = [_pipeline(listed.key, n_run + 1)]
    end.append(_markdown("navigation-end", line))
    page.cells = [*top, cells[0], *below, *cells[1:], *end]


# ---------------------------------------------------------------- the line


def _page_at(path: Path) -> Page | None:
    """Return the page of a file; for a solution, that of its challenge."""
    challenge = path.name.replace(SOLUTION, ".ipynb")
    file = path.with_name(challenge).absolute()
    every = [*all_pages(), *references()]
    return next((p for p in every if p.path.absolute() == file), None)


def _line(page: Page, path: Path) -> str:
    """Return the links to the neighbours of a page and to the references."""
    up = _way_up(path)
    before, after = _neighbours(page, path)
    links = [f"[← {before.name}]({up}{before.file})"] if before else []
    if path.name != CONTENTS:
        links.append(f"[Contents]({up}{CONTENTS})")
    links += [
        f"[{other.title}]({up}{other.file})"
        for other in references()
        if other != page
    ]
    links += [f"[{after.name} →]({up}{after.file})"] if after else []
    return " | ".join(links)


def _neighbours(page: Page, path: Path) -> tuple[Page | None, Page | None]:
    if page.kind == "reference":
        return None, None
    order = reading_order()
    place = order.index(page)
    before = order[place - 1] if place else None
    after = order[place + 1] if place + 1 < len(order) else None
    # a solution comes after its challenge
    return (page if path.name.endswith(SOLUTION) else before), after


def _way_up(path: Path) -> str:
    """Return what leads from the folder of a page to notebooks/."""
    return "" if path.absolute().parent == NOTEBOOKS else "../"


# ------------------------------------------------------------ the sections


def _sections(cells: Sequence[NotebookNode], path: Path) -> str:
    """List the sections of a page, its exercises, and its new terms."""
    minutes = {entry.number: entry.minutes for entry in all_exercises()}
    parts = []
    for level, heading in headings(cells):
        practice = PRACTICE.fullmatch(heading)
        address = f"{path.name}#{anchor(heading)}"
        if practice:
            kind, number, _ = practice.groups()
            text = f"{kind} {number}" if kind == "Exercise" else heading
            link = f"*[{text}]({address})* ({minutes[number]} min)"
            parts.append(link)
        elif level == 2 and heading not in LEFT_OUT:
            parts.append(f"[{heading}]({address})")
    if len(parts) < 2:
        return ""
    text = f"**On this page:** {' · '.join(parts)}"
    up = _way_up(path)
    terms = [
        f"[{term.name}]({up}glossary.ipynb#cell-id={glossary.cell_id(term)})"
        for term in glossary.terms_of_page(path)
    ]
    if terms:
        text += f"\n\n{_terms(terms)}"
    return text


def _terms(links: list[str]) -> str:
    """List links to terms, folded where there are many."""
    listed = " · ".join(links)
    if len(links) <= MOST_TERMS:
        return f"**New terms:** {listed}"
    title = f"<b>New terms</b> ({len(links)})"
    # a blank line, or what follows would not be read as Markdown
    return f"<details><summary>{title}</summary>\n\n{listed}\n\n</details>"


def headings(cells: Sequence[NotebookNode]) -> Iterator[tuple[int, str]]:
    """Give level and text of each heading of a page below its title."""
    for cell in cells:
        if cell.cell_type != "markdown":
            continue
        text = re.sub(r"(?ms)^```.*?^```", "", cell.source)
        for marks, heading in re.findall(r"(?m)^(##+) (.+?)\s*$", text):
            yield len(marks), heading


# --------------------------------------------------------------- the cells


def _markdown(name: str, source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(
        source, id=name, metadata={"tags": [TAG]}
    )


def _pipeline(key: str, count: int) -> NotebookNode:
    """Return the cell that draws the pipeline, as if it had been executed."""
    drawn = plots.pipeline_now(key)
    shown = nbformat.v4.new_output(
        "execute_result",
        data=drawn._repr_mimebundle_(),
        execution_count=count,
    )
    return nbformat.v4.new_code_cell(
        f'from helpers import plots\n\nplots.pipeline_now("{key}")',
        id="navigation-pipeline",
        metadata={"tags": [TAG]},
        execution_count=count,
        outputs=[shown],
    )
