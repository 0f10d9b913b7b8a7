"""Parts, chapters, challenges and quizzes, as ``course.toml`` lists them."""

import functools
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from helpers.paths import ROOT

NOTEBOOKS = ROOT / "notebooks"
FILE = Path(__file__).with_suffix(".toml")
# Headings that begin no section, but a break.
STOPS = ("A good place to stop", "Another good place to stop")


@dataclass(frozen=True)
class Page:
    """One page of the course.

    Attributes:
        key: "03" for a chapter, "C1" for a challenge, "after_04" for a quiz.
        kind: "chapter", "challenge", "quiz" or "reference".
        part: the number of its part, 1 to 3; 0 for a reference.
        title: without the number.
        file: the path below ``notebooks/``.
        builds: what a reader builds there, in a few words.
        versions: of data preparation, model configuration and model training
            at the end of the page; empty where it reaches none.
        minutes: for most readers, exercises and quiz included.
    """

    key: str
    kind: str
    part: int
    title: str
    file: str
    builds: str = ""
    versions: tuple[str, ...] = ()
    minutes: int = 0

    @property
    def path(self) -> Path:
        """Where the notebook is."""
        return NOTEBOOKS / self.file

    @property
    def name(self) -> str:
        """How lists call it: "03 DataLoader", "Challenge 1: ..."."""
        if self.kind == "chapter":
            return f"{self.key} {self.title}"
        if self.kind == "challenge":
            return f"Challenge {self.key[1:]}: {self.title}"
        return self.title


@functools.cache
def _content() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@functools.cache
def all_pages() -> tuple[Page, ...]:
    """Return every page to work through, in the order of the course.

    Raises:
        TypeError, KeyError: an entry lacks a key, or has an unknown one.
    """
    pages = []
    for part in _content()["part"]:
        for kind in ("chapter", "challenge", "quiz"):
            for entry in part.get(kind, []):
                versions = tuple(entry.get("versions", ()))
                entry = {**entry, "versions": versions}
                pages.append(Page(kind=kind, part=part["number"], **entry))
    return tuple(pages)


def chapters() -> list[Page]:
    """Return the chapters, in their order."""
    return [page for page in all_pages() if page.kind == "chapter"]


def references() -> list[Page]:
    """Return the pages to look things up in, to which every page links."""
    return [
        Page(kind="reference", part=0, **entry)
        for entry in _content()["reference"]
    ]


def parts() -> dict[int, str]:
    """Return the titles of the parts, by number."""
    return {part["number"]: part["title"] for part in _content()["part"]}


def reading_order() -> list[Page]:
    """Return every page in the order in which it is read.

    A quiz follows the chapter in its key, a challenge the last chapter of its
    part.
    """

    def place(page: Page) -> tuple:
        chapter = page.key.removeprefix("after_")
        is_challenge = page.kind == "challenge"
        return page.part, is_challenge, chapter, page.kind == "quiz"

    return sorted(all_pages(), key=place)


def anchor(heading: str) -> str:
    """Return what leads to a heading of a page, after ``#`` in a link.

    JupyterLab gives a heading the id of its text, with hyphens for spaces.

    Args:
        heading: in Markdown, without the ``##``.
    """
    return quote(heading.replace("`", "").replace(" ", "-"), "")


def section(file: str, heading: str) -> str:
    """Return a link to the section of another page.

    It names the cell: JupyterLab looks for a heading among what is drawn
    already, which is nothing in a page that it is just opening.

    Args:
        file: of the page, below ``notebooks/``.
        heading: in Markdown, without the ``##``; alone in its cell, but for
            some of `STOPS`.

    Raises:
        KeyError: the page has no such heading.
    """
    for name, found in _headings_by_cell(file).items():
        if heading in found:
            return f"{file}#cell-id={name}"
    raise KeyError(f"{file} has no heading {heading!r}.")


def heading_of(file: str, cell_id: str) -> str:
    """Return the heading of the section that a cell begins.

    Raises:
        KeyError: the page has no such cell, or it has no heading.
    """
    found = _headings_by_cell(file)[cell_id]
    return next(heading for heading in found if heading not in STOPS)


def _headings_by_cell(file: str) -> dict[str, list[str]]:
    path = NOTEBOOKS / file
    return _headings_in(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _headings_in(path: Path, _written: int) -> dict[str, list[str]]:
    """Return the headings of each cell that has some, by its id."""
    found = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            text = re.sub(r"(?ms)^```.*?^```", "", "".join(cell["source"]))
            if headings := re.findall(r"(?m)^#+ (.+?)\s*$", text):
                found[cell["id"]] = headings
    return found


def find_page(key: str) -> Page:
    """Return the page with a key.

    Raises:
        KeyError: there is none.
    """
    for page in all_pages():
        if page.key == key:
            return page
    raise KeyError(f"helpers/course.toml has no page with the key {key!r}.")
